"""The calls to IAM that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# boto3 builds its clients at run time, so there is no type to name.
IamClient = Any


class IamError(AnsibleAWSError):
    """A failed call to IAM, with the action that was being tried."""


class IamErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = IamError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("NoSuchEntity")


@IamErrorHandler.list_error_handler("simulate a role's policies", default_value=None)
def simulate_principal_policy(
    client: IamClient, role_arn: str, action: str, resources: list[str]
) -> list[dict[str, Any]] | None:
    """Return IAM's evaluation of ``action`` by the role on each resource, or None when there is no such role.

    Only what the role's own policies say: no key policy, no rule of the organisation.
    """
    pages = client.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=role_arn, ActionNames=[action], ResourceArns=resources
    )
    return [result for page in pages for result in page["EvaluationResults"]]
