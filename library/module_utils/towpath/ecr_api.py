"""The ECR calls we make, one function each: no decisions, only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# boto3 builds its clients at run time, so there is no type to name.
EcrClient = Any


class EcrError(AnsibleAWSError):
    """A failed ECR call, with the action that was being tried."""


class EcrErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = EcrError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("RepositoryNotFoundException")


@EcrErrorHandler.list_error_handler("describe a repository", default_value=None)
def describe_repository(client: EcrClient, name: str) -> dict[str, Any] | None:
    """Return the repository ``name`` of the caller's own registry, or None when there is none."""
    return client.describe_repositories(repositoryNames=[name])["repositories"][0]


@EcrErrorHandler.list_error_handler("read a repository's lifecycle policy", default_value=None)
def get_lifecycle_policy(client: EcrClient, name: str) -> str | None:
    """Return the lifecycle policy's JSON text, or None when the repository has none."""
    try:
        return client.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
    except is_boto3_error_code("LifecyclePolicyNotFoundException"):
        return None
