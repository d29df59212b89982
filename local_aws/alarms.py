"""What a metric alarm makes of datapoints, and what CloudWatch tells a topic of it. Pure functions."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]
Datapoint = tuple[float, float]
"""When its period began, and its value."""

ALARM, OK = "ALARM", "OK"

# Amazon CloudWatch User Guide, Configuring how CloudWatch alarms treat missing data: more than it needs.
MORE_PERIODS_LOOKED_AT = 2

COMPARISONS = {
    "GreaterThanThreshold": ("greater than", operator.gt),
    "GreaterThanOrEqualToThreshold": ("greater than or equal to", operator.ge),
    "LessThanThreshold": ("less than", operator.lt),
    "LessThanOrEqualToThreshold": ("less than or equal to", operator.le),
}


def newest(alarm: Json, datapoints: Sequence[Datapoint]) -> list[Datapoint]:
    """The datapoints that an alarm looks at, the newest first."""
    ordered = sorted(datapoints, reverse=True)
    seconds = (alarm["EvaluationPeriods"] + MORE_PERIODS_LOOKED_AT) * alarm["Period"]
    return [one for one in ordered if one[0] > ordered[0][0] - seconds][: alarm["EvaluationPeriods"]]


def state_of(alarm: Json, datapoints: Sequence[Datapoint]) -> str:
    """The state that the newest datapoints mean, and what is made of those that are missing."""
    breaching = len([one for one in datapoints if breaches(alarm, one)])
    missing = alarm["EvaluationPeriods"] - len(datapoints)
    needed = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    treated = alarm.get("TreatMissingData") or "missing"
    if treated == "missing":
        needed = min(needed, len(datapoints))
    if breaching + (missing if treated == "breaching" else 0) >= needed:
        return ALARM
    undecided = treated == "ignore" and breaching + missing >= needed
    return str(alarm["StateValue"]) if undecided else OK


def breaches(alarm: Json, datapoint: Datapoint) -> bool:
    _, compare = COMPARISONS[alarm["ComparisonOperator"]]
    return bool(compare(datapoint[1], alarm["Threshold"]))


def reason(alarm: Json, datapoints: Sequence[Datapoint]) -> str:
    """Why an alarm is in the state that state_of() has found."""
    state = state_of(alarm, datapoints)
    shown = [one for one in datapoints if breaches(alarm, one) == (state == ALARM)]
    if not shown:
        missing = alarm["EvaluationPeriods"] - len(datapoints)
        return (
            f"Threshold Crossed: no datapoints were received for {missing} periods and {missing} missing datapoints "
            "were treated as [Breaching]."
        )
    values = ", ".join(f"{value} ({datetime.fromtimestamp(at, UTC):%d/%m/%y %H:%M:%S})" for at, value in shown)
    count, looked_at = len(shown), alarm["EvaluationPeriods"]
    points = f"{count} datapoint{'s' if count > 1 else ''}"
    out_of = f"{count} out of the last {looked_at} datapoints" if looked_at > count else points
    words, _ = COMPARISONS[alarm["ComparisonOperator"]]
    were = f"{'were' if count > 1 else 'was'}{'' if state == ALARM else ' not'}"
    return f"Threshold Crossed: {out_of} [{values}] {were} {words} the threshold ({alarm['Threshold']})."


def notification(alarm: Json, old_state: str, account: str, region: str, now: float) -> Json:
    """Amazon CloudWatch User Guide, Schema of Amazon SNS notifications when alarms change state."""
    about = {"Trigger": trigger(alarm)} if "AlarmRule" not in alarm else {"AlarmRule": alarm["AlarmRule"]}
    return {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription"),
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm.get("AlarmConfigurationUpdatedTimestamp", now)),
        "NewStateValue": alarm["StateValue"],
        "NewStateReason": alarm["StateReason"],
        "StateChangeTime": moment(now),
        "Region": region,
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old_state,
        **{name: alarm.get(name, []) for name in ("OKActions", "AlarmActions", "InsufficientDataActions")},
        **about,
    }


def trigger(alarm: Json) -> Json:
    shared = {
        "EvaluationPeriods": alarm["EvaluationPeriods"],
        **({"DatapointsToAlarm": alarm["DatapointsToAlarm"]} if alarm.get("DatapointsToAlarm") else {}),
        "ComparisonOperator": alarm["ComparisonOperator"],
        "Threshold": alarm.get("Threshold"),
        "TreatMissingData": alarm.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": alarm.get("EvaluateLowSampleCountPercentile") or "",
    }
    if metrics := alarm.get("Metrics"):
        period = next(one["MetricStat"]["Period"] for one in metrics if one.get("MetricStat"))
        return {"Period": period, **shared, "Metrics": [as_it_is_told(one) for one in metrics]}
    extended = alarm.get("ExtendedStatistic")
    statistic = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", alarm.get("Statistic") or "Average").upper()
    return {
        "MetricName": alarm.get("MetricName"),
        "Namespace": alarm.get("Namespace"),
        "StatisticType": "ExtendedStatistic" if extended else "Statistic",
        **({"ExtendedStatistic": extended} if extended else {"Statistic": statistic}),
        "Unit": alarm.get("Unit"),
        "Dimensions": written_small(alarm.get("Dimensions") or []),
        "Period": alarm["Period"],
        **shared,
    }


def as_it_is_told(metric: Json) -> Json:
    """One of an expression's metrics, or the expression."""
    if not metric.get("MetricStat"):
        return metric
    measured = metric["MetricStat"]["Metric"]
    told = measured | {"Dimensions": written_small(measured.get("Dimensions") or [])}
    return metric | {"MetricStat": metric["MetricStat"] | {"Metric": told}}


def written_small(dimensions: list[Json]) -> list[Json]:
    return [{"value": one["Value"], "name": one["Name"]} for one in dimensions]


def moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")
