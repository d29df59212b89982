"""The calls to CloudFront that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .aws_tags import tag_list

# boto3 builds its clients at run time, so there is no type to name.
CloudFrontClient = Any


class CloudFrontError(AnsibleAWSError):
    """A failed call to CloudFront, with the action that was being tried."""


class CloudFrontErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = CloudFrontError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("NoSuchDistribution")


@CloudFrontErrorHandler.common_error_handler("list the distributions")
def distributions_called(client: CloudFrontClient, name: str) -> list[dict[str, Any]]:
    """Return the summary of every distribution with this comment, which is the only name that a summary has."""
    pages = client.get_paginator("list_distributions").paginate()
    return [one for page in pages for one in page["DistributionList"].get("Items", []) if one.get("Comment") == name]


@CloudFrontErrorHandler.common_error_handler("read a distribution's settings")
def distribution_config(client: CloudFrontClient, distribution_id: str) -> tuple[dict[str, Any], str]:
    """Return the settings and the version that a change must name."""
    answer = client.get_distribution_config(Id=distribution_id)
    return answer["DistributionConfig"], answer["ETag"]


@CloudFrontErrorHandler.common_error_handler("create a distribution")
def create_distribution(client: CloudFrontClient, config: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    items = tag_list(tags)
    request = {"DistributionConfig": config, "Tags": {"Items": items}}
    created: dict[str, Any] = client.create_distribution_with_tags(DistributionConfigWithTags=request)["Distribution"]
    return created


@CloudFrontErrorHandler.common_error_handler("change a distribution")
def update_distribution(client: CloudFrontClient, distribution_id: str, version: str, config: dict[str, Any]) -> None:
    client.update_distribution(Id=distribution_id, IfMatch=version, DistributionConfig=config)


@CloudFrontErrorHandler.deletion_error_handler("delete a distribution")
def delete_distribution(client: CloudFrontClient, distribution_id: str, version: str) -> None:
    client.delete_distribution(Id=distribution_id, IfMatch=version)


@CloudFrontErrorHandler.common_error_handler("wait for a distribution")
def wait_until_deployed(client: CloudFrontClient, distribution_id: str, seconds: int) -> None:
    """Wait until every edge of CloudFront has the settings, which takes some minutes."""
    often = {"Delay": 10, "MaxAttempts": max(1, seconds // 10)}
    client.get_waiter("distribution_deployed").wait(Id=distribution_id, WaiterConfig=often)


@CloudFrontErrorHandler.common_error_handler("read the tags of a distribution")
def distribution_tags(client: CloudFrontClient, arn: str) -> dict[str, str]:
    items = client.list_tags_for_resource(Resource=arn)["Tags"].get("Items", [])
    return {tag["Key"]: tag.get("Value", "") for tag in items}


@CloudFrontErrorHandler.common_error_handler("tag a distribution")
def tag_distribution(client: CloudFrontClient, arn: str, tags: dict[str, str]) -> None:
    client.tag_resource(Resource=arn, Tags={"Items": tag_list(tags)})


@CloudFrontErrorHandler.common_error_handler("invalidate what is cached")
def create_invalidation(client: CloudFrontClient, distribution_id: str, paths: list[str], reference: str) -> str:
    """Forget what is cached under ``paths`` and return the id of the invalidation."""
    batch = {"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": reference}
    answer = client.create_invalidation(DistributionId=distribution_id, InvalidationBatch=batch)
    return str(answer["Invalidation"]["Id"])
