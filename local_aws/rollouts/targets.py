"""What a load balancer thinks of its targets: initial, healthy, unhealthy, draining or unused.

Elastic Load Balancing, User Guide for Application Load Balancers, Health checks for target groups.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from local_aws.rollouts.time_scale import TimeScale

INITIAL = "initial"
HEALTHY = "healthy"
UNHEALTHY = "unhealthy"
DRAINING = "draining"
UNUSED = "unused"

DESCRIPTIONS = {
    "Elb.InitialHealthChecking": "Initial health checks in progress",
    "Target.Timeout": "Request timed out",
    "Target.FailedHealthChecks": "Health checks failed",
    "Target.DeregistrationInProgress": "Target deregistration is in progress",
    "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
    "Target.NotRegistered": "Target is not registered to the target group",
}


@dataclass(frozen=True)
class HealthCheck:
    """The settings of a target group that its health checks follow."""

    path: str = "/"
    port: str = "traffic-port"
    codes: str = "200"
    interval: float = 30
    timeout: float = 5
    healthy_threshold: int = 5
    unhealthy_threshold: int = 2
    deregistration_delay: float = 300

    @staticmethod
    def of(group: dict[str, Any], attributes: Iterable[dict[str, str]]) -> HealthCheck:
        delay = {one["Key"]: one["Value"] for one in attributes}.get("deregistration_delay.timeout_seconds", "300")
        return HealthCheck(
            path=group["HealthCheckPath"],
            port=group["HealthCheckPort"],
            codes=group["Matcher"]["HttpCode"],
            interval=group["HealthCheckIntervalSeconds"],
            timeout=group["HealthCheckTimeoutSeconds"],
            healthy_threshold=group["HealthyThresholdCount"],
            unhealthy_threshold=group["UnhealthyThresholdCount"],
            deregistration_delay=float(delay),
        )


@dataclass(frozen=True)
class Answer:
    """What a health check brought: a status code, or why there is none."""

    code: int = 0
    timed_out: bool = False


@dataclass
class Target:
    address: str
    port: int
    registered_at: float
    state: str = INITIAL
    reason: str = "Elb.InitialHealthChecking"
    description: str = DESCRIPTIONS["Elb.InitialHealthChecking"]
    next_check_at: float = 0
    successes: int = 0
    failures: int = 0
    deregistered_at: float | None = None
    in_flight: int = field(default=0, compare=False)
    """Requests that the target has not answered yet."""


def matches(code: int, codes: str) -> bool:
    """Whether a matcher such as ``200``, ``200,202`` or ``200-299`` accepts a status code."""
    for part in codes.split(","):
        first, _, last = part.partition("-")
        if int(first) <= code <= int(last or first):
            return True
    return False


def observe(target: Target, answer: Answer, check: HealthCheck, now: float, scale: TimeScale) -> None:
    """Take in the result of one health check. A new target needs one success, whatever the threshold."""
    if target.deregistered_at is not None:
        return
    target.next_check_at = now + scale.wait(check.interval)
    if answer.code and matches(answer.code, check.codes):
        target.successes, target.failures = target.successes + 1, 0
        if target.state == INITIAL or target.successes >= check.healthy_threshold:
            _put(target, HEALTHY, "", "")
        return
    target.successes, target.failures = 0, target.failures + 1
    if target.failures < check.unhealthy_threshold:
        return
    if target.state == INITIAL:
        given = scale.patience(check.interval * check.unhealthy_threshold)
        # At AWS's own pace the number of failures is all that counts.
        if scale.factor < 1 and now - target.registered_at < given:
            return
    _put(target, UNHEALTHY, *_reason(answer))


def deregister(target: Target, now: float) -> None:
    target.deregistered_at = now
    _put(target, DRAINING, "Target.DeregistrationInProgress", DESCRIPTIONS["Target.DeregistrationInProgress"])


def is_drained(target: Target, check: HealthCheck, now: float, scale: TimeScale) -> bool:
    """Whether the deregistration delay is over. An idle target waits for it too; slow requests get all of it."""
    if target.deregistered_at is None:
        return False
    waited = now - target.deregistered_at
    delay = check.deregistration_delay
    return waited >= delay if target.in_flight else waited >= scale.wait(delay)


def routable(targets: Iterable[Target]) -> list[Target]:
    """The targets that get requests: the healthy ones, or all that are registered when none is healthy."""
    registered = [target for target in targets if target.deregistered_at is None]
    return [target for target in registered if target.state == HEALTHY] or registered


def _put(target: Target, state: str, reason: str, description: str) -> None:
    target.state, target.reason, target.description = state, reason, description


def _reason(answer: Answer) -> tuple[str, str]:
    if answer.code:
        return "Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{answer.code}]"
    reason = "Target.Timeout" if answer.timed_out else "Target.FailedHealthChecks"
    return reason, DESCRIPTIONS[reason]
