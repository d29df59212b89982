"""A subscription filter: what CloudWatch Logs would refuse, and what it is asked for."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.subscription_filter import comparable, refusal, request

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:webapp-prod-notifier"
STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/lines"
ROLE = "arn:aws:iam::123456789012:role/logs-to-lines"


def a_filter(**different):
    return {
        "filter_pattern": "",
        "destination_arn": FUNCTION,
        "role_arn": "",
        "distribution": "ByLogStream",
    } | different


@pytest.mark.parametrize(
    ("different", "others", "planned", "why"),
    [
        pytest.param({}, [], False, "", id="to a function"),
        pytest.param({"destination_arn": STREAM, "role_arn": ROLE}, [], False, "", id="to a stream"),
        pytest.param({}, ["a"], False, "", id="beside one"),
        pytest.param({}, ["a", "b"], False, "it has the filters a and b, and AWS takes 2", id="beside two"),
        pytest.param({}, ["a", "b"], True, "it has the filters a and b, and AWS takes 2", id="beside two, planned"),
        pytest.param({"destination_arn": ""}, [], False, "destination_arn is empty", id="to nothing"),
        pytest.param({"destination_arn": ""}, [], True, "", id="to what is not there yet, planned"),
        pytest.param({"role_arn": ROLE}, [], False, "a Lambda function takes none", id="to a function with a role"),
        pytest.param({"role_arn": ROLE}, [], True, "a Lambda function takes none", id="the same, planned"),
    ],
)
def test_a_filter_is_refused_where_cloudwatch_logs_refuses_it(different, others, planned, why):
    said = refusal("/webapp/prod", "errors", a_filter(**different), others, planned=planned)
    assert why in said
    assert bool(said) == bool(why)


@pytest.mark.parametrize(
    ("found", "same"),
    [
        pytest.param({"filterPattern": "", "destinationArn": FUNCTION}, a_filter(), id="what AWS may leave out"),
        pytest.param(
            {"filterPattern": "?error", "destinationArn": STREAM, "roleArn": ROLE, "distribution": "Random"},
            a_filter(filter_pattern="?error", destination_arn=STREAM, role_arn=ROLE, distribution="Random"),
            id="everything",
        ),
    ],
)
def test_a_filter_is_said_in_our_words(found, same):
    assert comparable(found) == same


def test_a_request_says_again_what_it_would_otherwise_take_away():
    found = {"filterName": "errors", "creationTime": 1, "applyOnTransformedLogs": True, "emitSystemFields": ["@source"]}
    assert request("/webapp/prod", "errors", a_filter(filter_pattern="?error"), found) == {
        "logGroupName": "/webapp/prod",
        "filterName": "errors",
        "filterPattern": "?error",
        "destinationArn": FUNCTION,
        "distribution": "ByLogStream",
        "applyOnTransformedLogs": True,
        "emitSystemFields": ["@source"],
    }


def test_a_role_is_asked_for_where_there_is_one():
    asked = request("/webapp/prod", "errors", a_filter(destination_arn=STREAM, role_arn=ROLE), {})
    assert asked["roleArn"] == ROLE
