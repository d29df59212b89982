"""lambda_permission against emulators of AWS."""

from __future__ import annotations

import functools
import json

import pytest

from tests.integration.harness import AwsEndpoint, run_module
from tests.integration.lambda_function import a_function

NAME = "permission-under-test"
TOPIC = "arn:aws:sns:us-east-1:123456789012:webapp-alarms"
ALARMS = {"principal": "sns.amazonaws.com", "source_arn": TOPIC, "source_account": ""}


@pytest.fixture
def permission(aws: AwsEndpoint):
    with a_function(aws, NAME):
        yield functools.partial(run_module, "lambda_permission", aws, function_name=NAME, statement_id="alarms")


def sids_on_aws(aws: AwsEndpoint):
    client = aws.client("lambda")
    try:
        policy = client.get_policy(FunctionName=NAME)["Policy"]
    except client.exceptions.ResourceNotFoundException:
        return []
    return [one["Sid"] for one in json.loads(policy)["Statement"]]


def test_a_permission_is_added_changed_and_removed_once(aws: AwsEndpoint, permission):
    planned = permission(check_mode=True, **ALARMS)
    assert planned["changed"], planned
    assert sids_on_aws(aws) == []
    added = permission(**ALARMS)
    assert added == planned
    assert added["permission"] == {"function_name": NAME, "statement_id": "alarms", **ALARMS}
    assert sids_on_aws(aws) == ["alarms"]
    for check_mode in (True, False):
        again = permission(check_mode=check_mode, **ALARMS)
        assert not again["changed"], again["diff"]

    account = ALARMS | {"source_account": "123456789012"}
    planned = permission(check_mode=True, **account)
    changed = permission(**account)
    assert changed == planned
    assert changed["diff"] == {"before": {"source_account": ""}, "after": {"source_account": "123456789012"}}
    assert not permission(**account)["changed"]

    planned = permission(check_mode=True, state="absent")
    assert sids_on_aws(aws) == ["alarms"]
    removed = permission(state="absent")
    assert removed == planned
    assert (removed["changed"], removed["permission"]) == (True, {})
    assert sids_on_aws(aws) == []
    assert not permission(state="absent")["changed"]


def test_a_function_that_is_not_there_can_be_planned_only(aws: AwsEndpoint):
    nobody = functools.partial(run_module, "lambda_permission", aws, function_name="nobody", statement_id="alarms")
    assert nobody(check_mode=True, **ALARMS)["changed"]
    assert "Failed to let a service call a function" in nobody(**ALARMS)["msg"]
    assert not nobody(state="absent")["changed"]
