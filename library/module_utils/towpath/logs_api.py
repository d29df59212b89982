"""The calls to CloudWatch Logs that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from .retries import RetryByCodeOrMessage

# boto3 builds its clients at run time, so there is no type to name.
LogsClient = Any


class LogsError(AnsibleAWSError):
    """A failed call to CloudWatch Logs, with the action that was being tried."""


class LogsErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = LogsError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("ResourceNotFoundException")


@LogsErrorHandler.list_error_handler("read the log of a task", default_value=[])
def last_log_lines(client: LogsClient, group: str, stream: str, number: int) -> list[str]:
    """Return the newest lines of a log stream, oldest first; none when the group or the stream is not there."""
    answer = client.get_log_events(logGroupName=group, logStreamName=stream, limit=number, startFromHead=False)
    return [event["message"].rstrip() for event in answer["events"]]


# CloudWatch Logs answers a page at a time; what is not read in one look is read in the next.
PAGES_AT_ONCE = 20


@LogsErrorHandler.list_error_handler("read the log of a task", default_value=([], ""))
def new_log_lines(client: LogsClient, group: str, stream: str, token: str) -> tuple[list[str], str]:
    """Return the lines of a stream after ``token`` (empty: from its beginning), and the token to go on with.

    A page without events may have others behind it; only a token that stays the same means the end.
    """
    lines: list[str] = []
    for _ in range(PAGES_AT_ONCE):
        where = {"nextToken": token} if token else {}
        answer = client.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True, **where)
        lines += [event["message"].rstrip("\r\n") for event in answer["events"]]
        before, token = token, answer["nextForwardToken"]
        if token == before:
            break
    return lines, token


@LogsErrorHandler.common_error_handler("describe log groups")
def log_group_names(client: LogsClient, names: list[str]) -> list[str]:
    """Return those of ``names`` that there are."""
    found = [
        group["logGroupName"]
        for name in names
        for page in client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
        for group in page["logGroups"]
    ]
    return [name for name in names if name in found]


@LogsErrorHandler.list_error_handler("search a log", default_value=[])
def filter_log_events(client: LogsClient, group: str, prefix: str, pattern: str, begin: int) -> list[dict[str, Any]]:
    """Return the events since ``begin`` of the streams whose names begin with ``prefix``."""
    wanted = {"filterPattern": pattern} if pattern else {}
    pages = client.get_paginator("filter_log_events").paginate(
        logGroupName=group, logStreamNamePrefix=prefix, startTime=begin, **wanted
    )
    return [event for page in pages for event in page["events"] if event["logStreamName"].startswith(prefix)]


# Two changes of one log group at once are refused.
_GROUP_IN_CHANGE = "OperationAbortedException"
# CloudWatch Logs tries the destination at once, and a permission that was just given is not seen everywhere at once.
_NO_PERMISSION_YET = ["Could not execute the lambda function", "Could not deliver test message"]

_until_destination_answers = RetryByCodeOrMessage.jittered_backoff(
    retries=10, delay=1, max_delay=10, catch_extra_error_codes=[_GROUP_IN_CHANGE, *_NO_PERMISSION_YET]
)
_until_free = AWSRetry.jittered_backoff(retries=6, delay=1, max_delay=4, catch_extra_error_codes=[_GROUP_IN_CHANGE])


@LogsErrorHandler.list_error_handler("describe subscription filters", default_value=None)
def describe_subscription_filters(client: LogsClient, group: str) -> list[dict[str, Any]] | None:
    """Return all subscription filters of a log group, or None when there is no such group."""
    pages = client.get_paginator("describe_subscription_filters").paginate(logGroupName=group)
    return [one for page in pages for one in page["subscriptionFilters"]]


@LogsErrorHandler.common_error_handler("put a subscription filter")
@_until_destination_answers
def put_subscription_filter(client: LogsClient, request: dict[str, Any]) -> None:
    client.put_subscription_filter(**request)


@LogsErrorHandler.deletion_error_handler("delete a subscription filter")
@_until_free
def delete_subscription_filter(client: LogsClient, group: str, name: str) -> None:
    client.delete_subscription_filter(logGroupName=group, filterName=name)
