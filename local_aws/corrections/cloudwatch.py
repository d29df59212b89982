"""CloudWatch and CloudWatch Logs: what an alarm stores, and which lines a filter pattern finds."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs


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


def terms_match(pattern: str, message: str) -> bool:
    terms = [(mark, quoted or bare) for mark, quoted, bare in re.findall(r'([?-]?)(?:"([^"]*)"|(\S+))', pattern)]
    must = [term for mark, term in terms if mark == ""]
    never = [term for mark, term in terms if mark == "-"]
    either = [term for mark, term in terms if mark == "?"]
    if must or never:
        return all(term in message for term in must) and not any(term in message for term in never)
    return any(term in message for term in either)
