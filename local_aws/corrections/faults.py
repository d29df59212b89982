"""Faults on demand, for a rehearsal: calls that fail, tasks that die, capacity that is not there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app
from ministack.core.responses import json_response
from ministack.services import ecs

from local_aws import faults
from local_aws.corrections.ecs import replace
from local_aws.faults import Faults

PATH = "/_local_aws/faults"
NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"

logger = logging.getLogger("faults")
asked_for = Faults()


def things_go_wrong_when_asked_to() -> None:
    """A call is throttled, fails, is refused, held up or loses its answer; a task is killed or paused; no capacity.

    Amazon ECS API Reference, Common Errors; Amazon ECS Developer Guide, Amazon ECS service event messages.
    """
    app.app = faulty(app.app)
    replace("RunTask", "_run_task", refusing(ecs._run_task))


def faulty(inner: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def corrected(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or (scope["path"] != PATH and not asked_for.calls):
            await inner(scope, receive, send)
            return
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        body = b"".join(message.get("body", b"") for message in messages)
        if scope["path"] == PATH:
            await respond(send, *asked(scope["method"], body))
            return
        headers = scope["headers"]
        action = faults.action_of(headers, scope["query_string"], body)
        fault = asked_for.next_for(action) if action else ""
        if fault:
            logger.info("%s goes wrong, as asked: %s", action, fault)
        if fault in faults.REFUSALS:
            signed = re.search(rb"/([a-z0-9-]+)/aws4_request", dict(headers).get(b"authorization", b""))
            is_json = any(name.lower() == b"x-amz-target" for name, _ in headers)
            service = signed.group(1).decode() if signed else ""
            await respond(send, *faults.answer(fault, service, is_json, action))
            return

        if fault == faults.DELAY and await gone_within(faults.DELAY_SECONDS, receive):
            return

        async def again() -> Any:
            return messages.pop(0) if messages else await receive()

        with contextlib.suppress(ConnectionAbortedError):
            await inner(scope, again, lost(send) if fault == faults.LOSE else send)

    return corrected


async def gone_within(seconds: float, receive: Callable[[], Awaitable[Any]]) -> bool:
    """Wait, and tell whether the caller went away meanwhile: then the call never got here."""
    with contextlib.suppress(TimeoutError):
        return bool((await asyncio.wait_for(receive(), seconds))["type"] == "http.disconnect")
    return False


def lost(send: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    """Send a beginning that no end follows: the server then cuts the connection."""

    async def instead(message: Any) -> None:
        if message["type"] == "http.response.start":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            raise ConnectionAbortedError("The answer is lost, as asked.")

    return instead


async def respond(send: Any, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def asked(method: str, body: bytes) -> tuple[int, bytes, bytes]:
    """Take the list of faults that is put, and answer with what is still to come."""
    if method == "PUT":
        try:
            wanted = json.loads(body)
        except ValueError:
            wanted = None
        if wrong := faults.refusal(wanted):
            return 400, b"text/plain", wrong.encode()
        asked_for.counted.clear()
        asked_for.calls = [one for one in wanted if one["fault"] in faults.CALL_FAULTS]
        asked_for.refused_tasks = sum(one["tasks"] for one in wanted if one["fault"] == "refuse")
        for one in wanted:
            if one["fault"] in faults.TASK_FAULTS:
                befall(one["task"], one["fault"])
    elif method == "DELETE":
        asked_for.calls, asked_for.refused_tasks = [], 0
    shown = {"calls": asked_for.calls, "refused_tasks": asked_for.refused_tasks, "counted": asked_for.counted}
    return 200, b"application/json", json.dumps(shown).encode()


def befall(task: str, fault: str) -> None:
    for _, known in ecs._tasks.all_items():
        if known["taskArn"] == task:
            for identity in list(known.get("_docker_ids") or []):
                getattr(ecs._get_docker().containers.get(identity), fault)()


def refusing(run: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    def corrected(data: dict[str, Any]) -> Any:
        wanted = data.get("count", 1)
        refused = asked_for.refuse(wanted)
        if not refused:
            return run(data)
        failures = [{"reason": NO_CAPACITY}] * refused
        if refused == wanted:
            return json_response({"tasks": [], "failures": failures})
        status, headers, body = run(data | {"count": wanted - refused})
        return json_response(json.loads(body) | {"failures": failures}) if status == 200 else (status, headers, body)

    return corrected
