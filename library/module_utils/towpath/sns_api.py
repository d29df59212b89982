"""The calls to SNS that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from .aws_tags import own_tags, tag_list

# boto3 builds its clients at run time, so there is no type to name.
SnsClient = Any


class SnsError(AnsibleAWSError):
    """A failed call to SNS, with the action that was being tried."""


class SnsErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = SnsError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("NotFound")


# Two changes of one topic's tags at once are refused.
_until_free = AWSRetry.jittered_backoff(
    retries=6, delay=1, max_delay=4, catch_extra_error_codes=["ConcurrentAccess", "StaleTag"]
)


@SnsErrorHandler.list_error_handler("read a topic", default_value=None)
def get_topic_attributes(client: SnsClient, arn: str) -> dict[str, str] | None:
    """Return a topic's attributes, or None when there is no such topic."""
    return client.get_topic_attributes(TopicArn=arn)["Attributes"]


@SnsErrorHandler.common_error_handler("list the tags of a topic")
def list_tags(client: SnsClient, arn: str) -> dict[str, str]:
    return own_tags(client.list_tags_for_resource(ResourceArn=arn)["Tags"])


@SnsErrorHandler.common_error_handler("list the subscriptions to a topic")
def list_subscriptions(client: SnsClient, arn: str) -> list[dict[str, str]]:
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    return [one for page in pages for one in page["Subscriptions"]]


@SnsErrorHandler.common_error_handler("create a topic")
def create_topic(client: SnsClient, request: dict[str, Any]) -> None:
    client.create_topic(**request)


@SnsErrorHandler.common_error_handler("change a topic")
def set_topic_attributes(client: SnsClient, arn: str, attributes: dict[str, str]) -> None:
    """Set each attribute by a request of its own: SNS takes one at a time."""
    for name, value in attributes.items():
        client.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)


@SnsErrorHandler.common_error_handler("change the tags of a topic")
@_until_free
def replace_tags(client: SnsClient, arn: str, before: dict[str, str], after: dict[str, str]) -> None:
    if gone := [key for key in before if key not in after]:
        client.untag_resource(ResourceArn=arn, TagKeys=gone)
    if new := {key: value for key, value in after.items() if before.get(key) != value}:
        client.tag_resource(ResourceArn=arn, Tags=tag_list(new))


@SnsErrorHandler.common_error_handler("subscribe to a topic")
def subscribe(client: SnsClient, arn: str, protocol: str, endpoint: str) -> None:
    client.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)


@SnsErrorHandler.deletion_error_handler("take a subscription away")
def unsubscribe(client: SnsClient, subscription_arn: str) -> None:
    client.unsubscribe(SubscriptionArn=subscription_arn)


@SnsErrorHandler.deletion_error_handler("delete a topic")
@_until_free
def delete_topic(client: SnsClient, arn: str) -> None:
    client.delete_topic(TopicArn=arn)
