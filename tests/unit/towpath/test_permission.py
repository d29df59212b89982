"""Who may call a Lambda function: what a policy says of it, and what would let too many in."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.towpath.permission import comparable, refusal, request

TOPIC = "arn:aws:sns:us-east-1:123456789012:webapp-alarms"
ACCOUNT = "123456789012"


def options(**different):
    return {
        "function_name": "f",
        "statement_id": "alarms",
        "principal": "sns.amazonaws.com",
        "source_arn": TOPIC,
        "source_account": "",
    } | different


@pytest.mark.parametrize(
    ("different", "planned", "why"),
    [
        pytest.param({}, False, "", id="of a topic"),
        pytest.param({"source_arn": "", "source_account": ACCOUNT}, False, "", id="of an account"),
        pytest.param({"principal": "logs.us-east-1.amazonaws.com"}, False, "", id="to a service of a region"),
        pytest.param({"principal": "logs.amazonaws.com.cn"}, False, "", id="to a service in China"),
        pytest.param({"source_arn": ""}, True, "", id="of what is not there yet, planned"),
        pytest.param({"source_arn": ""}, False, "call f for every account", id="of anything"),
        pytest.param({"source_arn": "arn:aws:sns:*:123456789012:alarms"}, True, "in the NAME only", id="of any region"),
        pytest.param({"source_arn": "arn:aws:sns:us-east-1:*:alarms"}, False, "in the NAME only", id="of any account"),
        pytest.param({"source_arn": "arn:aws:s3:::bucket-*"}, False, "", id="of what has no region"),
        pytest.param({"source_arn": "arn:aws-us-gov:sns:us-gov-west-1:123456789012:a"}, False, "", id="of GovCloud"),
        pytest.param(
            {"principal": "events.amazonaws.com", "source_account": ACCOUNT},
            False,
            "does not say when it calls",
            id="of an account that the service does not say",
        ),
        pytest.param({"principal": "*"}, False, "The principal of alarms is *", id="to everybody"),
        pytest.param({"statement_id": "a b"}, False, "'a b' is not a permission's", id="a space in its name"),
    ],
)
def test_a_permission_is_refused_where_it_lets_too_many_in_or_nobody(different, planned, why):
    said = refusal(options(**different), planned=planned)
    assert why in said
    assert bool(said) == bool(why)


def statement(sid, principal, **condition):
    return {"Sid": sid, "Effect": "Allow", "Principal": principal, "Resource": "f", "Condition": condition}


POLICY = json.dumps(
    {
        "Statement": [
            statement("alarms", {"Service": "sns.amazonaws.com"}, ArnLike={"AWS:SourceArn": TOPIC}),
            statement(
                "logs",
                {"Service": "logs.amazonaws.com"},
                ArnLike={"aws:SourceArn": "arn:*"},
                StringEquals={"AWS:SourceAccount": ACCOUNT},
            ),
            statement("everybody", "*"),
        ]
    }
)


@pytest.mark.parametrize(
    ("policy", "sid", "said"),
    [
        pytest.param("", "alarms", (), id="no policy"),
        pytest.param(POLICY, "another", (), id="another statement"),
        pytest.param(POLICY, "alarms", ("sns.amazonaws.com", TOPIC, ""), id="a source"),
        pytest.param(POLICY, "logs", ("logs.amazonaws.com", "arn:*", ACCOUNT), id="a source and its account"),
        pytest.param(POLICY, "everybody", ("*", "", ""), id="everybody"),
    ],
)
def test_a_policy_is_said_in_our_words(policy, sid, said):
    assert tuple(comparable(policy, sid).values()) == said


def test_a_permission_asks_for_what_it_was_given():
    assert request(options()) == {
        "FunctionName": "f",
        "StatementId": "alarms",
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
        "SourceArn": TOPIC,
    }
