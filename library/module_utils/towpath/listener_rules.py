"""Rules of a load balancer's listeners: what is there, what should be, what to do. Pure functions: no AWS, no Ansible.

The two rules of maintenance are known by their priority, the others by their form. Names of fields: the API reference
of Elastic Load Balancing version 2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

Values = dict[str, Any]

# Lower comes first. Whoever may pass during maintenance is looked at before all others are turned away.
BYPASS_PRIORITY = 1
PAGE_PRIORITY = 2
# A listener has a hundred rules unless AWS raised that, so there is room for all.
HOSTS_PRIORITIES = range(1000, 2000)
NOT_FOUND_PRIORITIES = range(40000, 41000)
# The last that a rule can have, because it takes every host.
ORIGIN_PRIORITY = 50000

BYPASS_HEADER = "X-Maintenance-Bypass"

# The API reference, FixedResponseActionConfig.
LONGEST_PAGE = 1024

# The API reference, HostHeaderConditionConfig.
LONGEST_HOST = 128
HOST = re.compile(r"[a-z0-9_.*?-]+\.[a-z]+")

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


def host_condition(host: str) -> Values:
    return {"Field": "host-header", "HostHeaderConfig": {"Values": [host]}}


def comparable(actions: list[Values]) -> list[Values]:
    """Actions without what AWS adds: an order, and a second spelling of the one target group."""
    return [{key: value for key, value in one.items() if key not in ("Order", "ForwardConfig")} for one in actions]


def read_conditions(conditions: list[Values]) -> list[tuple[str, str, list[str]]]:
    """Field, header and values of each condition. Hosts and paths are spelt in two ways, or in one of them."""
    read = []
    for one in conditions:
        config: Values = next((value for key, value in one.items() if key.endswith("Config") and value), {})
        values = [str(value) for value in config.get("Values") or one.get("Values") or []]
        read.append((one["Field"], config.get("HttpHeaderName", "").lower(), sorted(values)))
    return sorted(read)


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


def a_rule(priority: int, conditions: list[Values], actions: list[Values]) -> Values:
    return {"Priority": priority, "Conditions": conditions, "Actions": actions}


def wanted_rule(listener: Values, found: Values | None, rule: Values, what: str) -> list[Step]:
    """What makes a listener have ``rule``, where it has ``found`` by now; nothing when that is as it should be."""
    words = f"{what} on port {listener['Port']}"
    if found is None:
        return [Step("create", {"ListenerArn": listener["ListenerArn"], **rule}, words)]
    wrong = {
        field: rule[field]
        for field, read in (("Conditions", read_conditions), ("Actions", comparable))
        if read(found[field]) != read(rule[field])
    }
    return [Step("modify", {"RuleArn": found["RuleArn"], **wrong}, words)] if wrong else []


def turn_on(listener: Values, rules: list[Values], page: str, token: str, target_group_arn: str) -> list[Step]:
    """First who may pass, then the page: nobody with the header ever sees it."""
    may_pass = [header_condition(BYPASS_HEADER, token)]
    bypass = a_rule(BYPASS_PRIORITY, may_pass, passing(listener, target_group_arn))
    shown = a_rule(PAGE_PRIORITY, [EVERY_PATH], fixed_response(503, page))
    return [
        *wanted_rule(listener, at(rules, BYPASS_PRIORITY), bypass, "the way past it"),
        *wanted_rule(listener, at(rules, PAGE_PRIORITY), shown, "the page"),
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


def origin_rule(rules: list[Values], header: str) -> Values | None:
    """The rule that lets CloudFront through, whatever host it asks for."""
    return next((rule for rule in rules if len(rule["Conditions"]) == 1 and token_in(rule, header)), None)


def let_through(listener: Values, rules: list[Values], header: str, value: str, target_group_arn: str) -> list[Step]:
    """What makes CloudFront's requests go to the target group, after the rules of all hosts."""
    found, what = origin_rule(rules, header), f"the rule for {header}"
    rule = a_rule(ORIGIN_PRIORITY, [header_condition(header, value)], forward_to(target_group_arn))
    steps = wanted_rule(listener, found, rule, what)
    if found and found["Priority"] != str(ORIGIN_PRIORITY):
        priorities = [{"RuleArn": found["RuleArn"], "Priority": ORIGIN_PRIORITY}]
        steps.append(Step("move", {"RulePriorities": priorities}, f"{what} on port {listener['Port']}"))
    return steps


def host_problem(host: str) -> str:
    """Why a load balancer would not take the host; empty when it does."""
    if len(host) <= LONGEST_HOST and HOST.fullmatch(host):
        return ""
    return (
        f"host is {host or 'empty'}, expected at most {LONGEST_HOST} letters, digits, hyphens and underscores with a "
        "dot, and only letters after the last one, such as pr-12.staging.example.com; * stands for any characters."
    )


def host_of(rule: Values) -> str:
    """The one host that a rule is for, in small letters; empty when it looks at more than a host and a header."""
    conditions = read_conditions(rule["Conditions"])
    hosts = [value.lower() for field, _, values in conditions if field == "host-header" for value in values]
    others = {field for field, _, _ in conditions} - {"host-header", "http-header"}
    return hosts[0] if len(hosts) == 1 and not others else ""


def of_host(rules: list[Values], host: str) -> list[Values]:
    return [rule for rule in rules if host_of(rule) == host]


def answer_of(rule: Values) -> str:
    """Where a rule leads, or what it says, in a word or two."""
    [action] = rule["Actions"]
    response = action.get("FixedResponseConfig", {})
    return str(action.get("TargetGroupArn") or f"{response.get('StatusCode')} {response.get('MessageBody')}")


def places_of(actions: list[Values]) -> range:
    """The priorities of a host's rule. One that only says that nobody is there comes after all that lead somewhere."""
    return HOSTS_PRIORITIES if actions[0]["Type"] == "forward" else NOT_FOUND_PRIORITIES


def free(rules: list[Values], priorities: range) -> list[int]:
    """Those of ``priorities`` that no rule has, the lowest first."""
    taken = {rule["Priority"] for rule in rules}
    return [one for one in priorities if str(one) not in taken]


def way_in(listeners: list[Values]) -> Values | None:
    """The listener that answers people: HTTPS where there is one, because HTTP then only shows the way there."""
    by_port = {one["Port"]: one for one in listeners}
    return by_port.get(443) or by_port.get(80)


def give_host(
    listener: Values, rules: list[Values], host: str, conditions: list[Values], actions: list[Values]
) -> list[Step]:
    """What makes a listener have just one rule for the host."""
    ours = of_host(rules, host)
    rule = a_rule(free(rules, places_of(actions))[0], conditions, actions)
    steps = wanted_rule(listener, ours[0] if ours else None, rule, f"the rule for {host}")
    return steps + take_host(listener, ours[1:], host)


def take_host(listener: Values, rules: list[Values], host: str) -> list[Step]:
    words = f"the rule for {host} on port {listener['Port']}"
    return [Step("delete", {"RuleArn": rule["RuleArn"]}, words) for rule in of_host(rules, host)]
