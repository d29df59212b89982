"""ecs_task_run with its action plugin and its _info twin, on real containers of the local AWS."""

from __future__ import annotations

import os
import re
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.ecs_app import SERVE, App
from tests.integration.harness import AwsEndpoint, run_module
from tests.integration.local_aws import conftest as images

image = images.image

HANG = "trap 'exit 0' TERM; sleep 100 & wait"


@pytest.fixture(scope="module")
def app(ministack: AwsEndpoint, image: str):
    if not ministack.containers:
        pytest.skip("No Docker engine answers, so there are no containers to test with: start one and run again.")
    app = App(ministack, image)
    app.create(app.a_revision())
    yield app
    run_module("ecs_service", ministack, cluster=app.cluster, name="app", state="absent")
    run_module("ecs_cluster", ministack, name=app.cluster, state="absent")


@pytest.fixture(scope="module")
def revision(app: App) -> str:
    """A revision whose own command would serve."""
    return app.a_revision(SERVE)


def run(app: App, tmp_path: Path, revision: str, command: Any, **options: Any) -> tuple[dict[str, Any], str]:
    tmp_path.mkdir(exist_ok=True)
    return app.play(tmp_path, "ecs_task_run", {**app.which, "task_definition": revision, "command": command, **options})


def test_a_command_runs_to_its_end_and_its_log_is_shown(app: App, revision: str, tmp_path: Path):
    result, printed = run(app, tmp_path, revision, ["/bin/sh", "-c", "echo one; echo two"])
    assert (result["outcome"], result["exit_code"], result["changed"]) == ("succeeded", 0, True), printed
    assert result["log_lines"] == ["one", "two"]
    assert re.findall("^(one|two)$", printed, re.MULTILINE) == ["one", "two"]
    assert result["task_definition"] == revision
    task = app.ecs.describe_tasks(cluster=app.cluster, tasks=[result["task_arn"]])["tasks"][0]
    assert task["launchType"] == "FARGATE"


def test_a_string_goes_to_the_shell_with_the_variables_of_this_run(app: App, revision: str, tmp_path: Path):
    command = 'for word in $WORDS; do echo "<$word>"; done; exit 7'
    result, printed = run(app, tmp_path, revision, command, environment={"WORDS": "a b"})
    assert (result["failed"], result["outcome"], result["exit_code"]) == (True, "failed", 7), printed
    assert result["log_lines"] == ["<a>", "<b>"]
    assert result["reason"] == "The command exited with code 7."


def test_no_line_of_a_long_log_is_lost_or_told_twice(app: App, revision: str, tmp_path: Path):
    command = "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i + 1)); done; sleep 2; echo the end"
    result, printed = run(app, tmp_path, revision, command)
    assert result["outcome"] == "succeeded", printed[-2000:]
    assert re.findall(r"^line (\d+)$", printed, re.MULTILINE) == [str(number) for number in range(3000)]
    assert result["log_lines"][-2:] == ["line 2999", "the end"]
    assert len(result["log_lines"]) == 20


@pytest.mark.parametrize(("code", "outcome"), [(0, "succeeded"), (3, "failed")])
def test_a_command_whose_log_may_not_be_read_is_followed_to_its_end(
    app: App, revision: str, tmp_path: Path, code: int, outcome: str
):
    with app.refused("GetLogEvents"):
        result, printed = run(app, tmp_path, revision, f"sleep 3; exit {code}")
    assert (result["outcome"], result["exit_code"]) == (outcome, code), printed
    said = " ".join(printed.split())
    assert said.count("its log may not be read, so it is followed without.") == 1
    assert "is not authorized to perform: logs:GetLogEvents" in said
    assert "It goes on by itself" not in said


def test_what_looks_like_a_secret_is_shown_to_who_asked_and_not_kept(app: App, revision: str, tmp_path: Path):
    result, printed = run(app, tmp_path, revision, "echo API_TOKEN=abc123; exit 1")
    assert "API_TOKEN=abc123" in printed.splitlines()
    assert result["log_lines"] == ["API_TOKEN=***"]
    assert "abc123" not in str(result["evidence"])


def test_a_command_that_the_image_does_not_have_is_named(app: App, revision: str, tmp_path: Path):
    result, _ = run(app, tmp_path, revision, ["/bin/none"])
    assert result["failed"]
    assert result["reason"] == "The command that the container is to run is not in the image.", result


def test_a_command_that_never_ran_has_no_exit_code(app: App, tmp_path: Path):
    missing = app.a_revision(image=app.aws.url.removeprefix("http://") + "/none:1")
    result, _ = run(app, tmp_path, missing, "true")
    assert (result["outcome"], result["exit_code"]) == ("failed", None)
    assert result["reason"] == "The image does not exist: no such tag or digest in the repository.", result


def test_a_command_that_takes_too_long_is_stopped(app: App, revision: str, tmp_path: Path):
    result, printed = run(app, tmp_path, revision, "trap 'exit 1' TERM; sleep 100 & wait", timeout_seconds=3)
    assert (result["outcome"], result["exit_code"]) == ("timed_out", None), printed
    assert result["reason"] == "The command was not over after 3 s, and was stopped."
    task = app.ecs.describe_tasks(cluster=app.cluster, tasks=[result["task_arn"]])["tasks"][0]
    assert (task["lastStatus"], task["stoppedReason"]) == ("STOPPED", "Not over after 3 s")


def test_a_task_of_the_same_name_and_revision_is_followed_and_not_started_again(
    app: App, revision: str, tmp_path: Path
):
    command = "trap 'exit 0' TERM; echo began; sleep 100 & wait"
    left, _ = run(app, tmp_path / "1", revision, command, started_by="followed", timeout_seconds=3, on_timeout="leave")
    assert left["outcome"] == "timed_out"
    assert f"It goes on: task {left['task_arn'].rpartition('/')[2]}." in left["advice"]

    again, printed = run(app, tmp_path / "2", revision, command, started_by="followed", timeout_seconds=3)
    assert (again["task_arn"], again["changed"]) == (left["task_arn"], False)
    assert "runs already: follow it." in printed
    assert again["log_lines"] == ["began"], "the log is read from its beginning"


def test_what_a_task_of_the_same_name_and_revision_did_is_not_done_again(app: App, revision: str, tmp_path: Path):
    failed, _ = run(app, tmp_path / "1", revision, "exit 1", started_by="once")
    done, _ = run(app, tmp_path / "2", revision, "true", started_by="once")
    again, printed = run(app, tmp_path / "3", revision, "true", started_by="once")
    assert (failed["outcome"], done["outcome"], again["outcome"]) == ("failed", "succeeded", "succeeded"), printed
    assert (again["task_arn"], again["changed"]) == (done["task_arn"], False)
    assert "did this already" in again["msg"]


def test_a_task_of_the_same_name_and_another_revision_is_waited_for(app: App, revision: str, tmp_path: Path):
    other = app.a_revision(SERVE)
    first = run_module(
        "ecs_task_run",
        app.aws,
        **app.which,
        task_definition=other,
        command=HANG,
        started_by="one-at-a-time",
        on_timeout="leave",
    )
    refused, printed = run(app, tmp_path / "1", revision, "echo second", started_by="one-at-a-time", timeout_seconds=1)
    assert (refused["outcome"], refused["changed"], refused["task_arn"]) == ("timed_out", False, ""), printed
    assert f"of {other.rpartition('/')[2]} still runs, since" in refused["msg"]
    stop = f"ansible-playbook run.yml -e env=NAME -e stop={first['task_arn'].rpartition('/')[2]}"
    assert refused["msg"].endswith(f"To stop it now: {stop}")

    # What is being stopped runs still.
    app.ecs.stop_task(cluster=app.cluster, task=first["task_arn"])
    second, printed = run(app, tmp_path / "2", revision, "echo second", started_by="one-at-a-time")
    assert (second["outcome"], second["log_lines"]) == ("succeeded", ["second"]), printed
    ended, began = app.ecs.describe_tasks(cluster=app.cluster, tasks=[first["task_arn"], second["task_arn"]])["tasks"]
    assert ended["stoppedAt"] <= began["createdAt"]


def test_a_command_that_hangs_and_whose_client_was_killed_holds_up_the_next_until_its_own_limit(
    app: App, revision: str, tmp_path: Path
):
    name: dict[str, Any] = {"started_by": "killed"}
    hangs = {**app.which, "task_definition": app.a_revision(SERVE), "command": HANG, "timeout_seconds": 12, **name}
    with app.begin(tmp_path, "ecs_task_run", hangs) as client:
        assert client.stdout is not None
        assert any("running" in line for line in client.stdout)
        os.killpg(client.pid, signal.SIGKILL)
    (first,) = app.ecs.list_tasks(cluster=app.cluster, startedBy="killed")["taskArns"]

    done, printed = run(app, tmp_path / "2", revision, "echo second", timeout_seconds=60, **name)
    assert (done["outcome"], done["log_lines"]) == ("succeeded", ["second"]), printed
    assert "longer than the 12 s that it may take. It is stopped." in printed
    ended, began = app.ecs.describe_tasks(cluster=app.cluster, tasks=[first, done["task_arn"]])["tasks"]
    assert (ended["stoppedReason"], ended["stoppedAt"] <= began["createdAt"]) == ("Not over after 12 s", True)
    assert ended["stoppedAt"] >= ended["createdAt"] + timedelta(seconds=12)


def test_the_same_command_after_its_limit_is_stopped_and_begun_anew(app: App, tmp_path: Path):
    revision = app.a_revision(SERVE)
    options: dict[str, Any] = {**app.which, "task_definition": revision, "started_by": "again"}
    first = run_module("ecs_task_run", app.aws, **options, command=HANG, timeout_seconds=0.1)
    done, printed = run(app, tmp_path, revision, "echo anew", started_by="again", timeout_seconds=60)
    assert (done["outcome"], done["log_lines"]) == ("succeeded", ["anew"]), printed
    assert done["task_arn"] != first["task_arn"]


def test_who_follows_what_another_started_keeps_its_limit(app: App, tmp_path: Path):
    revision = app.a_revision(SERVE)
    options: dict[str, Any] = {**app.which, "task_definition": revision, "command": HANG, "started_by": "goes-on"}
    first = run_module("ecs_task_run", app.aws, **options, timeout_seconds=8)
    followed, printed = run(app, tmp_path, revision, HANG, started_by="goes-on")
    assert (followed["task_arn"], followed["changed"]) == (first["task_arn"], False), printed
    assert followed["reason"] == "The command was not over after 8 s, and was stopped."


def test_what_nobody_waits_for_is_stopped_too_when_its_limit_is_over(app: App, revision: str, tmp_path: Path):
    left = run_module("ecs_task_run", app.aws, **app.which, task_definition=revision, command=HANG, timeout_seconds=0.1)
    done, printed = run(app, tmp_path, revision, "true")
    assert done["outcome"] == "succeeded", printed
    assert f"Task {left['task_arn'].rpartition('/')[2]}" in " ".join(done["warnings"])
    task = app.ecs.describe_tasks(cluster=app.cluster, tasks=[left["task_arn"]])["tasks"][0]
    assert (task["desiredStatus"], task["stoppedReason"]) == ("STOPPED", "Not over after 1 s")


def test_the_tasks_of_the_service_are_left_alone(app: App, revision: str, tmp_path: Path):
    (serving,) = app.ecs.list_tasks(cluster=app.cluster, serviceName="app")["taskArns"]
    done, printed = run(app, tmp_path, revision, "true", timeout_seconds=30, started_by="beside")
    assert done["outcome"] == "succeeded", printed
    refused = run_module("ecs_task_stop", app.aws, cluster=app.cluster, task_arn=serving, reason="test")
    assert "is one of the service app, which would start another" in refused["msg"]
    assert app.ecs.list_tasks(cluster=app.cluster, serviceName="app")["taskArns"] == [serving]


def test_a_task_is_stopped_by_its_id_and_one_that_is_not_there_is_told(app: App, revision: str):
    run_options: dict[str, Any] = {"task_definition": revision, "command": HANG}
    started = run_module("ecs_task_run", app.aws, **app.which, **run_options)["task_arn"].rpartition("/")[2]
    options = {"cluster": app.cluster, "reason": "Stopped by run.yml"}
    stopped = run_module("ecs_task_stop", app.aws, task_arn=started, **options)
    assert (stopped["changed"], stopped["found"]) == (True, True)
    missing = run_module("ecs_task_stop", app.aws, task_arn="0" * 32, **options)
    assert (missing["changed"], missing["found"]) == (False, False)


def test_check_mode_starts_nothing(app: App, revision: str):
    options = {**app.which, "task_definition": revision, "command": ["true"], "started_by": "planned"}
    planned = run_module("ecs_task_run", app.aws, check_mode=True, **options)
    assert planned["changed"]
    assert planned["msg"] == f"Run true as a task of {revision.rpartition('/')[2]}."
    assert app.ecs.list_tasks(cluster=app.cluster, startedBy="planned")["taskArns"] == []
    assert run_module("ecs_task_run", app.aws, **options).keys() - {"follow"} == planned.keys()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param({"service": "none"}, "Run ansible-playbook provision.yml -e env=NAME", id="no service"),
        pytest.param({"task_definition": "none:1"}, "There is no task definition none:1.", id="no revision"),
        pytest.param({"task_definition": None}, "Run ansible-playbook deploy.yml -e env=NAME first", id="no release"),
        pytest.param({"command": " "}, "command is empty", id="no command"),
        pytest.param({"command": "x" * 9000}, "expected at most 8192", id="a command that ECS refuses"),
        pytest.param({"command": {"a": 1}}, "neither a string nor a list", id="a command of another kind"),
        pytest.param({"container": "web"}, "has no container web. It has app.", id="no container"),
        pytest.param({"started_by": "a b"}, "expected up to 128 letters", id="a name that ECS refuses"),
    ],
)
def test_what_cannot_be_run_is_refused_with_what_to_type(app: App, revision: str, options, told):
    given = {**app.which, "task_definition": revision, "command": ["true"]} | options
    refused = run_module("ecs_task_run", app.aws, **{name: value for name, value in given.items() if value is not None})
    assert refused["failed"]
    assert told in refused["msg"], refused


def test_the_default_is_the_release_that_serves(app: App, revision: str):
    serving = app.ecs.describe_services(cluster=app.cluster, services=["app"])["services"][0]["taskDefinition"]
    app.ecs.tag_resource(resourceArn=serving, tags=[{"key": "towpath:release", "value": "1"}])
    try:
        planned = run_module("ecs_task_run", app.aws, check_mode=True, **app.which, command=["true"])
        assert planned["task_definition"] == serving
    finally:
        app.ecs.untag_resource(resourceArn=serving, tagKeys=["towpath:release"])
