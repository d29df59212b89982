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


class ImageErrorHandler(EcrErrorHandler):
    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("ImageNotFoundException")


@ImageErrorHandler.list_error_handler("describe an image", default_value=None)
def describe_image(client: EcrClient, repository: str, image_id: dict[str, str]) -> dict[str, Any] | None:
    """Return one image by ``imageTag`` or ``imageDigest``, or None when it is not there."""
    found = client.describe_images(repositoryName=repository, imageIds=[image_id])["imageDetails"]
    return found[0] if found else None


@ImageErrorHandler.common_error_handler("list the images of a repository")
def describe_images(client: EcrClient, repository: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("describe_images").paginate(repositoryName=repository)
    return [image for page in pages for image in page["imageDetails"]]


@ImageErrorHandler.common_error_handler("read an image's manifest")
def get_image_manifest(
    client: EcrClient, repository: str, digest: str, *media_types: str | None
) -> dict[str, Any] | None:
    """Return the manifest as it was pushed, or None when there is none of that digest and of these types."""
    known = [one for one in media_types if one]
    accepted = {"acceptedMediaTypes": known} if known else {}
    found = client.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": digest}], **accepted)["images"]
    return found[0] if found else None


@ImageErrorHandler.common_error_handler("tag an image")
def put_image(client: EcrClient, request: dict[str, Any]) -> None:
    client.put_image(**request)
