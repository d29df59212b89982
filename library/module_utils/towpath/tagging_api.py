"""The calls to the Resource Groups Tagging API that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# boto3 builds its clients at run time, so there is no type to name.
TaggingClient = Any


class TaggingError(AnsibleAWSError):
    """A failed call to the Resource Groups Tagging API, with the action that was being tried."""


class TaggingErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = TaggingError


@TaggingErrorHandler.common_error_handler("list what carries certain tags")
def arns_with_tags(client: TaggingClient, tags: dict[str, str]) -> list[str]:
    """Return the ARNs of what carries all these tags in the client's region."""
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    pages = client.get_paginator("get_resources").paginate(TagFilters=filters)
    return [one["ResourceARN"] for page in pages for one in page["ResourceTagMappingList"]]
