"""An event source mapping: what Lambda would refuse, and what it is asked for."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.event_source import comparable, create_request, refusal, update_request, wanted

QUEUE = "arn:aws:sqs:us-east-1:123456789012:webapp-notifier-log-lines"
STREAM = "arn:aws:dynamodb:us-east-1:123456789012:table/webapp-prod-releases/stream/2026-01-01T00:00:00.000"
DEAD_LETTERS = "arn:aws:sqs:us-east-1:123456789012:webapp-notifier-dead-letters"
UNSAID = dict.fromkeys([*comparable({}, {}), "starting_position"])


def of_a_queue(**different):
    return UNSAID | {"function_name": "f", "event_source_arn": QUEUE} | different


def of_a_stream(**different):
    return UNSAID | {"function_name": "f", "event_source_arn": STREAM, "starting_position": "LATEST"} | different


def said(options, *, found=None, planned=False):
    after = comparable(found or {}, {}) | wanted(options)
    return refusal(options, after, there=bool(found), planned=planned)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(of_a_queue(), id="a queue"),
        pytest.param(of_a_queue(batch_size=10), id="ten messages"),
        pytest.param(of_a_queue(batch_size=1000, maximum_batching_window_seconds=20), id="a thousand messages"),
        pytest.param(of_a_queue(maximum_concurrency=2), id="two at a time"),
        pytest.param(of_a_stream(), id="a stream"),
        pytest.param(of_a_stream(batch_size=100), id="a hundred records"),
        pytest.param(of_a_stream(maximum_retry_attempts=-1, maximum_record_age_seconds=-1), id="without end"),
        pytest.param(of_a_stream(on_failure_destination_arn=DEAD_LETTERS, parallelization_factor=10), id="all of it"),
    ],
)
def test_what_lambda_takes_is_not_refused(options):
    assert said(options) == ""


@pytest.mark.parametrize(
    ("options", "why"),
    [
        pytest.param(of_a_queue(event_source_arn=""), "The ARN of the event source of f is empty", id="nothing"),
        pytest.param(of_a_queue(batch_size=11), "batch_size of the event source of f, the queue", id="without waiting"),
        pytest.param(of_a_queue(batch_size=10001), "is 10001, expected 1 to 10000.", id="too many"),
        pytest.param(of_a_queue(maximum_batching_window_seconds=301), "expected 0 to 300.", id="too long"),
        pytest.param(of_a_queue(maximum_retry_attempts=5), "maximum_retry_attempts is for streams", id="retries"),
        pytest.param(of_a_queue(on_failure_destination_arn=DEAD_LETTERS), "_arn is for streams", id="destination"),
        pytest.param(of_a_queue(maximum_concurrency=1), "2 to 1000, or 0 for no limit", id="one at a time"),
        pytest.param(of_a_queue(tags={"aws:a": "b"}), "begins with aws:", id="a tag of AWS's own"),
        pytest.param(of_a_stream(maximum_concurrency=2), "maximum_concurrency is for queues", id="concurrency"),
        pytest.param(of_a_stream(starting_position=None), "expected LATEST or TRIM_HORIZON", id="no beginning"),
        pytest.param(of_a_stream(maximum_record_age_seconds=59), "60 to 604800, or -1 for no limit", id="too young"),
        pytest.param(of_a_stream(maximum_retry_attempts=10001), "0 to 10000, or -1 for no limit", id="too often"),
        pytest.param(of_a_stream(parallelization_factor=11), "is 11, expected 1 to 10.", id="too much at a time"),
    ],
)
def test_what_lambda_refuses_is_refused_before_the_call(options, why):
    assert why in said(options)


def test_a_source_that_is_not_there_yet_can_be_planned():
    assert said(of_a_stream(event_source_arn="", batch_size=1000), planned=True) == ""


def test_only_a_new_source_of_a_stream_needs_a_beginning():
    assert said(of_a_stream(starting_position=None), found={"UUID": "1", "State": "Enabled"}) == ""


def test_a_window_that_is_there_lets_batches_grow():
    assert said(of_a_queue(batch_size=1000), found={"UUID": "1", "MaximumBatchingWindowInSeconds": 20}) == ""


@pytest.mark.parametrize(
    ("state", "enabled"),
    [("Creating", True), ("Enabled", True), ("Enabling", True), ("Disabling", False), ("Disabled", False)],
)
def test_a_source_is_enabled_or_on_its_way_there(state, enabled):
    assert comparable({"State": state}, {})["enabled"] == enabled


ALL = {
    "enabled": False,
    "batch_size": 50,
    "maximum_batching_window_seconds": 5,
    "function_response_types": ["ReportBatchItemFailures"],
    "filter_patterns": [{"dynamodb": {"Keys": {"kind": {"S": ["release"]}}}}],
    "maximum_retry_attempts": 5,
    "maximum_record_age_seconds": 3600,
    "bisect_batch_on_function_error": True,
    "parallelization_factor": 2,
    "on_failure_destination_arn": DEAD_LETTERS,
    "maximum_concurrency": 2,
}


@pytest.mark.parametrize("asked", [ALL, {option: comparable({}, {})[option] for option in ALL}], ids=["all", "nothing"])
def test_what_is_asked_for_comes_back_in_our_words(asked):
    answer = update_request(asked)
    answer["State"] = "Enabled" if answer.pop("Enabled") else "Disabled"
    assert comparable(answer, {}) == asked | {"tags": {}}


def test_nothing_is_asked_for_that_did_not_change():
    assert update_request({"tags": {"a": "b"}}) == {}
    assert update_request({"maximum_retry_attempts": 0}) == {"MaximumRetryAttempts": 0}


def test_what_lambda_does_by_itself_is_not_asked_for():
    options = of_a_queue(enabled=True, maximum_concurrency=0, filter_patterns=[], starting_position="LATEST", tags={})
    assert create_request(options, wanted(options)) == {"FunctionName": "f", "EventSourceArn": QUEUE}


def test_a_stream_is_read_from_where_it_is_asked_for():
    options = of_a_stream(maximum_retry_attempts=5, tags={"a": "b"})
    assert create_request(options, wanted(options)) == {
        "FunctionName": "f",
        "EventSourceArn": STREAM,
        "StartingPosition": "LATEST",
        "MaximumRetryAttempts": 5,
        "Tags": {"a": "b"},
    }
