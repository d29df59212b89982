"""The calls to EventBridge that we make, one function each: only requests and named errors. All on the default bus."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from .aws_tags import own_tags, tag_list

# boto3 builds its clients at run time, so there is no type to name.
EventsClient = Any


class EventsError(AnsibleAWSError):
    """A failed call to EventBridge, with the action that was being tried."""


class EventsErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = EventsError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("ResourceNotFoundException")


# Two changes of one rule at once are refused.
_until_free = AWSRetry.jittered_backoff(
    retries=6, delay=1, max_delay=4, catch_extra_error_codes=["ConcurrentModificationException"]
)


@EventsErrorHandler.list_error_handler("read a rule", default_value=None)
def describe_rule(client: EventsClient, name: str) -> dict[str, Any] | None:
    """Return a rule, or None when there is no such rule."""
    return client.describe_rule(Name=name)


@EventsErrorHandler.list_error_handler("list the targets of a rule", default_value=[])
def list_targets(client: EventsClient, rule: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_targets_by_rule").paginate(Rule=rule)
    return [one for page in pages for one in page["Targets"]]


@EventsErrorHandler.common_error_handler("list the tags of a rule")
def list_tags(client: EventsClient, arn: str) -> dict[str, str]:
    return own_tags(client.list_tags_for_resource(ResourceARN=arn)["Tags"])


@EventsErrorHandler.common_error_handler("put a rule")
@_until_free
def put_rule(client: EventsClient, request: dict[str, Any]) -> str:
    """Make or replace a rule, without its targets, and return its ARN."""
    return client.put_rule(**request)["RuleArn"]


@EventsErrorHandler.common_error_handler("put the targets of a rule")
@_until_free
def put_targets(client: EventsClient, rule: str, targets: list[dict[str, Any]]) -> None:
    if targets:
        _refuse_failures("take", rule, client.put_targets(Rule=rule, Targets=targets))


@EventsErrorHandler.deletion_error_handler("remove the targets of a rule")
@_until_free
def remove_targets(client: EventsClient, rule: str, ids: list[str]) -> None:
    if ids:
        _refuse_failures("remove", rule, client.remove_targets(Rule=rule, Ids=ids))


def _refuse_failures(action: str, rule: str, answer: dict[str, Any]) -> None:
    """EventBridge answers that all went well even where it did not."""
    if answer["FailedEntryCount"]:
        told = "; ".join(
            f"{one.get('TargetId')}: {one.get('ErrorMessage')} ({one.get('ErrorCode')})"
            for one in answer["FailedEntries"]
        )
        raise EventsError(f"EventBridge did not {action} every target of the rule {rule}: {told}. Run this again.")


@EventsErrorHandler.common_error_handler("change the tags of a rule")
@_until_free
def replace_tags(client: EventsClient, arn: str, before: dict[str, str], after: dict[str, str]) -> None:
    if gone := [key for key in before if key not in after]:
        client.untag_resource(ResourceARN=arn, TagKeys=gone)
    if new := {key: value for key, value in after.items() if before.get(key) != value}:
        client.tag_resource(ResourceARN=arn, Tags=tag_list(new))


@EventsErrorHandler.deletion_error_handler("delete a rule")
@_until_free
def delete_rule(client: EventsClient, name: str) -> None:
    """Delete a rule that has no targets any more."""
    client.delete_rule(Name=name)
