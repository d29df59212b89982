"""The scaling of a service: what counts as a difference, what is asked of Application Auto Scaling, what is refused."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.differences import differences
from ansible.module_utils.towpath.scaling import (
    ALWAYS,
    ASKED_TAG,
    NEVER,
    ON_CHANGE,
    action_request,
    comparable_action,
    comparable_policy,
    comparable_target,
    policy_request,
    resource_label,
    resource_of,
    schedule_problem,
    target_refusal,
    target_request,
    wanted_tags,
    wanted_target,
)

LABEL = "app/webapp-prod/50dc6c495c0c9188/targetgroup/webapp-prod/73e2d6bc24d8a067"
ASKED_POLICY = {
    "metric": "cpu",
    "target_value": 60.0,
    "resource_label": "",
    "scale_in_cooldown_seconds": 300,
    "scale_out_cooldown_seconds": 60,
    "scale_in": True,
}
ASKED_ACTION = {"schedule": "cron(0 20 ? * MON-FRI *)", "timezone": "Europe/Berlin", "minimum": 0, "maximum": 0}


def a_target(minimum=2, maximum=6, **suspended):
    all_off = {"DynamicScalingInSuspended": False, "DynamicScalingOutSuspended": False}
    return {"MinCapacity": minimum, "MaxCapacity": maximum, "SuspendedState": all_off | suspended}


@pytest.mark.parametrize("cluster", ["webapp-prod", "arn:aws:ecs:us-east-1:123456789012:cluster/webapp-prod"])
def test_a_service_is_named_by_its_cluster_and_its_name(cluster):
    assert resource_of(cluster, "app")["ResourceId"] == "service/webapp-prod/app"


@pytest.mark.parametrize(
    ("target", "suspended"),
    [
        pytest.param(a_target(), False, id="in none of its ways"),
        pytest.param(a_target(DynamicScalingInSuspended=True), "partly", id="in one"),
        pytest.param({"MinCapacity": 2, "MaxCapacity": 6}, False, id="not said"),
        pytest.param(
            a_target(DynamicScalingInSuspended=True, DynamicScalingOutSuspended=True, ScheduledScalingSuspended=True),
            True,
            id="in all",
        ),
    ],
)
def test_a_target_is_suspended_in_all_its_ways_or_partly_or_not(target, suspended):
    assert comparable_target(target) == {"minimum": 2, "maximum": 6, "suspended": suspended}


@pytest.mark.parametrize(
    ("update", "remembered", "changes"),
    [
        pytest.param(ALWAYS, "1-4", ["maximum", "minimum"], id="always"),
        pytest.param(ON_CHANGE, "1-4", [], id="somebody else changed it, and the wish is the same"),
        pytest.param(ON_CHANGE, "1-3", ["maximum", "minimum"], id="the wish is another"),
        pytest.param(ON_CHANGE, None, ["maximum", "minimum"], id="nothing was asked for before"),
        pytest.param(NEVER, "1-3", [], id="never"),
    ],
)
def test_what_somebody_else_changed_stays_where_that_is_wanted(update, remembered, changes):
    before = comparable_target(a_target(2, 6))
    tags = {} if remembered is None else {ASKED_TAG: remembered}
    asked = wanted_target({"minimum": 1, "maximum": 4, "suspended": False}, before, tags, update)
    assert [one.field for one in differences(before, asked)] == changes


@pytest.mark.parametrize("update", [ALWAYS, ON_CHANGE, NEVER])
def test_a_new_target_is_what_is_asked_for(update):
    options = {"minimum": 1, "maximum": 4, "suspended": None}
    assert wanted_target(options, {}, {}, update) == {"minimum": 1, "maximum": 4}


@pytest.mark.parametrize(
    ("update", "given", "present", "after"),
    [
        pytest.param(ALWAYS, None, {"a": "1"}, {"a": "1"}, id="none given, all stay"),
        pytest.param(ALWAYS, {"b": 2}, {"a": "1", ASKED_TAG: "1-3"}, {"b": "2", ASKED_TAG: "1-3"}, id="memory stays"),
        pytest.param(ON_CHANGE, {}, {ASKED_TAG: "1-3"}, {ASKED_TAG: "0-4 suspended"}, id="a wish is remembered"),
        pytest.param(NEVER, {}, {ASKED_TAG: "1-3"}, {ASKED_TAG: "1-3"}, id="what is not applied is not remembered"),
        pytest.param(NEVER, {}, {}, {ASKED_TAG: "0-4 suspended"}, id="at birth it is"),
    ],
)
def test_a_target_remembers_what_was_asked_for(update, given, present, after):
    assert wanted_tags(given, {"minimum": 0, "maximum": 4, "suspended": True}, present, update) == after


@pytest.mark.parametrize(
    ("after", "words"),
    [
        pytest.param({"minimum": 1}, "needs maximum", id="no maximum"),
        pytest.param({}, "needs minimum and maximum", id="neither"),
        pytest.param({"minimum": 3, "maximum": 2}, "minimum is 3 and maximum is 2", id="the wrong way round"),
        pytest.param({"minimum": -1, "maximum": 2}, "expected 0 or more", id="negative"),
    ],
)
def test_bounds_that_aws_would_refuse_are_refused(after, words):
    assert words in target_refusal(after)
    assert target_refusal({"minimum": 0, "maximum": 0}) == ""


def test_only_what_is_known_of_the_suspension_is_sent():
    bounds = {"MinCapacity": 1, "MaxCapacity": 2}
    assert target_request({"minimum": 1, "maximum": 2}) == bounds
    assert target_request({"minimum": 1, "maximum": 2, "suspended": "partly"}) == bounds
    suspended = target_request({"minimum": 1, "maximum": 2, "suspended": True})["SuspendedState"]
    assert list(suspended.values()) == [True, True, True]


@pytest.mark.parametrize(
    ("load_balancer", "target_group", "label"),
    [
        pytest.param(
            "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/webapp-prod/50dc6c495c0c9188",
            "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/webapp-prod/73e2d6bc24d8a067",
            LABEL,
            id="both",
        ),
        pytest.param("", "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b", "", id="no load balancer yet"),
        pytest.param("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/a/b", None, "", id="no target group"),
    ],
)
def test_a_target_group_behind_a_load_balancer_has_a_label(load_balancer, target_group, label):
    assert resource_label(load_balancer, target_group) == label


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(ASKED_POLICY, id="cpu"),
        pytest.param(ASKED_POLICY | {"metric": "requests", "resource_label": LABEL}, id="requests"),
        pytest.param(ASKED_POLICY | {"scale_in": False}, id="never fewer"),
    ],
)
def test_a_policy_as_aws_answers_it_is_the_one_that_was_put(asked):
    answered = policy_request("name", asked)
    assert comparable_policy(answered) == asked
    tracking = dict(answered["TargetTrackingScalingPolicyConfiguration"])
    if asked["scale_in"]:
        del tracking["DisableScaleIn"]
    assert comparable_policy(answered | {"TargetTrackingScalingPolicyConfiguration": tracking}) == asked


@pytest.mark.parametrize("field", ASKED_POLICY)
def test_each_setting_of_a_policy_is_a_difference(field):
    others = {"metric": "memory", "target_value": 61.0, "resource_label": LABEL, "scale_in": False}
    before = comparable_policy(policy_request("cpu", ASKED_POLICY | {field: others.get(field, 1)}))
    assert [one.field for one in differences(before, ASKED_POLICY)] == [field]


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param({"StepScalingPolicyConfiguration": {}}, id="steps"),
        pytest.param({"TargetTrackingScalingPolicyConfiguration": {"CustomizedMetricSpecification": {}}}, id="own"),
    ],
)
def test_a_policy_of_another_kind_is_a_difference(policy):
    assert "metric" in [one.field for one in differences(comparable_policy(policy), ASKED_POLICY)]


def test_an_action_as_aws_answers_it_is_the_one_that_was_put():
    request = action_request("night-stop", ASKED_ACTION)
    assert comparable_action(request) == ASKED_ACTION
    del request["Timezone"]
    assert comparable_action(request) == ASKED_ACTION | {"timezone": "UTC"}


@pytest.mark.parametrize(
    "schedule",
    ["cron(0 20 ? * MON-FRI *)", "cron(15 7 1 * ? *)", "at(2030-12-31T20:00:00)", "rate(1 day)", "rate(12 hours)"],
)
def test_a_schedule_that_aws_takes_is_taken(schedule):
    assert schedule_problem(schedule) == ""


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        pytest.param("0 20 * * *", "expected cron(", id="crontab"),
        pytest.param("cron(0 20 * * *)", "has 5 fields, expected six", id="five fields"),
        pytest.param("cron(0 20 * * MON-FRI *)", "expected ? in one of them", id="both days"),
        pytest.param("cron(0 20 ? * ? *)", "expected ? in one of them", id="no day"),
        pytest.param("cron(0 20 ? * MON-FRI *", "expected cron(", id="not closed"),
        pytest.param("at(2030-12-31 20:00)", "at(2030-12-31T20:00:00)", id="at with a space"),
        pytest.param("rate(0 days)", "rate(1 day)", id="never"),
        pytest.param("", "expected cron(", id="empty"),
    ],
)
def test_a_schedule_that_aws_would_refuse_is_refused(schedule, words):
    assert words in schedule_problem(schedule)
