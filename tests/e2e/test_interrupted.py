"""A deploy is killed in each of its phases and run again: it goes on where it was, and the ledger tells the truth."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e.account import ROOT, Account, Loop

CLUSTER, SERVICE, TABLE = "webapp-staging", "app", "webapp-staging-releases"
SECONDS = 60


@dataclass
class Staging:
    """What can be seen of a deploy from outside, while it goes on."""

    account: Account

    def __post_init__(self) -> None:
        self.ecs, self.dynamodb = self.account.client("ecs"), self.account.client("dynamodb")

    def entries(self) -> list[dict[str, Any]]:
        asked = {":kind": {"S": "release"}}
        answer = self.dynamodb.query(
            TableName=TABLE, KeyConditionExpression="kind = :kind", ExpressionAttributeValues=asked
        )
        return list(answer["Items"])

    def newest(self) -> dict[str, Any]:
        return self.entries()[-1]

    def is_locked(self) -> bool:
        # No Query: those are counted, where one is to be held up.
        return "Item" in self.dynamodb.get_item(TableName=TABLE, Key={"kind": {"S": "lock"}, "number": {"N": "0"}})

    def service(self) -> dict[str, Any]:
        return dict(self.ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0])

    def release_of_newest_revision(self) -> str:
        answer = self.ecs.describe_task_definition(taskDefinition="webapp-staging", include=["TAGS"])
        return str({tag["key"]: tag["value"] for tag in answer["tags"]}.get("towpath:release", ""))

    def release_tasks(self) -> list[str]:
        return list(self.ecs.list_tasks(cluster=CLUSTER, startedBy="towpath-release")["taskArns"])

    def digest(self) -> str:
        revision = self.ecs.describe_task_definition(taskDefinition=self.service()["taskDefinition"])["taskDefinition"]
        return str(revision["containerDefinitions"][0]["image"].partition("@")[2])


def lock_is_taken(staging: Staging, before: int) -> bool:
    return staging.is_locked()


def entry_is_written(staging: Staging, before: int) -> bool:
    return len(staging.entries()) > before


def revision_is_registered(staging: Staging, before: int) -> bool:
    entry = staging.newest()
    return staging.release_of_newest_revision() == entry["number"]["N"] and "task_definition" not in entry


def release_command_runs(staging: Staging, before: int) -> bool:
    return bool(staging.release_tasks())


def rollout_runs(staging: Staging, before: int) -> bool:
    return any(one["rolloutState"] == "IN_PROGRESS" for one in staging.service()["deployments"])


def rollout_is_over(staging: Staging, before: int) -> bool:
    if not entry_is_written(staging, before):
        return False
    entry, service = staging.newest(), staging.service()
    ours = entry.get("task_definition", {}).get("S") == service["taskDefinition"]
    return ours and [one["rolloutState"] for one in service["deployments"]] == ["COMPLETED"]


@dataclass(frozen=True)
class Phase:
    shows: Callable[[Staging, int], bool]
    held_up: tuple[str, int] | None = None
    """The action, and which call of it, that comes next and is held up, so that the phase lasts."""
    release_command: str = ""
    ends: tuple[str, ...] = ("succeeded",)
    """What the same command may end in when it is run again."""


PHASES = {
    "lock taken": Phase(lock_is_taken, ("Query", 1)),
    "entry written": Phase(entry_is_written, ("RegisterTaskDefinition", 1)),
    "revision registered": Phase(revision_is_registered, ("UpdateItem", 1)),
    "release command running": Phase(release_command_runs, release_command="sleep 4"),
    # ECS goes on without us, and may be faster than the same command again.
    "rollout running": Phase(rollout_runs, ends=("succeeded", "no_change")),
    "rollout over, not written": Phase(rollout_is_over, ("UpdateItem", 2), ends=("no_change",)),
}


@contextlib.contextmanager
def held_up(account: Account, call: tuple[str, int] | None) -> Iterator[None]:
    """A call to the local AWS that does not come through."""

    def put(faults: list[dict[str, Any]]) -> None:
        asked = urllib.request.Request(
            f"{account.url}/_local_aws/faults", data=json.dumps(faults).encode(), method="PUT"
        )
        urllib.request.urlopen(asked, timeout=10).close()

    put([{"action": call[0], "call": call[1], "fault": "delay"}] if call else [])
    try:
        yield
    finally:
        put([])


def wait_until(shows: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + SECONDS
    while not shows():
        assert process.poll() is None, "it was over before: " + process.communicate()[0][-2000:]
        assert time.monotonic() < end, "the phase never showed"
        time.sleep(0.05)


def interrupt(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal once, and wait until the process has ended."""
    # A terminal sends Ctrl-C to the whole group, and a job that is killed loses all its processes.
    os.killpg(process.pid, number)
    try:
        process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise AssertionError(f"it goes on after {SECONDS} s of {number.name}") from None


@pytest.fixture(scope="module")
def images(loop: Loop) -> list[str]:
    """Two that are good."""
    return [loop.image["digest"], loop.account.push("--build-arg", "NOTE=interrupted")["digest"]]


@pytest.fixture(scope="module")
def staging(loop: Loop) -> Iterator[Staging]:
    """Staging, where the two take turns. The good image serves again afterwards."""
    seen = Staging(loop.account)
    yield seen
    if seen.digest() != loop.image["digest"]:
        loop.account.playbook("deploy.yml", "-e", "env=staging", "-e", f"image={loop.image['digest']}")


@pytest.mark.parametrize("name", PHASES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["SIGINT", "SIGKILL"])
def test_a_deploy_that_was_interrupted_is_gone_on_with(
    staging: Staging, images: list[str], number: signal.Signals, name: str
):
    account, phase, before = staging.account, PHASES[name], len(staging.entries())
    image = next(one for one in images if one != staging.digest())
    command = json.dumps({"app_service_release_command": phase.release_command})
    deploy = ("deploy.yml", "-e", "env=staging", "-e", f"image={image}", "-e", command)
    with held_up(account, phase.held_up):
        process = subprocess.Popen(
            account.command(*deploy),
            cwd=ROOT,
            env=account.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        wait_until(lambda: phase.shows(staging, before), process)
        interrupt(process, number)
    assert process.returncode != 0
    tasks = staging.release_tasks()

    result = account.release(*deploy)
    assert result["outcome"] in phase.ends
    assert result["digest"] == image
    assert staging.digest() == image
    assert tasks == [] or staging.release_tasks() in ([], tasks), "the release command was started once more"
    entries = json.loads(account.playbook("releases.yml", "-e", "env=staging", "-e", "output=json", "-e", "limit=0"))
    assert len(entries) == before + 1, ("one deploy, killed and run again, is one release", entries[:3])
    assert (entries[0]["outcome"], f"v{entries[0]['number']}") == ("succeeded", result["release"])
    assert not staging.is_locked()
