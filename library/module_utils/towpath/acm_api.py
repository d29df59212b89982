"""The calls to AWS Certificate Manager that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from .aws_tags import tag_list

# boto3 builds its clients at run time, so there is no type to name.
AcmClient = Any


class AcmError(AnsibleAWSError):
    """A failed call to AWS Certificate Manager, with the action that was being tried."""


class AcmErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = AcmError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("ResourceNotFoundException")


@AcmErrorHandler.common_error_handler("list the certificates")
def list_certificates(client: AcmClient) -> list[dict[str, Any]]:
    """Return the summary of every certificate with the key that ACM makes when nobody asks for another."""
    pages = client.get_paginator("list_certificates").paginate()
    return [summary for page in pages for summary in page["CertificateSummaryList"]]


@AcmErrorHandler.list_error_handler("describe a certificate", default_value=None)
def describe_certificate(client: AcmClient, arn: str) -> dict[str, Any] | None:
    """Return the certificate, or None when there is none."""
    found: dict[str, Any] = client.describe_certificate(CertificateArn=arn)["Certificate"]
    return found


@AcmErrorHandler.list_error_handler("list the tags of a certificate", default_value={})
def list_tags(client: AcmClient, arn: str) -> dict[str, str]:
    tags = client.list_tags_for_certificate(CertificateArn=arn)["Tags"]
    return {one["Key"]: one.get("Value", "") for one in tags}


def candidates(client: AcmClient, names: list[str]) -> list[dict[str, Any]]:
    """Return the certificates whose main name is one of ``names``, each with its tags: only these get a closer look."""
    arns = [one["CertificateArn"] for one in list_certificates(client) if one["DomainName"] in names]
    return [found | {"Tags": list_tags(client, arn)} for arn in arns if (found := describe_certificate(client, arn))]


@AcmErrorHandler.common_error_handler("request a certificate")
def request_certificate(client: AcmClient, request: dict[str, Any]) -> str:
    """Request a certificate and return its ARN."""
    return str(client.request_certificate(**request)["CertificateArn"])


@AcmErrorHandler.common_error_handler("tag a certificate")
def add_tags(client: AcmClient, arn: str, tags: dict[str, str]) -> None:
    pairs = tag_list(tags)
    client.add_tags_to_certificate(CertificateArn=arn, Tags=pairs)


# A listener or a distribution that was just deleted holds its certificate for some minutes.
_until_nobody_uses_it = AWSRetry.jittered_backoff(
    retries=20, delay=2, max_delay=20, catch_extra_error_codes=["ResourceInUseException"]
)


@AcmErrorHandler.deletion_error_handler("delete a certificate")
@_until_nobody_uses_it
def delete_certificate(client: AcmClient, arn: str) -> None:
    client.delete_certificate(CertificateArn=arn)
