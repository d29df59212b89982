"""The calls to CloudWatch Logs that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

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
