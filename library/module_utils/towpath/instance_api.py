"""The calls to EC2 for one instance with an address of its own, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from .aws_tags import tag_list
from .ec2_api import Ec2Client, Ec2ErrorHandler

# What is not on its way out.
_LIVING = ["pending", "running", "stopping", "stopped"]


class InstanceErrorHandler(Ec2ErrorHandler):
    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code(["InvalidInstanceID.NotFound", "InvalidAllocationID.NotFound"])


def _called(name: str) -> dict[str, Any]:
    return {"Name": "tag:Name", "Values": [name]}


@Ec2ErrorHandler.common_error_handler("describe instances")
def describe_instances(client: Ec2Client, name: str) -> list[dict[str, Any]]:
    """Return the instances called ``name`` that are there or are coming, the newest first."""
    pages = client.get_paginator("describe_instances").paginate(
        Filters=[_called(name), {"Name": "instance-state-name", "Values": _LIVING}]
    )
    found = [one for page in pages for reservation in page["Reservations"] for one in reservation["Instances"]]
    return sorted(found, key=lambda one: (one["LaunchTime"], one["InstanceId"]), reverse=True)


@Ec2ErrorHandler.common_error_handler("describe addresses")
def describe_addresses(client: Ec2Client, name: str) -> list[dict[str, Any]]:
    """Return the addresses called ``name``, those in use first."""
    found = client.describe_addresses(Filters=[_called(name)])["Addresses"]
    return sorted(found, key=lambda one: (not one.get("InstanceId"), one["AllocationId"]))


@Ec2ErrorHandler.common_error_handler("describe an image")
def describe_image(client: Ec2Client, image_id: str) -> dict[str, Any]:
    image: dict[str, Any] = client.describe_images(ImageIds=[image_id])["Images"][0]
    return image


# IAM says that a profile is there before EC2 may take it.
_until_profile_is_known = AWSRetry.jittered_backoff(
    retries=6, delay=2, max_delay=10, catch_extra_error_codes=["InvalidParameterValue"]
)


@Ec2ErrorHandler.common_error_handler("run an instance")
@_until_profile_is_known
def run_instance(client: Ec2Client, request: dict[str, Any]) -> dict[str, Any]:
    """Run one instance. botocore gives each request a token, so one that is sent again makes no second instance."""
    instance: dict[str, Any] = client.run_instances(MinCount=1, MaxCount=1, **request)["Instances"][0]
    return instance


@Ec2ErrorHandler.common_error_handler("wait until an instance runs")
def wait_until_it_runs(client: Ec2Client, instance_id: str) -> None:
    _wait(client, "instance_running", instance_id)


@InstanceErrorHandler.deletion_error_handler("terminate instances")
def terminate(client: Ec2Client, instance_ids: list[str]) -> None:
    """Terminate instances and wait for it: until then they hold their security groups, addresses and subnets."""
    client.terminate_instances(InstanceIds=instance_ids)
    for instance_id in instance_ids:
        _wait(client, "instance_terminated", instance_id)


def _wait(client: Ec2Client, waiter: str, instance_id: str) -> None:
    # botocore's own pace is a look every 15 seconds.
    pace = {"Delay": 2, "MaxAttempts": 300}
    client.get_waiter(waiter).wait(InstanceIds=[instance_id], WaiterConfig=pace)


@Ec2ErrorHandler.common_error_handler("allocate an address")
def allocate_address(client: Ec2Client, tags: dict[str, str]) -> dict[str, Any]:
    address: dict[str, Any] = client.allocate_address(
        Domain="vpc",
        TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tag_list(tags)}],
    )
    return address


@Ec2ErrorHandler.common_error_handler("give an instance its address")
def associate_address(client: Ec2Client, allocation_id: str, instance_id: str) -> None:
    client.associate_address(AllocationId=allocation_id, InstanceId=instance_id, AllowReassociation=True)


# An instance that was just terminated may hold its address a little longer.
_until_nobody_holds_it = AWSRetry.jittered_backoff(
    retries=15, delay=1, max_delay=10, catch_extra_error_codes=["InvalidIPAddress.InUse"]
)


@InstanceErrorHandler.deletion_error_handler("release an address")
@_until_nobody_holds_it
def release_address(client: Ec2Client, allocation_id: str) -> None:
    client.release_address(AllocationId=allocation_id)


@Ec2ErrorHandler.common_error_handler("change the tags of an instance or its address")
def create_tags(client: Ec2Client, resource_ids: list[str], tags: dict[str, str]) -> None:
    client.create_tags(Resources=resource_ids, Tags=tag_list(tags))


@InstanceErrorHandler.list_error_handler("read the console of an instance", default_value="")
def console_output(client: Ec2Client, instance_id: str) -> str:
    """Return what an instance said while it started; empty until EC2 has it, some minutes later."""
    return str(client.get_console_output(InstanceId=instance_id).get("Output", ""))
