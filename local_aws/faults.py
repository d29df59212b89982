"""Faults on demand: which call of an action goes wrong, and how. Pure; corrections/faults.py does it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

THROTTLE = "throttle"
FAIL = "fail"
LOSE = "lose"
DELAY = "delay"
DENY = "deny"
EXPIRE = "expire"
CALL_FAULTS = (THROTTLE, FAIL, DENY, EXPIRE, LOSE, DELAY)
REFUSALS = (THROTTLE, FAIL, DENY, EXPIRE)
EVERY_CALL = 0
# Long enough to do something meanwhile, such as to kill the caller.
DELAY_SECONDS = 30.0
TASK_FAULTS = ("kill", "pause", "unpause")
EXAMPLE = '{"action": "UpdateService", "call": 1, "fault": "throttle"}'


@dataclass
class Faults:
    """The faults that were asked for, and how often each action was called since."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    refused_tasks: int = 0
    counted: dict[str, int] = field(default_factory=dict)

    def next_for(self, action: str) -> str:
        """Count a call of an action, and say what goes wrong with it: nothing, most of the time."""
        self.counted[action] = self.counted.get(action, 0) + 1
        calls = (EVERY_CALL, self.counted[action])
        return next((one["fault"] for one in self.calls if one["action"] == action and one["call"] in calls), "")

    def refuse(self, wanted: int) -> int:
        """How many of the tasks that are to start find no capacity."""
        refused = min(wanted, self.refused_tasks)
        self.refused_tasks -= refused
        return refused


def refusal(asked: Any) -> str:
    """What is wrong with a request for faults; nothing when it is right."""
    if not isinstance(asked, list):
        return f"Expected a list of faults, as in [{EXAMPLE}]."
    for one in asked:
        fault = one.get("fault") if isinstance(one, dict) else None
        right = (
            (fault in CALL_FAULTS and isinstance(one.get("action"), str) and isinstance(one.get("call"), int))
            or (fault in TASK_FAULTS and isinstance(one.get("task"), str))
            or (fault == "refuse" and isinstance(one.get("tasks"), int))
        )
        if not right:
            return (
                f"{json.dumps(one)} is no fault. Expected an action, the number of the call and one of "
                f"{', '.join(CALL_FAULTS)}, as in {EXAMPLE}; or a task's ARN and one of {', '.join(TASK_FAULTS)}; "
                'or {"tasks": 2, "fault": "refuse"}, which refuses capacity to so many tasks.'
            )
    return ""


def action_of(headers: Sequence[tuple[bytes, bytes]], query: bytes, body: bytes) -> str:
    """The action that a request asks for; nothing for services that have paths instead, such as S3."""
    for name, value in headers:
        if name.lower() == b"x-amz-target":
            return value.decode().rpartition(".")[2]
    for form in (query, body):
        if found := parse_qs(form.decode(errors="replace")).get("Action"):
            return found[0]
    return ""


# What IAM calls a service where that is not what its requests are signed for.
_IAM_PREFIXES = {"monitoring": "cloudwatch"}


def error(fault: str, service: str, is_json: bool, action: str) -> tuple[int, str, str]:
    """Status, code and message, as a service has them."""
    if fault == THROTTLE:
        code = {"ec2": "RequestLimitExceeded"}.get(service, "ThrottlingException" if is_json else "Throttling")
        return 503 if service == "ec2" else 400, code, "Rate exceeded"
    if fault == DENY:
        code = {"ec2": "UnauthorizedOperation"}.get(service, "AccessDeniedException" if is_json else "AccessDenied")
        wanted = f"{_IAM_PREFIXES.get(service, service)}:{action}"
        message = (
            f"User: arn:aws:iam::000000000000:user/rehearsal is not authorized to perform: {wanted} "
            f"because no identity-based policy allows the {wanted} action"
        )
        lead = "You are not authorized to perform this operation. " if service == "ec2" else ""
        return 400 if is_json else 403, code, lead + message
    if fault == EXPIRE:
        code = {"ec2": "RequestExpired"}.get(service, "ExpiredTokenException" if is_json else "ExpiredToken")
        return 400 if is_json else 403, code, "The security token included in the request is expired"
    return 500, "ServerException" if service == "ecs" else "InternalFailure", "A fault on demand"


def answer(fault: str, service: str, is_json: bool, action: str = "") -> tuple[int, bytes, bytes]:
    """Status, content type and body of an error, in the words and the form of a service."""
    status, code, message = error(fault, service, is_json, action)
    if is_json:
        return status, b"application/x-amz-json-1.1", json.dumps({"__type": code, "message": message}).encode()
    told = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    form = (
        f"<Response><Errors>{told}</Errors></Response>"
        if service == "ec2"
        else f"<ErrorResponse>{told}</ErrorResponse>"
    )
    return status, b"text/xml", form.encode()
