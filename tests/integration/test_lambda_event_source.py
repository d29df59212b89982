"""lambda_event_source against emulators of AWS."""

from __future__ import annotations

import functools

import pytest

from tests.integration.harness import AwsEndpoint, run_module
from tests.integration.lambda_function import a_function

NAME = "event-source-under-test"
DEAD_LETTERS = "arn:aws:sqs:us-east-1:123456789012:dead-letters"


@pytest.fixture
def source(aws: AwsEndpoint):
    with a_function(aws, NAME):
        yield functools.partial(run_module, "lambda_event_source", aws, function_name=NAME)
        run_module("lambda_event_source", aws, function_name=NAME, state="absent")


@pytest.fixture
def queue(aws: AwsEndpoint):
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=NAME)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    yield {
        "event_source_arn": arn,
        "batch_size": 1000,
        "maximum_batching_window_seconds": 20,
        "function_response_types": ["ReportBatchItemFailures"],
    }
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def stream(aws: AwsEndpoint):
    ledger = run_module("release_ledger", aws, name=NAME, stream=True)["ledger"]
    yield {
        "event_source_arn": ledger["stream_arn"],
        "starting_position": "LATEST",
        "batch_size": 10,
        "maximum_retry_attempts": 5,
        "maximum_record_age_seconds": 3600,
        "bisect_batch_on_function_error": True,
        "parallelization_factor": 1,
        "on_failure_destination_arn": DEAD_LETTERS,
        "filter_patterns": [{"dynamodb": {"Keys": {"kind": {"S": ["release"]}}}}],
        "tags": {"towpath:app": "webapp"},
    }
    run_module("release_ledger", aws, name=NAME, state="absent")


def on_aws(aws: AwsEndpoint):
    return aws.client("lambda").list_event_source_mappings(FunctionName=NAME)["EventSourceMappings"]


@pytest.mark.parametrize("kind", ["queue", "stream"])
def test_an_event_source_is_made_once(request: pytest.FixtureRequest, aws: AwsEndpoint, source, kind):
    wanted = request.getfixturevalue(kind)
    planned = source(check_mode=True, **wanted)
    assert planned["changed"], planned
    assert on_aws(aws) == []
    made = source(**wanted)
    assert (made["changed"], made["diff"]) == (True, planned["diff"]), made
    [found] = on_aws(aws)
    assert (found["UUID"], found["State"]) == (made["event_source"]["uuid"], "Enabled")
    assert made["event_source"] == planned["event_source"] | {"uuid": found["UUID"]}

    for check_mode in (True, False):
        again = source(check_mode=check_mode, **wanted)
        assert not again["changed"], again["diff"]
        assert again["event_source"] == made["event_source"]


def test_a_stream_is_made_with_an_end_of_its_retries(aws: AwsEndpoint, source, stream):
    source(**stream)
    [found] = on_aws(aws)
    assert (found["MaximumRetryAttempts"], found["MaximumRecordAgeInSeconds"]) == (5, 3600)
    assert found["DestinationConfig"] == {"OnFailure": {"Destination": DEAD_LETTERS}}
    assert found["BisectBatchOnFunctionError"] is True


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("batch_size", 20, id="batch size"),
        pytest.param("maximum_retry_attempts", -1, id="retries without end"),
        pytest.param("bisect_batch_on_function_error", False, id="no halves"),
        pytest.param("on_failure_destination_arn", "", id="nobody is told"),
        pytest.param("filter_patterns", [], id="everything"),
        pytest.param("tags", {"owner": "ann"}, id="tags"),
    ],
)
def test_one_change_changes_one_thing(source, stream, field, value):
    source(**stream)
    change = {"event_source_arn": stream["event_source_arn"], field: value}
    planned = source(check_mode=True, **change)
    changed = source(**change)
    assert changed == planned
    assert changed["diff"] == {"before": {field: stream[field]}, "after": {field: value}}
    again = source(**stream | {field: value})
    assert not again["changed"], again["diff"]


def test_a_source_is_disabled_and_enabled_again(aws: AwsEndpoint, source, queue):
    assert source(**queue, enabled=False)["changed"]
    assert on_aws(aws)[0]["State"] == "Disabled"
    assert not source(**queue)["changed"]
    assert source(**queue, enabled=True)["diff"] == {"before": {"enabled": False}, "after": {"enabled": True}}
    assert on_aws(aws)[0]["State"] == "Enabled"


def test_one_source_is_taken_away_or_all_of_a_function(aws: AwsEndpoint, source, queue, stream):
    source(**queue)
    source(**stream)
    arn = queue["event_source_arn"]
    planned = source(check_mode=True, state="absent", event_source_arn=arn)
    assert len(on_aws(aws)) == 2
    gone = source(state="absent", event_source_arn=arn)
    assert gone == planned
    assert (gone["changed"], gone["event_source"]) == (True, {})
    assert [one["EventSourceArn"] for one in on_aws(aws)] == [stream["event_source_arn"]]
    assert not source(state="absent", event_source_arn=arn)["changed"]
    # An ARN that nobody knows yet is none, and not all of them.
    assert not source(state="absent", event_source_arn="")["changed"]
    assert source(state="absent")["changed"]
    assert on_aws(aws) == []


def test_what_is_not_there_yet_can_be_planned_only(source, stream):
    assert source(check_mode=True, **stream | {"event_source_arn": ""})["changed"]
    assert "The ARN of the event source" in source(**stream | {"event_source_arn": ""})["msg"]
