"""What somebody changed by hand on a service or its task definition. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from typing import Any

from . import service, task_definition
from .differences import Difference, Values
from .ledger import Entry, last_good
from .rollout import ROLLED_BACK, SUCCEEDED, short
from .scaling import is_stopped

REVISION = "service.task_definition"
# The number of tasks is a deploy's, an autoscaler's or a person's to change: its bounds say what is right.
_NOT_REMEMBERED = ("desired_count",)


def settings_to_remember(asked: Values) -> Values:
    """The settings of a service, as they were asked for, that nobody is to change by hand."""
    return {name: value for name, value in asked.items() if name not in _NOT_REMEMBERED}


def expected_revision(entries: list[Entry], serving: str) -> str:
    """ARN of the revision that is to serve by the ledger, or empty where the ledger cannot tell.

    ``entries`` are the newest releases, the newest first; ``serving`` is the ARN that the service is pointed at.
    """
    for entry in entries:
        revision = str(entry.get("task_definition", ""))
        if entry.get("outcome") == SUCCEEDED:
            return revision
        # One that is not over may serve, and so may one whose good end nobody saw.
        if "outcome" not in entry or (revision == serving and entry["outcome"] != ROLLED_BACK):
            return ""
    return ""


def drift(
    settings: Values | None,
    found: Values,
    target: Values | None,
    expected: Values | None = None,
    running: Values | None = None,
) -> list[Difference]:
    """Everything that is not as it was made: where it is, what it was made, and what it is now, fit to be shown.

    ``settings`` is what the ledger remembers, ``found`` the service as ECS describes it, ``target`` what scales it.
    ``expected`` is the revision that is to serve, ``running`` the one that does, both as ECS describes them.
    """
    return [
        *_service_drift(settings or {}, service.comparable(found)),
        *_count_drift(found["desiredCount"], target),
        *_definition_drift(expected, running),
    ]


def puts_right(environment: str, found: list[Difference], entries: list[Entry]) -> str:
    """The command that undoes ``found``. Which revision serves is a matter of releases, all else one of provision."""
    good = last_good(entries)
    if good and any(one.field == REVISION for one in found):
        return f"ansible-playbook rollback.yml -e env={environment} -e release=v{good['number']}"
    return f"ansible-playbook provision.yml -e env={environment}"


def lines(found: list[Difference]) -> list[str]:
    """One line for each, for people."""
    return [f"{one.field}: {_words(one.before)} -> {_words(one.after)}" for one in found]


def _service_drift(settings: Values, present: Values) -> list[Difference]:
    made, now = _flat(settings), _flat({name: present.get(name) for name in settings})
    return [
        Difference(f"service.{path}", made.get(path), now.get(path))
        for path in sorted(made.keys() | now.keys())
        if made.get(path) != now.get(path)
    ]


def _flat(settings: Values) -> Values:
    """Settings with a path for each value, so that one changed tag is one difference."""
    flat: Values = {}
    for name, value in settings.items():
        if isinstance(value, dict):
            dotted = name != "tags"
            flat |= {f"{name}.{key}" if dotted else f"{name}[{key}]": one for key, one in value.items()}
        else:
            flat[name] = value
    return flat


def _count_drift(count: int, target: Values | None) -> list[Difference]:
    if target is None or target["MinCapacity"] <= count <= target["MaxCapacity"] or is_stopped(target, count):
        return []
    return [Difference("service.desired_count", f"{target['MinCapacity']} to {target['MaxCapacity']}", count)]


def _definition_drift(expected: Values | None, running: Values | None) -> list[Difference]:
    if not expected or not running or expected["taskDefinitionArn"] == running["taskDefinitionArn"]:
        return []
    names = [short(one["taskDefinitionArn"]) for one in (expected, running)]
    return [Difference(REVISION, *names), *task_definition.differences(expected, running)]


def _words(value: Any) -> str:
    if value is None or value == [] or value == "":
        return "none"
    if isinstance(value, list):
        return ", ".join(_words(one) for one in value)
    if isinstance(value, dict):
        return " ".join(str(one) for one in value.values())
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)
