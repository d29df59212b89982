"""The sample app and its database: each release migrates before its rollout, and what is kept stays through it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from examples import demo
from tests.e2e.account import ROOT, Account, Loop

STAGING = ("-e", "env=staging")
CLUSTER = "webapp-staging"
LOGS = "/ecs/staging/app"


@pytest.fixture
def with_migration(account: Account, tmp_path: Path) -> Callable[[str, str], dict[str, Any]]:
    """Push the sample app with one migration more, from a checkout of its own."""
    context = tmp_path / "webapp"
    shutil.copytree(ROOT / "examples" / "webapp", context)
    git = ["git", "-C", str(context), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "as it is"]):
        subprocess.run([*git, *command], check=True)

    def push(name: str, statements: str) -> dict[str, Any]:
        (context / "migrations" / f"{name}.sql").write_text(statements)
        return account.push("--context", str(context))

    return push


@pytest.fixture
def good(account: Account, loop: Loop) -> Iterator[dict[str, Any]]:
    """The good image serves before and after."""
    deploy = ("deploy.yml", *STAGING, "-e", f"image={loop.image['digest']}")
    yield account.release(*deploy)
    account.release(*deploy)


def serving(account: Account) -> dict[str, Any]:
    service: dict[str, Any] = account.client("ecs").describe_services(cluster=CLUSTER, services=["app"])["services"][0]
    return service


def release_commands(account: Account) -> list[dict[str, Any]]:
    """The tasks of the revision that serves which ran its release command."""
    ecs, revision = account.client("ecs"), serving(account)["taskDefinition"]
    arns = ecs.list_tasks(cluster=CLUSTER, startedBy="towpath-release", desiredStatus="STOPPED")["taskArns"]
    tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
    return [task for task in tasks if task["taskDefinitionArn"] == revision]


def host(result: dict[str, Any]) -> str:
    return demo.host_of(result["url"])


def said(result: dict[str, Any]) -> str:
    return " ".join([result["verdict"]["reason"], *result["verdict"]["evidence"]])


def test_a_release_migrates_once_before_its_rollout_and_notes_stay_through_it(
    account: Account, good: dict[str, Any], with_migration: Callable[[str, str], dict[str, Any]]
):
    note = "written before the deploy"
    assert note in demo.write_note(host(good), account.url, note)

    image = with_migration("0002_pinned", "ALTER TABLE notes ADD COLUMN pinned boolean NOT NULL DEFAULT false")
    done = account.release("deploy.yml", *STAGING, "-e", f"image={image['tag']}")
    assert done["outcome"] == "succeeded"
    assert account.ask(done["url"])["version"] == image["tag"]
    assert {note, "written after it"} <= {*demo.write_note(host(done), account.url, "written after it")}

    (task,) = release_commands(account)
    assert task["containers"][0]["exitCode"] == 0
    deployments = account.client("ecs").list_service_deployments(cluster=CLUSTER, service="app")
    assert task["stoppedAt"] <= max(one["createdAt"] for one in deployments["serviceDeployments"])
    events = account.client("logs").filter_log_events(logGroupName=LOGS, filterPattern='"0002_pinned"')["events"]
    assert [event["message"] for event in events] == ["Migrated: 0002_pinned. The database has all 2 migrations."]


def test_prod_keeps_its_notes_in_a_database_of_its_own(account: Account, loop: Loop):
    staging, prod = (host(loop.results[name]) for name in ("staging", "prod"))
    assert "of staging alone" in demo.write_note(staging, account.url, "of staging alone")
    assert "of staging alone" not in demo.write_note(prod, account.url, "of prod")


def test_a_migration_that_fails_stops_the_release_and_the_old_one_serves(
    account: Account, loop: Loop, good: dict[str, Any]
):
    before = serving(account)
    image = account.push("--build-arg", "WEBAPP_FAIL=migration")
    failed = account.failing_release("deploy.yml", *STAGING, "-e", f"image={image['tag']}")
    assert failed["outcome"] == "stopped"
    assert 'relation "a_table_that_is_not_there" does not exist' in said(failed)
    assert "Nothing was changed." in said(failed)

    after = serving(account)
    assert (after["taskDefinition"], len(after["deployments"])) == (before["taskDefinition"], 1)
    assert account.ask(good["url"])["version"] == loop.image["tag"]
    told = json.loads(
        account.playbook("releases.yml", *STAGING, "-e", f"release={failed['release']}", "-e", "output=json")
    )
    assert "a_table_that_is_not_there" in json.dumps(told)


def test_a_rollback_across_a_breaking_migration_is_refused_without_force(
    account: Account, loop: Loop, good: dict[str, Any], with_migration: Callable[[str, str], dict[str, Any]]
):
    image = with_migration("0003_shouts", "-- breaking\nALTER TABLE notes ADD COLUMN shouts int NOT NULL DEFAULT 0")
    account.release("deploy.yml", *STAGING, "-e", f"image={image['tag']}")
    told = account.refused("rollback.yml", *STAGING)
    assert "marked as not backward compatible" in told
    assert "-e force=true" in told
    back = account.release("rollback.yml", *STAGING, "-e", "force=true")
    assert (back["outcome"], account.ask(back["url"])["version"]) == ("succeeded", loop.image["tag"])
