import uuid

import pytest
from ansible.module_utils.towpath import elbv2_api
from botocore.client import BaseClient
from botocore.exceptions import ClientError

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


def a_rule_of_somebody_else(aws, balancer, priority):
    aws.client("elbv2").create_rule(
        ListenerArn=balancer[2][0],
        Priority=priority,
        Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/old/*"]}}],
        Actions=[{"Type": "forward", "TargetGroupArn": balancer[1]}],
    )


def test_a_rule_of_somebody_else_is_left_alone_and_named(aws, balancer, maintenance):
    a_rule_of_somebody_else(aws, balancer, 1)
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
    assert rules(aws, balancer[2][0])["50000"]["Actions"][0]["TargetGroupArn"] == other
    origin(state="absent")
    aws.client("elbv2").delete_target_group(TargetGroupArn=other)


def test_taking_the_rule_of_the_origin_away_twice_changes_once(origin):
    origin()
    assert origin(state="absent")["changed"]
    assert not origin(state="absent")["changed"]


def test_a_rule_of_the_origin_that_stands_before_others_is_moved_to_the_end(aws, balancer, origin):
    made = origin()
    [rule] = [one for one in rules(aws, balancer[2][0]).values() if not one["IsDefault"]]
    earlier = [{"RuleArn": rule["RuleArn"], "Priority": 10}]
    aws.client("elbv2").set_rule_priorities(RulePriorities=earlier)
    would = origin(check_mode=True)
    assert would["changed"]
    assert (would["diff"]["before"]["priority"], would["diff"]["after"]["priority"]) == ("10", "50000")
    moved = origin()
    assert (moved["changed"], moved["header_value"]) == (True, made["header_value"])
    assert sorted(rules(aws, balancer[2][0])) == ["50000", "default"]
    assert not origin()["changed"]


def test_a_rule_of_somebody_else_in_the_last_place_is_named(aws, balancer, origin):
    a_rule_of_somebody_else(aws, balancer, 50000)
    assert "priority 50000" in origin()["msg"]
    assert not origin(state="absent")["changed"]


def test_a_listener_that_is_not_there_is_named(origin):
    assert "no listener on port 443" in origin(port=443)["msg"]
    assert not origin(port=443, state="absent")["changed"]


HOST, OTHERS, NOBODY = "pr-12.staging.example.com", "*.staging.example.com", "There is no preview of this name."


@pytest.fixture
def host(aws, balancer):
    def run(name=HOST, **options):
        leads = {} if "not_found" in options else {"target_group_arn": balancer[1]}
        asked = {"load_balancer": balancer[0], "host": name} | leads
        return run_module("listener_host_rule", aws, **(asked | options))

    return run


def of_hosts(aws, listener):
    """Priority, host, value of the header if one is asked for, and what the rule does, in the order of AWS."""
    found = []
    for priority, rule in sorted(rules(aws, listener).items()):
        fields = {one["Field"]: one for one in rule["Conditions"]}
        if one := fields.get("host-header"):
            [name] = (one.get("HostHeaderConfig") or one)["Values"]
            secret = fields["http-header"]["HttpHeaderConfig"]["Values"] if "http-header" in fields else []
            found.append((priority, name, secret, rule["Actions"][0]["Type"]))
    return found


def test_a_host_leads_to_its_target_group_and_others_nowhere(aws, balancer, host):
    would = host(check_mode=True)
    assert (would["changed"], of_hosts(aws, balancer[2][0])) == (True, [])
    others, made = host(OTHERS, not_found=NOBODY), host()
    assert would == made
    assert (made["port"], made["https"], others["changed"]) == (80, False, True)
    assert made["msg"] == f"Set the rule for {HOST} on port 80."
    assert made["diff"] == {"before": {"rules": []}, "after": {"rules": [f"port 80: {balancer[1]}"]}}
    expected = [("1000", HOST, [], "forward"), ("40000", OTHERS, [], "fixed-response")]
    assert of_hosts(aws, balancer[2][0]) == expected
    answer = rules(aws, balancer[2][0])["40000"]["Actions"][0]["FixedResponseConfig"]
    assert answer == {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": NOBODY}
    assert [host()["changed"], host(HOST.upper())["changed"], host(OTHERS, not_found=NOBODY)["changed"]] == [False] * 3
    assert of_hosts(aws, balancer[2][1]) == []


def test_hosts_that_come_and_go_take_the_places_that_are_free(aws, balancer, host):
    for number in (1, 2, 3):
        host(f"pr-{number}.example.com")
    gone = host("pr-2.example.com", state="absent")
    assert (gone["changed"], gone["msg"]) == (True, "Took away the rule for pr-2.example.com on port 80.")
    host("pr-4.example.com")
    assert [one[:2] for one in of_hosts(aws, balancer[2][0])] == [
        ("1000", "pr-1.example.com"),
        ("1001", "pr-4.example.com"),
        ("1002", "pr-3.example.com"),
    ]


def test_behind_cloudfront_a_host_wants_the_same_secret_and_is_before_the_origin(aws, balancer, host, origin):
    secret = origin()["header_value"]
    made = host(origin_header="X-Origin-Verify")
    assert of_hosts(aws, balancer[2][0]) == [("1000", HOST, [secret], "forward")]
    assert secret not in str(made)
    assert not host(origin_header="x-origin-verify")["changed"]
    assert origin()["header_value"] == secret
    assert host()["changed"]
    assert of_hosts(aws, balancer[2][0]) == [("1000", HOST, [], "forward")]
    host(origin_header="X-Origin-Verify")
    origin(state="absent")
    new = origin()["header_value"]
    assert host(origin_header="X-Origin-Verify")["changed"]
    assert of_hosts(aws, balancer[2][0]) == [("1000", HOST, [new], "forward")]


def test_without_the_rule_of_the_origin_a_host_behind_cloudfront_is_refused(aws, balancer, host, origin):
    assert "X-Origin-Verify is not there" in host(origin_header="X-Origin-Verify")["msg"]
    origin()
    rule = rules(aws, balancer[2][0])["50000"]["RuleArn"]
    aws.client("elbv2").set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": 10}])
    refused = host(origin_header="X-Origin-Verify")
    assert refused["failed"]
    assert "would come before this one. Run ansible-playbook provision.yml" in refused["msg"]


def test_a_place_that_another_run_takes_meanwhile_is_left_to_it(aws, balancer, host, monkeypatch):
    describe = elbv2_api.describe_rules

    def late(client, listener):
        found = describe(client, listener)
        if listener == balancer[2][0]:
            a_rule_of_somebody_else(aws, balancer, 1000)
        return found

    monkeypatch.setattr(elbv2_api, "describe_rules", late)
    assert host()["changed"]
    assert of_hosts(aws, balancer[2][0]) == [("1001", HOST, [], "forward")]


def test_a_load_balancer_with_as_many_rules_as_aws_allows_is_named_with_what_to_do(host, monkeypatch):
    call = BaseClient._make_api_call

    def full(client, operation, request):
        if operation == "CreateRule":
            raise ClientError({"Error": {"Code": "TooManyRules", "Message": "That is all."}}, operation)
        return call(client, operation, request)

    monkeypatch.setattr(BaseClient, "_make_api_call", full)
    refused = host()
    assert refused["failed"]
    assert "Rules per Application Load Balancer" in refused["msg"]


def test_over_https_people_come_in_by_port_443(aws, balancer, host):
    elb = aws.client("elbv2")
    host()
    certificate = aws.client("acm").request_certificate(DomainName="staging.example.com")["CertificateArn"]
    arn = elb.describe_load_balancers(Names=[balancer[0]])["LoadBalancers"][0]["LoadBalancerArn"]
    listener = elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTPS",
        Port=443,
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "forward", "TargetGroupArn": balancer[1]}],
    )["Listeners"][0]["ListenerArn"]
    moved = host()
    assert (moved["changed"], moved["port"], moved["https"]) == (True, 443, True)
    assert of_hosts(aws, listener) == [("1000", HOST, [], "forward")]
    assert of_hosts(aws, balancer[2][0]) == []
    assert moved["diff"]["before"]["rules"] == [f"port 80: {balancer[1]}"]


def test_taking_a_host_away_takes_what_is_there_and_nothing_else(aws, balancer, host, origin):
    origin()
    host()
    assert host(state="absent", check_mode=True)["changed"]
    assert len(of_hosts(aws, balancer[2][0])) == 1
    assert host(state="absent")["changed"]
    assert not host(state="absent")["changed"]
    assert sorted(rules(aws, balancer[2][0])) == ["50000", "default"]
    assert not host(state="absent", load_balancer="never-made")["changed"]


def test_what_a_host_cannot_be_is_refused_before_any_call(host):
    assert "host is localhost, expected at most 128" in host("localhost")["msg"]
    assert "Give either target_group_arn or not_found" in host(target_group_arn="")["msg"]
    assert "1025 bytes" in host(not_found="x" * 1025)["msg"]
    assert "There is no load balancer never-made" in host(load_balancer="never-made")["msg"]
    assert host(load_balancer="never-made", check_mode=True)["changed"]


def test_cloudfronts_addresses_are_found_and_others_are_an_answer(aws):
    assert run_module("prefix_list_info", aws, name="com.amazonaws.global.cloudfront.origin-facing")[
        "prefix_list_id"
    ].startswith("pl-")
    assert run_module("prefix_list_info", aws, name="nobodys")["prefix_list_id"] == ""
