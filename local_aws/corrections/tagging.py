"""Resource Groups Tagging: what it lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import acm, alb, cloudfront, cloudwatch_logs, ec2, ecs, iam, rds, ssm, tagging

Tagged = tuple[str, list[dict[str, str]]]


def what_carries_tags_is_listed() -> None:
    """GetResources lists what carries tags and is there, of every service.

    Resource Groups Tagging API Reference, GetResources. What it tells of deleted resources for a while is left out.
    """
    tagging._COLLECTORS |= {
        "ec2": of_ec2,
        "rds": of_rds,
        "elasticloadbalancing": of_load_balancers,
        "logs": of_logs,
        "acm": of_certificates,
        "ssm": of_parameters,
        "iam": of_iam,
        "ecs": of_ecs,
        "cloudfront": of_distributions,
    }


def of_ec2() -> Iterator[Tagged]:
    stores = {
        "elastic-ip": ec2._addresses,
        "instance": ec2._instances,
        "internet-gateway": ec2._internet_gateways,
        "natgateway": ec2._nat_gateways,
        "network-interface": ec2._network_interfaces,
        "route-table": ec2._route_tables,
        "security-group": ec2._security_groups,
        "subnet": ec2._subnets,
        "volume": ec2._volumes,
        "vpc": ec2._vpcs,
        "vpc-endpoint": ec2._vpc_endpoints,
    }
    for kind, store in stores.items():
        for identity, one in store.items():
            state = one.get("State", "")
            if (state["Name"] if isinstance(state, dict) else state) not in ("deleted", "terminated"):
                yield f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{identity}", ec2._tags.get(identity, [])


def of_rds() -> Iterator[Tagged]:
    stores = {
        "DBInstanceArn": rds._instances,
        "DBParameterGroupArn": rds._param_groups,
        "DBSnapshotArn": rds._snapshots,
        "DBSubnetGroupArn": rds._subnet_groups,
    }
    for field, store in stores.items():
        for one in store.values():
            if one.get(field):
                yield one[field], rds._tags.get(one[field], [])


def of_load_balancers() -> Iterator[Tagged]:
    for store in (alb._lbs, alb._tgs, alb._listeners, alb._rules):
        for arn in store:
            yield arn, alb._tags.get(arn, [])


def of_logs() -> Iterator[Tagged]:
    for name, group in cloudwatch_logs._log_groups.items():
        yield f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{name}", pairs(group.get("tags", {}))


def of_certificates() -> Iterator[Tagged]:
    for arn, one in acm._certificates.items():
        yield arn, one.get("Tags", [])


def of_parameters() -> Iterator[Tagged]:
    for one in ssm._parameters.values():
        yield one["ARN"], pairs(ssm._tags.get(one["ARN"], {}))


def of_iam() -> Iterator[Tagged]:
    # IAM belongs to no region and is listed in this one; its roles are not listed at all.
    if get_region() == "us-east-1":
        for store in (iam._policies, iam._instance_profiles):
            for one in store.values():
                yield one["Arn"], one.get("Tags", [])


def of_ecs() -> Iterator[Tagged]:
    there = {one["clusterArn"] for one in ecs._clusters.values() if one["status"] != "INACTIVE"}
    there |= {one["serviceArn"] for one in ecs._services.values() if one["status"] != "INACTIVE"}
    there |= {one["taskDefinitionArn"] for one in ecs._task_defs.values()}
    for arn in there:
        yield arn, [{"Key": tag["key"], "Value": tag["value"]} for tag in ecs._tags.get(arn, [])]


def of_distributions() -> Iterator[Tagged]:
    if get_region() == "us-east-1":
        for one in cloudfront._distributions.values():
            yield one["ARN"], cloudfront._tags.get(one["ARN"], [])


def pairs(tags: dict[str, Any]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
