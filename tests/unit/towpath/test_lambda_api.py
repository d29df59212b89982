"""The calls to Lambda that wait, or that take a refusal for an answer."""

from __future__ import annotations

import boto3
import botocore.waiter
import pytest
from ansible.module_utils.towpath.lambda_api import LambdaError, put_function_concurrency, wait_until
from botocore.stub import Stubber

UUID = "14e0db71-5d35-4eb5-b481-8945cf9d10c2"


@pytest.fixture
def client():
    return boto3.client("lambda", region_name="us-east-1", aws_access_key_id="no", aws_secret_access_key="no")


@pytest.fixture
def answers(client, monkeypatch):
    monkeypatch.setattr(botocore.waiter.time, "sleep", lambda _seconds: None)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("states", "wanted"),
    [
        pytest.param(["Enabled"], "Enabled", id="at once"),
        pytest.param(["Creating", "Enabled"], "Enabled", id="a new one"),
        pytest.param(["Updating", "Enabling", "Enabled"], "Enabled", id="one that changes"),
        pytest.param(["Enabled", "Disabling", "Disabled"], "Disabled", id="one that ends"),
    ],
)
def test_an_event_source_is_waited_for_until_it_is_what_was_asked_for(client, answers, states, wanted):
    for state in states:
        answers.add_response("get_event_source_mapping", {"State": state}, {"UUID": UUID})
    wait_until(client, UUID, wanted)


def test_an_event_source_is_waited_for_until_it_is_gone(client, answers):
    answers.add_response("get_event_source_mapping", {"State": "Deleting"}, {"UUID": UUID})
    answers.add_client_error("get_event_source_mapping", "ResourceNotFoundException", http_status_code=404)
    wait_until(client, UUID, "Gone")


SMALL = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
    "minimum value of [10]."
)


def test_what_the_account_cannot_spare_is_an_answer(client, answers):
    answers.add_client_error("put_function_concurrency", "InvalidParameterValueException", SMALL)
    assert put_function_concurrency(client, "f", 2) == SMALL


def test_another_refusal_is_an_error(client, answers):
    answers.add_client_error("put_function_concurrency", "InvalidParameterValueException", "Something else.")
    with pytest.raises(LambdaError, match="reserve concurrent executions"):
        put_function_concurrency(client, "f", 2)
