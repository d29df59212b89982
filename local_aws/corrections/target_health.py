"""Elastic Load Balancing: targets are checked, and only those that pass are sent requests."""

from __future__ import annotations

import http.client
import itertools
import os
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import StreamingResponse, request_scope
from ministack.services import alb

from local_aws.rollouts import targets
from local_aws.rollouts.targets import Answer, HealthCheck, Target
from local_aws.rollouts.time_scale import TimeScale

SCALE = TimeScale.of(os.environ.get("LOCAL_AWS_TIME_SCALE", ""))
SECONDS_BETWEEN_LOOKS = 0.05

Key = tuple[str, int]

_lock = threading.RLock()
_known: dict[str, dict[Key, Target]] = {}
_turns = itertools.count()
_checks = False


def a_target_is_what_its_health_checks_say() -> None:
    """Targets are initial, healthy, unhealthy, draining or unused; requests go to healthy ones, or to all if none is.

    Elastic Load Balancing, User Guide for Application Load Balancers, Health checks for target groups, and Edit target
    group attributes, section Deregistration delay.
    """
    global _checks
    _checks = True
    alb._ACTION_MAP["DescribeTargetHealth"] = describe_target_health
    for action, change in (("RegisterTargets", register), ("DeregisterTargets", deregister)):
        alb._ACTION_MAP[action] = for_each_target(alb._ACTION_MAP[action], change)
    alb._forward_to_tg = forwarded_to_a_healthy_target(alb._forward_to_tg)
    threading.Thread(target=check_for_ever, daemon=True, name="local-aws-target-health").start()


def register(group: str, address: str, port: int) -> None:
    with _lock:
        listed = alb._targets.setdefault(group, [])
        if {"Id": address, "Port": port} not in listed:
            listed.append({"Id": address, "Port": port})


def deregister(group: str, address: str, port: int) -> None:
    with _lock:
        listed = alb._targets.get(group, [])
        alb._targets[group] = [one for one in listed if (one["Id"], one.get("Port")) != (address, port)]
        if _checks and group in alb._tgs:
            look_at(group)


def for_each_target(
    answer: Callable[[dict[str, Any]], Any], change: Callable[[str, str, int], None]
) -> Callable[[dict[str, Any]], Any]:
    """A target is an address and a port: one address may be registered with several."""

    def corrected(params: dict[str, Any]) -> Any:
        group = alb._p(params, "TargetGroupArn")
        if alb._tgs.get(group, {}).get("TargetType", "lambda") == "lambda":
            return answer(params)
        for one in alb._parse_targets_param(params):
            change(group, one["Id"], int(one.get("Port") or alb._tgs[group]["Port"]))
        return alb._empty(params["Action"] if isinstance(params["Action"], str) else params["Action"][0])

    return corrected


def find(group: str, address: str, port: int) -> Target | None:
    """What is known of a target, registered or draining; None where it is neither."""
    with _lock:
        if not _checks and {"Id": address, "Port": port} in alb._targets.get(group, []):
            return Target(address, port, registered_at=0, state=targets.HEALTHY)
        return _known.get(group, {}).get((address, port))


def is_unused(group: str) -> bool:
    return not alb._tgs.get(group, {}).get("LoadBalancerArns")


def check_of(group: str) -> HealthCheck:
    return HealthCheck.of(alb._tgs[group], alb._tg_attrs.get(group, []))


def look_at(group: str) -> list[Target]:
    """Take in who was registered and deregistered since the last look, and forget whose draining is over."""
    now, port = time.time(), alb._tgs[group].get("Port", 80)
    listed = {(str(one["Id"]), int(one.get("Port") or port)) for one in alb._targets.get(group, [])}
    with _lock:
        known = _known.setdefault(group, {})
        for key in listed:
            if key not in known or known[key].deregistered_at is not None:
                known[key] = Target(*key, registered_at=now)
        for key, target in list(known.items()):
            if key not in listed and target.deregistered_at is None:
                targets.deregister(target, now)
            if targets.is_drained(target, check_of(group), now, SCALE):
                del known[key]
        return list(known.values())


def check_for_ever() -> None:
    # A check waits most of its time; few run at once, since each target has one at a time.
    with ThreadPoolExecutor(max_workers=16, thread_name_prefix="local-aws-check") as pool:
        while True:
            for (account, region, group), settings in alb._tgs.all_items():
                if settings.get("TargetType") == "lambda":
                    continue
                with request_scope(account, region):
                    present, check = look_at(group), check_of(group)
                    if is_unused(group):
                        continue
                for target in present:
                    if target.deregistered_at is None and time.time() >= target.next_check_at:
                        target.next_check_at = float("inf")
                        pool.submit(check_once, target, check)
            for gone in _known.keys() - {key[2] for key, _ in alb._tgs.all_items()}:
                del _known[gone]
            time.sleep(SECONDS_BETWEEN_LOOKS)


def check_once(target: Target, check: HealthCheck) -> None:
    answer = ask(target.address, target.port if check.port == "traffic-port" else int(check.port), check)
    with _lock:
        targets.observe(target, answer, check, time.time(), SCALE)


def ask(address: str, port: int, check: HealthCheck) -> Answer:
    connection = http.client.HTTPConnection(address, port, timeout=check.timeout)
    try:
        connection.request("GET", check.path, headers={"User-Agent": "ELB-HealthChecker/2.0", "Connection": "close"})
        return Answer(connection.getresponse().status)
    except TimeoutError:
        return Answer(timed_out=True)
    except (OSError, http.client.HTTPException):
        return Answer()
    finally:
        connection.close()


def describe_target_health(params: dict[str, Any]) -> Any:
    group = alb._p(params, "TargetGroupArn")
    if group not in alb._tgs:
        return alb._error("TargetGroupNotFound", f"Target group '{group}' not found.")
    settings = alb._tgs[group]
    if settings.get("TargetType") == "lambda":
        return alb._describe_target_health(params)
    present = {(one.address, one.port): one for one in look_at(group)}
    asked = [(one["Id"], int(one.get("Port") or settings["Port"])) for one in alb._parse_targets_param(params)]
    members = "".join(member(key, present.get(key), is_unused(group), settings) for key in asked or present)
    return alb._xml(200, "DescribeTargetHealth", f"<TargetHealthDescriptions>{members}</TargetHealthDescriptions>")


def member(key: Key, target: Target | None, unused: bool, settings: dict[str, Any]) -> str:
    state, reason, description = targets.UNUSED, "Target.NotRegistered", ""
    if target and unused and target.deregistered_at is None:
        reason = "Target.NotInUse"
    elif target:
        state, reason, description = target.state, target.reason, target.description
    description = description or targets.DESCRIPTIONS.get(reason, "")
    port = settings["HealthCheckPort"]
    told = f"<Reason>{reason}</Reason><Description>{escape(description)}</Description>" if reason else ""
    return (
        f"<member><Target><Id>{key[0]}</Id><Port>{key[1]}</Port></Target>"
        f"<HealthCheckPort>{key[1] if port == 'traffic-port' else port}</HealthCheckPort>"
        f"<TargetHealth><State>{state}</State>{told}</TargetHealth></member>"
    )


def forwarded_to_a_healthy_target(forward: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def corrected(
        group: str,
        method: str,
        path: str,
        headers: Any,
        body: bytes,
        query: Any,
        raw_query: str | None = None,
        raw_path: str | None = None,
    ) -> Any:
        settings = alb._tgs.get(group)
        if not settings or settings.get("TargetType") == "lambda":
            return await forward(group, method, path, headers, body, query, raw_query, raw_path)
        target = take_one(group)
        if target is None:
            return 503, {"Content-Type": "text/html"}, b"503 Service Temporarily Unavailable"
        where = {"Id": target.address, "Port": target.port}
        try:
            answer = await alb._proxy_http_target(
                where, settings, method, raw_path or path, headers, body, query, raw_query
            )
        except BaseException:
            give_back(target)
            raise
        status, answer_headers, content = answer
        if not isinstance(content, StreamingResponse):
            give_back(target)
            return answer

        async def to_the_end(send: Any, receive: Any) -> None:
            try:
                await content.runner(send, receive)
            finally:
                give_back(target)

        return status, answer_headers, StreamingResponse(to_the_end)

    return corrected


def take_one(group: str) -> Target | None:
    """Choose a target in turn and count the request, in one go: from then on draining waits for it."""
    with _lock:
        able = targets.routable(look_at(group))
        if not able:
            return None
        target = able[next(_turns) % len(able)]
        target.in_flight += 1
        return target


def give_back(target: Target) -> None:
    with _lock:
        target.in_flight -= 1
