"""A CloudWatch alarm as our options say it, and as CloudWatch's requests do. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re
from typing import Any

from .differences import Values

_NAMES = {
    "description": "AlarmDescription",
    "comparison": "ComparisonOperator",
    "threshold": "Threshold",
    "evaluation_periods": "EvaluationPeriods",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "treat_missing_data": "TreatMissingData",
}
# Everything else is a percentile or a trimmed statistic, which has a field of its own.
_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
_EXPRESSION_ID = "expression"


COMPARISONS = (
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanThreshold",
)
MISSING_DATA = ("breaching", "ignore", "missing", "notBreaching")


def problems(name: str, alarm: Values, planned: bool = False) -> list[str]:
    """What CloudWatch would refuse, or would take for something else than was meant.

    A dimension without a value names a thing that is not there. In a plan (``planned``) it may come yet.
    """
    found = []
    if not re.fullmatch(r"[ -~]{1,255}", name):
        found.append(f"the name {name!r} is not one of up to 255 characters of ASCII")
    if bool(alarm["metric_name"]) == bool(alarm["expression"]):
        found.append("it has both metric_name and expression, or neither, expected one of them")
    if alarm["expression"] and not alarm["of"]:
        found.append("its expression has no metrics in of")
    if alarm["metric_name"] and not alarm["namespace"]:
        found.append("its metric has no namespace")
    if (alarm["datapoints_to_alarm"] or 0) > alarm["evaluation_periods"]:
        found.append("datapoints_to_alarm is more than evaluation_periods")
    seconds = alarm["period"] * alarm["evaluation_periods"]
    if alarm["period"] not in (10, 20, 30) and alarm["period"] % 60 != 0:
        found.append(f"its period is {alarm['period']} seconds, expected 10, 20, 30 or a multiple of 60")
    if seconds > 7 * 86400 or (alarm["period"] < 3600 and seconds > 86400):
        found.append(f"it looks back {seconds} seconds, expected a day at most, or a week with periods of an hour")
    empty = [key for key, value in (alarm["dimensions"] or {}).items() if not value]
    if empty and not planned:
        found.append(f"no value is given for the dimension {', '.join(empty)}")
    return [f"{name}: {one}." for one in found]


def request(name: str, alarm: Values, actions: list[str]) -> Values:
    """The request to put an alarm that tells ``actions`` when it begins and when it is over."""
    asked: Values = {_NAMES[option]: value for option, value in alarm.items() if option in _NAMES and value is not None}
    asked |= {"AlarmName": name, "ActionsEnabled": True, "AlarmActions": actions, "OKActions": actions}
    if alarm["expression"]:
        return asked | {"Metrics": _metrics(alarm)}
    which = "Statistic" if alarm["statistic"] in _STATISTICS else "ExtendedStatistic"
    return asked | _metric(alarm) | {which: alarm["statistic"], "Period": alarm["period"]}


def _metric(metric: Values) -> Values:
    return {
        "Namespace": metric["namespace"],
        "MetricName": metric["metric_name"],
        "Dimensions": _dimensions(metric.get("dimensions") or {}),
    }


def _dimensions(dimensions: Values) -> list[Values]:
    return [{"Name": name, "Value": value} for name, value in sorted(dimensions.items())]


def _metrics(alarm: Values) -> list[Values]:
    of = [
        {
            "Id": identity,
            "ReturnData": False,
            "MetricStat": {
                "Metric": _metric(one),
                "Period": alarm["period"],
                "Stat": one.get("statistic") or "Average",
            },
        }
        for identity, one in sorted(alarm["of"].items())
    ]
    shown = {"Label": alarm["label"]} if alarm["label"] else {}
    return [{"Id": _EXPRESSION_ID, "Expression": alarm["expression"], "ReturnData": True, **shown}, *of]


def comparable(alarm: Values) -> Values:
    """What CloudWatch says of an alarm, or what is asked of it, in one form and order."""
    shown = {key: alarm[key] for key in _COMPARED if alarm.get(key) not in (None, [], "")}
    if "Dimensions" in shown:
        shown["Dimensions"] = _by(shown["Dimensions"], "Name")
    if "Metrics" in shown:
        shown["Metrics"] = [_comparable_metric(one) for one in _by(shown["Metrics"], "Id")]
    for key in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        if key in shown:
            shown[key] = sorted(shown[key])
    if "Threshold" in shown:
        shown["Threshold"] = float(shown["Threshold"])
    return shown


_COMPARED = (
    *(*_NAMES.values(), "ActionsEnabled", "AlarmActions", "OKActions", "InsufficientDataActions"),
    *("Namespace", "MetricName", "Dimensions", "Statistic", "ExtendedStatistic", "Period", "Unit", "Metrics"),
)


def _comparable_metric(metric: Values) -> Values:
    shown = {key: value for key, value in metric.items() if value not in (None, "")}
    shown.setdefault("ReturnData", True)
    stat = shown.get("MetricStat")
    if stat:
        inner = stat["Metric"]
        shown["MetricStat"] = stat | {"Metric": inner | {"Dimensions": _by(inner.get("Dimensions", []), "Name")}}
    return shown


def _by(items: list[Values], key: str) -> list[Values]:
    return sorted(items, key=lambda one: str(one[key]))


def changes(before: Values, after: Values) -> dict[str, dict[str, Any]]:
    """The fields in which two comparable alarms differ, before and after."""
    differing = [key for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)]
    return {
        "before": {key: before[key] for key in differing if key in before},
        "after": {key: after[key] for key in differing if key in after},
    }
