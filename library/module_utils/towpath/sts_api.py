"""The calls to the Security Token Service that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# boto3 builds its clients at run time, so there is no type to name.
StsClient = Any


class StsError(AnsibleAWSError):
    """A failed call to the Security Token Service, with the action that was being tried."""


class StsErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = StsError


@StsErrorHandler.common_error_handler("ask who the caller is")
def get_caller_identity(client: StsClient) -> dict[str, Any]:
    """Return Account and Arn of the caller. Nobody with good credentials is refused this."""
    return client.get_caller_identity()
