"""cloudwatchlogs_subscription_filter against emulators of AWS."""

from __future__ import annotations

import pytest

from tests.integration.harness import AwsEndpoint, run_module

MODULE = "cloudwatchlogs_subscription_filter"
GROUP = "/subscription-filter/under-test"
STREAM = "subscription-filter-under-test"
ROLE = "arn:aws:iam::123456789012:role/logs-to-lines"


@pytest.fixture
def errors(aws: AwsEndpoint):
    """The options of a filter whose log group and destination are there."""
    logs, kinesis = aws.client("logs"), aws.client("kinesis")
    logs.create_log_group(logGroupName=GROUP)
    kinesis.create_stream(StreamName=STREAM, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"]["StreamARN"]
    yield {
        "name": "errors",
        "log_group": GROUP,
        "filter_pattern": "?error ?failed",
        "destination_arn": arn,
        "role_arn": ROLE,
    }
    logs.delete_log_group(logGroupName=GROUP)
    kinesis.delete_stream(StreamName=STREAM)


def on_aws(aws: AwsEndpoint):
    found = aws.client("logs").describe_subscription_filters(logGroupName=GROUP)["subscriptionFilters"]
    return {one["filterName"]: one for one in found}


def test_a_filter_is_made_once(aws: AwsEndpoint, errors):
    planned = run_module(MODULE, aws, check_mode=True, **errors)
    assert planned["changed"], planned
    assert on_aws(aws) == {}
    made = run_module(MODULE, aws, **errors)
    assert made == planned
    assert made["subscription_filter"] == errors | {"distribution": "ByLogStream"}
    found = on_aws(aws)["errors"]
    assert found["filterPattern"] == "?error ?failed"
    assert (found["destinationArn"], found["roleArn"]) == (errors["destination_arn"], ROLE)

    again = run_module(MODULE, aws, **errors)
    assert not again["changed"], again["diff"]
    assert again["subscription_filter"] == made["subscription_filter"]
    assert not run_module(MODULE, aws, check_mode=True, **errors)["changed"]


def test_a_filter_changes_in_what_is_asked_for_alone(aws: AwsEndpoint, errors):
    run_module(MODULE, aws, **errors)
    change = {"name": "errors", "log_group": GROUP, "filter_pattern": "?ERROR"}
    planned = run_module(MODULE, aws, check_mode=True, **change)
    assert on_aws(aws)["errors"]["filterPattern"] == "?error ?failed"
    changed = run_module(MODULE, aws, **change)
    assert changed == planned
    assert changed["diff"] == {"before": {"filter_pattern": "?error ?failed"}, "after": {"filter_pattern": "?ERROR"}}
    assert changed["msg"] == f"Changed filter_pattern of the subscription filter errors of {GROUP}."
    found = on_aws(aws)["errors"]
    assert (found["filterPattern"], found["roleArn"]) == ("?ERROR", ROLE)


def test_the_distribution_is_changed(ministack: AwsEndpoint, request: pytest.FixtureRequest):
    # moto keeps none, and always answers ByLogStream.
    logs = ministack.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    request.addfinalizer(lambda: logs.delete_log_group(logGroupName=GROUP))
    errors = {"name": "errors", "log_group": GROUP}
    run_module(MODULE, ministack, **errors, destination_arn=f"arn:aws:kinesis:us-east-1:{'1' * 12}:stream/lines")
    assert run_module(MODULE, ministack, **errors, distribution="Random")["changed"]
    assert on_aws(ministack)["errors"]["distribution"] == "Random"
    assert not run_module(MODULE, ministack, **errors, distribution="Random")["changed"]
    # Not asked for, so it stays.
    assert not run_module(MODULE, ministack, **errors)["changed"]


def test_one_filter_of_two_is_changed(ministack: AwsEndpoint, request: pytest.FixtureRequest):
    # moto refuses any put on a group that has two.
    logs = ministack.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    request.addfinalizer(lambda: logs.delete_log_group(logGroupName=GROUP))
    function = f"arn:aws:lambda:us-east-1:{ministack.account_id}:function:notifier"
    for name in ("errors", "timeouts"):
        run_module(MODULE, ministack, name=name, log_group=GROUP, destination_arn=function)
    assert run_module(MODULE, ministack, name="errors", log_group=GROUP, filter_pattern="x")["changed"]
    assert {name: one["filterPattern"] for name, one in on_aws(ministack).items()} == {"errors": "x", "timeouts": ""}


@pytest.mark.parametrize("check_mode", [True, False], ids=["planned", "asked for"])
def test_a_third_filter_is_refused_before_the_call(aws: AwsEndpoint, errors, check_mode):
    for name in ("errors", "timeouts"):
        assert run_module(MODULE, aws, **errors | {"name": name})["changed"]
    refused = run_module(MODULE, aws, check_mode=check_mode, **errors | {"name": "third"})
    assert refused["failed"]
    assert "it has the filters errors and timeouts, and AWS takes 2 a group at most." in refused["msg"]
    assert "Take one of them away with state: absent" in refused["msg"]
    assert list(on_aws(aws)) == ["errors", "timeouts"]


def test_a_filter_of_a_group_that_is_not_there_is_planned_in_check_mode_and_refused_else(aws: AwsEndpoint):
    options = {"name": "errors", "log_group": "/no/such/group", "destination_arn": "", "filter_pattern": ""}
    planned = run_module(MODULE, aws, check_mode=True, **options)
    assert planned["changed"], planned
    assert planned["subscription_filter"]["log_group"] == "/no/such/group"
    refused = run_module(MODULE, aws, **options)
    assert refused["failed"]
    assert "There is no log group /no/such/group" in refused["msg"]
    assert "run this again" in refused["msg"]


def test_a_new_filter_without_a_destination_is_refused_before_the_call(aws: AwsEndpoint, errors):
    assert "destination_arn is empty" in run_module(MODULE, aws, **errors | {"destination_arn": ""})["msg"]
    assert on_aws(aws) == {}


def test_a_filter_is_deleted_once(aws: AwsEndpoint, errors):
    run_module(MODULE, aws, **errors)
    gone = {"name": "errors", "log_group": GROUP, "state": "absent"}
    planned = run_module(MODULE, aws, check_mode=True, **gone)
    assert list(on_aws(aws)) == ["errors"]
    deleted = run_module(MODULE, aws, **gone)
    assert deleted == planned
    assert deleted["changed"]
    assert deleted["subscription_filter"] == {}
    assert on_aws(aws) == {}
    assert not run_module(MODULE, aws, **gone)["changed"]


def test_a_filter_of_a_group_that_is_gone_is_gone(aws: AwsEndpoint):
    gone = run_module(MODULE, aws, name="errors", log_group="/no/such/group", state="absent")
    assert (gone["changed"], gone["subscription_filter"]) == (False, {})
