"""The Systems Manager calls we make, one function each: no decisions, only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .aws_tags import tag_list

# boto3 builds its clients at run time, so there is no type to name.
SsmClient = Any


class SsmError(AnsibleAWSError):
    """A failed Systems Manager call, with the action that was being tried."""


class SsmErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = SsmError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("ParameterNotFound")


@SsmErrorHandler.common_error_handler("describe parameters")
def describe_parameters(client: SsmClient, path: str) -> list[dict[str, Any]]:
    """Return what is known of the parameters right below ``path``, sorted by name, without their values.

    Not GetParametersByPath: whoever may call that may read the values too.
    """
    pages = client.get_paginator("describe_parameters").paginate(
        ParameterFilters=[{"Key": "Path", "Option": "OneLevel", "Values": [path]}]
    )
    return sorted((parameter for page in pages for parameter in page["Parameters"]), key=lambda each: each["Name"])


# As many names as DescribeParameters takes in one filter.
_NAMES_AT_ONCE = 50


@SsmErrorHandler.common_error_handler("describe parameters")
def describe_named_parameters(client: SsmClient, names: list[str]) -> list[dict[str, Any]]:
    """Return what is known of the parameters of these names that there are, without their values."""
    paginator = client.get_paginator("describe_parameters")
    return [
        parameter
        for start in range(0, len(names), _NAMES_AT_ONCE)
        for page in paginator.paginate(
            ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": names[start : start + _NAMES_AT_ONCE]}]
        )
        for parameter in page["Parameters"]
    ]


@SsmErrorHandler.list_error_handler("read a parameter's value", default_value=None)
def get_value(client: SsmClient, name: str) -> str | None:
    """Return a parameter's value, decrypted, or None when there is none."""
    return client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]


@SsmErrorHandler.common_error_handler("put an encrypted parameter")
def put_secure_string(client: SsmClient, name: str, value: str, tags: dict[str, str], exists: bool) -> None:
    """Put a SecureString. AWS takes tags at the creation only."""
    if exists:
        client.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    else:
        named = tag_list(tags)
        client.put_parameter(Name=name, Value=value, Type="SecureString", Tags=named)
