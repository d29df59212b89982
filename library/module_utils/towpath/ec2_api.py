"""The calls to EC2 that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# boto3 builds its clients at run time, so there is no type to name.
Ec2Client = Any


class Ec2Error(AnsibleAWSError):
    """A failed call to EC2, with the action that was being tried."""


class Ec2ErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = Ec2Error


@Ec2ErrorHandler.common_error_handler("describe subnets")
def free_addresses(client: Ec2Client, subnet_ids: list[str]) -> dict[str, int]:
    """Return how many addresses are free in each subnet."""
    found = client.describe_subnets(SubnetIds=subnet_ids)["Subnets"]
    return {one["SubnetId"]: one["AvailableIpAddressCount"] for one in found}


@Ec2ErrorHandler.common_error_handler("describe the managed prefix lists")
def prefix_list_id(client: Ec2Client, name: str) -> str:
    """Return the id of the prefix list called ``name``; empty when the region has none."""
    filters = [{"Name": "prefix-list-name", "Values": [name]}]
    found = client.describe_managed_prefix_lists(Filters=filters)["PrefixLists"]
    return str(found[0]["PrefixListId"]) if found else ""
