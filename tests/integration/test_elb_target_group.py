import pytest

from tests.integration.harness import run_module

NAME = "webapp-staging"


@pytest.fixture
def vpc_id(aws):
    return aws.client("ec2").create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def target_group(aws, vpc_id):
    """Runs the module with the options of a usual target group, and takes the target group away at the end."""

    def run(**options):
        how = {key: options.pop(key) for key in ("check_mode", "diff") if key in options}
        wanted = {
            "name": NAME,
            "vpc_id": vpc_id,
            "port": 3000,
            "health_check": {"path": "/healthz", "interval_seconds": 5, "timeout_seconds": 4, "codes": "200"},
            "attributes": {"deregistration_delay.timeout_seconds": 5},
            "tags": {"towpath:environment": "staging"},
        }
        return run_module("elb_target_group", aws, **how, **(wanted | options))

    yield run
    run_module("elb_target_group", aws, name=NAME, state="absent")


def described(aws):
    return aws.client("elbv2").describe_target_groups(Names=[NAME])["TargetGroups"][0]


def test_check_mode_before_its_creation_says_so_and_makes_nothing(aws, target_group):
    result = target_group(check_mode=True)
    assert (result["changed"], result["target_group_arn"]) == (True, "")
    assert target_group()["changed"], "check mode had made it already"


def test_it_is_made_as_asked_and_a_second_run_changes_nothing(aws, target_group):
    assert target_group()["changed"]
    found = described(aws)
    assert (found["TargetType"], found["Port"], found["Matcher"]["HttpCode"]) == ("ip", 3000, "200")
    attributes = aws.client("elbv2").describe_target_group_attributes(TargetGroupArn=found["TargetGroupArn"])
    assert {"Key": "deregistration_delay.timeout_seconds", "Value": "5"} in attributes["Attributes"]
    assert not target_group()["changed"]


@pytest.mark.parametrize(
    ("option", "changed"),
    [
        pytest.param({"health_check": {"interval_seconds": 10}}, {"HealthCheckIntervalSeconds": 10}, id="interval"),
        pytest.param({"health_check": {"codes": "200-299"}}, {"Matcher": {"HttpCode": "200-299"}}, id="codes"),
        pytest.param(
            {"attributes": {"deregistration_delay.timeout_seconds": 30}},
            {"deregistration_delay.timeout_seconds": "30"},
            id="deregistration delay",
        ),
        pytest.param({"tags": {"towpath:app": "webapp"}}, {"towpath:app": "webapp"}, id="tag"),
    ],
)
def test_a_changed_value_is_named_shown_before_and_then_applied(target_group, option, changed):
    target_group()
    assert target_group(check_mode=True, **option)["changed_values"] == changed
    result = target_group(**option)
    assert result["changed_values"] == result["diff"]["after"] == changed
    assert not target_group(**option)["changed"]


def test_the_old_value_of_an_attribute_is_shown_beside_the_new_one(target_group):
    target_group()
    result = target_group(check_mode=True, attributes={"deregistration_delay.timeout_seconds": 30})
    assert result["diff"]["before"] == {"deregistration_delay.timeout_seconds": "5"}


def test_what_aws_cannot_change_is_refused_with_a_way_out(target_group):
    target_group()
    result = target_group(port=8080)
    assert result["failed"]
    assert "(Port is 3000, not 8080)" in result["msg"], "what is as wanted is not named"
    assert "another name" in result["msg"]


def test_taking_it_away_twice_changes_once(aws, target_group):
    target_group()
    assert run_module("elb_target_group", aws, name=NAME, state="absent")["changed"]
    assert not run_module("elb_target_group", aws, name=NAME, state="absent")["changed"]
