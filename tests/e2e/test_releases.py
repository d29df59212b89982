"""Deploy, promote and roll back, good and bad, on the local AWS."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account import ROOT, Account, Loop

SECONDS = 60


class Environment:
    """What a release may change, seen from outside."""

    def __init__(self, account: Account, name: str) -> None:
        self.account, self.name = account, name
        self.ecs, self.dynamodb = account.client("ecs"), account.client("dynamodb")

    def entries(self) -> list[dict[str, Any]]:
        """The ledger's, newest first."""
        told = self.account.playbook("releases.yml", "-e", f"env={self.name}", "-e", "output=json", "-e", "limit=0")
        return list(json.loads(told))

    def state(self) -> dict[str, Any]:
        """All that must be the same after a refusal."""
        service = self.ecs.describe_services(cluster=f"webapp-{self.name}", services=["app"])["services"][0]
        pages = self.ecs.get_paginator("list_task_definitions").paginate(familyPrefix=f"webapp-{self.name}")
        return {
            "deployments": [one["id"] for one in service["deployments"]],
            "revisions": [arn for page in pages for arn in page["taskDefinitionArns"]],
            "items": self.dynamodb.scan(TableName=f"webapp-{self.name}-releases", ConsistentRead=True)["Items"],
        }

    def digest(self) -> str:
        service = self.ecs.describe_services(cluster=f"webapp-{self.name}", services=["app"])["services"][0]
        revision = self.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        return str(revision["containerDefinitions"][0]["image"].partition("@")[2])


@pytest.fixture(scope="module")
def b_image(loop: Loop) -> str:
    return str(loop.account.push("--build-arg", "NOTE=b")["digest"])


@pytest.fixture(scope="module")
def c_image(loop: Loop) -> str:
    return str(loop.account.push("--build-arg", "NOTE=c")["digest"])


@pytest.fixture
def a_image(loop: Loop) -> str:
    return str(loop.image["digest"])


@pytest.fixture
def staging(account: Account, a_image: str) -> Iterator[Environment]:
    seen = Environment(account, "staging")
    yield seen
    if seen.digest() != a_image:
        account.playbook("deploy.yml", *to_staging(a_image))


@pytest.fixture
def prod(account: Account) -> Environment:
    return Environment(account, "prod")


def to_staging(image: str, *more: str) -> list[str]:
    return ["-e", "env=staging", "-e", f"image={image}", *more]


def test_from_bad_releases_one_always_comes_back_to_the_good_one(
    account: Account, staging: Environment, a_image: str, b_image: str, c_image: str
):
    first = len(staging.entries())
    back = ("rollback.yml", "-e", "env=staging")
    for image in (b_image, c_image, b_image):
        assert account.release("deploy.yml", *to_staging(image))["digest"] == image
        gone_back = account.release(*back, "-e", "reason=It was slow")
        assert (gone_back["outcome"], gone_back["digest"]) == ("succeeded", a_image)
    made = list(reversed(staging.entries()))[first:]
    assert [one["change"] for one in made] == ["deploy", "rollback"] * 3
    assert {one["reason"] for one in made[1::2]} == {"It was slow"}
    assert len({one["restores"] for one in made[1::2]}) == 1
    assert staging.digest() == a_image


def test_a_deploy_tells_the_ledger_who_what_and_why(account: Account, staging: Environment, b_image: str):
    result = account.release("deploy.yml", *to_staging(b_image, "-e", "reason=Faster search"))
    entry = staging.entries()[0]
    assert f"v{entry['number']}" == result["release"]
    assert (entry["outcome"], entry["digest"], entry["reason"]) == ("succeeded", b_image, "Faster search")
    title = subprocess.run(["git", "log", "-1", "--format=%s"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert entry["commit_title"] == title.stdout.strip()
    assert {"register", "start", "healthy", "detection_lag"} <= result["phases"].keys()
    assert entry["phases"] == result["phases"]


def test_what_ecs_rolled_back_itself_is_not_rolled_back_again_and_that_is_no_success(
    account: Account, staging: Environment, loop: Loop, a_image: str
):
    bad = account.failing_release("deploy.yml", *to_staging(loop.bad_image["digest"]))
    assert (bad["outcome"], bad["verdict"]["reason"]) == ("rolled_back", "The container app exited with code 3.")
    before = staging.state()
    said = account.refused("rollback.yml", "-e", "env=staging")
    assert f"ECS rolled {bad['release']} back already: staging runs v" in said
    assert (staging.digest(), staging.state()) == (a_image, before)


def test_no_way_back_across_breaking_migrations_but_by_force(
    account: Account, staging: Environment, a_image: str, b_image: str
):
    account.playbook("deploy.yml", *to_staging(b_image, "-e", "breaking_migrations=true"))
    before = staging.state()
    said = account.refused("rollback.yml", "-e", "env=staging")
    assert "whose migrations are marked as not backward compatible" in said
    assert staging.state() == before
    assert account.release("rollback.yml", "-e", "env=staging", "-e", "force=true")["digest"] == a_image


@pytest.mark.parametrize(
    ("playbook", "arguments", "said"),
    [
        pytest.param("deploy.yml", ["-e", "image=nowhere"], "There is no image nowhere in", id="no image"),
        pytest.param("rollback.yml", ["-e", "release=v99"], "has no release v99 with an image", id="no release"),
        pytest.param("rollback.yml", ["-e", "release=latest"], "latest is no release", id="no number"),
    ],
)
def test_a_refusal_touches_nothing_and_frees_the_lock(
    account: Account, staging: Environment, playbook: str, arguments: list[str], said: str
):
    before = staging.state()
    assert said in account.refused(playbook, "-e", "env=staging", *arguments)
    assert staging.state() == before


REFUSED_PROMOTIONS = {
    "nobody agreed": ([], "ansible-playbook promote.yml -e from=staging -e to=prod -e yes=true"),
    "to itself": (["-e", "to=staging", "-e", "yes=true"], "A release is promoted to another"),
    "another release": (["-e", "release=v999", "-e", "yes=true"], "v999 does not serve in staging"),
    "not long enough": (["-e", "yes=true", "-e", "app_service_promote_soak_seconds=86400"], "expected 24 h"),
}


def test_a_promotion_that_is_refused_touches_nothing(
    account: Account, staging: Environment, prod: Environment, c_image: str
):
    account.playbook("deploy.yml", *to_staging(c_image))
    before = prod.state()
    said = {name: account.refused("promote.yml", *arguments) for name, (arguments, _) in REFUSED_PROMOTIONS.items()}
    assert {name for name, (_, words) in REFUSED_PROMOTIONS.items() if words not in said[name]} == set(), said
    assert prod.state() == before


def in_a_terminal(account: Account, answer: str, *command: str) -> tuple[int, str]:
    """Type an answer when the question comes, and return the exit code and all that was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        account.command(*command),
        cwd=ROOT,
        env=account.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=take_terminal,
    )
    os.close(theirs)
    shown, end = "", time.monotonic() + SECONDS
    while time.monotonic() < end:
        if not select.select([ours], [], [], 1)[0]:
            # What is typed before Ansible listens is thrown away, so a person would type it again.
            if shown.rstrip().endswith("(yes/no):"):
                os.write(ours, f"{answer}\r".encode())
            continue
        try:
            shown += os.read(ours, 4096).decode(errors="replace")
        except OSError:  # Nobody has the other side open any more.
            break
    if process.poll() is None and time.monotonic() >= end:
        process.kill()
    os.close(ours)
    return process.wait(timeout=SECONDS), " ".join(shown.split())


def take_terminal() -> None:
    """Make the new session's terminal its own, as a shell does."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_in_a_terminal_a_promotion_shows_what_changes_and_asks(
    account: Account, staging: Environment, prod: Environment, a_image: str, c_image: str
):
    account.playbook("deploy.yml", *to_staging(c_image))
    before = prod.state()
    code, shown = in_a_terminal(account, "no", "promote.yml")
    assert (code, prod.state()) == (2, before)
    assert f"[app].image: {a_image[:19]} -> {c_image[:19]}" in shown
    assert "Nothing was changed" in shown
    code, shown = in_a_terminal(account, "yes", "promote.yml")
    assert code == 0, shown
    assert prod.digest() == c_image
    assert prod.entries()[0]["promoted_from"]["environment"] == "staging"
    assert account.release("rollback.yml", "-e", "env=prod")["digest"] == a_image


def test_in_a_ci_job_the_job_is_the_approval(
    account: Account, staging: Environment, prod: Environment, a_image: str, c_image: str
):
    account.playbook("deploy.yml", *to_staging(c_image))
    done = account.run(*account.command("promote.yml"), env=account.environment | {"CI": "true"})
    assert (done.returncode, prod.digest()) == (0, c_image), done.stdout
    assert account.release("rollback.yml", "-e", "env=prod")["digest"] == a_image


def test_a_release_command_that_fails_leaves_the_service_alone(account: Account, staging: Environment, b_image: str):
    command = json.dumps({"app_service_release_command": "echo migrating; exit 7"})
    deployments = staging.state()["deployments"]
    said = account.refused("deploy.yml", *to_staging(b_image, "-e", command))
    assert "migrating" in said
    assert "The command exited with code 7." in said
    assert staging.state()["deployments"] == deployments
    assert (staging.entries()[0]["outcome"], staging.entries()[0]["tasks"]["running"]) == ("stopped", 1)


def family(pid: int) -> list[int]:
    """A process and all that it has started, in whatever session."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def test_a_deploy_that_stood_still_for_longer_than_its_lease_releases_nothing_more_and_says_who_did(
    account: Account, staging: Environment, b_image: str, c_image: str, tmp_path: Path
):
    command = json.dumps({"app_service_release_command": "sleep 6"})
    shown = tmp_path / "ann.txt"
    with shown.open("w") as output:
        words = account.command("deploy.yml", *to_staging(b_image, "-e", command))
        ann = subprocess.Popen(
            words, cwd=ROOT, env=account.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    end = time.monotonic() + 60
    while "Run sleep 6 as a task" not in shown.read_text():
        assert time.monotonic() < end, shown.read_text()
        time.sleep(0.1)
    sleeping = family(ann.pid)
    try:
        for pid in sleeping:
            os.kill(pid, signal.SIGSTOP)
        bob = account.release("deploy.yml", *to_staging(c_image))
    finally:
        for pid in sleeping:
            os.kill(pid, signal.SIGCONT)
    assert ann.wait(timeout=60) == 2, shown.read_text()
    said = " ".join(shown.read_text().split())
    assert "lost its lock" in said
    assert f"Meanwhile {bob['release']} (deploy by" in said
    newest, before = staging.entries()[:2]
    assert (newest["digest"], newest["outcome"]) == (c_image, "succeeded")
    assert (before["digest"], before["outcome"]) == (b_image, "stopped")
    assert staging.digest() == c_image
    assert "Changed by hand" not in account.playbook("status.yml", "-e", "env=staging")


def test_two_deploys_at_once_run_the_release_command_once_each_and_never_together(
    account: Account, staging: Environment, b_image: str, c_image: str
):
    tasks_before = {arn for status in ("RUNNING", "STOPPED") for arn in release_tasks(staging, status)}
    command = json.dumps({"app_service_release_command": "sleep 2"})
    both = [
        subprocess.Popen(
            account.command("deploy.yml", *to_staging(image, "-e", command)),
            cwd=ROOT,
            env=account.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for image in (b_image, c_image)
    ]
    shown = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], shown
    assert sum("Waiting until it is over" in one for one in shown) == 1
    arns = sorted({arn for arn in release_tasks(staging, "STOPPED")} - tasks_before)
    ran = staging.ecs.describe_tasks(cluster="webapp-staging", tasks=arns)["tasks"]
    assert len({task["taskDefinitionArn"] for task in ran}) == len(ran) == 2
    first, second = sorted(ran, key=lambda task: task["startedAt"])
    assert first["stoppedAt"] <= second["createdAt"]


def release_tasks(environment: Environment, status: str) -> list[str]:
    asked = {"cluster": f"webapp-{environment.name}", "startedBy": "towpath-release", "desiredStatus": status}
    return list(environment.ecs.list_tasks(**asked)["taskArns"])
