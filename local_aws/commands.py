"""Run other programs. Their long output goes into a log; a failure says what was expected and how the log ends."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess  # nosec: runs this project's own programs, git, docker and apt, never a shell
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local_aws.emulator import LocalAwsError, last_lines


@dataclass(frozen=True)
class Answer:
    """What a short question to another program brought."""

    code: int
    output: str
    error: str


def ask(*command: str, seconds: float = 20) -> Answer:
    """Run a program that answers at once. One that is missing or does not answer in time is an answer, too."""
    try:
        # S603: arguments are our own.
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)  # noqa: S603
    except FileNotFoundError:
        return Answer(127, "", f"{command[0]}: not found")
    except subprocess.TimeoutExpired:
        return Answer(124, "", f"{command[0]}: no answer within {seconds:g} s")
    return Answer(done.returncode, done.stdout.strip(), done.stderr.strip())


def run(
    command: Sequence[str | Path],
    *,
    log: Path,
    expected: str,
    advice: str,
    environment: Mapping[str, str] | None = None,
    given: str = "",
) -> str:
    """Run a program to its end and return what it said, which is also in the log. ``given`` is its standard input."""
    words = [str(word) for word in command]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as file:
        file.write(f"\n$ {shlex.join(words)}\n")
        file.flush()
        start = file.tell()
        try:
            # S603: arguments are our own.
            done = subprocess.run(  # noqa: S603
                words, input=given, text=True, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False
            )
        except FileNotFoundError:
            raise LocalAwsError(f"Expected {expected}, but there is no command {words[0]}.\nNext: {advice}") from None
    if done.returncode != 0:
        raise LocalAwsError(
            f"Expected {expected}, but {Path(words[0]).name} ended with exit code {done.returncode}. "
            f"The end of {log}:\n{last_lines(log, 25)}\nNext: {advice}"
        )
    with log.open(errors="replace") as file:
        file.seek(start)
        return file.read()


def can_install_packages() -> bool:
    """Tell whether this is root on Debian, Ubuntu or one of their children."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_packages(*packages: str, log: Path) -> None:
    """Install Debian packages; the lists of what there is are brought up to date first."""
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    advice = f"find out what apt lacks with: apt-get install {' '.join(packages)}"
    apt = ["apt-get", "--quiet", "--assume-yes"]
    run([*apt, "update"], log=log, expected="up-to-date package lists", advice=advice, environment=quietly)
    run(
        [*apt, "install", "--no-install-recommends", *packages],
        log=log,
        expected=f"{' and '.join(packages)} installed",
        advice=advice,
        environment=quietly,
    )
