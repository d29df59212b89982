"""Elastic Load Balancing: what DescribeTargetGroups, attributes and zones say on AWS."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape  # nosec: writes XML, parses none

from ministack.services import alb, ec2

Handler = Callable[[dict[str, Any]], Any]


def unknown_target_group_is_an_error() -> None:
    """A name that no target group has is answered with TargetGroupNotFound, not with an empty list.

    Elastic Load Balancing API Reference, DescribeTargetGroups, section Errors.
    """
    describe: Handler = alb._ACTION_MAP["DescribeTargetGroups"]

    def corrected(params: dict[str, Any]) -> Any:
        known = {tg["TargetGroupName"] for tg in alb._tgs.values()}
        if set(alb._parse_member_list(params, "Names")) - known:
            return alb._error("TargetGroupNotFound", "One or more target groups not found")
        return describe(params)

    alb._ACTION_MAP["DescribeTargetGroups"] = corrected


# Elastic Load Balancing API Reference, LoadBalancerAttribute: all that an Application Load Balancer has.
DEFAULT_ATTRIBUTES = {
    "access_logs.s3.bucket": "",
    "access_logs.s3.enabled": "false",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "ipv6.deny_all_igw_traffic": "false",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}


def load_balancer_lists_every_attribute() -> None:
    """A load balancer always lists all its attributes, with their defaults where nobody set them.

    Elastic Load Balancing API Reference, DescribeLoadBalancerAttributes and LoadBalancerAttribute.
    """

    def filled(answer: Handler) -> Handler:
        def corrected(params: dict[str, Any]) -> Any:
            attributes = alb._lb_attrs.get(alb._p(params, "LoadBalancerArn"))
            if attributes is not None:
                named = {attribute["Key"] for attribute in attributes}
                attributes += [
                    {"Key": key, "Value": DEFAULT_ATTRIBUTES[key]} for key in DEFAULT_ATTRIBUTES.keys() - named
                ]
            return answer(params)

        return corrected

    for action in ("DescribeLoadBalancerAttributes", "ModifyLoadBalancerAttributes"):
        alb._ACTION_MAP[action] = filled(alb._ACTION_MAP[action])


def load_balancer_stands_where_its_subnets_are() -> None:
    """The VPC and the availability zones of a load balancer are those of its subnets.

    Elastic Load Balancing API Reference, LoadBalancer and AvailabilityZone.
    """
    create: Handler = alb._ACTION_MAP["CreateLoadBalancer"]

    def in_its_vpc(params: dict[str, Any]) -> Any:
        subnets = alb._parse_member_list(params, "Subnets")
        vpc = ec2._subnets.get(subnets[0], {}).get("VpcId") if subnets else None
        return create(params | {"VpcId": vpc} if vpc else params)

    def zone(match: re.Match[str]) -> str:
        name = ec2._subnets.get(match[2], {}).get("AvailabilityZone", match[1])
        return f"<ZoneName>{name}</ZoneName><SubnetId>{match[2]}<"

    def in_its_zones(answer: Handler) -> Handler:
        def corrected(params: dict[str, Any]) -> Any:
            status, headers, body = answer(params)
            text = body.decode() if isinstance(body, bytes) else body
            return status, headers, re.sub(r"<ZoneName>(.*?)</ZoneName><SubnetId>(.*?)<", zone, text).encode()

        return corrected

    alb._ACTION_MAP["CreateLoadBalancer"] = in_its_vpc
    for action in ("CreateLoadBalancer", "DescribeLoadBalancers", "SetSubnets"):
        alb._ACTION_MAP[action] = in_its_zones(alb._ACTION_MAP[action])


def a_fixed_response_may_hold_any_text() -> None:
    """A fixed response comes back as it was given, also when it is HTML.

    Elastic Load Balancing API Reference, FixedResponseActionConfig.
    """
    written: Callable[[dict[str, Any]], str] = alb._action_xml

    def corrected(action: dict[str, Any]) -> str:
        config = action.get("FixedResponseConfig")
        if not config:
            return written(action)
        escaped = config | {"MessageBody": escape(config.get("MessageBody", ""))}
        return written(action | {"FixedResponseConfig": escaped})

    alb._action_xml = corrected


def two_rules_of_a_listener_have_two_priorities() -> None:
    """A priority that another rule of the listener has is refused with PriorityInUse.

    Elastic Load Balancing API Reference, CreateRule and SetRulePriorities, sections Errors.
    """
    create: Handler = alb._ACTION_MAP["CreateRule"]
    order: Handler = alb._ACTION_MAP["SetRulePriorities"]

    def taken(listener: str, priority: str, moving: set[str]) -> bool:
        return any(
            rule["ListenerArn"] == listener and rule["Priority"] == priority and arn not in moving
            for arn, rule in alb._rules.items()
        )

    in_use = ("PriorityInUse", "The specified priority is in use.")

    def create_in_place(params: dict[str, Any]) -> Any:
        if taken(alb._p(params, "ListenerArn"), alb._p(params, "Priority"), set()):
            return alb._error(*in_use)
        return create(params)

    def order_in_place(params: dict[str, Any]) -> Any:
        wanted, place = {}, 1
        while arn := alb._p(params, f"RulePriorities.member.{place}.RuleArn"):
            wanted[arn] = alb._p(params, f"RulePriorities.member.{place}.Priority")
            place += 1
        for arn, priority in wanted.items():
            if arn in alb._rules and taken(alb._rules[arn]["ListenerArn"], priority, set(wanted)):
                return alb._error(*in_use)
        return order(params)

    alb._ACTION_MAP["CreateRule"] = create_in_place
    alb._ACTION_MAP["SetRulePriorities"] = order_in_place


def a_target_group_names_the_load_balancers_that_lead_to_it() -> None:
    """Any rule that forwards to a target group makes it one of the load balancer, and keeps it from being deleted.

    Elastic Load Balancing API Reference, TargetGroup, LoadBalancerArns; DeleteTargetGroup, "if it is not referenced by
    any actions". MiniStack counts a listener's first default action alone.
    """

    def leading_to(group: str) -> list[str]:
        listeners = {
            rule["ListenerArn"] for rule in alb._rules.values() if any(_forwards(one, group) for one in rule["Actions"])
        }
        found = {alb._listeners[arn]["LoadBalancerArn"] for arn in listeners if arn in alb._listeners}
        return sorted(arn for arn in found if arn in alb._lbs)

    def counted(answer: Handler) -> Handler:
        def corrected(params: dict[str, Any]) -> Any:
            answered = answer(params)
            for arn, group in alb._tgs.items():
                group["LoadBalancerArns"] = leading_to(arn)
            return answered

        return corrected

    delete: Handler = alb._ACTION_MAP["DeleteTargetGroup"]

    def delete_unused(params: dict[str, Any]) -> Any:
        arn = alb._p(params, "TargetGroupArn")
        if leading_to(arn):
            return alb._error("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
        return delete(params)

    alb._ACTION_MAP["DeleteTargetGroup"] = delete_unused
    for kind in ("Listener", "Rule"):
        for verb in ("Create", "Modify", "Delete"):
            alb._ACTION_MAP[f"{verb}{kind}"] = counted(alb._ACTION_MAP[f"{verb}{kind}"])
    alb._ACTION_MAP["DeleteLoadBalancer"] = counted(alb._ACTION_MAP["DeleteLoadBalancer"])


def _forwards(action: dict[str, Any], group: str) -> bool:
    several = action.get("ForwardConfig", {}).get("TargetGroups", [])
    return group in (action.get("TargetGroupArn"), *(one.get("TargetGroupArn") for one in several))
