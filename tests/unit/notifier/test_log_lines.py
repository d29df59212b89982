"""What Slack is told of lines in the log. How the golden files are written again stands in conftest.py."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from notifier import log_lines, slack

START = 1_795_860_000_000
GROUP = "/ecs/staging/app"
STREAM = "app/app/0f9de17a6465404e8b1b2356dc13c2f8"
NASTY = "ERROR <!channel> & </a> ```rm``` @here \x1b[31mred\x1b[0m"


def subscription(*texts: str, group: str = GROUP, kind: str = "DATA_MESSAGE", start: int = START) -> dict[str, Any]:
    events = [{"id": str(place), "timestamp": start + place, "message": one} for place, one in enumerate(texts)]
    data = {"messageType": kind, "owner": "123456789012", "logGroup": group, "logStream": STREAM, "logEvents": events}
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()}}


@pytest.fixture
def told(account, invocation):
    """Bring lines through both steps; return what Slack was sent by then."""
    account.with_webhooks().with_queue()

    def bring(*subscriptions: dict[str, Any]) -> list[dict[str, Any]]:
        for one in subscriptions:
            assert log_lines.handler(one, invocation) is None
        assert log_lines.handler({"Records": account.queued()}, invocation) == {"batchItemFailures": []}
        return account.slack.sent

    return bring


@pytest.mark.parametrize(
    ("name", "subscriptions"),
    [
        pytest.param("log line", [subscription("ERROR no database\n")], id="one"),
        pytest.param("log line 120 times", [subscription(*["ERROR no database"] * 120)], id="the same line"),
        pytest.param(
            "log burst",
            [
                subscription(*(f"ERROR request {one} failed" for one in range(of, of + 100)))
                for of in range(0, 1000, 100)
            ],
            id="a thousand",
        ),
        pytest.param("log line that Slack would act on", [subscription(NASTY)], id="characters of Slack's"),
        pytest.param(
            "log line with secrets",
            [subscription("failed: postgres://app:hunter2@db/app token=abc123 Bearer abcdefgh12345678")],
            id="secrets",
        ),
        pytest.param(
            "log line of another group",
            [subscription("ERROR\n  at <module>\n  at f", group="/aws/lambda/$other[1]")],
            id="another group",
        ),
    ],
)
def test_lines_become_one_message(told, golden, name, subscriptions):
    golden(name, told(*subscriptions))


def test_a_burst_from_several_tasks_is_one_message_with_the_count_of_all(told):
    sent = told(*(subscription(*(f"ERROR {one}" for one in range(of, of + 250))) for of in range(0, 1000, 250)))
    assert [one["body"]["text"] for one in sent] == ["1000 lines in the log of staging"]
    assert "and 995 more since" in str(sent[0])


def test_the_line_told_last_is_not_told_again_but_counted(told, golden):
    told(subscription("ERROR no database"))
    told(subscription(*["ERROR no database"] * 12, "ERROR no cache", start=START + 60_000))
    told(subscription(*["ERROR no cache"] * 3, start=START + 120_000))
    sent = told(subscription("ERROR no database", start=START + 180_000))
    assert ["```" in str(one) for one in sent] == [True, True, False, True]
    golden("log line again", sent)


def test_each_group_has_a_message_of_its_own(told):
    sent = told(subscription("ERROR one"), subscription("ERROR two", group="/ecs/prod/app"))
    assert sorted(one["body"]["text"] for one in sent) == ["1 line in the log of prod", "1 line in the log of staging"]


def test_a_group_that_slack_does_not_take_comes_again_alone(account, invocation):
    account.with_webhooks().with_queue()
    log_lines.handler(subscription("ERROR one"), invocation)
    log_lines.handler(subscription("ERROR two", group="/ecs/prod/app"), invocation)
    records = sorted(account.queued(), key=lambda one: "prod" in one["body"])
    for _ in range(slack.MOST_TRIES):
        account.slack.answer(500)
    failures = log_lines.handler({"Records": records}, invocation)
    assert failures == {"batchItemFailures": [{"itemIdentifier": records[0]["messageId"]}]}
    # What was not taken was not told either, so it is told the next time.
    log_lines.handler({"Records": records[:1]}, invocation)
    assert "ERROR one" in str(account.slack.sent[-1])


@pytest.mark.parametrize("body", ["no json", "[]", '{"log_group": "/ecs/staging/app"}'])
def test_a_record_that_is_no_batch_fails_alone(account, invocation, body):
    account.with_webhooks().with_queue()
    log_lines.handler(subscription("ERROR one"), invocation)
    records = [{"messageId": "odd", "body": body}, *account.queued()]
    assert log_lines.handler({"Records": records}, invocation) == {"batchItemFailures": [{"itemIdentifier": "odd"}]}
    assert len(account.slack.sent) == 1


def test_what_is_queued_is_masked_cut_and_far_smaller_than_sqs_takes(account, invocation):
    account.with_queue()
    # What JSON writes with twelve characters each.
    lines = [f"{one} {'😱' * 5000}" for one in range(30)] + ["password=hunter2 \x00"]
    log_lines.handler(subscription(*reversed(lines)), invocation)
    (record,) = account.queued()
    queued = json.loads(record["body"])
    assert len(record["body"]) < 128 * 1024
    assert queued["lines"][0] == {"at": START, "text": "password=***", "count": 1}
    assert (len(queued["lines"]), max(len(one["text"]) for one in queued["lines"])) == (20, 500)
    assert "hunter2" not in record["body"]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(subscription("ERROR", kind="CONTROL_MESSAGE"), id="CloudWatch's own question"),
        pytest.param(subscription("ERROR", group="/aws/lambda/webapp-notifier-alarms"), id="the notifier's own line"),
    ],
)
def test_some_events_queue_nothing(account, invocation, event):
    account.with_queue()
    log_lines.handler(event, invocation)
    assert account.queued() == []


def test_the_documented_events_are_understood(account, invocation, payload):
    account.with_queue()
    log_lines.handler(payload("cloudwatch-logs-event"), invocation)
    log_lines.queue(payload("cloudwatch-logs"))
    groups = {json.loads(one["body"])["log_group"] for one in account.queued()}
    assert groups == {"testLogGroup", "/aws/lambda/echo-nodejs"}


def test_the_functions_own_log_has_no_text_of_the_lines(told, capsys):
    told(subscription("ERROR very private"))
    assert "private" not in capsys.readouterr().out


def test_with_no_way_to_slack_the_queue_is_emptied(account, invocation):
    account.with_queue()
    log_lines.handler(subscription("ERROR"), invocation)
    assert log_lines.handler({"Records": account.queued()}, invocation) == {"batchItemFailures": []}
