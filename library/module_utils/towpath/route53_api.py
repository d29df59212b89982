"""The calls to Route 53 that we make, one function each: only requests and named errors."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# boto3 builds its clients at run time, so there is no type to name.
Route53Client = Any


class Route53Error(AnsibleAWSError):
    """A failed call to Route 53, with the action that was being tried."""


class Route53ErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = Route53Error

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("NoSuchHostedZone")


@Route53ErrorHandler.common_error_handler("list the hosted zones")
def public_zones(client: Route53Client, name: str) -> list[dict[str, Any]]:
    """Return every public zone called ``name``: Route 53 lists by name from there on, private ones too."""
    listed = client.list_hosted_zones_by_name(DNSName=name, MaxItems="100")["HostedZones"]
    return [
        zone
        for zone in listed
        if zone["Name"].rstrip(".") == name.rstrip(".") and not zone.get("Config", {}).get("PrivateZone", False)
    ]


@Route53ErrorHandler.common_error_handler("read a hosted zone")
def name_servers(client: Route53Client, zone_id: str) -> list[str]:
    """Return the name servers that answer for a zone, which the domain's registrar must name."""
    servers = client.get_hosted_zone(Id=zone_id).get("DelegationSet", {}).get("NameServers", [])
    return [server.rstrip(".") for server in servers]


@Route53ErrorHandler.common_error_handler("read the tags of a hosted zone")
def zone_tags(client: Route53Client, zone_id: str) -> dict[str, str]:
    found = client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=zone_id)["ResourceTagSet"]["Tags"]
    return {tag["Key"]: tag.get("Value", "") for tag in found}


@Route53ErrorHandler.list_error_handler("list the records of a hosted zone", default_value=[])
def records_of(client: Route53Client, zone_id: str, name: str) -> list[dict[str, Any]]:
    """Return the records called ``name``: Route 53 lists from there on, and a name has a handful at most."""
    answer = client.list_resource_record_sets(HostedZoneId=zone_id, StartRecordName=name, MaxItems="20")
    # Route 53 writes a star as its octal code.
    return [one for one in answer["ResourceRecordSets"] if one["Name"].replace("\\052", "*").rstrip(".") == name]
