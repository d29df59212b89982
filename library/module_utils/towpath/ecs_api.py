"""The ECS calls we make, one function each: no decisions, only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_message
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# boto3 builds its clients at run time, so there is no type to name.
EcsClient = Any


class EcsError(AnsibleAWSError):
    """A failed ECS call, with the action that was being tried."""


class EcsErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = EcsError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_message("Unable to describe task definition")


@EcsErrorHandler.list_error_handler("describe a task definition", default_value=None)
def describe_task_definition(client: EcsClient, name: str) -> dict[str, Any] | None:
    """Return one revision with its tags under the key ``tags``, or None when there is none.

    ``name`` is a family (its newest ACTIVE revision), ``family:revision`` or an ARN (any status).
    """
    answer = client.describe_task_definition(taskDefinition=name, include=["TAGS"])
    return answer["taskDefinition"] | {"tags": answer.get("tags", [])}


@EcsErrorHandler.common_error_handler("register a task definition")
def register_task_definition(client: EcsClient, definition: dict[str, Any]) -> dict[str, Any]:
    """Register ``definition`` (the request of RegisterTaskDefinition) and return the new revision with its tags."""
    answer = client.register_task_definition(**definition)
    return answer["taskDefinition"] | {"tags": answer.get("tags", [])}
