"""Which task a session is opened in, and by which command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible.module_utils.towpath.shell import command, missing, newest_running, refusal

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def a_task(number: int, status: str = "RUNNING", desired: str = "RUNNING", **fields):
    return {
        "taskArn": f"arn:aws:ecs:us-east-1:123456789012:task/webapp-staging/{number}",
        "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/webapp-staging",
        "createdAt": BEGAN + timedelta(minutes=number),
        "lastStatus": status,
        "desiredStatus": desired,
        "enableExecuteCommand": True,
        "containers": [{"name": "app"}],
    } | fields


def test_the_newest_task_that_runs_and_is_to_go_on_is_taken():
    tasks = [a_task(1), a_task(2), a_task(3, "PENDING"), a_task(4, desired="STOPPED"), a_task(5, "STOPPED", "STOPPED")]
    assert newest_running(tasks) == a_task(2)
    assert newest_running(tasks[2:]) is None


@pytest.mark.parametrize(
    ("task", "container", "told"),
    [
        pytest.param(a_task(1), "app", "", id="a good one"),
        pytest.param(None, "app", "No task of app runs", id="none"),
        pytest.param(a_task(1), "web", "has no container web. It has app.", id="no such container"),
        pytest.param(a_task(1, enableExecuteCommand=False), "app", "started without ECS Exec", id="without ECS Exec"),
    ],
)
def test_where_no_session_can_be_opened_it_says_why(task, container, told):
    refused = refusal(task, "app", container)
    assert told in refused
    assert bool(refused) == bool(told)


def test_the_command_line_is_that_of_the_aws_cli():
    assert " ".join(command(a_task(1), "app", "/bin/sh", "us-east-1")) == (
        "aws ecs execute-command --region us-east-1 --cluster webapp-staging --task 1 --container app "
        "--interactive --command /bin/sh"
    )


@pytest.mark.parametrize(
    ("programs", "told"),
    [
        pytest.param({"aws": True, "session-manager-plugin": True}, [], id="all there"),
        pytest.param(
            {"aws": True, "session-manager-plugin": False}, ["session-manager-plugin is not"], id="the plugin"
        ),
        pytest.param(
            {"aws": False, "session-manager-plugin": False},
            ["aws and session-manager-plugin are not", "install the AWS CLI"],
            id="both",
        ),
    ],
)
def test_what_this_machine_lacks_is_named_with_what_to_do(programs, told):
    said = missing(programs)
    assert all(words in said for words in told)
    assert bool(said) == bool(told)
