"""An account with a ledger, parameters and a queue, and a Slack on loopback that remembers what it was sent.

The messages are compared with the files in golden/. After a change that is meant, write them again and look at what
git shows: WRITE_GOLDEN=1 .venv/bin/python -m pytest tests/unit/notifier
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import moto
import pytest
from ansible.module_utils.towpath import dynamodb_api, ledger

from notifier import aws, log_lines, slack
from tests.slack import Slack, listening

HERE = Path(__file__).parent
TOKEN = "xoxb-1234-made-up"
TABLE = "webapp-staging-releases"
STREAM = f"arn:aws:dynamodb:eu-central-1:123456789012:table/{TABLE}/stream/2026-11-23T10:00:00.000"


@pytest.fixture
def slack_server() -> Iterator[Slack]:
    with listening() as server:
        yield server


class Invocation:
    """What Lambda tells of an invocation."""

    def __init__(self, seconds: float = 20) -> None:
        self.end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return int((self.end - time.monotonic()) * 1000)


@pytest.fixture
def invocation() -> Invocation:
    return Invocation()


class Account:
    """The account that the functions run in. Each function forgets, as a new process would."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, slack_server: Slack) -> None:
        self.slack = slack_server
        self.dynamodb = aws.client("dynamodb")
        self.ssm = aws.client("ssm")
        self.sqs = aws.client("sqs")
        self._monkeypatch = monkeypatch

    def with_bot(self) -> Account:
        self.ssm.put_parameter(Name="/webapp/slack/bot-token", Value=TOKEN, Type="SecureString")
        self._monkeypatch.setenv("SLACK_DEPLOYS_CHANNEL", "#deploys")
        self._monkeypatch.setenv("SLACK_ALERTS_CHANNEL", "#alerts")
        return self

    def with_webhooks(self) -> Account:
        for name in ("deploys", "alerts"):
            address = f"{self.slack.url}/services/T0/B0/{name}"
            self.ssm.put_parameter(Name=f"/webapp/slack/{name}-webhook", Value=address, Type="SecureString")
        return self

    def with_ledger(self) -> Account:
        self.dynamodb.create_table(
            TableName=TABLE,
            AttributeDefinitions=[
                {"AttributeName": "kind", "AttributeType": "S"},
                {"AttributeName": "number", "AttributeType": "N"},
            ],
            KeySchema=[
                {"AttributeName": "kind", "KeyType": "HASH"},
                {"AttributeName": "number", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        return self

    def with_queue(self) -> Account:
        self.queue_url = self.sqs.create_queue(QueueName="webapp-notifier-log-lines")["QueueUrl"]
        self._monkeypatch.setenv("LOG_LINES_QUEUE_URL", self.queue_url)
        return self

    def queued(self) -> list[dict[str, Any]]:
        """The messages in the queue, as a function gets them."""
        found = self.sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10).get("Messages", [])
        return [{"messageId": one["MessageId"], "body": one["Body"], "eventSource": "aws:sqs"} for one in found]

    def entry(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = dynamodb_api.get_release(self.dynamodb, TABLE, number)
        return found

    def begin(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Write an entry as release_start does; return the event that the ledger's stream brings of it."""
        assert dynamodb_api.put_release(self.dynamodb, TABLE, entry)
        return self._event({}, self._item(entry["number"]))

    def end(self, number: int, **fields: Any) -> dict[str, Any]:
        """End it as release_end does."""
        before = self._item(number)
        assert dynamodb_api.end_release(self.dynamodb, TABLE, number, fields)
        return self._event(before, self._item(number))

    def _item(self, number: int) -> dict[str, Any]:
        key = ledger.serialised({"kind": "release", "number": number})
        item: dict[str, Any] = self.dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
        return item

    @staticmethod
    def _event(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image}
        record = {"eventSource": "aws:dynamodb", "eventSourceARN": STREAM, "dynamodb": images}
        return {"Records": [{"eventName": "MODIFY" if old else "INSERT", **record}]}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, slack_server: Slack) -> Iterator[Account]:
    settings = {
        "APP_NAME": "webapp",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "made",
        "AWS_SECRET_ACCESS_KEY": "up",
        "SLACK_API_URL": f"{slack_server.url}/api",
        "SLACK_BOT_TOKEN_PARAMETER": "/webapp/slack/bot-token",
        "SLACK_DEPLOYS_WEBHOOK_PARAMETER": "/webapp/slack/deploys-webhook",
        "SLACK_ALERTS_WEBHOOK_PARAMETER": "/webapp/slack/alerts-webhook",
        "SLACK_DEPLOYS_CHANNEL": "",
        "SLACK_ALERTS_CHANNEL": "",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(slack, "FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(slack, "_kept", {})
    monkeypatch.setattr(log_lines, "_last_told", {})
    with moto.mock_aws():
        yield Account(monkeypatch, slack_server)


@pytest.fixture
def golden() -> Callable[[str, list[dict[str, Any]]], None]:
    """Compare what Slack was sent with what a file says."""

    def compare(name: str, sent: list[dict[str, Any]]) -> None:
        path = HERE / "golden" / f"{name.replace(' ', '-')}.json"
        text = json.dumps(sent, indent=2, ensure_ascii=False) + "\n"
        if os.environ.get("WRITE_GOLDEN"):
            path.write_text(text)
        assert text == path.read_text()

    return compare


@pytest.fixture
def payload() -> Callable[[str], Any]:
    """An example of AWS's documentation; payloads/README.md names the page."""
    return lambda name: json.loads((HERE / "payloads" / f"{name}.json").read_text())
