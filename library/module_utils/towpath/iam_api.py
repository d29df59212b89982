"""The calls to IAM that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .aws_tags import tag_list
from .oidc_provider import named_by

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


@IamErrorHandler.common_error_handler("list identity providers")
def find_oidc_provider(client: IamClient, url: str) -> str:
    """Return the ARN of the identity provider of ``url``, or nothing."""
    listed = client.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    return next((one["Arn"] for one in listed if named_by(one["Arn"], url)), "")


@IamErrorHandler.list_error_handler("read an identity provider", default_value={})
def get_oidc_provider(client: IamClient, arn: str) -> dict[str, Any]:
    return client.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@IamErrorHandler.common_error_handler("create an identity provider")
def create_oidc_provider(client: IamClient, url: str, client_ids: list[str], tags: dict[str, str]) -> str:
    answer = client.create_open_id_connect_provider(Url=url, ClientIDList=client_ids, Tags=tag_list(tags))
    return answer["OpenIDConnectProviderArn"]


@IamErrorHandler.common_error_handler("change an identity provider's audiences")
def replace_client_ids(client: IamClient, arn: str, before: list[str], after: list[str]) -> None:
    """New ones first, so that no token is refused meanwhile whose audience stays."""
    for one in sorted(set(after) - set(before)):
        client.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=one)
    for one in sorted(set(before) - set(after)):
        client.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID=one)


@IamErrorHandler.common_error_handler("tag an identity provider")
def replace_oidc_provider_tags(client: IamClient, arn: str, before: dict[str, str], after: dict[str, str]) -> None:
    if gone := [key for key in before if key not in after]:
        client.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=gone)
    if new := {key: value for key, value in after.items() if before.get(key) != value}:
        client.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=tag_list(new))


@IamErrorHandler.deletion_error_handler("delete an identity provider")
def delete_oidc_provider(client: IamClient, arn: str) -> None:
    client.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
