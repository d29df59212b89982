"""A one-off task: what is asked of ECS, when it is over, and how its end is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import botocore.session
import pytest
from ansible.module_utils.towpath.task_run import (
    QUIET_LOOKS,
    Seen,
    command_of,
    command_words,
    done_already,
    ending,
    finished,
    is_over,
    last_lines,
    phases,
    refusal,
    remembered,
    request,
    should_stop,
    state_words,
    under_way,
)
from botocore.validate import ParamValidator

BEGAN = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
FAMILY = "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging"
TASK = "arn:aws:ecs:us-east-1:123456789012:task/webapp-staging/0123"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}


def a_service(**fields):
    return {
        "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/webapp-staging",
        "launchType": "FARGATE",
        "platformVersion": "LATEST",
        "networkConfiguration": NETWORK,
        "enableExecuteCommand": True,
    } | fields


def a_task(status: str = "RUNNING", number: int = 7, exit_code: int | None = None, **fields):
    container = {"name": "app", "lastStatus": "STOPPED" if exit_code is not None else status}
    return {
        "taskArn": TASK,
        "taskDefinitionArn": f"{FAMILY}:{number}",
        "startedBy": "towpath-release",
        "createdAt": BEGAN,
        "lastStatus": status,
        "desiredStatus": "RUNNING",
        "containers": [container | ({} if exit_code is None else {"exitCode": exit_code})],
    } | fields


def stopped(exit_code: int | None = None, reason: str = "Essential container in task exited", **fields):
    return a_task("STOPPED", exit_code=exit_code, stopCode="EssentialContainerExited", stoppedReason=reason, **fields)


def test_a_command_gets_the_network_and_the_capacity_of_the_service():
    asked = request(a_service(), f"{FAMILY}:7", "app", ["rake", "x"], {"STEP": 2}, 900, "stop")
    assert asked["networkConfiguration"] == NETWORK
    assert (asked["launchType"], asked["platformVersion"]) == ("FARGATE", "LATEST")
    assert asked["overrides"]["containerOverrides"] == [
        {"name": "app", "command": ["rake", "x"], "environment": [{"name": "STEP", "value": "2"}]}
    ]


def test_a_service_on_capacity_providers_names_no_launch_type():
    spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    asked = request(a_service(capacityProviderStrategy=spot), f"{FAMILY}:7", "app", ["true"], {}, 900, "stop")
    assert asked["capacityProviderStrategy"] == spot
    assert "launchType" not in asked


def test_what_is_asked_is_what_ecs_takes():
    model = botocore.session.get_session().get_service_model("ecs").operation_model("RunTask").input_shape
    asked = request(a_service(), f"{FAMILY}:7", "app", "env | sort", {"A": "b"}, 900, "stop")
    asked |= {"startedBy": "towpath-release"}
    assert not ParamValidator().validate(asked, model).has_errors()
    assert asked["propagateTags"] != "SERVICE", "which RunTask refuses"


@pytest.mark.parametrize(
    ("given", "run", "shown"),
    [
        pytest.param("env | sort", ["/bin/sh", "-c", "env | sort"], "env | sort", id="a string"),
        pytest.param(["echo", "a b", 1], ["echo", "a b", "1"], "echo 'a b' 1", id="a list"),
    ],
)
def test_a_string_is_for_the_shell_and_a_list_is_not(given, run, shown):
    assert command_of(given) == run
    assert command_words(given) == shown


@pytest.mark.parametrize(
    ("given", "started_by", "container", "told"),
    [
        pytest.param(["true"], "towpath-release", "app", "", id="a good one"),
        pytest.param("true", "", "app", "", id="a string and no name"),
        pytest.param([], "", "app", "command is empty", id="nothing"),
        pytest.param("  ", "", "app", "command is empty", id="only spaces"),
        pytest.param(7, "", "app", "neither a string nor a list", id="a number"),
        pytest.param("true", "a b", "app", "expected up to 128 letters", id="a name with a space"),
        pytest.param("true", "a" * 129, "app", "expected up to 128 letters", id="a long name"),
        pytest.param("true", "", "web", "has no container web. It has app, proxy.", id="no such container"),
        pytest.param("echo a\0b", "", "app", "holds a NUL character", id="a NUL"),
        pytest.param(["echo", "\0"], "", "app", "holds a NUL character", id="a NUL in a list"),
        pytest.param("x" * 9000, "", "app", "characters long, as ECS takes them, expected at most 8192", id="long"),
        pytest.param("é" * 8000, "", "app", "", id="characters and not bytes"),
        pytest.param('"' * 8000, "", "app", "expected at most 8192", id="long as JSON"),
    ],
)
def test_what_cannot_be_run_is_named(given, started_by, container, told):
    refused = refusal(given, started_by, ["app", "proxy"], container)
    assert told in refused
    assert bool(refused) == bool(told)


def limited(limit: str, **fields):
    return a_task(tags=[{"key": "towpath:timeout-seconds", "value": limit}], **fields)


STOPPING = a_task(desiredStatus="STOPPED")
OF_NOBODY = limited("60", startedBy="", number=6)
OF_THE_SERVICE = a_task(startedBy="ecs-svc/1")


@pytest.mark.parametrize(
    ("tasks", "same", "others", "overdue"),
    [
        pytest.param([], None, [], [], id="none"),
        pytest.param([a_task()], a_task(), [], [], id="of this revision"),
        pytest.param([a_task(number=6)], None, [a_task(number=6)], [], id="of another"),
        pytest.param([a_task(), a_task(number=6)], a_task(), [a_task(number=6)], [], id="of both"),
        pytest.param([stopped(0)], None, [], [], id="one that is over"),
        pytest.param([a_task(startedBy="somebody")], None, [], [], id="of another name"),
        pytest.param([STOPPING], None, [STOPPING], [], id="one that is being stopped"),
        pytest.param([limited("60")], None, [limited("60")], [limited("60")], id="of this revision, overdue"),
        pytest.param([limited("61")], limited("61"), [], [], id="of this revision, in its last second"),
        pytest.param([limited("60", number=6)], None, *[[limited("60", number=6)]] * 2, id="of another, overdue"),
        pytest.param([OF_NOBODY], None, [], [OF_NOBODY], id="of no name, overdue"),
        pytest.param([OF_THE_SERVICE], None, [], [], id="of the service, which has no limit"),
        pytest.param([limited("none")], limited("none"), [], [], id="that was to be left"),
    ],
)
def test_what_runs_already_is_followed_when_it_is_the_same_else_waited_for(tasks, same, others, overdue):
    now = BEGAN + timedelta(seconds=60)
    assert under_way(tasks, "towpath-release", f"{FAMILY}:7", now, 900) == (same, others, overdue)


def test_what_an_older_version_started_gets_the_limit_of_who_waits_for_it():
    now = BEGAN + timedelta(seconds=900)
    task = a_task(number=6)
    assert under_way([task], "towpath-release", f"{FAMILY}:7", now, 901).overdue == []
    assert under_way([task], "towpath-release", f"{FAMILY}:7", now, 900).overdue == [task]
    assert under_way([task], "", f"{FAMILY}:7", now, 900) == (None, [], []), "which may be anybody's"


def test_nothing_waits_for_what_has_no_name():
    assert under_way([a_task(startedBy="", number=6)], "", f"{FAMILY}:7", BEGAN, 900) == (None, [], [])


@pytest.mark.parametrize(
    ("task", "done"),
    [
        pytest.param(stopped(0), True, id="exited with code 0"),
        pytest.param(stopped(1), False, id="failed"),
        pytest.param(stopped(), False, id="never started"),
        pytest.param(a_task(), False, id="runs"),
        pytest.param(stopped(0) | {"taskDefinitionArn": f"{FAMILY}:6"}, False, id="of another revision"),
        pytest.param(stopped(0) | {"startedBy": "somebody"}, False, id="of somebody else"),
        pytest.param(stopped(0) | {"stopCode": "UserInitiated"}, False, id="was stopped, and exited with code 0"),
    ],
)
def test_what_did_the_work_already_is_not_run_again(task, done):
    assert (done_already([task], "towpath-release", f"{FAMILY}:7", "app") is not None) == done


@pytest.mark.parametrize(
    ("task", "seen", "state"),
    [
        pytest.param(None, Seen(), "starting", id="not known yet"),
        pytest.param(None, Seen(known=True), "over", id="no longer known"),
        pytest.param(a_task("PROVISIONING"), Seen(), "starting", id="provisioning"),
        pytest.param(a_task("PENDING"), Seen(), "starting", id="pending"),
        pytest.param(a_task(), Seen(), "running", id="running"),
        pytest.param(a_task(desiredStatus="STOPPED"), Seen(), "stopping", id="being stopped"),
        pytest.param(a_task("DEPROVISIONING", exit_code=0, desiredStatus="STOPPED"), Seen(), "over", id="exited"),
        pytest.param(stopped(0), Seen(), "over", id="stopped"),
        pytest.param(stopped(), Seen(), "over", id="never started"),
    ],
)
def test_a_command_is_over_when_its_container_has_exited_or_its_task_stopped(task, seen, state):
    assert state_words(task, is_over(task, "app", seen)) == state


def test_the_log_is_read_on_after_the_end_until_nothing_more_comes():
    seen = Seen()
    over = []
    for task, lines in ((a_task(), []), (stopped(0), ["a"]), (stopped(0), []), (stopped(0), ["b"])):
        seen = remembered(seen, task, lines, "token", is_over(task, "app", seen), 5)
        over.append(finished(seen, is_over(task, "app", seen), 5, 60, "stop"))
    assert over == [False] * 4
    for _ in range(QUIET_LOOKS):
        assert not finished(seen, True, 5, 60, "stop")
        seen = remembered(seen, stopped(0), [], "token", True, 5)
    assert finished(seen, True, 5, 60, "stop")
    assert last_lines(seen) == ["a", "b"]


def test_only_the_end_of_the_log_is_kept_and_no_secret():
    seen = remembered(Seen(), a_task(), [f"line {n}" for n in range(30)] + ["TOKEN=abc"], "t", False, 1)
    assert last_lines(seen) == [f"line {n}" for n in range(11, 30)] + ["TOKEN=***"]


@pytest.mark.parametrize(
    ("seen", "over", "seconds", "on_timeout", "stop", "end"),
    [
        pytest.param(Seen(), False, 59, "stop", False, False, id="in time"),
        pytest.param(Seen(), False, 60, "stop", True, False, id="to be stopped"),
        pytest.param(Seen(), False, 60, "leave", False, True, id="to be left"),
        pytest.param(Seen(stop_asked_at=60), False, 70, "stop", False, False, id="asked to stop"),
        pytest.param(Seen(stop_asked_at=60), False, 300, "stop", False, True, id="does not stop"),
        pytest.param(Seen(), True, 60, "stop", False, False, id="over, its log not yet read"),
    ],
)
def test_a_command_that_takes_too_long_is_stopped_once_or_left(seen, over, seconds, on_timeout, stop, end):
    assert should_stop(seen, over, seconds, 60, on_timeout) is stop
    assert finished(seen, over, seconds, 60, on_timeout) is end


@pytest.mark.parametrize(
    ("task", "seen", "outcome", "exit_code", "reason"),
    [
        pytest.param(stopped(0), Seen(), "succeeded", 0, "The command exited with code 0.", id="good"),
        pytest.param(stopped(7), Seen(), "failed", 7, "The command exited with code 7.", id="an exit code"),
        pytest.param(
            stopped(137, reason="OutOfMemoryError: Container killed due to memory usage"),
            Seen(),
            "failed",
            137,
            "The task ran out of memory.",
            id="out of memory",
        ),
        pytest.param(
            stopped(255),
            Seen(last_lines=["exec /bin/rake: exec format error"]),
            "failed",
            255,
            "The program in the image is built for another processor architecture.",
            id="architecture",
        ),
        pytest.param(
            stopped(reason="CannotPullContainerError: ref: not found"),
            Seen(),
            "failed",
            None,
            "The image does not exist: no such tag or digest in the repository.",
            id="no image",
        ),
        pytest.param(
            stopped(reason="Stopped by somebody"),
            Seen(),
            "failed",
            None,
            "The command did not run: Stopped by somebody (EssentialContainerExited).",
            id="unknown",
        ),
        pytest.param(
            stopped(143),
            Seen(stop_asked_at=60),
            "timed_out",
            None,
            "The command was not over after 60 s, and was stopped.",
            id="stopped by us",
        ),
        pytest.param(
            stopped(0, reason="Stopped by run.yml") | {"stopCode": "UserInitiated"},
            Seen(),
            "failed",
            None,
            "The command was stopped before its end.",
            id="stopped by somebody, and exited with code 0 on SIGTERM",
        ),
        pytest.param(a_task(), Seen(), "timed_out", None, "The command was not over after 60 s.", id="left"),
        pytest.param(
            None, Seen(known=True), "failed", None, "ECS has forgotten the task, and how it ended.", id="forgotten"
        ),
    ],
)
def test_the_end_is_told_with_its_cause(task, seen, outcome, exit_code, reason):
    end = ending(task, "app", TASK, seen, 60, "staging")
    assert (end.outcome, end.exit_code, end.reason) == (outcome, exit_code, reason)


def test_start_and_run_are_timed_as_the_looks_saw_them():
    seen = Seen()
    for task, seconds in ((a_task("PENDING"), 1), (a_task(), 20), (a_task(), 21), (stopped(0), 30)):
        seen = remembered(seen, task, [], "", is_over(task, "app", seen), seconds)
    assert phases(seen, 31) == {"start": 20, "run": 11}
    assert phases(Seen(), 31) == {}
