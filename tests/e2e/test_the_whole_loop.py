"""The whole loop with real parts: an image is built and pushed, deployed to staging, promoted to prod; a bad one fails.

The loop runs once; each test looks at what it left.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from examples import demo
from local_aws import docker_engine, emulator

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@dataclass
class Loop:
    """What was seen on the way."""

    image: dict[str, Any] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes_of_the_second_provision: int = -1
    pushed_again: dict[str, Any] = field(default_factory=dict)
    bad_first_release: dict[str, Any] = field(default_factory=dict)
    bad_deploy: subprocess.CompletedProcess[str] | None = None
    shown_during_the_bad_deploy: list[dict[str, Any]] = field(default_factory=list)
    left_after_down: list[str] = field(default_factory=lambda: ["not looked"])


class Commands:
    """What a user types, pointed at one local AWS."""

    def __init__(self, local_aws: emulator.LocalAws, folder: Path) -> None:
        self._environment = demo.environment_for(local_aws)
        self._folder = folder

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in command],
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def playbook(self, name: str, *arguments: str) -> str:
        done = self.run(BIN / "ansible-playbook", name, *arguments)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr
        return done.stdout

    def release(self, name: str, *arguments: str) -> dict[str, Any]:
        file = self._folder / f"{Path(name).stem}.json"
        self.playbook(name, "-e", f"result_file={file}", *arguments)
        return dict(json.loads(file.read_text()))

    def failing_release(self, name: str, *arguments: str) -> dict[str, Any]:
        file = self._folder / "failed.json"
        done = self.run(BIN / "ansible-playbook", name, "-e", f"result_file={file}", *arguments)
        assert done.returncode == 2, done.stdout[-4000:] + done.stderr
        return dict(json.loads(file.read_text()))

    def push(self, *arguments: str) -> dict[str, Any]:
        file, log = self._folder / "image.json", self._folder / "push.log"
        done = self.run(
            sys.executable, "-m", "examples.push", "--result-file", str(file), "--log", str(log), *arguments
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(file.read_text()))


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    engine = docker_engine.look()
    if not engine.runs:
        pytest.skip(f"the loop needs real containers. Docker engine: {engine.sentence}")
    home = tmp_path_factory.mktemp("local_aws")
    emulator.ensure_venv()
    local_aws, _ = emulator.up(home)
    seen = Loop()
    try:
        go_through(Commands(local_aws, tmp_path_factory.mktemp("results")), local_aws.url, seen)
        emulator.down(home)
        label = f"label=ministack.instance={local_aws.instance}"
        repository = seen.image["image"].partition("@")[0]
        seen.left_after_down = [
            *emulator.docker("ps", "--all", "--quiet", "--filter", label).split(),
            *emulator.docker("images", "--quiet", repository).split(),
        ]
        yield seen
    finally:
        emulator.down(home)


def go_through(commands: Commands, url: str, seen: Loop) -> None:
    commands.playbook("provision.yml")
    seen.image = commands.push()
    seen.results["staging"] = commands.release("deploy.yml", "-e", "env=staging", "-e", f"image={seen.image['tag']}")

    bad = commands.push("--build-arg", "WEBAPP_FAIL=exit")
    seen.bad_first_release = commands.failing_release("deploy.yml", "-e", "env=prod", "-e", f"image={bad['digest']}")
    seen.results["prod"] = commands.release("promote.yml")
    hosts = {name: result["url"].split("/")[2] for name, result in seen.results.items()}
    seen.shown = {name: demo.ask_version(host, url) for name, host in hosts.items()}

    seen.changes_of_the_second_provision = demo.changes(commands.playbook("provision.yml"))
    seen.pushed_again = commands.push()
    seen.results["staging again"] = commands.release(
        "deploy.yml", "-e", "env=staging", "-e", f"image={seen.image['digest']}"
    )

    over = threading.Event()

    def keep_asking() -> None:
        while not over.wait(0.2):
            seen.shown_during_the_bad_deploy.append(demo.ask_version(hosts["staging"], url))

    visitor = threading.Thread(target=keep_asking)
    visitor.start()
    try:
        seen.bad_deploy = commands.run(
            BIN / "ansible-playbook", "deploy.yml", "-e", "env=staging", "-e", f"image={bad['image']}"
        )
    finally:
        over.set()
        visitor.join()


@pytest.mark.parametrize(("environment", "release", "tasks"), [("staging", "v1", 1), ("prod", "v2", 2)])
def test_the_image_that_was_pushed_runs_in_each_environment(loop: Loop, environment: str, release: str, tasks: int):
    result = loop.results[environment]
    assert result["outcome"] == "succeeded"
    assert (result["release"], result["digest"]) == (release, loop.image["digest"])
    assert (result["tasks_running"], result["tasks_desired"]) == (tasks, tasks)


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_a_request_through_the_load_balancer_shows_the_version(loop: Loop, environment: str):
    assert loop.shown[environment] == {
        "version": loop.image["tag"],
        "git_sha": loop.image["git_sha"],
        "environment": environment,
        "secret_key_base": True,
    }


def test_a_first_release_that_is_bad_ends_with_nothing_to_go_back_to_and_the_next_one_starts_all_tasks(loop: Loop):
    assert (loop.bad_first_release["outcome"], loop.bad_first_release["release"]) == ("stopped", "v1")
    assert "Nothing served before it" in loop.bad_first_release["reason"]
    assert loop.results["prod"]["release"] == "v2"


def test_promote_takes_the_digest_of_staging(loop: Loop):
    assert loop.results["prod"]["promoted_from"] == "staging"
    assert loop.results["prod"]["digest"] == loop.results["staging"]["digest"]


def test_provision_after_a_deploy_changes_nothing(loop: Loop):
    assert loop.changes_of_the_second_provision == 0


def test_an_image_that_is_there_is_not_pushed_again(loop: Loop):
    assert loop.image["pushed"]
    assert not loop.pushed_again["pushed"]
    assert loop.pushed_again["digest"] == loop.image["digest"]


def test_a_deploy_of_what_runs_already_makes_no_release(loop: Loop):
    again = loop.results["staging again"]
    assert (again["outcome"], again["release"]) == ("no_change", "v1")


def test_an_image_that_exits_at_once_fails_the_deploy_with_its_exit_code_and_last_words(loop: Loop):
    assert loop.bad_deploy is not None
    assert loop.bad_deploy.returncode == 2
    said = " ".join((loop.bad_deploy.stdout + loop.bad_deploy.stderr).split())
    assert "exited with code 3" in said
    assert "this image was built to fail at its start" in said


def test_the_old_release_serves_every_request_during_a_bad_deploy(loop: Loop):
    assert len(loop.shown_during_the_bad_deploy) > 5
    versions = {shown.get("version", json.dumps(shown)) for shown in loop.shown_during_the_bad_deploy}
    assert versions == {loop.image["tag"]}


def test_no_container_and_no_image_is_left_after_down(loop: Loop):
    assert loop.left_after_down == []
