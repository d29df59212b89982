import uuid

import pytest

from tests.integration.harness import run_module

PAGE = "<h1>Back soon & well</h1>"


@pytest.fixture
def balancer(aws):
    """A load balancer of its own with two listeners: its name, its target group and its listeners' ARNs."""
    ec2, elb, name = aws.client("ec2"), aws.client("elbv2"), f"lb-{uuid.uuid4().hex[:8]}"
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.40.{i}.0/24", AvailabilityZone=f"us-east-1{'ab'[i]}")["Subnet"]
        for i in range(2)
    ]
    arn = elb.create_load_balancer(Name=name, Subnets=[one["SubnetId"] for one in subnets])["LoadBalancers"][0][
        "LoadBalancerArn"
    ]
    group = elb.create_target_group(Name=name, Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip")
    group_arn = group["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": group_arn}]
    listeners = [
        elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=port, DefaultActions=forward)["Listeners"][0][
            "ListenerArn"
        ]
        for port in (80, 8080)
    ]
    yield name, group_arn, listeners
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.delete_target_group(TargetGroupArn=group_arn)


@pytest.fixture
def maintenance(aws, balancer):
    def run(state, **options):
        asked = {"load_balancer": balancer[0], "target_group": balancer[0], "page": PAGE, "state": state}
        return run_module("listener_maintenance", aws, **(asked | options))

    return run


def rules(aws, listener):
    found = aws.client("elbv2").describe_rules(ListenerArn=listener)["Rules"]
    return {rule["Priority"]: rule for rule in found}


def test_the_page_is_on_every_listener_after_who_may_pass_it(aws, balancer, maintenance):
    assert maintenance("present", check_mode=True)["bypass_token"] == ""
    begun = maintenance("present")
    assert (begun["changed"], begun["active"]) == (True, True)
    for listener in balancer[2]:
        found = rules(aws, listener)
        assert sorted(found) == ["1", "2", "default"]
        shown = found["2"]["Actions"][0]["FixedResponseConfig"]
        assert shown == {"StatusCode": "503", "ContentType": "text/html", "MessageBody": PAGE}
        condition = found["1"]["Conditions"][0]["HttpHeaderConfig"]
        assert condition == {"HttpHeaderName": begun["bypass_header"], "Values": [begun["bypass_token"]]}
        assert found["1"]["Actions"][0]["TargetGroupArn"] == balancer[1]


def test_a_second_time_changes_nothing_and_names_the_same_token(maintenance):
    begun, again = maintenance("present"), maintenance("present")
    assert not again["changed"]
    assert again["bypass_token"] == begun["bypass_token"]


def test_another_page_changes_the_page_alone(aws, balancer, maintenance):
    begun, changed = maintenance("present"), maintenance("present", page="Soon")
    assert changed["bypass_token"] == begun["bypass_token"]
    assert changed["diff"]["after"]["rules"] == ["the page on port 80", "the page on port 8080"]
    assert rules(aws, balancer[2][0])["2"]["Actions"][0]["FixedResponseConfig"]["ContentType"] == "text/plain"


def test_a_listener_that_an_interrupted_run_left_out_gets_the_same_token(aws, balancer, maintenance):
    begun = maintenance("present")
    for rule in rules(aws, balancer[2][0]).values():
        if not rule["IsDefault"]:
            aws.client("elbv2").delete_rule(RuleArn=rule["RuleArn"])
    finished = maintenance("present")
    assert (finished["changed"], finished["bypass_token"]) == (True, begun["bypass_token"])


def test_the_end_takes_both_rules_away_and_nothing_else(aws, balancer, maintenance):
    maintenance("present")
    assert maintenance("absent", check_mode=True)["changed"]
    assert len(rules(aws, balancer[2][0])) == 3
    ended = maintenance("absent")
    assert (ended["changed"], ended["active"], ended["bypass_token"]) == (True, False, "")
    assert [list(rules(aws, listener)) for listener in balancer[2]] == [["default"], ["default"]]
    assert not maintenance("absent")["changed"]


def test_the_next_maintenance_has_another_token(maintenance):
    first = maintenance("present")["bypass_token"]
    maintenance("absent")
    assert maintenance("present")["bypass_token"] != first


def test_a_rule_of_somebody_else_is_left_alone_and_named(aws, balancer, maintenance):
    aws.client("elbv2").create_rule(
        ListenerArn=balancer[2][0],
        Priority=1,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/old/*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": balancer[1]}],
    )
    refused = maintenance("present")
    assert refused["failed"]
    assert "priority 1" in refused["msg"]
    assert "set-rule-priorities" in refused["msg"]


def test_a_page_that_is_too_long_is_refused_before_any_call(maintenance):
    assert "1025 bytes, expected at most 1024" in maintenance("present", page="x" * 1025)["msg"]


def test_no_load_balancer_means_no_maintenance_to_end_and_none_to_begin(maintenance):
    assert not maintenance("absent", load_balancer="never-made")["changed"]
    assert "There is no load balancer never-made." in maintenance("present", load_balancer="never-made")["msg"]


@pytest.fixture
def origin(aws, balancer):
    def run(**options):
        asked = {"load_balancer": balancer[0], "port": 80, "header": "X-Origin-Verify", "target_group_arn": balancer[1]}
        return run_module("listener_origin_rule", aws, **(asked | options))

    return run


def test_the_secret_of_the_origin_is_made_once_and_kept_in_the_rule(aws, balancer, origin):
    would = origin(check_mode=True)
    assert (would["changed"], would["header_value"]) == (True, "")
    made = origin()
    assert made["changed"]
    assert len(made["header_value"]) == 32
    assert not origin()["changed"]
    assert origin()["header_value"] == made["header_value"]
    assert made["header_value"] not in str(made["diff"]) + made["msg"]


def test_the_rule_of_the_origin_follows_the_target_group(aws, balancer, origin):
    secret = origin()["header_value"]
    group = aws.client("elbv2").describe_target_groups(Names=[balancer[0]])["TargetGroups"][0]
    other = aws.client("elbv2").create_target_group(
        Name=f"{balancer[0]}-2", Protocol="HTTP", Port=3000, VpcId=group["VpcId"], TargetType="ip"
    )["TargetGroups"][0]["TargetGroupArn"]
    moved = origin(target_group_arn=other)
    assert (moved["changed"], moved["header_value"]) == (True, secret)
    assert rules(aws, balancer[2][0])["10"]["Actions"][0]["TargetGroupArn"] == other
    origin(state="absent")
    aws.client("elbv2").delete_target_group(TargetGroupArn=other)


def test_taking_the_rule_of_the_origin_away_twice_changes_once(origin):
    origin()
    assert origin(state="absent")["changed"]
    assert not origin(state="absent")["changed"]


def test_a_listener_that_is_not_there_is_named(origin):
    assert "no listener on port 443" in origin(port=443)["msg"]
    assert not origin(port=443, state="absent")["changed"]


def test_cloudfronts_addresses_are_found_and_others_are_an_answer(aws):
    assert run_module("prefix_list_info", aws, name="com.amazonaws.global.cloudfront.origin-facing")[
        "prefix_list_id"
    ].startswith("pl-")
    assert run_module("prefix_list_info", aws, name="nobodys")["prefix_list_id"] == ""
