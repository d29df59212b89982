"""The calls to RDS that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# boto3 builds its clients at run time, so there is no type to name.
RdsClient = Any


class RdsError(AnsibleAWSError):
    """A failed call to RDS, with the action that was being tried."""


class RdsErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = RdsError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        # botocore's model calls the exception DBInstanceNotFoundFault, and its code DBInstanceNotFound.
        return is_boto3_error_code(["DBInstanceNotFound", "DBInstanceNotFoundFault"])


@RdsErrorHandler.list_error_handler("describe a database", default_value=None)
def describe_instance(client: RdsClient, name: str) -> dict[str, Any] | None:
    """Return the database instance called ``name``, or None when there is none."""
    return next(iter(client.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]), None)
