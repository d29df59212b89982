"""lambda_concurrency against emulators of AWS."""

from __future__ import annotations

import functools
import os
from unittest import mock

import pytest

from tests.integration import harness
from tests.integration.harness import AwsEndpoint, run_module
from tests.integration.lambda_function import a_function

NAME = "concurrency-under-test"


@pytest.fixture
def concurrency(aws: AwsEndpoint):
    with a_function(aws, NAME):
        yield functools.partial(run_module, "lambda_concurrency", aws, function_name=NAME)


def reserved_on_aws(aws: AwsEndpoint):
    return aws.client("lambda").get_function_concurrency(FunctionName=NAME).get("ReservedConcurrentExecutions")


def test_executions_are_reserved_once_and_taken_back_once(aws: AwsEndpoint, concurrency):
    made = concurrency(reserved=2)
    assert (made["changed"], made["concurrency"]) == (True, {"function_name": NAME, "reserved": 2})
    assert made["diff"] == {"before": {"reserved": None}, "after": {"reserved": 2}}
    assert reserved_on_aws(aws) == 2
    for check_mode in (True, False):
        assert not concurrency(check_mode=check_mode, reserved=2)["changed"]
    assert concurrency(reserved=0)["concurrency"]["reserved"] == 0
    assert reserved_on_aws(aws) == 0

    planned = concurrency(check_mode=True, state="absent")
    assert reserved_on_aws(aws) == 0
    gone = concurrency(state="absent")
    assert gone == planned
    assert (gone["changed"], gone["concurrency"]["reserved"]) == (True, None)
    assert reserved_on_aws(aws) is None
    assert not concurrency(state="absent")["changed"]


def test_check_mode_reserves_nothing(ministack: AwsEndpoint):
    # moto does not tell the account's limits.
    with a_function(ministack, NAME):
        planned = run_module("lambda_concurrency", ministack, check_mode=True, function_name=NAME, reserved=2)
        assert reserved_on_aws(ministack) is None
        assert planned == run_module("lambda_concurrency", ministack, function_name=NAME, reserved=2)


def test_a_plan_tells_what_the_account_cannot_spare(ministack: AwsEndpoint):
    with a_function(ministack, NAME):
        planned = run_module("lambda_concurrency", ministack, check_mode=True, function_name=NAME, reserved=100000)
    assert (planned["changed"], planned["concurrency"]["reserved"]) == (False, None)
    assert "AWS keeps" in planned["warnings"][0]


def test_what_the_account_cannot_spare_is_warned_of_and_nothing_changes():
    with (
        mock.patch.dict(os.environ, {"MOTO_LAMBDA_CONCURRENCY_QUOTA": "103"}),
        harness.moto(account_id="310987654321") as small,
        a_function(small, NAME),
    ):
        reserve = functools.partial(run_module, "lambda_concurrency", small, function_name=NAME)
        refused = reserve(reserved=10)
        assert (refused["changed"], refused["concurrency"]["reserved"]) == (False, None)
        assert "below its minimum value of [100]." in refused["warnings"][0]
        assert reserve(reserved=3)["changed"]
        kept = reserve(reserved=4)
        assert (kept["changed"], kept["concurrency"]["reserved"]) == (False, 3)


def test_a_function_that_is_not_there_can_be_planned_only(aws: AwsEndpoint):
    absent = functools.partial(run_module, "lambda_concurrency", aws, function_name="nobody")
    planned = absent(check_mode=True, reserved=2)
    assert (planned["changed"], planned["concurrency"]["reserved"]) == (True, 2)
    assert "There is no function nobody" in absent(reserved=2)["msg"]
    assert not absent(state="absent")["changed"]
