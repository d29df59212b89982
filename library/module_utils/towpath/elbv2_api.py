"""The calls to Elastic Load Balancing that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from .aws_tags import tag_list

# boto3 builds its clients at run time, so there is no type to name.
ElbClient = Any


class ElbError(AnsibleAWSError):
    """A failed call to Elastic Load Balancing, with the action that was being tried."""


class ElbErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = ElbError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code(["LoadBalancerNotFound", "RuleNotFound", "TargetGroupNotFound"])


@ElbErrorHandler.list_error_handler("describe a load balancer", default_value=None)
def describe_load_balancer(client: ElbClient, name: str) -> dict[str, Any] | None:
    """Return the load balancer called ``name``, or None when there is none."""
    found = client.describe_load_balancers(Names=[name])["LoadBalancers"]
    return found[0] if found else None


@ElbErrorHandler.common_error_handler("describe the attributes of a load balancer")
def describe_attributes(client: ElbClient, arn: str) -> dict[str, str]:
    """Return all attributes of a load balancer, name to value."""
    answer = client.describe_load_balancer_attributes(LoadBalancerArn=arn)
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}


@ElbErrorHandler.list_error_handler("describe a target group", default_value=None)
def describe_target_group(client: ElbClient, name: str) -> dict[str, Any] | None:
    """Return the target group called ``name``, or None when there is none."""
    found = client.describe_target_groups(Names=[name])["TargetGroups"]
    return found[0] if found else None


@ElbErrorHandler.list_error_handler("describe a target group", default_value=None)
def describe_target_group_by_arn(client: ElbClient, arn: str) -> dict[str, Any] | None:
    found = client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
    return found[0] if found else None


@ElbErrorHandler.common_error_handler("describe the attributes of a target group")
def describe_target_group_attributes(client: ElbClient, arn: str) -> dict[str, str]:
    """Return all attributes of a target group, name to value."""
    answer = client.describe_target_group_attributes(TargetGroupArn=arn)
    return {one["Key"]: one["Value"] for one in answer["Attributes"]}


@ElbErrorHandler.list_error_handler("describe the target groups", default_value=[])
def describe_all_target_groups(client: ElbClient) -> list[dict[str, Any]]:
    """Return every target group of the account in the region."""
    pages = client.get_paginator("describe_target_groups").paginate()
    return [one for page in pages for one in page["TargetGroups"]]


# As many resources as DescribeTags takes.
_TAGGED_AT_ONCE = 20


@ElbErrorHandler.common_error_handler("describe the tags of target groups")
def describe_tags_of(client: ElbClient, arns: list[str]) -> dict[str, dict[str, str]]:
    """Return the tags of each resource, name to value, by its ARN."""
    return {
        described["ResourceArn"]: {one["Key"]: one.get("Value", "") for one in described["Tags"]}
        for start in range(0, len(arns), _TAGGED_AT_ONCE)
        for described in client.describe_tags(ResourceArns=arns[start : start + _TAGGED_AT_ONCE])["TagDescriptions"]
    }


def describe_tags(client: ElbClient, arn: str) -> dict[str, str]:
    """Return the tags of one resource, name to value."""
    return describe_tags_of(client, [arn])[arn]


@ElbErrorHandler.common_error_handler("create a target group")
def create_target_group(client: ElbClient, request: dict[str, Any]) -> dict[str, Any]:
    """Create a target group from the request of CreateTargetGroup and return it."""
    created: dict[str, Any] = client.create_target_group(**request)["TargetGroups"][0]
    return created


@ElbErrorHandler.common_error_handler("change the health check of a target group")
def modify_target_group(client: ElbClient, arn: str, health_check: dict[str, Any]) -> None:
    client.modify_target_group(TargetGroupArn=arn, **health_check)


@ElbErrorHandler.common_error_handler("change the attributes of a target group")
def modify_target_group_attributes(client: ElbClient, arn: str, attributes: dict[str, str]) -> None:
    pairs = [{"Key": name, "Value": value} for name, value in attributes.items()]
    client.modify_target_group_attributes(TargetGroupArn=arn, Attributes=pairs)


@ElbErrorHandler.common_error_handler("tag a target group")
def add_tags(client: ElbClient, arn: str, tags: dict[str, str]) -> None:
    pairs = tag_list(tags)
    client.add_tags(ResourceArns=[arn], Tags=pairs)


# A load balancer that was just deleted holds its target groups a little longer.
_until_no_listener_names_it = AWSRetry.jittered_backoff(
    retries=15, delay=1, max_delay=15, catch_extra_error_codes=["ResourceInUse"]
)


@ElbErrorHandler.deletion_error_handler("delete a target group")
@_until_no_listener_names_it
def delete_target_group(client: ElbClient, arn: str) -> None:
    client.delete_target_group(TargetGroupArn=arn)


@ElbErrorHandler.list_error_handler("describe the health of a target group", default_value=[])
def describe_target_health(client: ElbClient, arn: str) -> list[dict[str, Any]]:
    """Return what the load balancer thinks of each target of the group."""
    return client.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]


@ElbErrorHandler.list_error_handler("describe the listeners of a load balancer", default_value=[])
def describe_listeners(client: ElbClient, arn: str) -> list[dict[str, Any]]:
    """Return the listeners of a load balancer, by port."""
    pages = client.get_paginator("describe_listeners").paginate(LoadBalancerArn=arn)
    return sorted((one for page in pages for one in page["Listeners"]), key=lambda one: one["Port"])


@ElbErrorHandler.common_error_handler("describe the rules of a listener")
def describe_rules(client: ElbClient, listener_arn: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("describe_rules").paginate(ListenerArn=listener_arn)
    return [rule for page in pages for rule in page["Rules"]]


@ElbErrorHandler.common_error_handler("create a listener's rule")
def create_rule(client: ElbClient, request: dict[str, Any]) -> None:
    """Create a rule from the request of CreateRule."""
    client.create_rule(**request)


@ElbErrorHandler.common_error_handler("create a listener's rule")
def create_rule_if_free(client: ElbClient, request: dict[str, Any]) -> bool:
    """Create a rule from the request of CreateRule; False when another rule has its priority by now."""
    try:
        client.create_rule(**request)
    except is_boto3_error_code("PriorityInUse"):
        return False
    except is_boto3_error_code(["TooManyRules", "TooManyUniqueTargetGroupsPerLoadBalancer"]) as error:
        raise ElbError(
            "The load balancer has as many rules or target groups as AWS allows it, 100 unless raised. "
            "Take away previews that nobody needs, with ansible-playbook preview.yml -e pr=NUMBER -e state=absent, "
            "or have the quota raised: Rules per Application Load Balancer, in Service Quotas.",
            exception=error,
        ) from error
    return True


@ElbErrorHandler.common_error_handler("change a listener's rule")
def modify_rule(client: ElbClient, request: dict[str, Any]) -> None:
    """Change a rule from the request of ModifyRule."""
    client.modify_rule(**request)


@ElbErrorHandler.common_error_handler("change the order of a listener's rules")
def set_rule_priorities(client: ElbClient, request: dict[str, Any]) -> None:
    """Change priorities by the request of SetRulePriorities."""
    client.set_rule_priorities(**request)


@ElbErrorHandler.deletion_error_handler("delete a listener's rule")
def delete_rule(client: ElbClient, arn: str) -> None:
    client.delete_rule(RuleArn=arn)
