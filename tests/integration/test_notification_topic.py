"""notification_topic against emulators of AWS."""

from __future__ import annotations

import functools
import json

import pytest

from tests.integration.harness import AwsEndpoint, run_module

NAME = "topic-under-test"


@pytest.fixture
def topic(aws: AwsEndpoint):
    yield functools.partial(run_module, "notification_topic", aws, name=NAME)
    run_module("notification_topic", aws, name=NAME, state="absent")


@pytest.fixture
def arn(aws: AwsEndpoint):
    return f"arn:aws:sns:{aws.environment['AWS_REGION']}:{aws.account_id}:{NAME}"


def wanted(arn):
    return {
        "display_name": "Alarms",
        "kms_master_key_id": "alias/notifier",
        "policy": policy(arn),
        "subscriptions": [function("first")],
        "tags": {"towpath:app": "webapp"},
    }


def policy(arn, *services):
    services = services or ("cloudwatch.amazonaws.com", "events.amazonaws.com")
    statement = {
        "Sid": "Publish",
        "Effect": "Allow",
        "Principal": {"Service": list(services)},
        "Action": "sns:Publish",
        "Resource": arn,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def function(name):
    return {"protocol": "lambda", "endpoint": f"arn:aws:lambda:us-east-1:123456789012:function:{name}"}


def is_on_aws(aws: AwsEndpoint, arn):
    """Whether there is the topic, whatever others the account has."""
    return arn in [one["TopicArn"] for one in aws.client("sns").list_topics()["Topics"]]


def subscriptions_on_aws(aws: AwsEndpoint, arn):
    listed = aws.client("sns").list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    return sorted(one["Endpoint"].rpartition(":")[2] for one in listed)


def test_a_topic_is_created_once(aws: AwsEndpoint, topic, arn):
    planned = topic(check_mode=True, **wanted(arn))
    assert planned["changed"], planned
    assert not is_on_aws(aws, arn)
    made = topic(**wanted(arn))
    assert made == planned
    assert made["topic"] == {"arn": arn, "name": NAME, **wanted(arn)}
    attributes = aws.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
    assert (attributes["DisplayName"], attributes["KmsMasterKeyId"]) == ("Alarms", "alias/notifier")
    assert json.loads(attributes["Policy"]) == policy(arn)
    assert subscriptions_on_aws(aws, arn) == ["first"]

    for check_mode in (True, False):
        again = topic(check_mode=check_mode, **wanted(arn))
        assert not again["changed"], again["diff"]
        assert again["topic"] == made["topic"]


def test_a_topic_of_a_name_alone_is_created_once(topic):
    assert topic()["changed"]
    assert not topic()["changed"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("display_name", "", id="display name"),
        pytest.param("kms_master_key_id", "", id="no encryption"),
        pytest.param("tags", {"owner": "ann"}, id="tags"),
    ],
)
def test_one_change_changes_one_thing(topic, arn, field, value):
    topic(**wanted(arn))
    planned = topic(check_mode=True, **{field: value})
    changed = topic(**{field: value})
    assert changed == planned
    assert changed["diff"] == {"before": {field: wanted(arn)[field]}, "after": {field: value}}
    again = topic(**wanted(arn) | {field: value})
    assert not again["changed"], again["diff"]


def test_a_policy_that_means_the_same_is_no_change(aws: AwsEndpoint, topic, arn):
    topic(**wanted(arn))
    same = policy(arn, "events.amazonaws.com", "cloudwatch.amazonaws.com")
    same["Statement"][0]["Action"] = ["sns:Publish"]
    assert not topic(policy=same)["changed"]

    other = topic(policy=policy(arn, "cloudwatch.amazonaws.com"))
    assert other["msg"] == f"Changed policy of the topic {NAME}."
    assert json.loads(aws.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]) == policy(
        arn, "cloudwatch.amazonaws.com"
    )


def test_other_subscriptions_stay_unless_they_are_to_be_taken_away(aws: AwsEndpoint, topic, arn):
    topic(**wanted(arn))
    assert topic(subscriptions=[function("second")])["topic"]["subscriptions"] == [
        function("first"),
        function("second"),
    ]
    assert subscriptions_on_aws(aws, arn) == ["first", "second"]

    purged = topic(subscriptions=[function("second")], purge_subscriptions=True)
    assert purged["topic"]["subscriptions"] == [function("second")]
    assert subscriptions_on_aws(aws, arn) == ["second"]
    assert not topic(subscriptions=[function("second")], purge_subscriptions=True)["changed"]


def test_a_topic_is_deleted_once_with_its_subscriptions(aws: AwsEndpoint, topic, arn):
    topic(**wanted(arn))
    planned = topic(check_mode=True, state="absent")
    assert subscriptions_on_aws(aws, arn) == ["first"]
    deleted = topic(state="absent")
    assert deleted == planned
    assert (deleted["changed"], deleted["topic"]) == (True, {})
    assert not is_on_aws(aws, arn)
    assert arn not in [one["TopicArn"] for one in aws.client("sns").list_subscriptions()["Subscriptions"]]
    assert not topic(state="absent")["changed"]


def test_what_is_not_there_yet_can_be_planned_only(topic):
    nobody = [{"protocol": "lambda", "endpoint": ""}]
    assert topic(check_mode=True, subscriptions=nobody)["changed"]
    assert "by lambda has no endpoint" in topic(subscriptions=nobody)["msg"]
