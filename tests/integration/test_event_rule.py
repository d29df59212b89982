"""event_rule against emulators of AWS."""

from __future__ import annotations

import functools
import json

import pytest

from tests.integration.harness import AwsEndpoint, run_module

NAME = "rule-under-test"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:notifier"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:dead-letters"
PATTERN = {"source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"]}
NOTIFIER = {
    "id": "notifier",
    "arn": FUNCTION,
    "dead_letter_queue_arn": QUEUE,
    "maximum_retry_attempts": 5,
    "maximum_event_age_seconds": 3600,
}
WANTED = {
    "event_pattern": PATTERN,
    "description": "Deployments of webapp",
    "targets": [NOTIFIER],
    "tags": {"towpath:app": "webapp"},
}


@pytest.fixture
def rule(aws: AwsEndpoint):
    yield functools.partial(run_module, "event_rule", aws, name=NAME)
    run_module("event_rule", aws, name=NAME, state="absent")


def targets_on_aws(aws: AwsEndpoint):
    return aws.client("events").list_targets_by_rule(Rule=NAME)["Targets"]


def names_on_aws(aws: AwsEndpoint):
    return [one["Name"] for one in aws.client("events").list_rules()["Rules"]]


def test_a_rule_is_created_once(aws: AwsEndpoint, rule):
    planned = rule(check_mode=True, **WANTED)
    assert planned["changed"], planned
    assert NAME not in names_on_aws(aws)
    made = rule(**WANTED)
    assert made["diff"] == planned["diff"]
    found = aws.client("events").describe_rule(Name=NAME)
    assert made["rule"] == {"arn": found["Arn"], "name": NAME, "enabled": True, **WANTED}
    assert (json.loads(found["EventPattern"]), found["State"]) == (PATTERN, "ENABLED")
    assert targets_on_aws(aws) == [
        {
            "Id": "notifier",
            "Arn": FUNCTION,
            "DeadLetterConfig": {"Arn": QUEUE},
            "RetryPolicy": {"MaximumRetryAttempts": 5, "MaximumEventAgeInSeconds": 3600},
        }
    ]

    for check_mode in (True, False):
        again = rule(check_mode=check_mode, **WANTED)
        assert not again["changed"], again["diff"]
        assert again["rule"] == made["rule"]


@pytest.mark.parametrize(
    ("field", "before", "after"),
    [
        pytest.param("event_pattern", PATTERN, {"source": ["aws.ecs"]}, id="pattern"),
        pytest.param("enabled", True, False, id="disabled"),
        pytest.param("description", WANTED["description"], "", id="description"),
        pytest.param("tags", WANTED["tags"], {"owner": "ann"}, id="tags"),
    ],
)
def test_one_change_changes_one_thing(aws: AwsEndpoint, rule, field, before, after):
    rule(**WANTED)
    change = {"event_pattern": PATTERN, field: after}
    planned = rule(check_mode=True, **change)
    changed = rule(**change)
    assert changed == planned
    assert changed["diff"] == {"before": {field: before}, "after": {field: after}}
    assert [one["Id"] for one in targets_on_aws(aws)] == ["notifier"]
    again = rule(**WANTED | {field: after})
    assert not again["changed"], again["diff"]


def test_targets_come_change_and_go(aws: AwsEndpoint, rule):
    rule(**WANTED)
    other = NOTIFIER | {"id": "other", "dead_letter_queue_arn": ""}
    changed = rule(event_pattern=PATTERN, targets=[other])
    assert changed["msg"] == f"Changed target notifier and target other of the rule {NAME}."
    [found] = targets_on_aws(aws)
    assert (found["Id"], found.get("DeadLetterConfig")) == ("other", None)

    # A target that somebody gave more than our options say is made what they say.
    aws.client("events").put_targets(Rule=NAME, Targets=[found | {"InputPath": "$.detail"}])
    assert rule(event_pattern=PATTERN, targets=[other])["msg"] == f"Changed target other of the rule {NAME}."
    assert targets_on_aws(aws) == [found]
    assert not rule(event_pattern=PATTERN, targets=[other])["changed"]


def test_a_rule_is_deleted_once_with_its_targets(aws: AwsEndpoint, rule):
    rule(**WANTED)
    planned = rule(check_mode=True, state="absent")
    assert NAME in names_on_aws(aws)
    deleted = rule(state="absent")
    assert deleted == planned
    assert (deleted["changed"], deleted["rule"]) == (True, {})
    assert NAME not in names_on_aws(aws)
    assert not rule(state="absent")["changed"]


def test_a_target_that_is_not_there_yet_can_be_planned_only(rule):
    nothing = WANTED | {"targets": [NOTIFIER | {"arn": ""}]}
    assert rule(check_mode=True, **nothing)["changed"]
    assert "The arn of the target notifier" in rule(**nothing)["msg"]
