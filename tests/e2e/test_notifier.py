"""What the team hears in Slack of a deploy, an alarm and an error, from the event to the message.

The messages are compared with the files in golden/. After a change that is meant, write them again and look at what
git shows: WRITE_GOLDEN=1 .venv/bin/python -m pytest tests/e2e/test_notifier.py
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account import ROOT, Account, Loop
from tests.slack import Slack, listening

STAGING = ("-e", "env=staging")
LOG_GROUP = "/ecs/staging/app"
SECONDS = 60

# What is another in each run, and what stands for it in a golden file.
VARYING = (
    (r"\b\d{12}\b", "ACCOUNT"),
    # A newline in JSON.
    (r"(\\n)by [^\",\\]+", r"\1by WHO"),
    (r"\b\d+ of \d+ tasks run", "N of N tasks run"),
    (r"\bv\d+\b", "vN"),
    (r"`[0-9a-f]{7,12}`", "`COMMIT`"),
    (r"\b[0-9a-f]{12}-[0-9a-f]{8}\b", "COMMIT"),
    (r": [0-9a-f]{7} ", ": COMMIT "),
    (r"ecs-svc/\d+", "ecs-svc/N"),
    (r"webapp-staging:\d+", "webapp-staging:N"),
    (r"[0-9a-f]{32}(?![0-9a-f])", "TASK"),
    (r"(app|targetgroup)/webapp-staging/\w+", r"\1/webapp-staging/ID"),
    (r"\b\d+ (s|min \d+ s)\b", "TIME"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?[\w.:+]*( UTC)?", "MOMENT"),
    (r"\d\d:\d\d:\d\d UTC", "MOMENT"),
    (r"start\$3D\d+", "start$3DMOMENT"),
)


@dataclass
class Channels:
    deploys: Slack
    alerts: Slack


@pytest.fixture(scope="module")
def slack(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Channels]:
    """Two channels, each with its webhook. At the end nobody is told any more."""
    secret = tmp_path_factory.mktemp("slack") / "webhook"
    with listening() as deploys, listening() as alerts:
        for name, server in (("deploys", deploys), ("alerts", alerts)):
            secret.write_text(f"{server.url}/services/T0/B0/{name}\n")
            loop.account.playbook("slack.yml", "-e", f"set={name}_webhook", "-e", f"from_file={secret}")
        yield Channels(deploys, alerts)
        for name in ("deploys", "alerts"):
            loop.account.playbook("slack.yml", "-e", f"unset={name}_webhook")


@pytest.fixture(scope="module")
def another_image(loop: Loop) -> dict[str, Any]:
    return loop.account.push("--build-arg", "NOTE=notified")


@pytest.fixture
def image(account: Account, loop: Loop, another_image: dict[str, Any]) -> Iterator[str]:
    """An image that does not serve; afterwards the good one does."""
    yield another_image["digest"]
    account.playbook("deploy.yml", *STAGING, "-e", f"image={loop.image['digest']}")


@pytest.fixture
def sent(slack: Channels) -> Iterator[Channels]:
    """The channels, in which nothing was said yet."""
    for channel in (slack.deploys, slack.alerts):
        quiet(channel)
        channel.sent.clear()
        channel.answers.clear()
    return slack


@pytest.fixture
def log(account: Account) -> Iterator[Callable[[list[str]], None]]:
    """Write lines into the app's log. They gather for a second instead of twenty."""
    functions, logs = account.client("lambda"), account.client("logs")
    (mapping,) = functions.list_event_source_mappings(FunctionName="webapp-notifier-log-lines")["EventSourceMappings"]
    window = mapping["MaximumBatchingWindowInSeconds"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], MaximumBatchingWindowInSeconds=1)
    stream = f"app/app/{time.time_ns():032x}"
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)

    def write(lines: list[str]) -> None:
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines]
        logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=stream, logEvents=events)

    yield write
    functions.update_event_source_mapping(UUID=mapping["UUID"], MaximumBatchingWindowInSeconds=window)


def quiet(channel: Slack, seconds: float = 2) -> None:
    """Wait until nothing more is said."""
    heard, since = len(channel.sent), time.monotonic()
    while time.monotonic() - since < seconds:
        if len(channel.sent) != heard:
            heard, since = len(channel.sent), time.monotonic()
        time.sleep(0.1)


def told(channel: Slack, number: int, about: str = "") -> list[dict[str, Any]]:
    """The messages in a channel ``about`` something, once there are as many and no more come."""

    def found() -> list[dict[str, Any]]:
        return [one["body"] for one in channel.sent if about in text_of(one["body"])]

    end = time.monotonic() + SECONDS
    while len(found()) < number and time.monotonic() < end:
        time.sleep(0.1)
    quiet(channel)
    assert len(found()) == number, json.dumps(channel.sent, indent=2)
    return found()


def title() -> str:
    """The commit's title, as Slack gets it."""
    git = subprocess.run(["git", "log", "-1", "--format=%s"], cwd=ROOT, capture_output=True, text=True, check=True)
    return html.escape(git.stdout.strip(), quote=False)


def compare(name: str, messages: list[dict[str, Any]]) -> None:
    text = json.dumps(messages, indent=2, ensure_ascii=False) + "\n"
    text = text.replace(json.dumps(title(), ensure_ascii=False)[1:-1], "TITLE")
    for pattern, word in VARYING:
        text = re.sub(pattern, word, text)
    path = Path(__file__).parent / "golden" / f"{name}.json"
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


def text_of(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def test_whoever_sets_a_webhook_can_try_it(account: Account, sent: Channels):
    said = account.playbook("slack.yml", "-e", "test=true")
    assert "A message to try it was sent." in said
    assert "services" not in said, "a webhook is a secret"
    assert "tells of its releases here" in text_of(told(sent.deploys, 1)[0])
    assert "tells of its alarms" in text_of(told(sent.alerts, 1)[0])


def test_a_good_deploy_is_told_at_its_start_and_its_end_and_marked_on_the_dashboard(
    account: Account, sent: Channels, image: str
):
    done = account.release("deploy.yml", *STAGING, "-e", f"image={image}", "-e", "reason=Faster search")
    compare("good-deploy", told(sent.deploys, 2))
    body = json.loads(account.client("cloudwatch").get_dashboard(DashboardName="webapp-staging")["DashboardBody"])
    graphs = [one["properties"] for one in body["widgets"] if one["type"] == "metric"]
    assert {one["annotations"]["vertical"][-1]["label"] for one in graphs} == {done["release"]}


def test_a_deploy_that_is_rolled_back_is_told_with_its_cause_and_what_to_do(
    account: Account, loop: Loop, sent: Channels
):
    account.failing_release("deploy.yml", *STAGING, "-e", f"image={loop.bad_image['digest']}")
    started, ended = told(sent.deploys, 2)
    # How often ECS tried is another in each run.
    (evidence,) = [block for block in ended["blocks"] if "```" in text_of(block)]
    for word in ("app exited with code 3", "circuit breaker", "WEBAPP_FAIL=exit"):
        assert word in text_of(evidence)
    ended["blocks"].remove(evidence)
    compare("rolled-back-deploy", [started, ended])


def test_a_bot_edits_one_message_from_the_start_to_the_end(
    account: Account, sent: Channels, image: str, tmp_path: Path
):
    functions, name = account.client("lambda"), "webapp-notifier-deployments"
    before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    bot = {"SLACK_API_URL": f"{sent.deploys.url}/api", "SLACK_DEPLOYS_CHANNEL": "C1"}
    token = tmp_path / "token"
    token.write_text("xoxb-made-up")
    account.playbook("slack.yml", "-e", "set=bot_token", "-e", f"from_file={token}")
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": before | bot})
    try:
        account.release("deploy.yml", *STAGING, "-e", f"image={image}")
        quiet(sent.deploys)
    finally:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": before})
        account.playbook("slack.yml", "-e", "unset=bot_token")
    calls = [(one["by"], one["body"].get("ts")) for one in sent.deploys.sent]
    assert calls[0] == ("chat.postMessage", None)
    assert {by for by, _ in calls[1:]} == {"chat.update"}
    assert len({ts for _, ts in calls[1:]}) == 1
    assert "is released" in sent.deploys.sent[-1]["body"]["text"]
    assert set(sent.deploys.authorizations[-len(calls) :]) == {"Bearer xoxb-made-up"}


def test_an_alarm_is_told_when_it_begins_and_when_it_is_over(account: Account, sent: Channels):
    cloudwatch = account.client("cloudwatch")
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["webapp-staging-app-5xx"])["MetricAlarms"]
    metric = {"MetricName": alarm["MetricName"], "Dimensions": alarm["Dimensions"], "Unit": "Count"}
    now = datetime.now(UTC)

    def measure(value: float, minutes: int) -> None:
        data = [metric | {"Value": value, "Timestamp": now + timedelta(minutes=minutes)}]
        cloudwatch.put_metric_data(Namespace=alarm["Namespace"], MetricData=data)

    measure(12, -1)
    measure(13, 0)
    # A datapoint has all alarms looked at, and others have their reasons.
    told(sent.alerts, 1, alarm["AlarmName"])
    measure(0, 1)
    compare("alarm", told(sent.alerts, 2, alarm["AlarmName"]))
    assert sent.deploys.sent == []


def test_an_error_in_the_log_is_told_as_it_is_and_nothing_in_it_is_obeyed(
    sent: Channels, log: Callable[[list[str]], None]
):
    log(["all is well", "error: <!channel> & <@U1> could not log in, password=hunter2 ```", "GET / 200"])
    compare("error-in-the-log", told(sent.alerts, 1))


def test_a_burst_of_a_thousand_errors_is_one_message(sent: Channels, log: Callable[[list[str]], None]):
    log([f"failed to send letter {number}" for number in range(1000)])
    compare("burst-of-errors", told(sent.alerts, 1))


def test_a_slack_that_recovers_gets_the_message_once(sent: Channels, log: Callable[[list[str]], None]):
    for _ in range(2):
        sent.alerts.answer(500)
    log(["error: the disk is on fire"])
    first, second, third = told(sent.alerts, 3)
    assert first == second == third
    assert "the disk is on fire" in text_of(third)


def test_what_slack_refuses_for_good_is_kept_as_a_dead_letter(account: Account, sent: Channels):
    sqs = account.client("sqs")
    queue = sqs.get_queue_url(QueueName="webapp-notifier-dead-letters")["QueueUrl"]
    sqs.purge_queue(QueueUrl=queue)
    for _ in range(3):
        sent.alerts.answer(404, "no_service")
    reason = "Threshold Crossed: 1 datapoint [91.0 (23/11/26 10:00:00)] was greater than the threshold (90.0)."
    cloudwatch, name = account.client("cloudwatch"), "webapp-staging-memory"
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=reason)
    told(sent.alerts, 3)
    end, found = time.monotonic() + SECONDS, []
    while not found and time.monotonic() < end:
        found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])
    assert len(found) == 1
    assert name in found[0]["Body"]
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="over")
    told(sent.alerts, 4)


def test_the_functions_log_neither_webhooks_nor_what_people_wrote(account: Account, sent: Channels):
    logs = account.client("logs")
    groups = [f"/aws/lambda/webapp-notifier-{name}" for name in ("deployments", "alarms", "log-lines")]
    lines = [
        one["message"]
        for group in groups
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for one in page["events"]
    ]
    assert any('"event": "sent"' in line for line in lines)
    failures = [line for line in lines if "Error" in line and "Slack did not take the message: 404" not in line]
    assert failures == []
    for secret in ("/services/T0", "xoxb-", "hunter2", "the disk is on fire", "Faster search"):
        assert not any(secret in line for line in lines), secret
