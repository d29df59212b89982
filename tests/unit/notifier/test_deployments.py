"""What Slack is told of releases. How the golden files are written again stands in conftest.py."""

from __future__ import annotations

from typing import Any

import pytest

from notifier import aws, deployments, ledger, progress, slack

REVISION = "arn:aws:ecs:eu-central-1:123456789012:task-definition/webapp-staging:42"

DEPLOY = {
    "number": 42,
    "change": "deploy",
    "started_at": "2026-11-23T10:00:00+00:00",
    "by": "jane",
    "reason": "Ticket 12",
    "git_sha": "4f2c9d1a0b3e5f6a7b8c9d0e1f2a3b4c5d6e7f80",
    "commit_title": "Faster search",
    "digest": "sha256:9c1185a5c5e9fc54612808977ee8f548b2258d31",
    "previous_release": 41,
    "task_definition": REVISION,
}
PROMOTE = DEPLOY | {
    "change": "promote",
    "promoted_from": {"environment": "demo", "release": 12},
    "migrations": "breaking",
}
ROLLBACK = DEPLOY | {"change": "rollback", "rolled_back_from": 41, "restores": 40, "reason": None}
SETTINGS = DEPLOY | {"change": "configuration", "reason": None, "commit_title": None}
SECRETS = SETTINGS | {"change": "secrets"}
HOSTILE = DEPLOY | {
    "commit_title": "Merge <!channel> & <@U123> `rm -rf` @here </a>",
    "reason": "<https://evil.example|click>",
    "by": "<!here>",
}

GOOD = {
    "outcome": "succeeded",
    "ended_at": "2026-11-23T10:01:32+00:00",
    "verdict": {"summary": "app runs webapp-staging:42.", "reason": "ECS completed the deployment."},
    "tasks": {"running": 2, "desired": 2},
    "seconds": 92.4,
}
ROLLED_BACK = {
    "outcome": "rolled_back",
    "verdict": {
        "reason": "The container app exited with code 3.",
        "evidence": [
            "app exited with code 3; Essential container in task exited (EssentialContainerExited)",
            "(service app) rolling back to deployment ecs-svc/41.",
            *(f"log: line {number} <b>" for number in range(1, 12)),
            "log: ValueError: DATABASE_URL is ```missing```",
        ],
        "advice": "Look at its last log lines, put the app right and deploy again. webapp-staging:41 goes on serving.",
    },
    "tasks": {"running": 2, "desired": 2},
    "seconds": 214,
}
COMMAND_FAILED = {
    "outcome": "stopped",
    "verdict": {
        "reason": "The command exited with code 1.",
        "evidence": ["log: django.db.utils.OperationalError: no such table"],
        "advice": "Put it right and run ansible-playbook deploy.yml -e env=NAME again.",
    },
    "phases": {"register": 1.2, "release_task": 20.5},
    "seconds": 21.7,
}
SETTLED = {"outcome": "stopped", "verdict": {"summary": "Nobody saw its end.", "reason": "", "advice": ""}}


@pytest.mark.parametrize(
    ("name", "entry", "end"),
    [
        pytest.param("deploy succeeded", DEPLOY, GOOD),
        pytest.param("deploy rolled back", DEPLOY, ROLLED_BACK),
        pytest.param("release command failed", DEPLOY, COMMAND_FAILED),
        pytest.param("promote", PROMOTE, GOOD),
        pytest.param("rollback", ROLLBACK, GOOD),
        pytest.param("settings changed", SETTINGS, GOOD),
        pytest.param("secrets changed", SECRETS, GOOD),
        pytest.param(
            "deploy superseded", DEPLOY, {"outcome": "superseded", "verdict": {"reason": "A newer one came."}}
        ),
        pytest.param("deploy timed out", DEPLOY, {"outcome": "timed_out", "verdict": {"reason": "After 900 s: 1/2."}}),
        pytest.param("end that nobody saw", DEPLOY, SETTLED),
        pytest.param("texts that Slack would act on", HOSTILE, GOOD),
    ],
)
def test_a_webhook_gets_one_message_at_the_start_and_one_at_the_end(account, invocation, golden, name, entry, end):
    account.with_webhooks().with_ledger()
    for event in (account.begin(entry), account.end(42, **end)):
        deployments.handler(event, invocation)
    assert [one["by"] for one in account.slack.sent] == ["services", "services"]
    golden(f"{name} by webhook", account.slack.sent)


def test_a_bot_has_one_message_a_release_which_it_edits(account, invocation, golden, monkeypatch):
    account.with_bot().with_webhooks().with_ledger()
    run_tasks(monkeypatch, 1)
    for event in (account.begin(DEPLOY), of_deployment("IN_PROGRESS"), of_task("RUNNING")):
        deployments.handler(event, invocation)
    deployments.handler(account.end(42, **GOOD), invocation)
    assert [one["by"] for one in account.slack.sent] == ["chat.postMessage", *["chat.update"] * 3]
    assert {(one["body"]["channel"], one["body"]["ts"]) for one in account.slack.sent[1:]} == {
        ("C1", "1700000000.000001")
    }
    assert set(account.slack.authorizations) == {"Bearer xoxb-1234-made-up"}
    golden("deploy succeeded by bot", account.slack.sent)


def test_a_bot_tells_of_a_rolled_back_release_in_its_one_message(account, invocation, golden):
    account.with_bot().with_ledger()
    rolls_back = of_deployment(
        "IN_PROGRESS", "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/41."
    )
    stopped = of_task("STOPPED", stoppedReason="Essential container in task exited", exitCode=3)
    for event in (account.begin(DEPLOY), stopped, rolls_back):
        deployments.handler(event, invocation)
    deployments.handler(account.end(42, **ROLLED_BACK), invocation)
    golden("deploy rolled back by bot", account.slack.sent)


def test_a_start_that_is_delivered_twice_is_posted_once(account, invocation):
    account.with_bot().with_ledger()
    begun = account.begin(DEPLOY)
    deployments.handler(begun, invocation)
    deployments.handler(begun, invocation)
    assert len(account.slack.sent) == 1
    assert account.entry(42)["slack"] == {"channel": "C1", "ts": "1700000000.000001"}


def test_an_entry_keeps_the_first_message_that_it_was_told_of(account):
    account.with_ledger().begin(DEPLOY)
    assert ledger.keep_message("staging", 42, slack.Posted("C1", "1.1")) is True
    assert ledger.keep_message("staging", 42, slack.Posted("C2", "2.2")) is False
    assert ledger.message_of(ledger.get("staging", 42)) == ("C1", "1.1")


def test_no_entry_is_made_to_keep_a_message_in(account):
    account.with_ledger()
    assert ledger.keep_message("staging", 42, slack.Posted("C1", "1.1")) is False
    assert ledger.newest("staging") is None


def test_a_start_that_comes_after_the_end_is_left_to_the_end(account, invocation):
    account.with_bot().with_ledger()
    begun, ended = account.begin(DEPLOY), account.end(42, **GOOD)
    deployments.handler(begun, invocation)
    assert account.slack.sent == []
    deployments.handler(ended, invocation)
    deployments.handler(ended, invocation)
    assert [one["by"] for one in account.slack.sent] == ["chat.postMessage", "chat.update"]


def test_an_end_finds_the_message_that_was_posted_after_its_record_was_made(account, invocation):
    account.with_bot().with_ledger()
    account.begin(DEPLOY)
    ended = account.end(42, **GOOD)
    assert slack_of(ended) is None
    account.dynamodb.update_item(
        TableName="webapp-staging-releases",
        Key={"kind": {"S": "release"}, "number": {"N": "42"}},
        UpdateExpression="SET slack = :slack",
        ExpressionAttributeValues={":slack": {"M": {"channel": {"S": "C9"}, "ts": {"S": "9.9"}}}},
    )
    deployments.handler(ended, invocation)
    assert [(one["by"], one["body"]["channel"], one["body"]["ts"]) for one in account.slack.sent] == [
        ("chat.update", "C9", "9.9")
    ]


def slack_of(event: dict[str, Any]) -> Any:
    return event["Records"][0]["dynamodb"]["NewImage"].get("slack")


def test_a_release_that_timed_out_may_end_well_in_the_same_message(account, invocation):
    account.with_bot().with_ledger()
    deployments.handler(account.begin(DEPLOY), invocation)
    deployments.handler(account.end(42, outcome="timed_out", verdict={}), invocation)
    deployments.handler(account.end(42, **GOOD), invocation)
    assert [one["by"] for one in account.slack.sent] == ["chat.postMessage", "chat.update", "chat.update"]
    assert "is released" in account.slack.sent[2]["body"]["text"]


@pytest.mark.parametrize("error", ["message_not_found", "cant_update_message", "edit_window_closed"])
def test_an_end_whose_message_cannot_be_edited_any_more_is_posted(account, invocation, error):
    account.with_bot().with_ledger()
    deployments.handler(account.begin(DEPLOY), invocation)
    account.slack.answer(200, {"ok": False, "error": error})
    deployments.handler(account.end(42, **GOOD), invocation)
    assert [one["by"] for one in account.slack.sent] == ["chat.postMessage", "chat.update", "chat.postMessage"]


def test_an_end_that_slack_does_not_take_comes_again(account, invocation):
    account.with_webhooks().with_ledger()
    deployments.handler(account.begin(DEPLOY), invocation)
    for _ in range(slack.MOST_TRIES):
        account.slack.answer(500)
    ended = account.end(42, **GOOD)
    with pytest.raises(slack.SlackUnavailable):
        deployments.handler(ended, invocation)
    account.slack.sent.clear()
    deployments.handler(ended, invocation)
    assert len(account.slack.sent) == 1


def test_changes_that_are_neither_start_nor_end_are_not_told(account, invocation):
    account.with_bot().with_ledger()
    begun = account.begin(DEPLOY)
    image = begun["Records"][0]["dynamodb"]["NewImage"]
    ended = image | {"outcome": {"S": "succeeded"}}
    lock = {"kind": {"S": "lock"}, "number": {"N": "0"}}
    for new, old in ((image, image), (ended | {"slack": {"S": "x"}}, ended), (lock, None), (None, image)):
        images = {"NewImage": new, "OldImage": old}
        record = begun["Records"][0] | {"dynamodb": {name: one for name, one in images.items() if one}}
        deployments.handler({"Records": [record]}, invocation)
    assert account.slack.sent == []


def test_with_no_way_to_slack_nothing_is_sent_and_nothing_fails(account, invocation, capsys):
    account.with_ledger()
    for event in (account.begin(DEPLOY), account.end(42, **GOOD), of_deployment("IN_PROGRESS")):
        deployments.handler(event, invocation)
    assert account.slack.sent == []
    assert capsys.readouterr().out.count('"nowhere_to_send"') == 2


def test_progress_asks_nobody_where_there_is_no_channel_for_a_bot(account, invocation, monkeypatch):
    account.with_webhooks()
    monkeypatch.setattr(aws, "client", lambda service: pytest.fail(f"{service} was asked"))
    deployments.handler(of_deployment("IN_PROGRESS"), invocation)
    deployments.handler(of_task("RUNNING"), invocation)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(lambda: of_deployment("COMPLETED"), id="completed, which a rollback is too"),
        pytest.param(lambda: of_deployment("IN_PROGRESS", cluster="other-staging"), id="another app's cluster"),
        pytest.param(lambda: of_task("RUNNING", group="family:webapp-staging"), id="a task that no service started"),
        pytest.param(lambda: of_task("RUNNING", taskDefinitionArn=f"{REVISION[:-2]}41"), id="the release before it"),
        pytest.param(lambda: of_task("PENDING"), id="a task on its way"),
        pytest.param(
            lambda: of_task("STOPPED", stopCode="ServiceSchedulerInitiated", stoppedReason="Scaling activity"),
            id="scaling in",
        ),
    ],
)
def test_events_that_say_nothing_new_of_the_release_do_not_edit_its_message(account, invocation, event):
    account.with_bot().with_ledger()
    deployments.handler(account.begin(DEPLOY), invocation)
    deployments.handler(event(), invocation)
    assert len(account.slack.sent) == 1


def test_progress_never_edits_the_message_of_a_release_that_ended(account, invocation):
    account.with_bot().with_ledger()
    deployments.handler(account.begin(DEPLOY), invocation)
    deployments.handler(account.end(42, **GOOD), invocation)
    deployments.handler(of_deployment("IN_PROGRESS"), invocation)
    assert "is released" in account.slack.sent[-1]["body"]["text"]
    assert len(account.slack.sent) == 2


def test_progress_that_is_told_just_after_the_end_leaves_the_end_in_the_message(account, invocation, monkeypatch):
    account.with_bot().with_ledger()
    deployments.handler(account.begin(DEPLOY), invocation)
    edit = slack.update

    def edit_while_the_release_ends(*args: Any) -> None:
        monkeypatch.setattr(slack, "update", edit)
        account.end(42, **GOOD)
        edit(*args)

    monkeypatch.setattr(slack, "update", edit_while_the_release_ends)
    deployments.handler(of_deployment("IN_PROGRESS"), invocation)
    assert "replacing" in str(account.slack.sent[1])
    assert "is released" in account.slack.sent[2]["body"]["text"]


def test_progress_that_slack_does_not_take_is_not_tried_again(account, invocation, capsys):
    account.with_bot().with_ledger()
    deployments.handler(account.begin(DEPLOY), invocation)
    account.slack.answer(200, {"ok": False, "error": "message_not_found"})
    deployments.handler(of_deployment("IN_PROGRESS"), invocation)
    assert '"progress_not_told"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("ecs-deployment-in-progress", "ECS is replacing the tasks.", id="in progress"),
        pytest.param(
            "ecs-deployment-rolling-back",
            "ECS rolls back: ECS deployment circuit breaker: rolling back to deploymentId deploymentID.",
            id="rolling back",
        ),
        pytest.param("ecs-deployment-completed", None, id="completed"),
        pytest.param(
            "ecs-deployment-failed",
            "ECS gives the deployment up: ECS deployment circuit breaker: task failed to start.",
            id="failed",
        ),
    ],
)
def test_the_documented_deployment_events_are_understood(monkeypatch, payload, name, words):
    monkeypatch.setenv("APP_NAME", "webapp")
    event = payload(name)
    assert progress.news(event) is None, "it is of a cluster called default"
    event["resources"] = [one.replace("default/servicetest", "webapp-prod/app") for one in event["resources"]]
    found = progress.news(event)
    assert (found and found.words) == words
    assert found is None or found.environment == "prod"


def test_the_documented_task_event_is_understood(monkeypatch, payload):
    monkeypatch.setenv("APP_NAME", "webapp")
    event = payload("ecs-task")
    assert progress.news(event) is None, "no service started it"
    event["detail"] |= {"clusterArn": "arn:aws:ecs:us-west-2:111122223333:cluster/webapp-prod", "group": "service:app"}
    assert progress.news(event) == progress.News("prod", revision=event["detail"]["taskDefinitionArn"])


def test_the_documented_stream_records_are_left_alone(account, invocation, payload):
    account.with_bot()
    deployments.handler(payload("dynamodb-stream"), invocation)
    assert account.slack.sent == []


@pytest.mark.parametrize(("with_", "by"), [("with_bot", "bot"), ("with_webhooks", "webhook")])
def test_a_test_message_says_by_which_way_it_went(account, invocation, with_, by):
    getattr(account, with_)()
    assert deployments.handler({"test": True}, invocation) == {"sent_by": by}
    assert account.slack.sent[0]["body"]["text"] == "Towpath's test message: webapp tells of its releases here."


def test_a_test_message_without_a_way_says_so(account, invocation):
    assert deployments.handler({"test": True}, invocation) == {"sent_by": ""}


def run_tasks(monkeypatch: pytest.MonkeyPatch, running: int) -> None:
    """Let ECS count tasks that run with the new revision, beside those of the one before."""

    class Ecs:
        def describe_services(self, cluster: str, services: list[str]) -> dict[str, Any]:
            assert (cluster, services) == ("webapp-staging", ["app"])
            counts = {"runningCount": running, "desiredCount": 2}
            old = {"taskDefinition": REVISION[:-2] + "41", "runningCount": 2, "desiredCount": 2}
            return {"services": [{"deployments": [{"taskDefinition": REVISION, **counts}, old]}]}

    real = aws.client
    monkeypatch.setattr(aws, "client", lambda service: Ecs() if service == "ecs" else real(service))


def of_deployment(
    state: str, reason: str = "ECS deployment ecs-svc/42 in progress.", cluster: str = "webapp-staging"
) -> Any:
    return {
        "detail-type": "ECS Deployment State Change",
        "source": "aws.ecs",
        "resources": [f"arn:aws:ecs:eu-central-1:123456789012:service/{cluster}/app"],
        "detail": {"eventName": f"SERVICE_DEPLOYMENT_{state}", "deploymentId": "ecs-svc/42", "reason": reason},
    }


def of_task(status: str, exitCode: int | None = None, **detail: Any) -> Any:
    return {
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "detail": {
            "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/webapp-staging",
            "group": "service:app",
            "lastStatus": status,
            "desiredStatus": "STOPPED" if status == "STOPPED" else "RUNNING",
            "taskDefinitionArn": REVISION,
            "stopCode": "EssentialContainerExited",
            "containers": [{"name": "app"} | ({"exitCode": exitCode} if exitCode is not None else {})],
            **detail,
        },
    }
