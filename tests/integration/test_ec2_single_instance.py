import base64
import gzip

import pytest

from tests.integration.harness import run_module

NAME = "webapp-staging-bastion"
IMAGE_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"


@pytest.fixture
def network(aws):
    ec2 = aws.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    return {
        "subnet_id": ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.30.0.0/20")["Subnet"]["SubnetId"],
        "security_group_ids": [ec2.create_security_group(VpcId=vpc_id, GroupName=NAME, Description="one")["GroupId"]],
    }


@pytest.fixture
def instance(aws, network):
    """Runs the module with the options of a usual bastion, and takes the instance away at the end."""

    def run(**options):
        how = {key: options.pop(key) for key in ("check_mode", "diff") if key in options}
        usual = {
            "name": NAME,
            "image_parameter": IMAGE_PARAMETER,
            "instance_type": "t2.micro",
            "user_data": "#cloud-config\n",
            "tags": {"towpath:environment": "staging"},
        }
        return run_module("ec2_single_instance", aws, **how, **(usual | network | options))

    yield run
    run_module("ec2_single_instance", aws, name=NAME, state="absent")


def living(aws):
    pages = aws.client("ec2").describe_instances(
        Filters=[
            {"Name": "tag:Name", "Values": [NAME]},
            {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
        ]
    )
    return [one for reservation in pages["Reservations"] for one in reservation["Instances"]]


def addresses(aws):
    return aws.client("ec2").describe_addresses(Filters=[{"Name": "tag:Name", "Values": [NAME]}])["Addresses"]


def test_check_mode_before_its_creation_says_so_and_makes_nothing(aws, instance):
    result = instance(check_mode=True, subnet_id="", security_group_ids=[])
    assert (result["changed"], result["instance_id"], result["address"]) == (True, "", "")
    assert (living(aws), addresses(aws)) == ([], [])


def test_it_is_made_as_asked_and_a_second_run_changes_nothing(aws, instance, network):
    made = instance()
    (found,) = living(aws)
    (address,) = addresses(aws)
    assert made["msg"] == f"Created the instance {NAME}."
    assert (made["instance_id"], made["address"]) == (found["InstanceId"], address["PublicIp"])
    assert address["InstanceId"] == found["InstanceId"]
    assert found["SubnetId"] == network["subnet_id"]
    assert [group["GroupId"] for group in found["NetworkInterfaces"][0]["Groups"]] == network["security_group_ids"]
    assert found["MetadataOptions"]["HttpTokens"] == "required"
    again = instance()
    assert (again["changed"], again["instance_id"]) == (False, made["instance_id"])


def test_its_user_data_is_what_was_given_packed(moto):
    """On the emulator that keeps user data."""
    ec2 = moto.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.31.0.0/16")["Vpc"]["VpcId"]
    made = run_module(
        "ec2_single_instance",
        moto,
        name="packed",
        image_parameter=IMAGE_PARAMETER,
        instance_type="t2.micro",
        subnet_id=ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.31.0.0/20")["Subnet"]["SubnetId"],
        security_group_ids=[ec2.create_security_group(VpcId=vpc_id, GroupName="one", Description="one")["GroupId"]],
        user_data="#cloud-config\nusers: []\n",
    )
    kept = ec2.describe_instance_attribute(InstanceId=made["instance_id"], Attribute="userData")["UserData"]["Value"]
    assert gzip.decompress(base64.b64decode(kept)).decode() == "#cloud-config\nusers: []\n"


def test_one_that_differs_is_replaced_and_the_address_stays(aws, instance):
    before = instance()
    told = instance(check_mode=True, instance_type="t3.micro")
    assert told["diff"] == {"before": {"instance_type": "t2.micro"}, "after": {"instance_type": "t3.micro"}}
    assert [one["InstanceId"] for one in living(aws)] == [before["instance_id"]], "check mode has replaced it"
    after = instance(instance_type="t3.micro")
    assert after["msg"] == f"Replaced the instance {NAME}, because of its instance_type."
    assert [one["InstanceId"] for one in living(aws)] == [after["instance_id"]] != [before["instance_id"]]
    assert (after["address"], addresses(aws)[0]["InstanceId"]) == (before["address"], after["instance_id"])
    assert not instance(instance_type="t3.micro")["changed"]


def test_another_tag_replaces_nothing(aws, instance):
    before = instance()
    after = instance(tags={"towpath:environment": "staging", "team": "web"})
    assert (after["changed"], after["instance_id"]) == (True, before["instance_id"])
    assert {"Key": "team", "Value": "web"} in living(aws)[0]["Tags"]


def test_what_an_interrupted_run_left_behind_is_taken_up_or_away(aws, instance):
    made = instance()
    ec2 = aws.client("ec2")
    (address,) = addresses(aws)
    ec2.disassociate_address(AssociationId=address["AssociationId"])
    named = {"ResourceType": "elastic-ip", "Tags": [{"Key": "Name", "Value": NAME}]}
    ec2.allocate_address(Domain="vpc", TagSpecifications=[named])
    mended = instance()
    assert (mended["changed"], mended["instance_id"]) == (True, made["instance_id"])
    assert [one["InstanceId"] for one in addresses(aws)] == [made["instance_id"]]
    assert not instance()["changed"]


def test_an_image_that_no_parameter_names_is_refused_with_what_to_type(instance):
    refused = instance(image_parameter="/aws/service/nothing")
    assert refused["failed"]
    assert "aws ssm get-parameters-by-path" in refused["msg"]


def test_taking_it_away_twice_changes_once(aws, instance):
    instance()
    assert run_module("ec2_single_instance", aws, name=NAME, state="absent")["changed"]
    assert (living(aws), addresses(aws)) == ([], [])
    assert not run_module("ec2_single_instance", aws, name=NAME, state="absent")["changed"]


def test_what_is_there_is_found_and_what_is_not_is_an_answer(aws, instance):
    nothing = run_module("ec2_single_instance_info", aws, name=NAME)
    assert (nothing["instance_id"], nothing["address"], nothing["host_keys"]) == ("", "", [])
    made = instance()
    found = run_module("ec2_single_instance_info", aws, name=NAME)
    assert (found["instance_id"], found["address"]) == (made["instance_id"], made["address"])
