"""One-off commands, sessions and logs, as a user types them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.account import ROOT, Account, Done


def run(account: Account, *arguments: str) -> Done:
    return account.run(*account.command("run.yml", "-e", "env=staging", *arguments))


def test_a_command_runs_with_what_the_release_has_and_its_end_is_told_to_machines(account: Account, tmp_path: Path):
    file = tmp_path / "run.json"
    done = run(account, "-e", 'command=echo "$APP_ENVIRONMENT" | tr a-z A-Z; echo the end', "-e", f"result_file={file}")
    assert done.returncode == 0, done.stdout
    assert [line for line in done.stdout.splitlines() if line in ("STAGING", "the end")] == ["STAGING", "the end"]
    result = json.loads(file.read_text())
    assert (result["outcome"], result["exit_code"], result["environment"]) == ("succeeded", 0, "staging")
    assert result["log_lines"] == ["STAGING", "the end"]
    assert result["release"].startswith("v")
    assert result["digest"].startswith("sha256:")
    assert sorted(result["phases"]) == ["run", "start"]


def test_the_playbook_exits_as_the_command_does(account: Account, tmp_path: Path):
    file = tmp_path / "run.json"
    done = run(account, "-e", "command=echo this went wrong; exit 7", "-e", f"result_file={file}")
    assert done.returncode == 7, done.stdout
    assert "this went wrong" in done.stdout.splitlines()
    assert "The command exited with code 7." in done.stdout
    assert json.loads(file.read_text())["verdict"]["reason"] == "The command exited with code 7."


def test_the_log_is_shown_while_the_command_runs(account: Account):
    words = account.command("run.yml", "-e", "env=staging", "-e", "command=echo first; sleep 4; echo last")
    began = time.monotonic()
    seen: dict[str, float] = {}
    with subprocess.Popen(words, cwd=ROOT, env=account.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            seen.setdefault(line.strip(), time.monotonic() - began)
    assert process.returncode == 0
    assert seen["last"] - seen["first"] > 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["-e", "env=nowhere", "-e", "command=true"], "There is no environment called nowhere.", id="env"),
        pytest.param(["-e", "env=staging"], 'No command was given. Run again with -e command="..."', id="no command"),
        pytest.param(["-e", "env=staging", "-e", "command="], "No command was given.", id="an empty command"),
        pytest.param(
            ["-e", "env=staging", "-e", "command=rake db:rollback STEP=2"],
            "-e 'command=\"rake db:rollback STEP=2\"'",
            id="what may be another option",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_with_what_to_type(account: Account, arguments: list[str], told: str):
    assert told in account.refused("run.yml", *arguments)


def test_a_command_that_takes_too_long_is_stopped(account: Account):
    said = account.refused("run.yml", "-e", "env=staging", "-e", "command=exec sleep 100", "-e", "timeout_seconds=3")
    assert "The command was not over after 3 s, and was stopped." in said


def test_a_shell_is_opened_by_one_line_in_the_newest_task(account: Account):
    said = account.playbook("shell.yml", "-e", "env=staging")
    line = next(line for line in said.splitlines() if line.startswith("aws ecs execute-command"))
    words = line.split()
    ecs = account.client("ecs")
    arns = ecs.list_tasks(cluster="webapp-staging", serviceName="app")["taskArns"]
    assert words[words.index("--cluster") + 1] == "webapp-staging"
    assert any(arn.endswith(f"/{words[words.index('--task') + 1]}") for arn in arns)
    assert line.endswith("--container app --interactive --command /bin/sh")


def test_a_shell_needs_its_plugin_and_a_terminal(account: Account, tmp_path: Path):
    bare = {**account.environment, "PATH": str(tmp_path)}
    done = account.run(*account.command("shell.yml", "-e", "env=staging", "-e", "open=true"), env=bare)
    assert done.returncode == 2
    assert "aws and session-manager-plugin are not on this machine's PATH" in " ".join(done.stdout.split())

    for name in ("aws", "session-manager-plugin"):
        program = tmp_path / name
        program.write_text('#!/bin/sh\necho "opened: $*"\nexit 5\n')
        program.chmod(0o755)
    command = account.command("shell.yml", "-e", "env=staging", "-e", "open=true")
    done = account.run(*command, env=bare, start_new_session=True)
    assert done.returncode == 2
    assert "There is no terminal to open the session on." in done.stdout + done.stderr

    ours, theirs = os.openpty()
    try:
        kept = {"cwd": ROOT, "env": bare, "capture_output": True, "text": True, "check": False}
        done = subprocess.run(command, stdin=theirs, **kept)
    finally:
        os.close(ours)
        os.close(theirs)
    assert "opened: ecs execute-command --region us-east-1 --cluster webapp-staging --task" in done.stdout
    assert done.returncode == 5, "as the session ended"


def test_the_log_shows_its_newest_lines_and_how_to_see_them_otherwise(account: Account):
    run(account, "-e", "command=echo a line to find; echo another line")
    said = account.playbook("logs.yml", "-e", "env=staging", "-e", "since=5m", "-e", "filter=a line to find")
    found = [line for line in said.splitlines() if line.endswith("  a line to find")]
    assert len(found) == 1
    assert "another line" not in said
    assert "aws logs tail /ecs/staging/app --region us-east-1 --since 5m --filter-pattern 'a line to find'" in said


def test_a_length_of_time_that_is_none_is_refused(account: Account):
    said = account.refused("logs.yml", "-e", "env=staging", "-e", "since=yesterday")
    assert "since is yesterday, expected a number and s, m, h, d or w, as in 10m." in said


def test_a_log_that_is_followed_goes_on_until_ctrl_c(account: Account):
    words = account.command("logs.yml", "-e", "env=staging", "-e", "since=10s", "-e", "follow=true")
    with subprocess.Popen(words, cwd=ROOT, env=account.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            next(line for line in process.stdout if "aws logs tail" in line)
            run(account, "-e", "command=echo while it is followed")
            assert next(line for line in process.stdout if "while it is followed" in line)
        finally:
            process.send_signal(2)
    assert process.returncode != 0
