"""What an alarm makes of datapoints, and what it tells of it."""

from __future__ import annotations

from typing import Any

import pytest

from local_aws import alarms


def an_alarm(**given: Any) -> dict[str, Any]:
    made = {
        "AlarmName": "errors",
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:errors",
        "Namespace": "App",
        "MetricName": "Errors",
        "Statistic": "SampleCount",
        "Dimensions": [{"Name": "Service", "Value": "web"}],
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "StateValue": "unchanged",
        "StateReason": "a reason",
        "AlarmConfigurationUpdatedTimestamp": 1_768_384_800,
    }
    return made | given


def datapoints(drawn: str) -> list[alarms.Datapoint]:
    """Draw them as CloudWatch's user guide does: X breaches, 0 does not, - is missing; the newest stands last."""
    points = list(enumerate(drawn.split()))
    return [(60.0 * place, 12.0 if mark == "X" else 3.0) for place, mark in points if mark != "-"]


@pytest.mark.parametrize(
    ("drawn", "missing", "ignore", "breaching", "not_breaching"),
    [
        pytest.param("0 - X - X", "OK", "OK", "OK", "OK", id="enough_are_there"),
        pytest.param("0 - - - -", "OK", "OK", "OK", "OK", id="one_is_fine"),
        pytest.param("0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM", id="enough_breach"),
        pytest.param("- - X - -", "ALARM", "unchanged", "ALARM", "OK", id="one_breaches_and_the_rest_is_not_known"),
    ],
)
def test_three_datapoints_out_of_three(drawn, missing, ignore, breaching, not_breaching):
    found = {}
    for treatment in ("missing", "ignore", "breaching", "notBreaching"):
        alarm = an_alarm(TreatMissingData=treatment)
        found[treatment] = alarms.state_of(alarm, alarms.newest(alarm, datapoints(drawn)))
    assert list(found.values()) == [missing, ignore, breaching, not_breaching]


@pytest.mark.parametrize(
    ("drawn", "state"),
    [
        pytest.param("0 - X - X", "ALARM", id="two_breach"),
        pytest.param("0 0 X 0 X", "ALARM", id="none_is_missing"),
        pytest.param("X X 0 0 X", "OK", id="those_that_breach_are_too_old"),
    ],
)
@pytest.mark.parametrize("treatment", ["missing", "ignore", "breaching", "notBreaching"])
def test_where_two_of_three_are_enough_and_none_is_lacking_the_treatment_does_not_matter(treatment, drawn, state):
    alarm = an_alarm(TreatMissingData=treatment, DatapointsToAlarm=2)
    assert alarms.state_of(alarm, alarms.newest(alarm, datapoints(drawn))) == state


@pytest.mark.parametrize(
    ("operator", "at_the_threshold", "above"),
    [
        ("GreaterThanThreshold", "OK", "ALARM"),
        ("GreaterThanOrEqualToThreshold", "ALARM", "ALARM"),
        ("LessThanThreshold", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "OK"),
    ],
)
def test_a_value_is_compared_as_the_operator_says(operator, at_the_threshold, above):
    alarm = an_alarm(ComparisonOperator=operator, EvaluationPeriods=1)
    assert [alarms.state_of(alarm, [(0, value)]) for value in (10.0, 10.1)] == [at_the_threshold, above]


@pytest.mark.parametrize(
    ("given", "drawn", "words"),
    [
        pytest.param(
            {"EvaluationPeriods": 1},
            "X",
            "1 datapoint [12.0 (01/01/70 00:00:00)] was greater than or equal to the threshold (10.0).",
            id="alarm",
        ),
        pytest.param(
            {"EvaluationPeriods": 1},
            "X 0",
            "1 datapoint [3.0 (01/01/70 00:01:00)] was not greater than or equal to the threshold (10.0).",
            id="over",
        ),
        pytest.param(
            {"DatapointsToAlarm": 2},
            "X 0 X",
            "2 out of the last 3 datapoints [12.0 (01/01/70 00:02:00), 12.0 (01/01/70 00:00:00)] were greater than or "
            "equal to the threshold (10.0).",
            id="some",
        ),
        pytest.param(
            {"DatapointsToAlarm": 2, "TreatMissingData": "breaching"},
            "0",
            "no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].",
            id="missing",
        ),
    ],
)
def test_the_reason_names_the_datapoints(given, drawn, words):
    alarm = an_alarm(**given)
    assert alarms.reason(alarm, alarms.newest(alarm, datapoints(drawn))) == f"Threshold Crossed: {words}"


def test_a_notification_has_what_the_schema_names():
    alarm = an_alarm(StateValue="ALARM", AlarmActions=["topic"], AlarmDescription="Errors", DatapointsToAlarm=2)
    told = alarms.notification(alarm, "OK", "123456789012", "US East (N. Virginia)", 1_768_384_830.25)
    assert told == {
        "AlarmName": "errors",
        "AlarmDescription": "Errors",
        "AWSAccountId": "123456789012",
        "AlarmConfigurationUpdatedTimestamp": "2026-01-14T10:00:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": "a reason",
        "StateChangeTime": "2026-01-14T10:00:30.250+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": "OK",
        "OKActions": [],
        "AlarmActions": ["topic"],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "Errors",
            "Namespace": "App",
            "StatisticType": "Statistic",
            "Statistic": "SAMPLE_COUNT",
            "Unit": None,
            "Dimensions": [{"value": "web", "name": "Service"}],
            "Period": 60,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 10.0,
            "TreatMissingData": "missing",
            "EvaluateLowSampleCountPercentile": "",
        },
    }


def test_an_expression_is_told_with_its_metrics():
    dimension = {"Name": "Service", "Value": "web"}
    metric = {"Namespace": "App", "MetricName": "Errors", "Dimensions": [dimension]}
    measured = {"Id": "errors", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False}
    expression = {"Id": "rate", "Expression": "100 * errors", "ReturnData": True}
    told = alarms.trigger(an_alarm(Metrics=[expression, measured], MetricName=None, Period=None))
    assert (told["Period"], told["EvaluationPeriods"], "MetricName" in told) == (60, 3, False)
    assert told["Metrics"][0] == expression
    assert told["Metrics"][1]["MetricStat"]["Metric"] == metric | {"Dimensions": [{"value": "web", "name": "Service"}]}


def test_a_percentile_and_a_rule_are_told_in_fields_of_their_own():
    percentile = alarms.trigger(an_alarm(ExtendedStatistic="p99", Statistic=None))
    assert (percentile["StatisticType"], percentile["ExtendedStatistic"]) == ("ExtendedStatistic", "p99")
    assert "Statistic" not in percentile
    composite = an_alarm(AlarmRule="ALARM(errors)")
    told = alarms.notification(composite, "OK", "123456789012", "here", 0)
    assert told["AlarmRule"] == "ALARM(errors)"
    assert "Trigger" not in told
