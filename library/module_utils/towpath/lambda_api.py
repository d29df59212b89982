"""The calls to Lambda that we make, one function each: only requests and named errors."""

from __future__ import annotations

import contextlib
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code, is_boto3_error_message
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from .retries import RetryByCodeOrMessage

# Where botocore is not there, AnsibleAWSModule says so.
with contextlib.suppress(ImportError):
    from botocore.waiter import WaiterModel, create_waiter_with_client

# boto3 builds its clients at run time, so there is no type to name.
LambdaClient = Any


class LambdaError(AnsibleAWSError):
    """A failed call to Lambda, with the action that was being tried."""


class LambdaErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = LambdaError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("ResourceNotFoundException")


# What is being changed takes no other change.
_IN_CHANGE = ["ResourceConflictException", "ResourceInUseException"]
# Lambda looks at once whether the function may read the source, and a permission that was just given is not seen
# everywhere at once.
_NO_PERMISSION_YET = ["execution role does not have permissions", "Cannot access stream"]

_until_free = AWSRetry.jittered_backoff(retries=10, delay=1, max_delay=10, catch_extra_error_codes=_IN_CHANGE)
_until_permitted = RetryByCodeOrMessage.jittered_backoff(
    retries=10, delay=1, max_delay=10, catch_extra_error_codes=[*_IN_CHANGE, *_NO_PERMISSION_YET]
)


@LambdaErrorHandler.list_error_handler("read what is reserved for a function", default_value=None)
def get_function_concurrency(client: LambdaClient, function: str) -> dict[str, int] | None:
    """Return ReservedConcurrentExecutions where there are any, or None when there is no such function."""
    return client.get_function_concurrency(FunctionName=function)


@LambdaErrorHandler.common_error_handler("reserve concurrent executions for a function")
@_until_free
def put_function_concurrency(client: LambdaClient, function: str, reserved: int) -> str:
    """Reserve, and return nothing; or what Lambda says where the account cannot spare so many."""
    try:
        client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=reserved)
    except is_boto3_error_message("UnreservedConcurrentExecution") as error:
        return error.response["Error"]["Message"]
    return ""


@LambdaErrorHandler.deletion_error_handler("take back what is reserved for a function")
@_until_free
def delete_function_concurrency(client: LambdaClient, function: str) -> None:
    client.delete_function_concurrency(FunctionName=function)


@LambdaErrorHandler.common_error_handler("read the account's limits")
def get_account_limit(client: LambdaClient) -> dict[str, int]:
    """Return what the account has in all in this region, among it ConcurrentExecutions."""
    return client.get_account_settings()["AccountLimit"]


@LambdaErrorHandler.list_error_handler("list event source mappings", default_value=[])
def list_event_source_mappings(client: LambdaClient, function: str, source_arn: str | None) -> list[dict[str, Any]]:
    """Return what brings a function the events of a source, or of all; none when there is no such function."""
    source = {"EventSourceArn": source_arn} if source_arn else {}
    pages = client.get_paginator("list_event_source_mappings").paginate(FunctionName=function, **source)
    return [one for page in pages for one in page["EventSourceMappings"]]


@LambdaErrorHandler.common_error_handler("create an event source mapping")
@_until_permitted
def create_event_source_mapping(client: LambdaClient, request: dict[str, Any]) -> dict[str, Any]:
    return client.create_event_source_mapping(**request)


@LambdaErrorHandler.common_error_handler("change an event source mapping")
@_until_permitted
def update_event_source_mapping(client: LambdaClient, uuid: str, request: dict[str, Any]) -> None:
    client.update_event_source_mapping(UUID=uuid, **request)


@LambdaErrorHandler.deletion_error_handler("delete an event source mapping")
@_until_free
def delete_event_source_mapping(client: LambdaClient, uuid: str) -> None:
    client.delete_event_source_mapping(UUID=uuid)


def _each_two_seconds(acceptors: list[dict[str, Any]]) -> dict[str, Any]:
    return {"operation": "GetEventSourceMapping", "delay": 2, "maxAttempts": 150, "acceptors": acceptors}


# botocore has no waiters for event source mappings.
_WAITERS = {
    state: _each_two_seconds([{"state": "success", "matcher": "path", "argument": "State", "expected": state}])
    for state in ("Enabled", "Disabled")
} | {"Gone": _each_two_seconds([{"state": "success", "matcher": "error", "expected": "ResourceNotFoundException"}])}


@LambdaErrorHandler.common_error_handler("wait for an event source mapping")
def wait_until(client: LambdaClient, uuid: str, state: str) -> None:
    """Wait until an event source mapping is Enabled, Disabled or Gone."""
    model = WaiterModel({"version": 2, "waiters": _WAITERS})
    create_waiter_with_client(state, model, client).wait(UUID=uuid)


@LambdaErrorHandler.common_error_handler("list the tags of an event source mapping")
def list_tags(client: LambdaClient, arn: str) -> dict[str, str]:
    return client.list_tags(Resource=arn)["Tags"]


@LambdaErrorHandler.common_error_handler("change the tags of an event source mapping")
@_until_free
def replace_tags(client: LambdaClient, arn: str, before: dict[str, str], after: dict[str, str]) -> None:
    if gone := [key for key in before if key not in after]:
        client.untag_resource(Resource=arn, TagKeys=gone)
    if new := {key: value for key, value in after.items() if before.get(key) != value}:
        client.tag_resource(Resource=arn, Tags=new)


@LambdaErrorHandler.list_error_handler("read who may call a function", default_value="")
def get_policy(client: LambdaClient, function: str) -> str:
    """Return a function's policy as JSON; nothing when it or the function is not there."""
    return client.get_policy(FunctionName=function)["Policy"]


@LambdaErrorHandler.common_error_handler("let a service call a function")
@_until_free
def add_permission(client: LambdaClient, request: dict[str, Any]) -> None:
    client.add_permission(**request)


@LambdaErrorHandler.deletion_error_handler("let a service call a function no more")
@_until_free
def remove_permission(client: LambdaClient, function_name: str, statement_id: str) -> None:
    client.remove_permission(FunctionName=function_name, StatementId=statement_id)
