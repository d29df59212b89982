"""What Slack is told of alarms. How the golden files are written again stands in conftest.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notifier import alarms, slack

HIGH_ERRORS = {
    "AlarmName": "webapp-staging-target-5xx",
    "AlarmDescription": "The app answers with server errors\nLook in its log: ansible-playbook logs.yml -e env=staging",
    "AWSAccountId": "123456789012",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 2 out of the last 3 datapoints [31.0 (23/11/26 10:02:00), 12.0 (23/11/26 "
    "10:01:00)] were greater than or equal to the threshold (10.0) (minimum 2 datapoints for OK -> ALARM transition).",
    "StateChangeTime": "2026-11-23T10:03:12.345+0000",
    "Region": "EU (Frankfurt)",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:webapp-staging-target-5xx",
    "OldStateValue": "OK",
    "Trigger": {
        "MetricName": "HTTPCode_Target_5XX_Count",
        "Namespace": "AWS/ApplicationELB",
        "StatisticType": "Statistic",
        "Statistic": "SUM",
        "Unit": None,
        "Dimensions": [{"value": "app/webapp-staging/50dc6c495c0c9188", "name": "LoadBalancer"}],
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 10.0,
        "TreatMissingData": "notBreaching",
        "EvaluateLowSampleCountPercentile": "",
    },
}
OVER = HIGH_ERRORS | {
    "NewStateValue": "OK",
    "OldStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 2 out of the last 3 datapoints [0.0 (23/11/26 10:14:00), 1.0 (23/11/26 "
    "10:13:00)] were not greater than or equal to the threshold (10.0) (minimum 2 datapoints for ALARM -> OK "
    "transition).",
    "StateChangeTime": "2026-11-23T10:15:12.345+0000",
}
NO_DATA = HIGH_ERRORS | {
    "NewStateReason": "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were "
    "treated as [Breaching]."
}
DATA_LOST = HIGH_ERRORS | {
    "NewStateValue": "INSUFFICIENT_DATA",
    "OldStateValue": "ALARM",
    "NewStateReason": "Insufficient Data: 3 datapoints were unknown.",
}
IN_GOVCLOUD = HIGH_ERRORS | {
    "AlarmArn": "arn:aws-us-gov:cloudwatch:us-gov-west-1:123456789012:alarm:webapp-staging-target-5xx",
    "Region": "AWS GovCloud (US-West)",
}
COMPOSITE = {
    "AlarmName": "webapp-prod-app-unhealthy",
    "AlarmDescription": None,
    "NewStateValue": "ALARM",
    "NewStateReason": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:webapp-prod-target-5xx transitioned to "
    "ALARM at Monday 23 November, 2026 10:03:12 UTC",
    "StateChangeTime": "2026-11-23T10:03:12.345+0000",
    "Region": "EU (Frankfurt)",
    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:webapp-prod-app-unhealthy",
    "OldStateValue": "OK",
    "AlarmRule": "ALARM(webapp-prod-target-5xx) OR ALARM(webapp-prod-cpu)",
    "TriggeringChildren": [],
}
HOSTILE = HIGH_ERRORS | {"AlarmDescription": "<!channel> & </a> password=hunter2 @here"}


def event(*messages: Any, subject: str | None = "A subject") -> dict[str, Any]:
    texts = [one if isinstance(one, str) else json.dumps(one) for one in messages]
    sns = [{"Type": "Notification", "MessageId": f"m{place}", "Message": one} for place, one in enumerate(texts, 1)]
    return {"Records": [{"EventSource": "aws:sns", "Sns": one | {"Subject": subject}} for one in sns]}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("alarm", HIGH_ERRORS, id="goes off"),
        pytest.param("alarm over", OVER, id="is over"),
        pytest.param("alarm without data", NO_DATA, id="goes off because nothing came"),
        pytest.param("alarm that lost its data", DATA_LOST, id="loses its data"),
        pytest.param("composite alarm", COMPOSITE, id="is made of others"),
        pytest.param("alarm in GovCloud", IN_GOVCLOUD, id="in another partition"),
        pytest.param("alarm that Slack would act on", HOSTILE, id="says what Slack would act on"),
        pytest.param("text", "The instance was restarted. Its token=abc <!here>", id="is no alarm"),
    ],
)
def test_a_notification_becomes_one_message(account, invocation, golden, name, message):
    account.with_webhooks()
    alarms.handler(event(message), invocation)
    golden(name, account.slack.sent)


@pytest.mark.parametrize("name", ["alarm-metric", "alarm-metric-math", "alarm-anomaly", "alarm-composite"])
def test_the_documented_notifications_become_messages(account, invocation, golden, payload, name):
    account.with_bot()
    alarms.handler(event(payload(name)), invocation)
    assert account.slack.sent[0]["body"]["channel"] == "#alerts"
    golden(f"documented-{name}", account.slack.sent)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("INSUFFICIENT_DATA", "OK", id="a new alarm finds all well"),
        pytest.param("OK", "INSUFFICIENT_DATA", id="nothing happens any more"),
    ],
)
def test_a_change_that_concerns_no_alarm_is_not_told(account, invocation, old, new):
    account.with_webhooks()
    alarms.handler(event(HIGH_ERRORS | {"OldStateValue": old, "NewStateValue": new}), invocation)
    assert account.slack.sent == []


def test_of_several_that_one_is_refused_does_not_lose_the_others(account, invocation, monkeypatch):
    account.with_webhooks()
    account.slack.answer(200, "ok")
    account.slack.answer(400, "invalid_blocks")
    with pytest.raises(slack.SlackRefused, match="invalid_blocks"):
        alarms.handler(event(HIGH_ERRORS, OVER, NO_DATA), invocation)
    assert len(account.slack.sent) == 3


def test_with_no_way_to_slack_nothing_fails(account, invocation, capsys):
    alarms.handler(event(HIGH_ERRORS), invocation)
    assert '"nowhere_to_send"' in capsys.readouterr().out


def test_a_test_message_goes_to_the_alerts(account, invocation):
    account.with_bot()
    assert alarms.handler({"test": True}, invocation) == {"sent_by": "bot"}
    assert account.slack.sent[0]["body"]["channel"] == "#alerts"
