"""What a CloudWatch alarm is asked to be, and when it is so already."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath import metric_alarm

OPTIONS = {
    "description": "The app answers with 5xx",
    "namespace": "AWS/ApplicationELB",
    "metric_name": "HTTPCode_Target_5XX_Count",
    "dimensions": {"TargetGroup": "targetgroup/app/1", "LoadBalancer": "app/webapp/2"},
    "statistic": "Sum",
    "expression": None,
    "label": None,
    "of": None,
    "period": 60,
    "evaluation_periods": 2,
    "datapoints_to_alarm": None,
    "comparison": "GreaterThanOrEqualToThreshold",
    "threshold": 10,
    "treat_missing_data": "notBreaching",
}
TASKS = {"namespace": "ECS/ContainerInsights", "dimensions": {"ServiceName": "app", "ClusterName": "webapp"}}
EXPRESSION = OPTIONS | {
    **dict.fromkeys(("namespace", "metric_name", "dimensions")),
    "statistic": "Average",
    "expression": "wanted - running",
    "of": {
        "wanted": TASKS | {"metric_name": "DesiredTaskCount"},
        "running": TASKS | {"metric_name": "RunningTaskCount"},
    },
}
TOPIC = "arn:aws:sns:us-east-1:123456789012:alarms"


def test_an_alarm_tells_when_it_begins_and_when_it_is_over():
    asked = metric_alarm.request("webapp-app-5xx", OPTIONS, [TOPIC])
    assert asked == {
        "AlarmName": "webapp-app-5xx",
        "AlarmDescription": "The app answers with 5xx",
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC],
        "OKActions": [TOPIC],
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "HTTPCode_Target_5XX_Count",
        "Dimensions": [
            {"Name": "LoadBalancer", "Value": "app/webapp/2"},
            {"Name": "TargetGroup", "Value": "targetgroup/app/1"},
        ],
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 2,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 10,
        "TreatMissingData": "notBreaching",
    }


def test_a_percentile_has_a_field_of_its_own():
    asked = metric_alarm.request("slow", OPTIONS | {"statistic": "p95"}, [])
    assert asked["ExtendedStatistic"] == "p95"
    assert "Statistic" not in asked


def test_an_expression_names_its_metrics_and_shows_only_itself():
    asked = metric_alarm.request("missing", EXPRESSION, [])
    assert {"MetricName", "Namespace", "Dimensions", "Statistic", "Period"}.isdisjoint(asked)
    assert [(one["Id"], one["ReturnData"]) for one in asked["Metrics"]] == [
        ("expression", True),
        ("running", False),
        ("wanted", False),
    ]
    assert asked["Metrics"][2]["MetricStat"] == {
        "Metric": {
            "Namespace": "ECS/ContainerInsights",
            "MetricName": "DesiredTaskCount",
            "Dimensions": [{"Name": "ClusterName", "Value": "webapp"}, {"Name": "ServiceName", "Value": "app"}],
        },
        "Period": 60,
        "Stat": "Average",
    }


@pytest.mark.parametrize("options", [OPTIONS, EXPRESSION], ids=["of a metric", "of an expression"])
def test_what_cloudwatch_answers_is_what_was_asked(options):
    asked = metric_alarm.request("webapp-app-5xx", options, [TOPIC])
    answered = asked | {
        "AlarmArn": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:webapp-app-5xx",
        "StateValue": "OK",
        "InsufficientDataActions": [],
        "Threshold": 10.0,
    }
    for key in ("Dimensions", "Metrics"):
        if key in answered:
            answered[key] = list(reversed(answered[key]))
    assert metric_alarm.comparable(answered) == metric_alarm.comparable(asked)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"threshold": 11}, "Threshold"),
        ({"dimensions": {"LoadBalancer": "app/webapp/3"}}, "Dimensions"),
        ({"description": "Other words"}, "AlarmDescription"),
        ({"datapoints_to_alarm": 1}, "DatapointsToAlarm"),
        ({"statistic": "Maximum"}, "Statistic"),
    ],
)
def test_only_what_differs_is_told(change, field):
    before = metric_alarm.comparable(metric_alarm.request("a", OPTIONS, []))
    after = metric_alarm.comparable(metric_alarm.request("a", OPTIONS | change, []))
    found = metric_alarm.changes(before, after)
    assert list(found["after"]) == [field]


def test_actions_that_somebody_disabled_are_a_difference():
    asked = metric_alarm.comparable(metric_alarm.request("a", OPTIONS, [TOPIC]))
    assert metric_alarm.changes(asked | {"ActionsEnabled": False}, asked)["after"] == {"ActionsEnabled": True}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"metric_name": None}, "it has both metric_name and expression, or neither, expected one of them"),
        ({"expression": "a / b"}, "it has both metric_name and expression, or neither, expected one of them"),
        ({"expression": "a / b", "metric_name": None, "of": None}, "its expression has no metrics in of"),
        ({"namespace": None}, "its metric has no namespace"),
        ({"datapoints_to_alarm": 3}, "datapoints_to_alarm is more than evaluation_periods"),
        ({"period": 45}, "its period is 45 seconds, expected 10, 20, 30 or a multiple of 60"),
        ({"period": 300, "evaluation_periods": 289}, "it looks back 86700 seconds, expected a day at most"),
        ({"dimensions": {"DistributionId": ""}}, "no value is given for the dimension DistributionId"),
    ],
)
def test_what_cloudwatch_would_refuse_is_said(change, told):
    problems = metric_alarm.problems("webapp-app-5xx", OPTIONS | change)
    assert any(one.startswith(f"webapp-app-5xx: {told}") for one in problems), problems


@pytest.mark.parametrize("options", [OPTIONS, EXPRESSION, OPTIONS | {"period": 86400, "evaluation_periods": 7}])
def test_a_good_alarm_has_no_problems(options):
    assert metric_alarm.problems("webapp-app-5xx", options) == []


def test_a_plan_may_name_what_is_not_there_yet():
    assert metric_alarm.problems("a", OPTIONS | {"dimensions": {"DistributionId": ""}}, planned=True) == []


@pytest.mark.parametrize("name", ["", "ä", "x" * 256])
def test_a_name_that_cloudwatch_would_refuse_is_said(name):
    assert "is not one of up to 255 characters" in metric_alarm.problems(name, OPTIONS)[0]
