"""An account on the local AWS, and what a user types at it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3

from examples import demo
from local_aws import emulator

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

Done = subprocess.CompletedProcess[str]


class Account:
    """One local AWS: the commands of the README run at it, from the repository's root as users do."""

    def __init__(self, local_aws: emulator.LocalAws, folder: Path) -> None:
        self.url = local_aws.url
        # Whether the tests run in a CI job must not decide what a command agrees to, or how it looks.
        self.environment = {
            name: value
            for name, value in demo.environment_for(local_aws).items()
            if name != "CI" and not name.startswith("GITHUB_")
        }
        self.folder = folder

    def client(self, service: str) -> Any:
        keys = {name.lower(): self.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
        return boto3.client(service, region_name="us-east-1", endpoint_url=self.url, **keys)

    def command(self, name: str, *arguments: str) -> list[str]:
        return [str(BIN / "ansible-playbook"), name, *arguments]

    def run(self, *command: str | Path, **given: Any) -> Done:
        words = [str(word) for word in command]
        kept = {"cwd": ROOT, "env": self.environment, "capture_output": True, "text": True, "check": False}
        # Nobody is there to answer a question.
        return subprocess.run(
            words, **({"stdin": subprocess.DEVNULL} if "input" not in given else {}), **(kept | given)
        )

    def playbook(self, name: str, *arguments: str) -> str:
        """Run a playbook that must succeed, and return what it prints."""
        done = self.run(*self.command(name, *arguments))
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr
        return str(done.stdout)

    def refused(self, name: str, *arguments: str) -> str:
        """Run a playbook that must fail, and return what it says, on one line."""
        done = self.run(*self.command(name, *arguments))
        assert done.returncode == 2, done.stdout[-4000:] + done.stderr
        return " ".join((done.stdout + done.stderr).split())

    def release(self, name: str, *arguments: str) -> dict[str, Any]:
        """Run a playbook that makes a release, and return its result file."""
        file = self.folder / f"{Path(name).stem}.json"
        self.playbook(name, "-e", f"result_file={file}", *arguments)
        return dict(json.loads(file.read_text()))

    def failing_release(self, name: str, *arguments: str) -> dict[str, Any]:
        file = self.folder / "failed.json"
        self.refused(name, "-e", f"result_file={file}", *arguments)
        return dict(json.loads(file.read_text()))

    def push(self, *arguments: str) -> dict[str, Any]:
        file, log = self.folder / "image.json", self.folder / "push.log"
        done = self.run(
            sys.executable, "-m", "examples.push", "--result-file", str(file), "--log", str(log), *arguments
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(file.read_text()))

    def ask(self, url: str) -> dict[str, Any]:
        """The version that the app shows at the URL of a result file."""
        return demo.ask_version(demo.host_of(url), self.url)


@dataclass
class Loop:
    """What was seen on the way from an empty account to a release in each environment."""

    account: Account
    image: dict[str, Any] = field(default_factory=dict)
    bad_image: dict[str, Any] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    bad_first_release: dict[str, Any] = field(default_factory=dict)


def go_through(account: Account) -> Loop:
    seen = Loop(account)
    account.playbook("provision.yml")
    seen.image = account.push()
    seen.results["staging"] = account.release("deploy.yml", "-e", "env=staging", "-e", f"image={seen.image['tag']}")

    seen.bad_image = account.push("--build-arg", "WEBAPP_FAIL=exit")
    bad = seen.bad_image["digest"]
    seen.bad_first_release = account.failing_release("deploy.yml", "-e", "env=prod", "-e", f"image={bad}")
    seen.results["prod"] = account.release("promote.yml", "-e", "yes=true")
    seen.shown = {name: account.ask(result["url"]) for name, result in seen.results.items()}
    return seen


@dataclass
class Again:
    """What was seen when the same commands were run once more, and of a bad deploy."""

    changes_of_the_second_provision: int
    checked: str
    checked_with_a_change: str
    pushed: dict[str, Any]
    deployed: dict[str, Any]
    bad_deploy: Done
    shown_during_the_bad_deploy: list[dict[str, Any]]


def go_through_again(seen: Loop) -> Again:
    account, staging = seen.account, ("-e", "env=staging")
    changes = demo.changes(account.playbook("provision.yml"))
    check = ("provision.yml", *staging, "--check", "--diff")
    checked = account.playbook(*check)
    checked_with_a_change = account.playbook(*check, "-e", "load_balancer_idle_timeout_seconds=61")
    pushed = account.push()
    deployed = account.release("deploy.yml", *staging, "-e", f"image={seen.image['digest']}")

    shown: list[dict[str, Any]] = []
    over = threading.Event()

    def keep_asking() -> None:
        while not over.wait(0.2):
            shown.append(account.ask(seen.results["staging"]["url"]))

    visitor = threading.Thread(target=keep_asking)
    visitor.start()
    try:
        bad_deploy = account.run(*account.command("deploy.yml", *staging, "-e", f"image={seen.bad_image['digest']}"))
    finally:
        over.set()
        visitor.join()
    return Again(changes, checked, checked_with_a_change, pushed, deployed, bad_deploy, shown)
