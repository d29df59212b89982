"""The door: a request that breaks its service's own model goes no further, and is remembered."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app

from local_aws.service_model import answers
from local_aws.service_model.checking import violations
from local_aws.service_model.reading import Call, Request, read, service_of

PATH = "/_local_aws/refused"
REMEMBERED = 1000

logger = logging.getLogger("requests")
refused: deque[dict[str, str]] = deque(maxlen=REMEMBERED)


def a_request_obeys_the_model_of_its_service() -> None:
    """A value that the service's model does not allow is refused, with the member that holds it: botocore sends it.

    Common Errors in the API Reference of each service; what AWS documents beside the models has its page in
    service_model/documented.py.
    """
    app.app = guarded(app.app)


def guarded(inner: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def corrected(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        if scope["path"] == PATH:
            await respond(send, 200, {"content-type": "application/json"}, told(scope["method"]))
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        # Layers of images and pages of apps are not held up: only what is signed for a service is read.
        service = service_of(scope["method"], scope["path"], headers)
        if not service:
            await inner(scope, receive, send)
            return
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        body = b"".join(message.get("body", b"") for message in messages)
        path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        request = Request(scope["method"], path, scope["query_string"].decode("latin-1"), headers, body)
        if answer := refusal(service, request):
            await respond(send, *answer)
            return

        async def again() -> Any:
            return messages.pop(0) if messages else await receive()

        await inner(scope, again, send)

    return corrected


def refusal(service: str, request: Request) -> tuple[int, dict[str, str], bytes] | None:
    """What AWS answers to a request that breaks the model; nothing to one that does not."""
    call = read(service, request)
    if call is None:
        return None
    if call.unknown:
        # Amazon EC2 API Reference, Error codes.
        code, message = "UnknownParameter", f"The parameter {call.unknown[0]} is not recognized"
    elif wrong := violations(call):
        code, message = answers.code(call), answers.message(wrong)
    else:
        return None
    remember(call, code, message, request.headers.get("user-agent", ""))
    return answers.answer(call, code, message)


def remember(call: Call, code: str, message: str, agent: str) -> None:
    action = f"{call.service} {call.operation.name}"
    logger.error("Refused %s, %s: %s", action, code, message)
    refused.append({"action": action, "code": code, "message": message, "agent": agent})


def told(method: str) -> bytes:
    """What was refused since somebody asked last; DELETE forgets it."""
    body = json.dumps(list(refused)).encode()
    if method == "DELETE":
        refused.clear()
    return body


async def respond(send: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*pairs, (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})
