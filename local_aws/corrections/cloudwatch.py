"""CloudWatch and CloudWatch Logs: what an alarm stores, sees and tells, and which lines a filter pattern finds."""

from __future__ import annotations

import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import botocore.session
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch, cloudwatch_logs, sns

from local_aws import alarms

logger = logging.getLogger("cloudwatch")


def an_alarm_stores_what_it_was_given() -> None:
    """An alarm keeps its expression, and has no description, statistic or period that it was not given.

    Amazon CloudWatch API Reference, PutMetricAlarm and MetricAlarm.
    """
    put: Callable[..., Any] = cloudwatch._put_metric_alarm

    def corrected(params: dict[str, Any], cbor_data: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:
        answer = put(params, cbor_data, is_cbor, is_json)
        name = cbor_data.get("AlarmName") if is_cbor or is_json else cloudwatch._p(params, "AlarmName")
        alarm = cloudwatch._alarms.get(name)
        if alarm is not None:
            if not alarm.get("AlarmDescription"):
                alarm.pop("AlarmDescription", None)
            alarm.pop("Statistic" if alarm.get("ExtendedStatistic") else "ExtendedStatistic", None)
            if (is_cbor or is_json) and cbor_data.get("Metrics"):
                alarm["Metrics"] = cbor_data["Metrics"]
                for field in ("Statistic", "Period"):
                    alarm.pop(field, None)
        return answer

    cloudwatch._put_metric_alarm = corrected


def an_alarm_sees_the_datapoints_of_its_own_metric() -> None:
    """One datapoint for each period, of the metric with just its dimensions; the newest ones decide, so it ends, too.

    Amazon CloudWatch User Guide, Alarm evaluation, and Configuring how CloudWatch alarms treat missing data. It looks
    when a metric is put, not as time goes by.
    """

    def corrected(alarm: dict[str, Any]) -> None:
        if not alarm.get("MetricName") or alarm.get("ComparisonOperator") not in alarms.COMPARISONS:
            return
        datapoints = alarms.newest(alarm, datapoints_of(alarm))
        if not datapoints:
            return
        new, old = alarms.state_of(alarm, datapoints), alarm["StateValue"]
        if new != old:
            alarm["StateReason"] = reason = alarms.reason(alarm, datapoints)
            alarm.update(StateValue=new, StateUpdatedTimestamp=int(time.time()))
            cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
            cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
            cloudwatch._evaluate_parent_alarms(alarm)

    cloudwatch._evaluate_alarm = corrected


def a_topic_hears_all_of_an_alarm() -> None:
    """The notification has every field of its schema; where policies are enforced the topic's must let CloudWatch in.

    Amazon CloudWatch User Guide, Schema of Amazon SNS notifications when alarms change state; Amazon SNS Developer
    Guide, Allow any CloudWatch alarm in the account to publish to a topic.
    """
    lists = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}

    def corrected(alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> None:
        actions = alarm.get(lists[new_state]) if alarm.get("ActionsEnabled", True) else []
        topics = [arn for arn in actions or [] if cloudwatch._is_sns_action_arn(arn)]
        region = name_of_region(get_region())
        known = alarm | {"StateValue": new_state, "StateReason": reason}
        message = alarms.notification(known, old_state, get_account_id(), region, time.time())
        subject = f'{new_state}: "{alarm["AlarmName"]}" in {region}'[:100]
        for topic in topics:
            if sns.topic_policy_allows(topic, "cloudwatch.amazonaws.com", alarm["AlarmArn"], get_account_id()):
                sns._fanout(topic, str(uuid.uuid4()), json.dumps(message), subject)
            else:
                logger.warning("The alarm %s may not tell %s: the topic's policy says no", alarm["AlarmName"], topic)

    cloudwatch._dispatch_alarm_actions = corrected


def question_marks_in_a_filter_pattern_mean_or() -> None:
    """`?error ?failed` finds a line with either word, `-word` one without it, and plain words must all be there.

    Amazon CloudWatch Logs User Guide, Filter pattern syntax, section Using filter patterns to match terms in
    unstructured log events. Beside other terms the ones with a question mark are ignored.
    """
    subscription: Callable[[str, str], bool] = cloudwatch_logs._subscription_pattern_matches
    search: Callable[[str], Callable[[str], bool]] = cloudwatch_logs._compile_filter_pattern

    def is_of_terms(pattern: str) -> bool:
        return (pattern or "").strip()[:1] not in ("", "{", "[", "%")

    def subscribed(pattern: str, message: str) -> bool:
        return terms_match(pattern, message or "") if is_of_terms(pattern) else subscription(pattern, message)

    def searched(pattern: str) -> Callable[[str], bool]:
        return (lambda message: terms_match(pattern, message)) if is_of_terms(pattern) else search(pattern)

    cloudwatch_logs._subscription_pattern_matches = subscribed
    cloudwatch_logs._compile_filter_pattern = searched


def datapoints_of(alarm: dict[str, Any]) -> list[alarms.Datapoint]:
    dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions") or []}
    points = cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))) or []
    periods: dict[float, list[dict[str, Any]]] = {}
    for point in points:
        if alarm.get("Unit") in (None, point["Unit"]):
            periods.setdefault(point["Timestamp"] // alarm["Period"] * alarm["Period"], []).append(point)
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
    measured = {at: cloudwatch._stat_value(cloudwatch._calc_stats(of), statistic, of) for at, of in periods.items()}
    return [(at, value) for at, value in measured.items() if value is not None]


def name_of_region(region: str) -> str:
    """As people know it: US East (N. Virginia)."""
    partitions = botocore.session.get_session().get_data("endpoints")["partitions"]
    return str(next((one["regions"][region]["description"] for one in partitions if region in one["regions"]), region))


def terms_match(pattern: str, message: str) -> bool:
    terms = [(mark, quoted or bare) for mark, quoted, bare in re.findall(r'([?-]?)(?:"([^"]*)"|(\S+))', pattern)]
    must = [term for mark, term in terms if mark == ""]
    never = [term for mark, term in terms if mark == "-"]
    either = [term for mark, term in terms if mark == "?"]
    if must or never:
        return all(term in message for term in must) and not any(term in message for term in never)
    return any(term in message for term in either)
