"""An EventBridge rule and its targets as our options say them. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import json
import re

from .aws_tags import tag_list, tag_problems
from .differences import Difference, Values, given

# EventBridge's own, where a target says nothing.
MOST_ATTEMPTS = 185
OLDEST_SECONDS = 86400
_YOUNGEST_SECONDS = 60
# EventBridge's quotas, which cannot be raised.
_MOST_TARGETS = 5
_LONGEST_PATTERN = 4096
_LONGEST_DESCRIPTION = 512

_NAME = r"[.\-_A-Za-z0-9]{1,64}"
# Not among our options, and lost when PutRule does not say them again.
_KEPT = ("ScheduleExpression", "RoleArn")


def refusal(options: Values, *, planned: bool) -> str:
    """Why EventBridge would refuse what is asked for, or empty. In a plan a target need not be there yet."""
    name, targets = options["name"], options["targets"] or []
    what = f"the rule {name}"
    if not re.fullmatch(_NAME, name):
        return f"The name {name!r} is not a rule's, expected up to 64 of the characters A-Z, a-z, 0-9, . - and _."
    if len(_pattern_text(options["event_pattern"] or {})) > _LONGEST_PATTERN:
        return f"The event pattern of {what} is longer than {_LONGEST_PATTERN} characters. Split it into two rules."
    if len(options["description"] or "") > _LONGEST_DESCRIPTION:
        return f"The description of {what} is longer than {_LONGEST_DESCRIPTION} characters."
    if len(targets) > _MOST_TARGETS:
        return f"There are {len(targets)} targets of {what}, and AWS takes {_MOST_TARGETS} at most. Make a second rule."
    ids = [one["id"] for one in targets]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        return f"The id {twice[0]} names two targets of {what}, expected an id of its own for each."
    problems = (_target_refusal(one, what, planned) for one in targets)
    return next((problem for problem in problems if problem), "") or " ".join(tag_problems(options["tags"] or {}))


def _target_refusal(target: Values, rule: str, planned: bool) -> str:
    what = f"the target {target['id']} of {rule}"
    attempts, age = target["maximum_retry_attempts"], target["maximum_event_age_seconds"]
    if not re.fullmatch(_NAME, target["id"]):
        return (
            f"The id {target['id']!r} is not a target's, expected up to 64 of the characters A-Z, a-z, 0-9, . - and _."
        )
    if not target["arn"] and not planned:
        return f"The arn of {what} is empty, expected that of what gets the events, such as a Lambda function's."
    if not 0 <= attempts <= MOST_ATTEMPTS:
        return f"maximum_retry_attempts of {what} is {attempts}, expected 0 to {MOST_ATTEMPTS}."
    if not _YOUNGEST_SECONDS <= age <= OLDEST_SECONDS:
        return f"maximum_event_age_seconds of {what} is {age}, expected {_YOUNGEST_SECONDS} to {OLDEST_SECONDS}."
    return ""


def comparable(rule: Values, targets: list[Values], tags: dict[str, str]) -> Values:
    """What EventBridge says of a rule, in our options' words. Nothing at all means one that is not there."""
    return {
        "event_pattern": json.loads(rule.get("EventPattern") or "{}"),
        "enabled": rule.get("State", "ENABLED") != "DISABLED",
        "description": rule.get("Description", ""),
        "targets": [_comparable_target(one) for one in sorted(targets, key=lambda one: str(one["Id"]))],
        "tags": tags,
    }


def _comparable_target(target: Values) -> Values:
    rest = dict(target)
    policy = rest.pop("RetryPolicy", None) or {}
    known = {
        "id": rest.pop("Id"),
        "arn": rest.pop("Arn"),
        "dead_letter_queue_arn": (rest.pop("DeadLetterConfig", None) or {}).get("Arn", ""),
        "maximum_retry_attempts": policy.get("MaximumRetryAttempts", MOST_ATTEMPTS),
        "maximum_event_age_seconds": policy.get("MaximumEventAgeInSeconds", OLDEST_SECONDS),
    }
    # What is not among our options is not wanted, so it has to be seen.
    return known | rest


def wanted(options: Values) -> Values:
    asked = given({option: options[option] for option in ("event_pattern", "enabled", "description", "tags")})
    if options["targets"] is not None:
        asked["targets"] = sorted(options["targets"], key=lambda one: str(one["id"]))
    return asked


def changes(before: Values, after: Values) -> list[Difference]:
    """Name what of ``after`` is not so yet, each target for itself."""
    left, right = _by_target(before), _by_target(after)
    gone = {title(one["id"]) for one in before.get("targets", [])} if "targets" in after else set()
    return [
        Difference(name, left.get(name), right.get(name))
        for name in sorted(right.keys() | gone)
        if left.get(name) != right.get(name)
    ]


def title(target_id: str) -> str:
    """What a target is called among the changes."""
    return f"target {target_id}"


def _by_target(rule: Values) -> Values:
    settings = {name: value for name, value in rule.items() if name != "targets"}
    return settings | {title(one["id"]): one for one in rule.get("targets", [])}


def rule_request(name: str, after: Values, found: Values) -> Values:
    """What PutRule is to be asked for: it replaces the whole rule, but for its targets and tags."""
    request = {
        "Name": name,
        "EventPattern": _pattern_text(after["event_pattern"]),
        "State": "ENABLED" if after["enabled"] else "DISABLED",
        "Description": after["description"],
    }
    if after["tags"] and not found:
        request["Tags"] = tag_list(after["tags"])
    return request | {field: found[field] for field in _KEPT if field in found}


def target_requests(targets: list[Values]) -> list[Values]:
    """The targets as PutTargets takes them: each replaces the one that has its id."""
    return [_target_request(one) for one in targets]


def _target_request(target: Values) -> Values:
    request: Values = {
        "Id": target["id"],
        "Arn": target["arn"],
        "RetryPolicy": {
            "MaximumRetryAttempts": target["maximum_retry_attempts"],
            "MaximumEventAgeInSeconds": target["maximum_event_age_seconds"],
        },
    }
    if target["dead_letter_queue_arn"]:
        request["DeadLetterConfig"] = {"Arn": target["dead_letter_queue_arn"]}
    return request


def _pattern_text(pattern: Values) -> str:
    return json.dumps(pattern, separators=(",", ":"))
