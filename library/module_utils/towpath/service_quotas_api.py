"""The calls to Service Quotas that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# boto3 builds its clients at run time, so there is no type to name.
ServiceQuotasClient = Any


class ServiceQuotasError(AnsibleAWSError):
    """A failed call to Service Quotas, with the action that was being tried."""


class ServiceQuotasErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = ServiceQuotasError


@ServiceQuotasErrorHandler.common_error_handler("read a quota")
def get_quota(client: ServiceQuotasClient, service: str, code: str) -> dict[str, Any]:
    """Return a quota of the account, or AWS's default for it where the account has none of its own."""
    try:
        return client.get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
    except is_boto3_error_code("NoSuchResourceException"):
        return client.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]
