"""metric_alarms against emulators of AWS."""

from __future__ import annotations

import pytest

from tests.integration.harness import AwsEndpoint, run_module

MODULE = "metric_alarms"
CPU = {
    "description": "The tasks use up their processors",
    "namespace": "AWS/ECS",
    "metric_name": "CPUUtilization",
    "dimensions": {"ServiceName": "app", "ClusterName": "webapp"},
    "evaluation_periods": 10,
    "comparison": "GreaterThanThreshold",
    "threshold": 90,
}
SLOW = CPU | {"metric_name": "TargetResponseTime", "statistic": "p95"}
TASKS = {"namespace": "ECS/ContainerInsights", "dimensions": {"ServiceName": "app", "ClusterName": "webapp"}}
MISSING = {
    "description": "Fewer tasks run than are wanted",
    "expression": "wanted - running",
    "label": "tasks missing",
    "of": {
        "wanted": TASKS | {"metric_name": "DesiredTaskCount"},
        "running": TASKS | {"metric_name": "RunningTaskCount"},
    },
    "evaluation_periods": 10,
    "comparison": "GreaterThanThreshold",
    "threshold": 0,
}
ALARMS = {"cpu": CPU, "slow": SLOW, "missing": MISSING}


@pytest.fixture
def alarms(aws: AwsEndpoint):
    yield ALARMS
    run(aws, alarms=dict.fromkeys(ALARMS))


def run(aws: AwsEndpoint, **options):
    return run_module(MODULE, aws, prefix="under-test-", **options)


def on_aws(aws: AwsEndpoint):
    found = aws.client("cloudwatch").describe_alarms(AlarmNamePrefix="under-test-")["MetricAlarms"]
    return {one["AlarmName"]: one for one in found}


def test_alarms_are_made_once(aws: AwsEndpoint, alarms):
    given = {"alarms": alarms, "actions": [f"arn:aws:sns:us-east-1:{aws.account_id}:alarms"]}
    planned = run(aws, check_mode=True, **given)
    assert (planned["changed"], planned["made"]) == (True, ["under-test-cpu", "under-test-slow", "under-test-missing"])
    assert on_aws(aws) == {}
    made = run(aws, **given)
    assert made == planned
    assert sorted(on_aws(aws)) == sorted(made["made"])

    again = run(aws, **given)
    assert not again["changed"], again["diff"]
    assert again["msg"] == "Nothing to change in 3 alarms."


def test_an_alarm_that_differs_is_corrected_and_the_others_are_left_alone(aws: AwsEndpoint, alarms):
    run(aws, alarms=alarms)
    corrected = run(aws, alarms=alarms | {"cpu": CPU | {"threshold": 80}})
    assert (corrected["made"], corrected["corrected"], corrected["deleted"]) == ([], ["under-test-cpu"], [])
    assert corrected["diff"] == {
        "before": {"under-test-cpu": {"Threshold": 90.0}},
        "after": {"under-test-cpu": {"Threshold": 80.0}},
    }
    assert on_aws(aws)["under-test-cpu"]["Threshold"] == 80.0


def test_an_alarm_that_says_nothing_goes(aws: AwsEndpoint, alarms):
    run(aws, alarms=alarms)
    gone = alarms | {"slow": None}
    assert run(aws, check_mode=True, alarms=gone)["deleted"] == ["under-test-slow"]
    assert run(aws, alarms=gone)["msg"] == "Deleted under-test-slow."
    assert on_aws(aws).keys() == {"under-test-cpu", "under-test-missing"}
    assert not run(aws, alarms=gone)["changed"]


def test_one_wrong_alarm_keeps_all_from_being_put_and_says_what_is_wrong(aws: AwsEndpoint, alarms):
    wrong = alarms | {"slow": SLOW | {"comparison": "Above"}, "cpu": CPU | {"period": 45}}
    refused = run(aws, alarms=wrong)
    assert refused["failed"]
    assert "under-test-slow: value of comparison must be one of" in refused["msg"]
    assert "under-test-cpu: its period is 45 seconds" in refused["msg"]
    assert on_aws(aws) == {}
