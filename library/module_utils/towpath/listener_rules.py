"""Rules of a load balancer's listeners: what is there, what should be, what to do. Pure functions: no AWS, no Ansible.

A rule is known by its priority, which is ours, and by its form. Names of fields: the API reference of Elastic Load
Balancing version 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Values = dict[str, Any]

# Lower comes first. Whoever may pass during maintenance is looked at before all others are turned away.
BYPASS_PRIORITY = 1
PAGE_PRIORITY = 2
ORIGIN_PRIORITY = 10

BYPASS_HEADER = "X-Maintenance-Bypass"

# The API reference, FixedResponseActionConfig.
LONGEST_PAGE = 1024

EVERY_PATH = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["*"]}}


@dataclass(frozen=True)
class Step:
    """One request, and in which words it is said."""

    call: str
    request: Values
    words: str


def header_condition(header: str, value: str) -> Values:
    return {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": header, "Values": [value]}}


def forward_to(target_group_arn: str) -> list[Values]:
    return [{"Type": "forward", "TargetGroupArn": target_group_arn}]


def fixed_response(status: int, body: str) -> list[Values]:
    content_type = "text/html" if body.lstrip().startswith("<") else "text/plain"
    config = {"StatusCode": str(status), "ContentType": content_type, "MessageBody": body}
    return [{"Type": "fixed-response", "FixedResponseConfig": config}]


def comparable(actions: list[Values]) -> list[Values]:
    """Actions without what AWS adds: an order, and a second spelling of the one target group."""
    return [{key: value for key, value in one.items() if key not in ("Order", "ForwardConfig")} for one in actions]


def at(rules: list[Values], priority: int) -> Values | None:
    return next((rule for rule in rules if rule["Priority"] == str(priority)), None)


def token_in(rule: Values | None, header: str) -> str:
    """The value that a rule wants to see in ``header``; empty when it is no rule about that header."""
    for condition in (rule or {}).get("Conditions", []):
        config = condition.get("HttpHeaderConfig", {})
        if config.get("HttpHeaderName", "").lower() == header.lower() and config.get("Values"):
            return str(config["Values"][0])
    return ""


def page_in(rule: Values | None) -> str | None:
    """The page that a rule answers with; None when it is no rule of maintenance."""
    for action in (rule or {}).get("Actions", []):
        config = action.get("FixedResponseConfig", {})
        if config.get("StatusCode") == "503":
            return str(config.get("MessageBody", ""))
    return None


def in_maintenance(rules: list[Values]) -> bool:
    """Whether the listener with these rules answers with the page of maintenance."""
    return page_in(at(rules, PAGE_PRIORITY)) is not None


def strangers(rules: list[Values], header: str = BYPASS_HEADER) -> list[str]:
    """Rules of somebody else where the two of maintenance belong, a few words each."""
    bypass, page = at(rules, BYPASS_PRIORITY), at(rules, PAGE_PRIORITY)
    found = [bypass] if bypass and not token_in(bypass, header) else []
    found += [page] if page and page_in(page) is None else []
    return [f"priority {rule['Priority']} ({rule['RuleArn']})" for rule in found]


def passing(listener: Values, target_group_arn: str) -> list[Values]:
    """What a request that may pass meets: the app, or the way to HTTPS on a listener that only shows it."""
    default = comparable(listener["DefaultActions"])
    return default if default and default[0]["Type"] == "redirect" else forward_to(target_group_arn)


def wanted_rule(
    priority: int, condition: Values, actions: list[Values], what: str, listener: Values, rules: list[Values]
) -> list[Step]:
    """What makes a listener have this rule; nothing when it has."""
    found, port = at(rules, priority), listener["Port"]
    if found is None:
        request = {
            "ListenerArn": listener["ListenerArn"],
            "Priority": priority,
            "Conditions": [condition],
            "Actions": actions,
        }
        return [Step("create", request, f"{what} on port {port}")]
    if comparable(found["Actions"]) == comparable(actions):
        return []
    return [Step("modify", {"RuleArn": found["RuleArn"], "Actions": actions}, f"{what} on port {port}")]


def turn_on(listener: Values, rules: list[Values], page: str, token: str, target_group_arn: str) -> list[Step]:
    """First who may pass, then the page: nobody with the header ever sees it."""
    bypass = header_condition(BYPASS_HEADER, token)
    return [
        *wanted_rule(BYPASS_PRIORITY, bypass, passing(listener, target_group_arn), "the way past it", listener, rules),
        *wanted_rule(PAGE_PRIORITY, EVERY_PATH, fixed_response(503, page), "the page", listener, rules),
    ]


def turn_off(listener: Values, rules: list[Values]) -> list[Step]:
    """First the page, then who may pass it."""
    ours = [(at(rules, PAGE_PRIORITY), "the page"), (at(rules, BYPASS_PRIORITY), "the way past it")]
    return [
        Step("delete", {"RuleArn": rule["RuleArn"]}, f"{what} on port {listener['Port']}")
        for rule, what in ours
        if rule
    ]


def page_problem(page: str) -> str:
    """Why the load balancer would not take the page; empty when it does."""
    size = len(page.encode())
    if not page.strip():
        return "The page is empty, expected a few words that say when the app is back."
    if size > LONGEST_PAGE:
        return (
            f"The page has {size} bytes, expected at most {LONGEST_PAGE}: a load balancer stores no more. Shorten it."
        )
    return ""
