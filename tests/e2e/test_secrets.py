"""secrets.yml: a secret is set, reaches the app, is nowhere to be seen, and goes."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account import ROOT, Account

NAME = "STRIPE_KEY"
PARAMETER = f"/webapp/staging/{NAME}"
STAGING = ("secrets.yml", "-e", "env=staging")
LISTED = "name version changed by read by"


def value(account: Account, parameter: str = PARAMETER) -> str:
    found = account.client("ssm").get_parameter(Name=parameter, WithDecryption=True)
    return str(found["Parameter"]["Value"])


def releases(account: Account) -> list[dict[str, Any]]:
    return list(json.loads(account.playbook("releases.yml", "-e", "env=staging", "-e", "output=json")))


def command_lines() -> str:
    """What every user of this machine sees of its processes."""
    seen = []
    for process in Path("/proc").glob("[0-9]*"):
        # One that has ended meanwhile shows nothing.
        with contextlib.suppress(OSError):
            seen.append((process / "cmdline").read_bytes())
    return b"\n".join(seen).decode(errors="replace")


class Watch:
    """Look at the command lines of all processes again and again, for a word that must not be there."""

    def __init__(self, word: str) -> None:
        self.looks = 0
        self.found = 0
        self._word = word
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.found += self._word in command_lines()
            self.looks += 1

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def unused(account: Account) -> Iterator[None]:
    """A secret that nobody gets."""
    account.client("ssm").put_parameter(Name=PARAMETER, Value="before", Type="SecureString", Overwrite=True)
    yield
    account.client("ssm").delete_parameters(Names=[PARAMETER])


def test_the_secrets_are_listed_with_who_gets_them(account: Account):
    told = account.playbook(*STAGING)
    assert LISTED in " ".join(told.split())
    found = {one["name"]: one for one in json.loads(account.playbook(*STAGING, "-e", "output=json"))}
    assert (found["SECRET_KEY_BASE"]["state"], found["SECRET_KEY_BASE"]["readers"]) == ("used", ["app"])
    assert value(account, "/webapp/staging/SECRET_KEY_BASE") not in told + json.dumps(found)


def test_a_secret_that_the_app_gets_reaches_it_by_a_release_and_is_nowhere_to_be_seen(account: Account, tmp_path: Path):
    before, secret = releases(account), f"s3cret-{os.urandom(8).hex()}"
    file, result, log = tmp_path / "value", tmp_path / "result.json", tmp_path / "ansible.log"
    file.write_text(f"{secret}\n")
    arguments = (
        "-vvv",
        "--diff",
        "-e",
        "set=SECRET_KEY_BASE",
        "-e",
        f"from_file={file}",
        "-e",
        f"result_file={result}",
    )
    logged = account.environment | {"ANSIBLE_LOG_PATH": str(log)}
    with Watch(secret) as processes:
        done = account.run(*account.command(*STAGING, *arguments), env=logged)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert value(account, "/webapp/staging/SECRET_KEY_BASE") == secret

    for place in (done.stdout, done.stderr, log.read_text(), result.read_text()):
        assert secret not in place
    assert (processes.found, processes.looks > 5) == (0, True)

    newest = releases(account)[0]
    assert (newest["number"], newest["change"], newest["outcome"]) == (
        before[0]["number"] + 1,
        "secrets",
        "succeeded",
    )
    assert secret not in json.dumps(releases(account))
    serving = account.client("ecs").describe_services(cluster="webapp-staging", services=["app"])["services"][0]
    assert serving["taskDefinition"] == newest["task_definition"]


def test_without_a_release_the_value_is_kept_and_nothing_else_happens(account: Account, tmp_path: Path):
    before = releases(account)
    file = tmp_path / "value"
    file.write_text("for-the-next-release")
    told = account.playbook(*STAGING, "-e", "set=SECRET_KEY_BASE", "-e", f"from_file={file}", "-e", "release=false")
    assert "until the next release" in told
    assert value(account, "/webapp/staging/SECRET_KEY_BASE") == "for-the-next-release"
    assert releases(account) == before
    again = account.playbook(*STAGING, "-e", "set=SECRET_KEY_BASE", "-e", f"from_file={file}", "-e", "release=false")
    assert "has this value already" in again


def test_a_value_comes_through_standard_input(account: Account, unused: None):
    done = account.run(*account.command(*STAGING, "-e", f"set={NAME}", "-e", "from_stdin=true"), input="piped\n")
    assert done.returncode == 0, done.stdout
    assert value(account) == "piped"
    assert "The app does not get it: name it in secrets_required and app_service_secrets" in done.stdout


def test_a_value_comes_through_a_descriptor(account: Account, unused: None):
    reading, writing = os.pipe()
    os.write(writing, b"descriptor")
    os.close(writing)
    account.run(
        *account.command(*STAGING, "-e", f"set={NAME}", "-e", f"from_file=/dev/fd/{reading}"), pass_fds=[reading]
    )
    os.close(reading)
    assert value(account) == "descriptor"


def test_a_terminal_is_asked_and_shows_nothing_of_what_is_typed(account: Account, unused: None):
    ours, theirs = pty.openpty()
    # A session of its own, as a terminal has one.
    start = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
    command = [sys.executable, "-c", start, *account.command(*STAGING, "-e", f"set={NAME}")]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=account.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, typed, end = b"", False, time.monotonic() + 120
    while time.monotonic() < end:
        if select.select([ours], [], [], 0.2)[0]:
            try:
                shown += os.read(ours, 65536)
            except OSError:
                break
        elif b"not shown" in shown and not typed:
            # The terminal is quiet, so it waits for us.
            os.write(ours, b"typed-in-silence\r")
            typed = True
    os.close(ours)
    assert process.wait(timeout=60) == 0, shown.decode()
    assert value(account) == "typed-in-silence"
    assert b"typed-in-silence" not in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(
            ["-e", f"set={NAME}"], "There is no terminal to ask for the value of STRIPE_KEY", id="no terminal"
        ),
        pytest.param(["-e", f"set={NAME}", "-e", "value=x"], "A value is not taken from the command line", id="value"),
        pytest.param(["-e", "set=stripe-key"], "stripe-key cannot name a secret", id="name"),
        pytest.param(["-e", f"set={NAME}", "-e", "from_file=/none"], "The file /none cannot be read", id="no file"),
        pytest.param(["-e", f"set={NAME}", "-e", "from_stdin=true"], "The value is empty", id="empty pipe"),
        pytest.param(["-e", "unset=SECRET_KEY_BASE", "-e", "yes=true"], "app in staging gets it", id="in use"),
        pytest.param(["-e", "unset=NONE", "-e", "yes=true"], "staging has no secret named NONE", id="not there"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(account: Account, arguments: list[str], words: str):
    ssm = account.client("ssm")
    before = ssm.describe_parameters()["Parameters"]
    assert words in account.refused(*STAGING, *arguments)
    assert ssm.describe_parameters()["Parameters"] == before


def test_a_secret_that_nobody_gets_goes_when_that_is_agreed_to(account: Account, unused: None):
    # A CI job counts as agreed, and these tests may run in one.
    alone = {name: kept for name, kept in account.environment.items() if name != "CI"}
    asked = account.run(*account.command(*STAGING, "-e", f"unset={NAME}"), env=alone)
    assert asked.returncode == 2
    assert f"-e unset={NAME} -e yes=true" in " ".join(asked.stdout.split())
    assert value(account) == "before"
    account.playbook(*STAGING, "-e", f"unset={NAME}", "-e", "yes=true")
    assert NAME not in account.playbook(*STAGING)
