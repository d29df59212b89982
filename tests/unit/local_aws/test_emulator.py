"""The local AWS's own bookkeeping, without an emulator behind it."""

from __future__ import annotations

import fcntl
import json
import os
import re
import socket
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import pytest

from local_aws import __main__ as cli
from local_aws import emulator, launch
from local_aws.emulator import LocalAws, LocalAwsError


@pytest.fixture
def taken_port():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture
def no_docker(monkeypatch):
    monkeypatch.setenv("DOCKER", "never")


def a_python_that(tmp_path: Path, script: str) -> Path:
    """Make something that stands where the emulator's Python stands, and does as the script says."""
    program = tmp_path / "venv" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return tmp_path / "venv"


def remember(home: Path, **given: object) -> None:
    home.mkdir(exist_ok=True)
    values = {"port": 4566, "account_id": "000000000001", "containers": False, "pid": 1} | given
    (home / "local_aws.json").write_text(json.dumps(values))


def test_the_environment_points_every_aws_tool_at_the_emulator():
    environment = LocalAws(port=4567, account_id="000000000001", containers=True).environment
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4567"
    assert environment["AWS_REGION"] == environment["AWS_DEFAULT_REGION"]
    assert environment["AWS_ACCESS_KEY_ID"] and environment["AWS_SECRET_ACCESS_KEY"]


def test_each_home_has_an_account_of_its_own(tmp_path):
    accounts = [emulator.account_id_of(tmp_path / name) for name in "ab"]
    assert accounts[0] != accounts[1]
    assert all(re.fullmatch(r"\d{12}", account) for account in accounts)
    assert emulator.account_id_of(tmp_path / "a") == accounts[0]


def test_a_taken_port_is_passed_over(taken_port, monkeypatch):
    monkeypatch.setattr(emulator, "PORTS", range(taken_port, taken_port + 20))
    assert taken_port < emulator.free_port() < taken_port + 20


def test_without_a_free_port_the_error_says_which_were_tried(taken_port, monkeypatch):
    monkeypatch.setattr(emulator, "PORTS", range(taken_port, taken_port + 1))
    with pytest.raises(LocalAwsError, match=f"from {taken_port} to {taken_port}"):
        emulator.free_port()


def test_no_two_local_aws_share_a_database_port():
    blocks = sorted(emulator._database_port(port) for port in emulator.PORTS)
    assert min(b - a for a, b in pairwise(blocks)) == emulator.DATABASE_PORTS_EACH
    assert blocks[-1] + emulator.DATABASE_PORTS_EACH <= 32768


def test_a_port_that_was_ours_and_is_taken_now_is_named_with_the_way_out(tmp_path, taken_port, no_docker):
    remember(tmp_path, port=taken_port)
    with pytest.raises(LocalAwsError, match=rf"Port {taken_port}.*(?s:.)*python3 -m local_aws down"):
        emulator.up(tmp_path)


def test_a_start_that_crashes_shows_the_exit_code_and_the_end_of_the_log(tmp_path, monkeypatch, no_docker):
    monkeypatch.setattr(emulator, "VENV", a_python_that(tmp_path, "echo 'no such thing'; exit 3"))
    with pytest.raises(LocalAwsError, match=r"exit code 3(?s:.)*no such thing"):
        emulator.up(tmp_path / "home")
    assert emulator.find(tmp_path / "home") is None
    assert emulator.down(tmp_path / "home") is False


def test_a_start_that_never_answers_is_given_up(tmp_path, monkeypatch, no_docker):
    monkeypatch.setattr(emulator, "VENV", a_python_that(tmp_path, "echo waiting; exec sleep 60"))
    monkeypatch.setattr(emulator, "START_SECONDS", 0.3)
    with pytest.raises(LocalAwsError, match=r"did not answer(?s:.)*waiting"):
        emulator.up(tmp_path / "home")


def test_a_missing_virtual_environment_is_named_with_the_way_out(tmp_path, monkeypatch, no_docker):
    monkeypatch.setattr(emulator, "VENV", tmp_path / "none")
    with pytest.raises(LocalAwsError, match="python3 -m local_aws up"):
        emulator.up(tmp_path / "home")


def test_a_process_that_died_is_not_found_even_if_its_number_lives_on(tmp_path):
    remember(tmp_path, pid=os.getpid())
    assert emulator.find(tmp_path) is None


def test_one_that_runs_and_does_not_answer_is_named_with_the_way_out(tmp_path, monkeypatch, taken_port):
    remember(tmp_path, port=taken_port)
    monkeypatch.setattr(emulator, "START_SECONDS", 0.2)
    with (tmp_path / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(LocalAwsError, match="does not answer"):
            emulator.up(tmp_path)


def test_there_is_nothing_to_take_down_where_nothing_was(tmp_path):
    assert emulator.down(tmp_path / "none") is False


@pytest.mark.parametrize("command", ["status", "env"])
def test_a_command_that_needs_a_running_one_says_how_to_start_it(command, tmp_path, capsys):
    assert cli.main(["--home", str(tmp_path), command]) == 1
    said = capsys.readouterr()
    assert (said.out, "python3 -m local_aws up" in said.err) == ("", True)


def test_the_corrections_refuse_another_version_than_the_pinned_one(monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda name: "99.0.0")
    with pytest.raises(SystemExit, match=r"MiniStack 99\.0\.0 is installed, but .* for \d+\.\d+"):
        launch.refuse_another_version()


def test_leaving_out_a_correction_that_does_not_exist_is_refused():
    with pytest.raises(SystemExit, match=r"names no correction: gone\. Known: kept"):
        launch.refuse_unknown({"gone"}, known={"kept"})
