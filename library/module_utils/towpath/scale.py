"""What it takes to run another number of tasks, by a person's wish. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from .differences import Values
from .rollout import event_words, primary
from .scaling import comparable_action

Json = dict[str, Any]

# UpdateService and the next look may reach different parts of ECS.
SECONDS_UNTIL_SEEN = 5

_EVENT_OF_NOTE = re.compile(r"unable|failed|unhealthy", re.IGNORECASE)


@dataclass(frozen=True)
class Asked:
    """What the command line asks for; None is not asked for."""

    count: int | None = None
    minimum: int | None = None
    maximum: int | None = None


class Plan(NamedTuple):
    """How the scalable target (``minimum``, ``maximum``, ``suspended``) and the count are to be, or why not."""

    refusal: str
    target: Values
    desired: int


def command(environment: str, **options: int) -> str:
    words = [f"-e {name}={value}" for name, value in options.items()]
    return " ".join(["ansible-playbook scale.yml", f"-e env={environment}", *words])


def plan(asked: Asked, target: Values, desired: int, environment: str) -> Plan:
    """Decide what becomes of a service that wants ``desired`` tasks, where ``target`` is its scalable target now."""
    lowest, highest = target["minimum"], target["maximum"]
    if asked.count == 0:
        return _stop(asked, target, desired, environment)
    fixed = lowest == highest and asked.minimum is None and asked.maximum is None
    if fixed and asked.count is not None:
        # Where there is one count only, another one takes its place.
        lowest = highest = asked.count
    lowest = lowest if asked.minimum is None else asked.minimum
    highest = highest if asked.maximum is None else asked.maximum
    count = min(max(desired, lowest), highest) if asked.count is None else asked.count
    if refusal := _refusal(asked, lowest, highest, count, environment):
        return Plan(refusal, target, desired)
    # It was stopped by suspending it; somebody who suspends an app that runs wants that, whatever the count.
    suspended = target["suspended"] if desired > 0 else False
    return Plan("", {"minimum": lowest, "maximum": highest, "suspended": suspended}, count)


def _stop(asked: Asked, target: Values, desired: int, environment: str) -> Plan:
    if asked.minimum is not None or asked.maximum is not None:
        refusal = (
            "count is 0, which stops the app, and min or max is given, too. "
            f"To stop it: {command(environment, count=0)}"
        )
        return Plan(refusal, target, desired)
    return Plan("", target | {"suspended": True}, 0)


def _refusal(asked: Asked, lowest: int, highest: int, count: int, environment: str) -> str:
    if asked == Asked():
        return (
            "Nothing to scale to was given. Type a count or its bounds: "
            f"{command(environment, count=3)}, or {command(environment, min=2, max=6)}"
        )
    if negative := [f"{name} is {value}" for name, value in _named(asked) if value < 0]:
        return f"{' and '.join(negative)}, expected 1 or more. To stop the app: {command(environment, count=0)}"
    if lowest == 0:
        return (
            "min would be 0, expected 1 or more: scaling measures tasks that run, so it could stop the app "
            f"but not start it again. To stop it: {command(environment, count=0)}"
        )
    if highest == 0:
        return f"max is 0, expected 1 or more. To stop the app: {command(environment, count=0)}"
    if lowest > highest:
        both = asked.minimum is not None and asked.maximum is not None
        given = lowest if asked.minimum is not None else highest
        better = {"min": highest, "max": lowest} if both else {"min": given, "max": given}
        return (
            f"min is {lowest} and max is {highest}, expected a max that is not below min. "
            f"Type {command(environment, **better)}"
        )
    if not lowest <= count <= highest:
        wider = command(environment, min=min(lowest, count), max=max(highest, count), count=count)
        return f"count is {count}, expected {lowest} to {highest}. To scale beyond that: {wider}"
    return ""


def _named(asked: Asked) -> list[tuple[str, int]]:
    names = zip(("count", "min", "max"), astuple(asked), strict=True)
    return [(name, value) for name, value in names if value is not None]


def outlook(after: Plan, policies: int, actions: list[Json], configured: Values, environment: str) -> list[str]:
    """What becomes of the count from now on, for whoever set it.

    ``configured`` are the counts in group_vars, ``policies`` is how many there are.
    """
    lowest, highest = after.target["minimum"], after.target["maximum"]
    if after.desired == 0:
        again = command(environment, count=max(lowest, 1))
        return [f"The app is stopped: nobody is served. Nothing starts it again but {again}"]
    if after.target["suspended"] is True:
        lines = ["Scaling is suspended, so the count stays until somebody changes it."]
    elif lowest < highest and policies:
        hold = command(environment, min=after.desired, max=after.desired)
        lines = [
            f"Scaling keeps the app between {lowest} and {highest} tasks and may soon choose another count. "
            f"To hold it at {after.desired}: {hold}"
        ]
    elif lowest < highest:
        lines = [
            f"Nothing scales the app between {lowest} and {highest} tasks, because group_vars give one count only. "
            "For that set app_service_maximum_count there and run "
            f"ansible-playbook provision.yml -e env={environment}"
        ]
    else:
        lines = [f"The count stays at {lowest} until somebody changes it."]
    if (lowest, highest) != (configured["minimum"], configured["maximum"]):
        back = command(environment, min=configured["minimum"], max=configured["maximum"])
        lines.append(
            f"group_vars say {_bounds_words(configured)}. Provision leaves your choice alone "
            f"until other counts are written there. Back to them: {back}"
        )
    for action in [] if after.target["suspended"] is True else actions:
        night = comparable_action(action)
        lines.append(
            f"{action['ScheduledActionName']} changes that to {_bounds_words(night)} "
            f"at {night['schedule']} {night['timezone']}."
        )
    return lines


def _bounds_words(bounds: Values) -> str:
    lowest, highest = bounds["minimum"], bounds["maximum"]
    return f"{lowest}" if lowest == highest else f"{lowest} to {highest}"


def counts_words(service: Json) -> str:
    """How many tasks run of those that are wanted, as one phrase that changes only when something happens."""
    running, desired = running_count(service), service["desiredCount"]
    stopping = service.get("runningCount", 0) - running
    more = f", {stopping} stopping" if stopping > 0 else ""
    return f"{running}/{desired} running{more}"


def running_count(service: Json) -> int:
    """The tasks of the newest deployment: while one goes on, others are on their way out."""
    newest: Json = primary(service) or service
    return int(newest["runningCount"])


def is_there(service: Json, wanted: int, seconds: float) -> bool:
    """Whether as many tasks run as are wanted. Scaling may change what is wanted, but not in the first moment."""
    seen = service["desiredCount"] == wanted or seconds > SECONDS_UNTIL_SEEN
    return bool(seen and running_count(service) == service["desiredCount"])


def troubles(service: Json, since: datetime) -> list[str]:
    """What ECS says that keeps tasks from running, oldest first."""
    events = [event for event in reversed(service.get("events", [])) if event["createdAt"] >= since]
    return list(dict.fromkeys(event_words(event) for event in events if _EVENT_OF_NOTE.search(event["message"])))
