"""What is told of an alarm: from CloudWatch's notification to a message. Pure functions.

The fields are those of the CloudWatch user guide, "Schema of Amazon SNS notifications when alarms change state".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from notifier import console
from notifier.blocks import Block, Message, code_block, context, escaped, link, message, section
from notifier.masking import masked
from notifier.names import environment_of

Json = dict[str, Any]

_SIGNS = {"ALARM": "🔴", "OK": "🟢", "INSUFFICIENT_DATA": "⚪"}

_COMPARISONS = {
    "GreaterThanThreshold": "above",
    "GreaterThanOrEqualToThreshold": "at or above",
    "LessThanThreshold": "below",
    "LessThanOrEqualToThreshold": "at or below",
    "GreaterThanUpperThreshold": "above the expected",
    "LessThanLowerThreshold": "below the expected",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside the expected",
}

# Of several datapoints the newest stands first. Of several time series only the newest datapoint is told.
_DATAPOINT = re.compile(r"(?:datapoints? |most recent datapoint[^\[]*)[\[(](-?[\d.]+(?:E-?\d+)?)")
_NO_DATA = re.compile(r"no datapoints were received")


def is_worth_telling(alarm: Json) -> bool:
    """Alarms begin without data, and end so where nothing happens: of that only the loss under an alarm is news."""
    new, old = alarm["NewStateValue"], alarm.get("OldStateValue")
    return new == "ALARM" or old == "ALARM" or new not in _SIGNS


def of_alarm(alarm: Json) -> Message:
    """That an alarm went off, is over, or lost its data."""
    state = alarm["NewStateValue"]
    name = alarm["AlarmName"]
    title = _title(alarm)
    words = {"ALARM": "", "OK": "Over: ", "INSUFFICIENT_DATA": "No data any more: "}.get(state, f"{escaped(state)}: ")
    where = _where(alarm)
    lines = [f"{_SIGNS.get(state, '⚪')} {words}*{title}*", where]
    blocks = [section("\n".join(line for line in lines if line))]
    if value := _value(alarm):
        blocks.append(section(value))
    if state == "ALARM" and (more := _more(alarm)):
        blocks.append(section(more))
    if state == "INSUFFICIENT_DATA":
        blocks.append(context("Whether it is over is not known. When data comes again and is good, nothing is told."))
    blocks.append(context(" · ".join(part for part in (_when(alarm), _link(alarm), escaped(name)) if part)))
    return message(f"{words}{title}{f' ({where})' if where else ''}", blocks)


def of_text(subject: str, text: str) -> Message:
    """Anything else that was sent to the topic, such as a service's own notification."""
    title = escaped(masked(subject)) or "A notification"
    # Long enough for people; what is in it in full is not a matter for a chat.
    blocks: list[Block] = [section(f"✉️ *{title}*")]
    if text.strip():
        blocks.append(section(code_block(masked(text[:10_000]).splitlines()[:20])))
    return message(title, blocks)


def _title(alarm: Json) -> str:
    return escaped(masked(_description(alarm)[0])) or escaped(alarm["AlarmName"])


def _more(alarm: Json) -> str:
    """What a description says below its first line, such as what to do."""
    return escaped(masked(_description(alarm)[1]), 1000)


def _description(alarm: Json) -> tuple[str, str]:
    first, _, more = (alarm.get("AlarmDescription") or "").strip().partition("\n")
    return first, more


def _where(alarm: Json) -> str:
    environment = _environment(alarm)
    dimensions = [f"{escaped(name)} {escaped(value)}" for name, value in _dimensions(alarm)]
    return " · ".join(part for part in (escaped(environment), escaped(_region(alarm)), *dimensions) if part)


def _environment(alarm: Json) -> str:
    """By a resource that is named after the environment, else by the alarm's own name: APP-ENVIRONMENT-what."""
    named = (_named(value) for name, value in _dimensions(alarm) if name in _NAMED_AFTER_IT)
    return next((one for one in named if one), "") or environment_of(alarm["AlarmName"]).partition("-")[0]


_NAMED_AFTER_IT = ("ClusterName", "DBInstanceIdentifier", "LoadBalancer")


def _named(value: str) -> str:
    # A load balancer's is app/NAME/ID.
    return environment_of(value.removeprefix("app/").partition("/")[0])


def _metrics(alarm: Json) -> list[Json]:
    """The metrics, those of an expression, too; a composite alarm has none."""
    trigger = alarm.get("Trigger") or {}
    inner = [one["MetricStat"] for one in trigger.get("Metrics") or [] if one.get("MetricStat")]
    return [one["Metric"] for one in inner] if inner else [trigger] if trigger.get("MetricName") else []


def _dimensions(alarm: Json) -> list[tuple[str, str]]:
    return list(dict.fromkeys(pair for metric in _metrics(alarm) for pair in _pairs(metric.get("Dimensions") or [])))


def _pairs(dimensions: list[Json]) -> Iterator[tuple[str, str]]:
    for one in dimensions:
        # Unlike CloudWatch's API, its notifications write them small.
        lower = {key.lower(): str(value) for key, value in one.items()}
        yield lower["name"], lower["value"]


def _value(alarm: Json) -> str:
    """What was measured against what is tolerated."""
    trigger = alarm.get("Trigger") or {}
    reason = alarm.get("NewStateReason", "")
    if "ComparisonOperator" not in trigger:
        return escaped(masked(_shortened(reason)), 1000)
    found = _DATAPOINT.search(reason)
    value = _number(found[1]) if found else "no data" if _NO_DATA.search(reason) else ""
    threshold = f" {_number(trigger['Threshold'])}" if "Threshold" in trigger else ""
    limit = f"{_COMPARISONS.get(trigger['ComparisonOperator'], escaped(trigger['ComparisonOperator']))}{threshold}"
    measured = f"{escaped(_metric_name(trigger))}: *{value}*" if value else escaped(_metric_name(trigger))
    return f"{measured}, alarm {limit} {_periods(trigger)}"


def _metric_name(trigger: Json) -> str:
    metrics = trigger.get("Metrics") or []
    if not metrics:
        return str(trigger.get("MetricName", "Value"))
    # What is compared is what is returned, or what the alarm names; of a band it is the metric beside it.
    compared = [one for one in metrics if one.get("ReturnData") and one["Id"] != trigger.get("ThresholdMetricId")]
    one = (compared or metrics)[0]
    metric = (one.get("MetricStat") or {}).get("Metric") or {}
    return str(one.get("Label") or metric.get("MetricName") or one.get("Expression") or one["Id"])


def _periods(trigger: Json) -> str:
    count = trigger.get("EvaluationPeriods", 1)
    needed = trigger.get("DatapointsToAlarm") or count
    periods = (one.get("Period") or (one.get("MetricStat") or {}).get("Period") for one in trigger.get("Metrics") or [])
    seconds = trigger.get("Period") or next((one for one in periods if one), 0)
    each = f" of {_duration(seconds)}" if seconds else ""
    if count == 1:
        return f"in one period{each}"
    return f"in {needed} of {count} periods{each}"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds % 60 == 0 else f"{seconds:g} s"


def _number(value: Any) -> str:
    return f"{float(value):.6g}"


def _shortened(reason: str) -> str:
    """A composite alarm's reason with the alarms' names in place of their ARNs."""
    return re.sub(r"arn:[\w-]+:cloudwatch:[\w-]*:\d*:alarm:", "", reason)


def _when(alarm: Json) -> str:
    time = _moment(alarm.get("StateChangeTime", ""))
    return f"{'ended' if alarm['NewStateValue'] == 'OK' else 'since'} {time}" if time else ""


def _moment(text: str) -> str:
    try:
        # With its offset written as +0000, which fromisoformat takes from Python 3.11 on.
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return ""


def _arn(alarm: Json) -> list[str]:
    """arn:PARTITION:cloudwatch:REGION:ACCOUNT:alarm:NAME, in its parts."""
    parts = str(alarm.get("AlarmArn", "")).split(":", 6)
    return parts if len(parts) == 7 else []


def _region(alarm: Json) -> str:
    """The region's code; CloudWatch's Region is its name for people."""
    arn = _arn(alarm)
    return arn[3] if arn else str(alarm.get("Region", ""))


def _link(alarm: Json) -> str:
    arn = _arn(alarm)
    return link(console.alarm(arn[1], arn[3], arn[6]), "Look at the metric") if arn else ""
