"""An SNS topic: what SNS would refuse, what it is asked for, and what of its subscriptions stays."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.towpath.topic import (
    attributes_request,
    comparable,
    create_request,
    is_pending,
    refusal,
    wanted,
)

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:webapp-notifier-alarms"
TOPIC = "arn:aws:sns:us-east-1:123456789012:webapp-alarms"
POLICY = {"Version": "2012-10-17", "Statement": []}


def options(**different):
    return {
        "name": "webapp-alarms",
        "display_name": None,
        "kms_master_key_id": None,
        "policy": None,
        "subscriptions": None,
        "purge_subscriptions": False,
        "tags": None,
    } | different


def to(endpoint, protocol="lambda"):
    return {"protocol": protocol, "endpoint": endpoint}


def listed(endpoint, arn=f"{TOPIC}:1", protocol="lambda"):
    return {"Protocol": protocol, "Endpoint": endpoint, "SubscriptionArn": arn}


@pytest.mark.parametrize(
    ("different", "planned", "why"),
    [
        pytest.param({}, False, "", id="a name alone"),
        pytest.param({"subscriptions": [to(FUNCTION)]}, False, "", id="with a subscription"),
        pytest.param({"name": "webapp alarms"}, False, "'webapp alarms' is not a topic's", id="a space in its name"),
        pytest.param({"name": "webapp.fifo"}, False, "'webapp.fifo' is not a topic's", id="the name of another kind"),
        pytest.param({"name": "webapp\n"}, False, "'webapp\\n' is not a topic's", id="a line's end in its name"),
        pytest.param({"name": "w" * 257}, True, "up to 256", id="a long name"),
        pytest.param({"display_name": "d" * 101}, False, "has 101 characters, expected 100", id="a long display name"),
        pytest.param({"subscriptions": [to("")]}, False, "by lambda has no endpoint", id="to nothing"),
        pytest.param({"subscriptions": [to("")]}, True, "", id="to what is not there yet, planned"),
        pytest.param({"tags": {"aws:x": "1"}}, False, "begins with aws:", id="a tag of AWS's own"),
    ],
)
def test_a_topic_is_refused_where_sns_refuses_it(different, planned, why):
    said = refusal(options(**different), planned=planned)
    assert why in said
    assert bool(said) == bool(why)


def test_a_topic_that_is_not_there_has_nothing():
    empty = {"display_name": "", "kms_master_key_id": "", "policy": {}, "subscriptions": [], "tags": {}}
    assert comparable({}, {}, []) == empty


def test_a_topic_is_said_in_our_words():
    attributes = {"DisplayName": "Alarms", "KmsMasterKeyId": "alias/a", "Policy": json.dumps(POLICY), "Owner": "1"}
    assert comparable(attributes, {"a": "b"}, [listed("b"), listed("a")]) == {
        "display_name": "Alarms",
        "kms_master_key_id": "alias/a",
        "policy": POLICY,
        "subscriptions": [to("a"), to("b")],
        "tags": {"a": "b"},
    }


@pytest.mark.parametrize(
    ("different", "after"),
    [
        pytest.param({}, {}, id="nothing is touched"),
        pytest.param({"kms_master_key_id": ""}, {"kms_master_key_id": ""}, id="no encryption"),
        pytest.param(
            {"subscriptions": [to("new")]}, {"subscriptions": [to("new"), to("old"), to("pending")]}, id="one"
        ),
        pytest.param({"subscriptions": []}, {"subscriptions": [to("old"), to("pending")]}, id="none"),
        pytest.param(
            {"subscriptions": [to("new")], "purge_subscriptions": True},
            {"subscriptions": [to("new"), to("pending")]},
            id="this one only",
        ),
        pytest.param(
            {"subscriptions": [to("pending"), to("old"), to("old")], "purge_subscriptions": True},
            {"subscriptions": [to("old"), to("pending")]},
            id="those that there are",
        ),
    ],
)
def test_what_is_asked_for_keeps_what_it_does_not_name(different, after):
    pending = [listed("pending", arn="PendingConfirmation")]
    before = comparable({"KmsMasterKeyId": "alias/a"}, {}, [listed("old"), *pending])
    assert wanted(options(**different), before, pending) == after


@pytest.mark.parametrize(
    ("arn", "pending"),
    [(f"{TOPIC}:1", False), ("PendingConfirmation", True), ("pending confirmation", True), ("Deleted", True)],
)
def test_a_subscription_without_an_arn_is_pending(arn, pending):
    assert is_pending(listed(FUNCTION, arn=arn)) == pending


def test_attributes_are_asked_for_as_texts():
    changed = {"display_name": "Alarms", "kms_master_key_id": "", "policy": POLICY, "tags": {}, "subscriptions": []}
    assert attributes_request(changed) == {
        "DisplayName": "Alarms",
        "KmsMasterKeyId": "",
        "Policy": json.dumps(POLICY),
    }


def test_a_topic_is_encrypted_from_its_beginning():
    assert create_request("webapp-alarms", {"kms_master_key_id": "alias/a", "tags": {"a": "b"}}) == {
        "Name": "webapp-alarms",
        "Attributes": {"KmsMasterKeyId": "alias/a"},
        "Tags": [{"Key": "a", "Value": "b"}],
    }
