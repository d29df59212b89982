"""The calls to Application Auto Scaling that we make, one function each: only requests and named errors.

``resource`` names what is scaled: the fields ServiceNamespace, ResourceId and ScalableDimension of every request.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

# boto3 builds its clients at run time, so there is no type to name.
ScalingClient = Any
Resource = dict[str, str]


class ScalingError(AnsibleAWSError):
    """A failed call to Application Auto Scaling, with the action that was being tried."""


class ScalingErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = ScalingError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("ObjectNotFoundException")


# Two changes of one target at once are refused, and a target that was just made is not seen everywhere at once.
_until_settled = AWSRetry.jittered_backoff(
    retries=6, delay=1, max_delay=4, catch_extra_error_codes=["ConcurrentUpdateException", "ObjectNotFoundException"]
)
_until_free = AWSRetry.jittered_backoff(
    retries=6, delay=1, max_delay=4, catch_extra_error_codes=["ConcurrentUpdateException"]
)


@ScalingErrorHandler.common_error_handler("describe a scalable target")
def describe_target(client: ScalingClient, resource: Resource) -> dict[str, Any] | None:
    """Return the scalable target of a resource, or None when there is none."""
    answer = client.describe_scalable_targets(
        ServiceNamespace=resource["ServiceNamespace"],
        ResourceIds=[resource["ResourceId"]],
        ScalableDimension=resource["ScalableDimension"],
    )
    return next(iter(answer["ScalableTargets"]), None)


@ScalingErrorHandler.common_error_handler("register a scalable target")
@_until_free
def register_target(client: ScalingClient, resource: Resource, request: dict[str, Any]) -> str:
    """Register or change a scalable target and return its ARN. AWS then moves the count between the bounds."""
    return client.register_scalable_target(**resource, **request)["ScalableTargetARN"]


@ScalingErrorHandler.deletion_error_handler("deregister a scalable target")
@_until_free
def deregister_target(client: ScalingClient, resource: Resource) -> None:
    """Deregister a scalable target. AWS deletes its policies and scheduled actions with it."""
    client.deregister_scalable_target(**resource)


@ScalingErrorHandler.common_error_handler("list the tags of a scalable target")
def list_tags(client: ScalingClient, arn: str) -> dict[str, str]:
    return client.list_tags_for_resource(ResourceARN=arn)["Tags"]


@ScalingErrorHandler.common_error_handler("change the tags of a scalable target")
def replace_tags(client: ScalingClient, arn: str, before: dict[str, str], after: dict[str, str]) -> None:
    """Make a target's tags ``after``, where ``before`` is what it has now."""
    if gone := [key for key in before if key not in after]:
        client.untag_resource(ResourceARN=arn, TagKeys=gone)
    if new := {key: value for key, value in after.items() if before.get(key) != value}:
        client.tag_resource(ResourceARN=arn, Tags=new)


@ScalingErrorHandler.common_error_handler("describe scaling policies")
def describe_policies(client: ScalingClient, resource: Resource) -> list[dict[str, Any]]:
    pages = client.get_paginator("describe_scaling_policies").paginate(**resource)
    return [policy for page in pages for policy in page["ScalingPolicies"]]


@ScalingErrorHandler.common_error_handler("put a scaling policy")
@_until_settled
def put_policy(client: ScalingClient, resource: Resource, request: dict[str, Any]) -> None:
    client.put_scaling_policy(**resource, **request)


@ScalingErrorHandler.deletion_error_handler("delete a scaling policy")
@_until_free
def delete_policy(client: ScalingClient, resource: Resource, name: str) -> None:
    """Delete a policy. AWS deletes the alarms of target tracking with it."""
    client.delete_scaling_policy(**resource, PolicyName=name)


@ScalingErrorHandler.common_error_handler("describe scheduled actions")
def describe_scheduled_actions(client: ScalingClient, resource: Resource) -> list[dict[str, Any]]:
    pages = client.get_paginator("describe_scheduled_actions").paginate(**resource)
    return [action for page in pages for action in page["ScheduledActions"]]


@ScalingErrorHandler.common_error_handler("put a scheduled action")
@_until_settled
def put_scheduled_action(client: ScalingClient, resource: Resource, request: dict[str, Any]) -> None:
    client.put_scheduled_action(**resource, **request)


@ScalingErrorHandler.deletion_error_handler("delete a scheduled action")
@_until_free
def delete_scheduled_action(client: ScalingClient, resource: Resource, name: str) -> None:
    client.delete_scheduled_action(**resource, ScheduledActionName=name)
