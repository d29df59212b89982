"""The Docker engine that runs tasks as real containers: the running one, else one installed from the distribution.

python3 -m local_aws.docker_engine          make sure that one runs, and say which
python3 -m local_aws.docker_engine stop     stop it, if it was started here

DOCKER=never refuses: nothing is installed, started or used, and containers are simulated.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess  # nosec: starts dockerd, without a shell
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from local_aws.commands import ask, can_install_packages, install_packages
from local_aws.emulator import HOME, LocalAwsError, last_lines

SIMULATED = "none: containers are simulated"
HOW_TO_GET_ONE = "start a Docker engine for real ones, or run as root on Debian or Ubuntu"
ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Engine:
    """What was found, in one line for people and one word for programs."""

    sentence: str
    version: str = ""
    forbidden: bool = False
    """One runs, but not for this user."""

    @property
    def runs(self) -> bool:
        return self.version != ""


def refused() -> bool:
    return os.environ.get("DOCKER", "") == "never"


def look() -> Engine:
    """Tell what answers now; change nothing."""
    if refused():
        return Engine(f"{SIMULATED}; leave out DOCKER=never for real ones")
    answer = ask("docker", "version", "--format", "{{.Server.Version}}")
    return judge(answer.code, answer.output, answer.error)


def judge(code: int, output: str, error: str) -> Engine:
    """Read what `docker version` said."""
    if code == 0 and output:
        return Engine(f"Docker {output} runs", version=output)
    if "permission denied" in error.lower():
        return Engine(
            f"{SIMULATED}, because this user may not use the Docker engine that runs; "
            "type sudo usermod -aG docker $USER, log in again and run the same again",
            forbidden=True,
        )
    return Engine(f"{SIMULATED}; {HOW_TO_GET_ONE}")


def ensure(home: Path = HOME) -> Engine:
    """Make sure that an engine runs where that is possible and allowed."""
    found = look()
    # Who sets DOCKER_HOST means an engine elsewhere, and installing one here would not help.
    if found.runs or found.forbidden or refused() or "DOCKER_HOST" in os.environ or not can_install_packages():
        return found
    log = home / "docker_engine.log"
    try:
        installed = _install(log)
        started = _start(home, log, installed=installed)
    except LocalAwsError as problem:
        return Engine(f"{SIMULATED}. {problem}")
    return Engine(f"Docker {started} {'installed and ' if installed else ''}started", version=started)


def stop(home: Path = HOME) -> bool:
    """Stop the engine that ``ensure`` started with this home. Tell whether there was one."""
    memory = home / "docker_engine.started"
    if not memory.is_file():
        return False
    how = memory.read_text().strip()
    memory.unlink()
    if how == "service":
        return ask("service", "docker", "stop", seconds=60).code == 0
    command = Path("/proc") / how / "comm"
    if not command.is_file() or command.read_text().strip() != "dockerd":
        return False
    os.kill(int(how), signal.SIGTERM)
    return True


def _install(log: Path) -> bool:
    if ask("dockerd", "--version").code == 0 and ask("docker", "--version").code == 0:
        return False
    install_packages("docker.io", "iptables", log=log)
    # Newer releases of Debian keep the command apart from the engine.
    if ask("docker", "--version").code != 0:
        install_packages("docker-cli", log=log)
    return True


def _start(home: Path, log: Path, *, installed: bool) -> str:
    """Start the engine and return its version. A package that was just installed may have started it."""
    version = _version_within(5) if installed else ""
    if version:
        return version
    memory = home / "docker_engine.started"
    if ask("service", "docker", "start", seconds=60).code == 0:
        version = _version_within(10)
        if version:
            memory.write_text("service\n")
            return version
    with log.open("a") as output:
        # S607: looked up as the user's shell would.
        process = subprocess.Popen(
            ["dockerd"],  # noqa: S607
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    memory.write_text(f"{process.pid}\n")
    version = _version_within(ANSWER_SECONDS, process)
    if not version:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        memory.unlink()
        raise LocalAwsError(f"dockerd was started and gave no answer; the end of {log}:\n{last_lines(log)}")
    return version


def _version_within(seconds: float, process: subprocess.Popen[bytes] | None = None) -> str:
    end = time.monotonic() + seconds
    while time.monotonic() < end and (process is None or process.poll() is None):
        found = look()
        if found.runs:
            return found.version
        time.sleep(0.5)
    return ""


def main() -> None:
    if sys.argv[1:] == ["stop"]:
        print("Docker engine: stopped" if stop() else "Docker engine: none was started here")
        return
    HOME.mkdir(parents=True, exist_ok=True)
    print(f"Docker engine: {ensure().sentence}")


if __name__ == "__main__":
    main()
