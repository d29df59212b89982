"""An EventBridge rule: what EventBridge would refuse, what it is asked for, and what differs."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.towpath.eventbridge_rule import (
    changes,
    comparable,
    refusal,
    rule_request,
    target_requests,
    wanted,
)
from ansible.module_utils.towpath.events_api import EventsError, put_targets, remove_targets

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:webapp-notifier-deployments"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:webapp-notifier-dead-letters"
PATTERN = {"source": ["aws.ecs"], "detail-type": ["ECS Deployment State Change"]}


def options(**different):
    return {
        "name": "webapp-deployments",
        "event_pattern": PATTERN,
        "enabled": None,
        "description": None,
        "targets": None,
        "tags": None,
    } | different


def target(**different):
    return {
        "id": "notifier",
        "arn": FUNCTION,
        "dead_letter_queue_arn": "",
        "maximum_retry_attempts": 185,
        "maximum_event_age_seconds": 86400,
    } | different


def six():
    return [target(id=str(number)) for number in range(6)]


@pytest.mark.parametrize(
    ("different", "planned", "why"),
    [
        pytest.param({}, False, "", id="a pattern alone"),
        pytest.param({"targets": [target(dead_letter_queue_arn=QUEUE)]}, False, "", id="with a target"),
        pytest.param({"name": "web app"}, False, "'web app' is not a rule's", id="a space in its name"),
        pytest.param({"name": "w" * 65}, False, "expected up to 64", id="a long name"),
        pytest.param({"event_pattern": {"a": ["b" * 4096]}}, False, "longer than 4096", id="a long pattern"),
        pytest.param({"description": "d" * 513}, False, "longer than 512", id="a long description"),
        pytest.param({"targets": six()}, False, "There are 6 targets", id="six targets"),
        pytest.param({"targets": [target(), target()]}, False, "notifier names two targets", id="an id twice"),
        pytest.param({"targets": [target(id="a b")]}, False, "'a b' is not a target's", id="a space in an id"),
        pytest.param({"targets": [target(arn="")]}, False, "The arn of the target notifier", id="to nothing"),
        pytest.param({"targets": [target(arn="")]}, True, "", id="to what is not there yet, planned"),
        pytest.param({"targets": [target(maximum_retry_attempts=186)]}, False, "is 186, expected 0 to", id="attempts"),
        pytest.param({"targets": [target(maximum_event_age_seconds=59)]}, False, "is 59, expected 60", id="age"),
        pytest.param({"tags": {"": "1"}}, False, "The tag key ''", id="a tag without a key"),
    ],
)
def test_a_rule_is_refused_where_eventbridge_refuses_it(different, planned, why):
    said = refusal(options(**different), planned=planned)
    assert why in said
    assert bool(said) == bool(why)


@pytest.mark.parametrize(
    ("listed", "same"),
    [
        pytest.param({"Id": "notifier", "Arn": FUNCTION}, target(), id="what EventBridge leaves out"),
        pytest.param(
            {"Id": "notifier", "Arn": FUNCTION, "RetryPolicy": {"MaximumRetryAttempts": 0}},
            target(maximum_retry_attempts=0),
            id="no retry",
        ),
        pytest.param(
            {"Id": "notifier", "Arn": FUNCTION, "DeadLetterConfig": {"Arn": QUEUE}},
            target(dead_letter_queue_arn=QUEUE),
            id="dead letters",
        ),
    ],
)
def test_a_target_is_said_in_our_words(listed, same):
    assert comparable({}, [listed], {})["targets"] == [same]


def test_what_a_target_was_given_beside_our_options_is_seen():
    [found] = comparable({}, [{"Id": "notifier", "Arn": FUNCTION, "InputPath": "$.detail"}], {})["targets"]
    assert found != target()


def test_what_is_asked_for_comes_back_in_our_words():
    asked = wanted(
        options(enabled=False, description="d", targets=[target(id="b"), target(dead_letter_queue_arn=QUEUE)])
    )
    answer = rule_request("webapp-deployments", {"tags": {}, **asked}, {})
    assert comparable(answer, target_requests(asked["targets"]), {}) == {**asked, "tags": {}}


@pytest.mark.parametrize(
    ("after", "named"),
    [
        pytest.param({}, [], id="nothing is touched"),
        pytest.param({"event_pattern": dict(reversed(PATTERN.items()))}, [], id="the order of keys"),
        pytest.param({"event_pattern": {"source": ["aws.ecs"]}}, ["event_pattern"], id="pattern"),
        pytest.param({"targets": [target(id="b"), target()]}, ["target b"], id="a target more"),
        pytest.param({"targets": []}, ["target notifier"], id="a target less"),
        pytest.param({"targets": [target(arn=QUEUE)]}, ["target notifier"], id="a target's arn"),
        pytest.param({"enabled": False, "tags": {"a": "b"}}, ["enabled", "tags"], id="settings"),
    ],
)
def test_what_differs_is_named(after, named):
    before = {"event_pattern": PATTERN, "enabled": True, "description": "", "targets": [target()], "tags": {}}
    assert [one.field for one in changes(before, after)] == named


def test_a_rule_is_asked_for_with_what_it_would_otherwise_lose():
    after = {"event_pattern": PATTERN, "enabled": False, "description": "d", "tags": {"a": "b"}}
    found = {"Name": "r", "Arn": "arn", "RoleArn": "role", "ScheduleExpression": "rate(1 day)"}
    asked = {
        "Name": "r",
        "EventPattern": json.dumps(PATTERN, separators=(",", ":")),
        "State": "DISABLED",
        "Description": "d",
    }
    assert rule_request("r", after, found) == {**asked, "RoleArn": "role", "ScheduleExpression": "rate(1 day)"}
    assert rule_request("r", after, {}) == {**asked, "Tags": [{"Key": "a", "Value": "b"}]}


class Busy:
    """EventBridge where too many requests come at once: it answers well, and does a part of it."""

    def answer(self, **_request):
        failed = {"TargetId": "b", "ErrorCode": "ConcurrentModificationException", "ErrorMessage": "Busy."}
        return {"FailedEntryCount": 1, "FailedEntries": [failed]}

    put_targets = remove_targets = answer


@pytest.mark.parametrize(
    ("call", "action"),
    [
        pytest.param(lambda client: put_targets(client, "r", [{"Id": "b"}]), "take", id="put"),
        pytest.param(lambda client: remove_targets(client, "r", ["b"]), "remove", id="remove"),
    ],
)
def test_a_target_that_eventbridge_left_out_is_a_failure(call, action):
    with pytest.raises(EventsError, match=f"did not {action} every target of the rule r: b: Busy. \\(Concurrent"):
        call(Busy())
