"""The handler that tells of alarms, and of whatever else is sent to the alarms' topic.

SNS brings one record at a time, and brings it again when it was not taken. Of several all are tried; when one fails
the function fails, so those that were sent are then sent again.
"""

from __future__ import annotations

import json
from typing import Any

from notifier import alarm_message, log, slack, trial
from notifier.blocks import Message
from notifier.slack import Context, SlackRefused, SlackUnavailable, Way

Json = dict[str, Any]


def handler(event: Json, context: Context) -> Json | None:
    until = slack.deadline(context)
    if trial.is_asked_for(event):
        return trial.send("ALERTS", until)
    notifications = [record["Sns"] for record in event.get("Records", []) if "Sns" in record]
    failures = []
    way = slack.way("ALERTS") if notifications else None
    for notification in notifications:
        try:
            tell(way, notification, until)
        except (SlackUnavailable, SlackRefused) as error:
            log.error("not_sent", message_id=notification.get("MessageId"), why=str(error))
            failures.append(error)
    if failures:
        raise failures[0]
    return None


def tell(way: Way | None, notification: Json, until: float) -> None:
    alarm = _alarm(notification["Message"])
    facts = {"message_id": notification.get("MessageId"), "alarm": alarm.get("AlarmName", "")}
    if alarm and not alarm_message.is_worth_telling(alarm):
        log.info("not_worth_telling", state=alarm["NewStateValue"], **facts)
    elif way is None:
        log.info("nowhere_to_send", told="alarm", **facts)
    else:
        slack.post(way, _message(alarm, notification), until)
        log.info("sent", told="alarm", by=way.kind, state=alarm.get("NewStateValue", ""), **facts)


def _message(alarm: Json, notification: Json) -> Message:
    if alarm:
        return alarm_message.of_alarm(alarm)
    return alarm_message.of_text(notification.get("Subject") or "", notification["Message"])


def _alarm(text: str) -> Json:
    """CloudWatch's notification of an alarm; empty for any other text."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    is_alarm = isinstance(content, dict) and content.keys() >= {"AlarmName", "NewStateValue"}
    return content if is_alarm else {}
