"""EC2: where an instance lands, what it says of itself, and which addresses a filter finds."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ec2, ssm

Handler = Callable[[dict[str, Any]], Any]


def an_instance_lands_where_its_network_interface_says() -> None:
    """Subnet, security groups and private address may stand in NetworkInterface.1 instead of at the top.

    Amazon EC2 API Reference, RunInstances and InstanceNetworkInterfaceSpecification.
    """
    run: Handler = ec2._ACTION_MAP["RunInstances"]
    launch = ec2._launch_instances_internal

    def corrected(params: dict[str, Any]) -> Any:
        prefix = "NetworkInterface.1."
        inner = {key.removeprefix(prefix): value for key, value in params.items() if key.startswith(prefix)}
        wanted = {
            key: value
            for key, value in inner.items()
            if key in ("SubnetId", "PrivateIpAddress") or key.startswith("SecurityGroupId.")
        }
        return run(params | wanted)

    def in_the_zone_of_its_subnet(*args: Any, **kwargs: Any) -> Any:
        created = launch(*args, **kwargs)
        for instance in created:
            zone = ec2._subnets.get(instance["SubnetId"], {}).get("AvailabilityZone")
            instance["Placement"]["AvailabilityZone"] = zone or instance["Placement"]["AvailabilityZone"]
        return created

    ec2._ACTION_MAP["RunInstances"] = corrected
    ec2._launch_instances_internal = in_the_zone_of_its_subnet


def an_instance_lists_its_network_interface() -> None:
    """DescribeInstances lists the network interfaces of an instance, the primary one always.

    Amazon EC2 API Reference, Instance (networkInterfaceSet) and InstanceNetworkInterface.
    """
    render: Callable[[dict[str, Any]], str] = ec2._instance_xml

    def corrected(instance: dict[str, Any]) -> str:
        return add_to_instance(render(instance), f"<networkInterfaceSet>{primary(instance)}</networkInterfaceSet>")

    ec2._instance_xml = corrected


def primary(instance: dict[str, Any]) -> str:
    # One identity for each instance, without a record that would have to be kept in step.
    identity = hashlib.sha256(instance["InstanceId"].encode()).hexdigest()
    mac = ":".join(["02", *(identity[i : i + 2] for i in range(0, 10, 2))])
    address = instance["PrivateIpAddress"]
    groups = "".join(
        f"<item><groupId>{group['GroupId']}</groupId><groupName>{group['GroupName']}</groupName></item>"
        for group in instance.get("SecurityGroups", [])
    )
    return (
        f"<item><networkInterfaceId>eni-{identity[:17]}</networkInterfaceId>"
        f"<subnetId>{instance['SubnetId']}</subnetId><vpcId>{instance['VpcId']}</vpcId><description/>"
        f"<ownerId>{get_account_id()}</ownerId><status>in-use</status><macAddress>{mac}</macAddress>"
        f"<privateIpAddress>{address}</privateIpAddress><privateDnsName>{instance['PrivateDnsName']}</privateDnsName>"
        f"<sourceDestCheck>{str(instance.get('SourceDestCheck', True)).lower()}</sourceDestCheck>"
        f"<groupSet>{groups}</groupSet><attachment><attachmentId>eni-attach-{identity[17:34]}</attachmentId>"
        f"<deviceIndex>0</deviceIndex><status>attached</status><attachTime>{instance['LaunchTime']}</attachTime>"
        f"<deleteOnTermination>true</deleteOnTermination></attachment>"
        f"<privateIpAddressesSet><item><privateIpAddress>{address}</privateIpAddress><primary>true</primary></item>"
        f"</privateIpAddressesSet><interfaceType>interface</interfaceType></item>"
    )


# Amazon EC2 API Reference, InstanceMetadataOptionsResponse: name on the wire, and what holds when nothing is asked.
METADATA_DEFAULTS = {
    "HttpTokens": "optional",
    "HttpPutResponseHopLimit": "1",
    "HttpEndpoint": "enabled",
    "HttpProtocolIpv6": "disabled",
    "InstanceMetadataTags": "disabled",
}


def an_instance_lists_its_metadata_options() -> None:
    """The metadata options of RunInstances and ModifyInstanceMetadataOptions are kept and reported.

    Amazon EC2 API Reference, InstanceMetadataOptionsRequest, InstanceMetadataOptionsResponse.
    """
    run: Handler = ec2._ACTION_MAP["RunInstances"]
    launch = ec2._launch_instances_internal
    render: Callable[[dict[str, Any]], str] = ec2._instance_xml
    asked: ContextVar[dict[str, Any]] = ContextVar("asked")

    def remembered(params: dict[str, Any]) -> Any:
        asked.set(chosen(params, "MetadataOptions."))
        return run(params)

    def launched(*args: Any, **kwargs: Any) -> Any:
        created = launch(*args, **kwargs)
        for instance in created:
            instance["MetadataOptions"] = METADATA_DEFAULTS | asked.get({})
        return created

    def modified(params: dict[str, Any]) -> Any:
        instance = ec2._instances.get(ec2._p(params, "InstanceId"))
        if instance is None:
            return ec2._error("InvalidInstanceID.NotFound", "The instance ID does not exist", 400)
        instance["MetadataOptions"] = METADATA_DEFAULTS | instance.get("MetadataOptions", {}) | chosen(params, "")
        inner = f"<instanceId>{instance['InstanceId']}</instanceId>{options(instance, 'instanceMetadataOptions')}"
        return ec2._xml(200, "ModifyInstanceMetadataOptionsResponse", inner)

    def rendered(instance: dict[str, Any]) -> str:
        return add_to_instance(render(instance), options(instance, "metadataOptions"))

    ec2._ACTION_MAP |= {"RunInstances": remembered, "ModifyInstanceMetadataOptions": modified}
    ec2._launch_instances_internal = launched
    ec2._instance_xml = rendered


def chosen(params: dict[str, Any], prefix: str) -> dict[str, str]:
    return {name: ec2._p(params, prefix + name) for name in METADATA_DEFAULTS if ec2._p(params, prefix + name)}


def options(instance: dict[str, Any], tag: str) -> str:
    values = METADATA_DEFAULTS | instance.get("MetadataOptions", {})
    # On the wire the first letter of each name is small.
    inner = "".join(
        f"<{name[0].lower()}{name[1:]}>{value}</{name[0].lower()}{name[1:]}>" for name, value in values.items()
    )
    return f"<{tag}><state>applied</state>{inner}</{tag}>"


def add_to_instance(xml: str, element: str) -> str:
    head, end, tail = xml.rpartition("</item>")
    return f"{head}{element}{end}{tail}"


def addresses_are_filtered() -> None:
    """DescribeAddresses answers for the filters and the public addresses it is given only, and refuses unknown ones.

    Amazon EC2 API Reference, DescribeAddresses, request parameters Filter.N, PublicIp.N and AllocationId.N; Error
    codes, InvalidAddress.NotFound and InvalidAllocationID.NotFound.
    """
    describe: Handler = ec2._ACTION_MAP["DescribeAddresses"]
    attribute = {
        "allocation-id": "AllocationId",
        "association-id": "AssociationId",
        "domain": "Domain",
        "instance-id": "InstanceId",
        "network-interface-id": "NetworkInterfaceId",
        "private-ip-address": "PrivateIpAddress",
        "public-ip": "PublicIp",
    }

    named = {key: name for name, key in attribute.items()}

    def matches(address: dict[str, Any], name: str, values: list[str]) -> bool:
        tags = {tag["Key"]: tag.get("Value", "") for tag in ec2._tags.get(address["AllocationId"], [])}
        if name == "tag-key":
            return any(value in tags for value in values)
        if name.startswith("tag:"):
            return any(ec2._glob_match(value, tags[name[4:]]) for value in values) if name[4:] in tags else False
        return address.get(attribute[name]) in values

    def corrected(params: dict[str, Any]) -> Any:
        filters = ec2._parse_filters(params)
        unknown = [name for name in filters if name not in attribute and name != "tag-key" and name[:4] != "tag:"]
        if unknown:
            return ec2._error("InvalidParameterValue", f"The filter '{unknown[0]}' is invalid", 400)
        for key, code in (
            ("PublicIp", "InvalidAddress.NotFound"),
            ("AllocationId", "InvalidAllocationID.NotFound"),
        ):
            asked = ec2._parse_member_list(params, key)
            missing = set(asked) - {address[key] for address in ec2._addresses.values()}
            if missing:
                return ec2._error(code, f"Address '{min(missing)}' not found.", 400)
            if asked:
                filters[named[key]] = asked
        found = [
            address["AllocationId"]
            for address in ec2._addresses.values()
            if all(matches(address, name, values) for name, values in filters.items())
        ]
        if not found:
            return ec2._xml(200, "DescribeAddressesResponse", "<addressesSet/>")
        rest = {key: value for key, value in params.items() if not key.startswith("AllocationId.")}
        return describe(rest | {f"AllocationId.{i}": key for i, key in enumerate(found, 1)})

    ec2._ACTION_MAP["DescribeAddresses"] = corrected


def what_is_plugged_in_holds_its_network() -> None:
    """Network interfaces are found by their VPC, subnet and group, and what they are in cannot be deleted meanwhile.

    Nor can a security group that a rule of another one names. Amazon EC2 API Reference, DescribeNetworkInterfaces,
    DeleteSubnet, DeleteSecurityGroup; Error codes, DependencyViolation.
    """
    describe: Handler = ec2._ACTION_MAP["DescribeNetworkInterfaces"]
    delete_subnet: Handler = ec2._ACTION_MAP["DeleteSubnet"]
    delete_group: Handler = ec2._ACTION_MAP["DeleteSecurityGroup"]

    def found(filters: dict[str, list[str]]) -> list[dict[str, Any]]:
        def values(one: dict[str, Any]) -> dict[str, set[str]]:
            return {
                "network-interface-id": {one["NetworkInterfaceId"]},
                "vpc-id": {one["VpcId"]},
                "subnet-id": {one["SubnetId"]},
                "status": {one["Status"]},
                "description": {one["Description"]},
                "group-id": {group["GroupId"] for group in one["Groups"]},
            }

        return [
            one
            for one in ec2._network_interfaces.values()
            if all(values(one).get(name, set(wanted)) & set(wanted) for name, wanted in filters.items())
        ]

    def described(params: dict[str, Any]) -> Any:
        filters = ec2._parse_filters(params)
        if not filters:
            return describe(params)
        inner = "".join(ec2._eni_fields_xml(one) for one in found(filters))
        return ec2._xml(200, "DescribeNetworkInterfacesResponse", f"<networkInterfaceSet>{inner}</networkInterfaceSet>")

    def subnet_deleted(params: dict[str, Any]) -> Any:
        subnet = ec2._p(params, "SubnetId")
        if found({"subnet-id": [subnet]}):
            message = f"The subnet '{subnet}' has dependencies and cannot be deleted."
            return ec2._error("DependencyViolation", message, 400)
        return delete_subnet(params)

    def group_deleted(params: dict[str, Any]) -> Any:
        group = ec2._p(params, "GroupId")
        rules = [
            rule
            for identity, one in ec2._security_groups.items()
            if identity != group
            for rule in one["IpPermissions"] + one["IpPermissionsEgress"]
        ]
        named = {pair.get("GroupId") for rule in rules for pair in rule.get("UserIdGroupPairs", [])}
        if group in named or found({"group-id": [group]}):
            return ec2._error("DependencyViolation", f"resource {group} has a dependent object", 400)
        return delete_group(params)

    ec2._ACTION_MAP |= {
        "DescribeNetworkInterfaces": described,
        "DeleteSubnet": subnet_deleted,
        "DeleteSecurityGroup": group_deleted,
    }


def endpoints_are_filtered() -> None:
    """DescribeVpcEndpoints answers for the filters it is given only.

    Amazon EC2 API Reference, DescribeVpcEndpoints, request parameter Filter.N.
    """
    describe: Handler = ec2._ACTION_MAP["DescribeVpcEndpoints"]
    attribute = {
        "service-name": "ServiceName",
        "vpc-endpoint-id": "VpcEndpointId",
        "vpc-endpoint-state": "State",
        "vpc-endpoint-type": "VpcEndpointType",
        "vpc-id": "VpcId",
    }

    def corrected(params: dict[str, Any]) -> Any:
        filters = ec2._parse_filters(params)
        found = [
            identity
            for identity, one in ec2._vpc_endpoints.items()
            if ec2._resource_matches_tag_filters(identity, filters)
            and all(one[attribute[name]] in values for name, values in filters.items() if name in attribute)
        ]
        if filters and not found:
            return ec2._xml(200, "DescribeVpcEndpointsResponse", "<vpcEndpointSet/>")
        return describe(params | {f"VpcEndpointId.{i}": one for i, one in enumerate(found, 1)} if filters else params)

    ec2._ACTION_MAP["DescribeVpcEndpoints"] = corrected


def a_console_says_nothing_yet() -> None:
    """GetConsoleOutput answers for every instance, with nothing in it until some minutes after the start.

    Amazon EC2 API Reference, GetConsoleOutput: the output is kept shortly after an instance starts. Here none starts.
    """

    def answer(params: dict[str, Any]) -> Any:
        instance_id = ec2._p(params, "InstanceId")
        if instance_id not in ec2._instances:
            return ec2._error("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist", 400)
        inner = f"<instanceId>{instance_id}</instanceId><timestamp>{ec2._now_ts()}</timestamp>"
        return ec2._xml(200, "GetConsoleOutputResponse", inner)

    ec2._ACTION_MAP["GetConsoleOutput"] = answer


def debian_names_its_images() -> None:
    """Debian's images have public parameters, as Amazon Linux's have.

    Debian's wiki, "Amazon EC2 Machine Image", section on the SSM parameter store. Here they lead to the one image.
    """
    image = ssm._PUBLIC_AMI_PARAMETERS["/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"]
    for architecture in ("amd64", "arm64"):
        ssm._PUBLIC_AMI_PARAMETERS[f"/aws/service/debian/release/12/latest/{architecture}"] = image


def a_rule_may_name_a_prefix_list() -> None:
    """A rule of a security group keeps the prefix lists that it was given.

    Amazon EC2 API Reference, IpPermission and PrefixListId.
    """
    parse = ec2._parse_ip_permissions

    def corrected(params: dict[str, Any], prefix: str) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = parse(params, prefix)
        for i, rule in enumerate(rules, 1):
            for j in itertools.count(1):
                given = f"{prefix}.{i}.PrefixListIds.{j}"
                if not (found := ec2._p(params, f"{given}.PrefixListId")):
                    break
                described = ec2._p(params, f"{given}.Description")
                entry = {"PrefixListId": found, **({"Description": described} if described else {})}
                rule["PrefixListIds"].append(entry)
        return rules

    ec2._parse_ip_permissions = corrected


def a_request_with_a_token_is_carried_out_once() -> None:
    """The same request with the same token, sent again because its answer was lost, gets the answer of the first.

    Amazon EC2 API Reference, "Ensuring idempotency in Amazon EC2 API requests".
    """
    for action in ("CreateNatGateway", "CreateRouteTable", "CreateVpcEndpoint", "RunInstances"):
        ec2._ACTION_MAP[action] = once(ec2._ACTION_MAP[action])


def once(handler: Handler) -> Handler:
    answers: dict[tuple[str, str], Any] = {}

    def corrected(params: dict[str, Any]) -> Any:
        token = ec2._p(params, "ClientToken")
        if not token:
            return handler(params)
        key = (get_account_id(), token)
        answer = answers.get(key) or handler(params)
        if answer[0] == 200:
            answers[key] = answer
        return answer

    return corrected
