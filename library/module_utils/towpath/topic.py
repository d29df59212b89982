"""An SNS topic as our options say it. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from .aws_tags import tag_list, tag_problems
from .differences import Values, given

_ATTRIBUTES = {"display_name": "DisplayName", "kms_master_key_id": "KmsMasterKeyId", "policy": "Policy"}
_OPTIONS = (*_ATTRIBUTES, "tags")
_LONGEST_DISPLAY_NAME = 100


def refusal(options: Values, *, planned: bool) -> str:
    """Why SNS would refuse what is asked for, or empty. In a plan an endpoint need not be there yet."""
    name = options["name"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", name):
        return f"The name {name!r} is not a topic's, expected up to 256 of the characters A-Z, a-z, 0-9, - and _."
    if len(options["display_name"] or "") > _LONGEST_DISPLAY_NAME:
        return (
            f"The display name of the topic {name} has {len(options['display_name'])} characters, "
            f"expected {_LONGEST_DISPLAY_NAME} at most."
        )
    for one in options["subscriptions"] or []:
        if not one["endpoint"] and not planned:
            return (
                f"A subscription to the topic {name} by {one['protocol']} has no endpoint, "
                "expected where to send to, such as a Lambda function's ARN."
            )
    return " ".join(tag_problems(options["tags"] or {}))


def comparable(attributes: Values, tags: dict[str, str], subscriptions: list[Values]) -> Values:
    """What SNS says of a topic, in our options' words. Nothing at all means one that is not there."""
    return {
        "display_name": attributes.get("DisplayName", ""),
        "kms_master_key_id": attributes.get("KmsMasterKeyId", ""),
        "policy": json.loads(attributes.get("Policy") or "{}"),
        "subscriptions": _in_order({"protocol": one["Protocol"], "endpoint": one["Endpoint"]} for one in subscriptions),
        "tags": tags,
    }


def wanted(options: Values, before: Values, pending: list[Values]) -> Values:
    """What the options ask for. Subscriptions that are ``pending`` end by themselves: nobody can take them away."""
    asked = given({option: options[option] for option in _OPTIONS})
    if options["subscriptions"] is not None:
        others = comparable({}, {}, pending) if options["purge_subscriptions"] else before
        asked["subscriptions"] = _in_order([*options["subscriptions"], *others["subscriptions"]])
    return asked


def is_pending(subscription: Values) -> bool:
    """Whether a subscription has no ARN, because nobody confirmed it yet or because it was taken away just now."""
    return not subscription["SubscriptionArn"].startswith("arn:")


def attributes_request(changed: Values) -> dict[str, str]:
    """The attributes of a topic for what ``changed``, as SNS takes them: each a text."""
    return {
        field: json.dumps(changed[option]) if option == "policy" else changed[option]
        for option, field in _ATTRIBUTES.items()
        if option in changed
    }


def create_request(name: str, asked: Values) -> Values:
    request: Values = {"Name": name, "Attributes": attributes_request(asked)}
    if asked.get("tags"):
        request["Tags"] = tag_list(asked["tags"])
    return request


def _in_order(subscriptions: Iterable[Values]) -> list[Values]:
    """Each once, in one order: SNS lists them in any."""
    pairs = sorted({(one["protocol"], one["endpoint"]) for one in subscriptions})
    return [{"protocol": protocol, "endpoint": endpoint} for protocol, endpoint in pairs]
