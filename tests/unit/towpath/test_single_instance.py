import gzip

import pytest
from ansible.module_utils.towpath.single_instance import (
    LAUNCHED_WITH_TAG,
    choose,
    fingerprint,
    host_keys,
    launched_with,
    refusal,
    run_request,
)

IMAGE = {"ImageId": "ami-1", "RootDeviceName": "/dev/xvda"}


def options(**changed):
    return {
        "name": "webapp-staging-bastion",
        "image_parameter": "/aws/service/debian/release/12/latest/amd64",
        "instance_type": "t2.micro",
        "subnet_id": "subnet-1",
        "security_group_ids": ["sg-2", "sg-1"],
        "instance_profile_name": "",
        "user_data": "#cloud-config\n",
        "volume_gib": 8,
        "tags": {},
    } | changed


def as_ec2_answers(instance_id="i-1", state="running", **changed):
    """A part of what DescribeInstances answers for an instance that was run with ``options``."""
    return {
        "InstanceId": instance_id,
        "InstanceType": "t2.micro",
        "SubnetId": "subnet-1",
        "NetworkInterfaces": [{"Groups": [{"GroupId": "sg-1"}, {"GroupId": "sg-2"}]}],
        "MetadataOptions": {
            "State": "applied",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 1,
            "HttpEndpoint": "enabled",
            "HttpProtocolIpv6": "disabled",
        },
        "State": {"Code": 16, "Name": state},
        "Tags": [{"Key": LAUNCHED_WITH_TAG, "Value": launched_with(options())}],
    } | changed


def test_an_instance_that_was_run_with_the_same_options_is_kept():
    kept, others, why = choose([as_ec2_answers()], options())
    assert (kept["InstanceId"], others, why) == ("i-1", [], [])


def test_where_there_is_none_one_is_made():
    kept, others, why = choose([], options())
    assert (kept, others) == ({}, [])
    assert "instance_type" in [one.field for one in why]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        pytest.param({"instance_type": "t3.micro"}, "instance_type", id="type"),
        pytest.param({"subnet_id": "subnet-2"}, "subnet_id", id="subnet"),
        pytest.param({"security_group_ids": ["sg-1"]}, "security_group_ids", id="security groups"),
        pytest.param({"instance_profile_name": "ssm"}, "instance_profile_name", id="instance profile"),
        pytest.param({"user_data": "#cloud-config\nusers: []\n"}, "launched_with", id="user data"),
        pytest.param({"volume_gib": 16}, "launched_with", id="disk"),
        pytest.param({"image_parameter": "/aws/service/other"}, "launched_with", id="image"),
    ],
)
def test_an_instance_is_replaced_when_it_would_be_run_otherwise_today(changed, field):
    kept, others, why = choose([as_ec2_answers()], options(**changed))
    assert kept == {}
    assert [one["InstanceId"] for one in others] == ["i-1"]
    assert [one.field for one in why] == [field]


@pytest.mark.parametrize(
    ("found", "field"),
    [
        pytest.param({"state": "stopped"}, "state", id="stopped"),
        pytest.param({"state": "stopping"}, "state", id="stopping"),
        pytest.param(
            {"MetadataOptions": {"HttpTokens": "optional"}}, "metadata_options", id="metadata without a token"
        ),
        pytest.param({"NetworkInterfaces": [{"Groups": []}]}, "security_group_ids", id="groups changed by hand"),
        pytest.param({"Tags": []}, "launched_with", id="made by hand"),
    ],
)
def test_an_instance_that_somebody_changed_is_replaced(found, field):
    _, others, why = choose([as_ec2_answers(**found)], options())
    assert len(others) == 1
    assert [one.field for one in why] == [field]


def test_one_that_is_still_starting_is_not_made_twice():
    kept, others, why = choose([as_ec2_answers(state="pending")], options())
    assert (kept["InstanceId"], others, why) == ("i-1", [], [])


def test_of_two_the_right_one_stays_even_when_it_is_the_older():
    kept, others, why = choose([as_ec2_answers("i-new", InstanceType="t3.micro"), as_ec2_answers("i-old")], options())
    assert (kept["InstanceId"], [one["InstanceId"] for one in others], why) == ("i-old", ["i-new"], [])


def test_the_disk_is_encrypted_and_the_metadata_wants_a_token():
    request = run_request(options(), IMAGE)
    assert request["BlockDeviceMappings"][0]["DeviceName"] == "/dev/xvda"
    assert request["BlockDeviceMappings"][0]["Ebs"]["Encrypted"] is True
    assert request["MetadataOptions"]["HttpTokens"] == "required"
    assert "IamInstanceProfile" not in request


@pytest.mark.parametrize(
    ("instance_type", "standard"),
    [("t3.micro", True), ("t4g.nano", True), ("m7i.large", False), ("trn1.2xlarge", False)],
)
def test_only_what_has_cpu_credits_is_told_to_spend_no_more_than_those(instance_type, standard):
    assert ("CreditSpecification" in run_request(options(instance_type=instance_type), IMAGE)) is standard


def test_user_data_is_packed_the_same_every_time():
    first, second = (run_request(options(user_data="#cloud-config\n" * 5000), IMAGE)["UserData"] for _ in range(2))
    assert first == second
    assert gzip.decompress(first).decode() == "#cloud-config\n" * 5000


@pytest.mark.parametrize(
    ("user_data", "refused"),
    [
        pytest.param("#cloud-config\n" * 5000, False, id="long, but packs well"),
        pytest.param("".join(chr(0x4E00 + i) for i in range(20000)), True, id="too long"),
    ],
)
def test_user_data_that_ec2_would_not_take_is_refused_with_its_size(user_data, refused):
    assert ("expected at most 16384" in refusal(options(user_data=user_data))) is refused


# As cloud-init's keys-to-console writes it on a serial console, with another program's line in between.
CONSOLE = """
[   21.335702] cloud-init[631]: Cloud-init v. 22.4.2 finished\r
-----BEGIN SSH HOST KEY SHA256:lYzPYQwb3JRy7nK3ebwQQ0KA/BYW+IVFXIY5xnvu3pcS-----\r
256 SHA256:abc root@ip-10-10-0-5 (ED25519)\r
-----END SSH HOST KEY SHA256:lYzPYQwb3JRy7nK3ebwQQ0KA/BYW+IVFXIY5xnvu3pcS-----\r
-----BEGIN SSH HOST KEY KEYS-----\r
ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAA= root@ip-10-10-0-5\r
[   21.4] systemd[1]: Finished something.\r
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEl7 root@ip-10-10-0-5\r
-----END SSH HOST KEY KEYS-----\r
"""


@pytest.mark.parametrize(
    ("console", "keys"),
    [
        pytest.param("", [], id="nothing said yet"),
        pytest.param("ssh-ed25519 AAAAC3Nz somebody\n", [], id="a key elsewhere"),
        pytest.param(
            CONSOLE,
            [
                "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAA=",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEl7",
            ],
            id="said",
        ),
    ],
)
def test_the_host_keys_are_read_from_the_console(console, keys):
    assert host_keys(console) == keys


def test_a_fingerprint_is_what_ssh_shows():
    # Made with ssh-keygen, and shown by ssh-keygen -l.
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN8wKHooUE3WmZrRy96IIOYiGUdqW9qtYXIUZrAOr003"
    assert fingerprint(key) == "SHA256:lYzPYQwb3JRy7nK3ebwQQ0KA/BYW+IVFXIY5xnvu3pc"
