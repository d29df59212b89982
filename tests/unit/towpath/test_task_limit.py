"""How long a one-off task may run: whoever finds it knows, and nobody waits for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible.module_utils.towpath.task_limit import age_of, is_overdue, limit_of, limit_tags, waiting

BEGAN = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
STOP = "To stop it now: ansible-playbook run.yml -e env=staging -e stop=0123"
RUNS = "Task 0123 of webapp-staging:7 still runs, since 2026-01-01 12:00:00 UTC"


def a_task(limit: str | None = None, desired: str = "RUNNING", status: str = "RUNNING"):
    return {
        "taskArn": "arn:aws:ecs:us-east-1:123456789012:task/webapp-staging/0123",
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:7",
        "createdAt": BEGAN,
        "lastStatus": status,
        "desiredStatus": desired,
        "tags": [] if limit is None else [{"key": "towpath:timeout-seconds", "value": limit}],
    }


@pytest.mark.parametrize(
    ("timeout_seconds", "on_timeout", "limit"),
    [
        pytest.param(900, "stop", 900, id="seconds"),
        pytest.param(0.5, "stop", 1, id="never less than asked for"),
        pytest.param(1e12, "stop", 366 * 24 * 3600, id="a year at most"),
        pytest.param(900, "leave", None, id="one that is to be left"),
    ],
)
def test_a_task_says_itself_how_long_it_may_run(timeout_seconds, on_timeout, limit):
    task = a_task() | {"tags": limit_tags(timeout_seconds, on_timeout)}
    assert limit_of(task, otherwise=5) == limit


@pytest.mark.parametrize("limit", [None, "", "soon", "-1"])
def test_a_task_that_does_not_say_it_gets_the_limit_of_who_asks(limit):
    assert limit_of(a_task(limit), 5) == 5
    assert limit_of(a_task(limit)) is None


@pytest.mark.parametrize(
    ("task", "seconds", "overdue"),
    [
        pytest.param(a_task("60"), 59, False, id="in time"),
        pytest.param(a_task("60"), 60, True, id="overdue"),
        pytest.param(a_task(), 1e6, False, id="without a limit"),
        pytest.param(a_task("none"), 1e6, False, id="that was to be left"),
        pytest.param(a_task("60", desired="STOPPED"), 60, False, id="being stopped"),
        pytest.param(a_task("60", status="STOPPED"), 60, False, id="over"),
    ],
)
def test_a_task_is_overdue_when_it_runs_longer_than_it_may(task, seconds, overdue):
    assert is_overdue(task, BEGAN + timedelta(seconds=seconds)) is overdue


def test_no_task_is_younger_than_new():
    assert age_of(a_task(), BEGAN - timedelta(seconds=5)) == 0


@pytest.mark.parametrize(
    ("task", "words", "advice", "state", "timeout_seconds"),
    [
        pytest.param(
            a_task("900"),
            f"{RUNS}. Wait for it until 12:15:00 UTC, when it is stopped.",
            STOP,
            "waiting for task 0123, since 12:00:00, until 12:15:00 UTC at most",
            900 - 60 + 180,
            id="one in time, until it is stopped",
        ),
        pytest.param(
            a_task("60"),
            f"{RUNS}, longer than the 60 s that it may take. It is stopped.",
            "",
            "waiting for task 0123 to stop",
            180,
            id="one that is overdue",
        ),
        pytest.param(
            a_task("900", desired="STOPPED"),
            f"{RUNS}, and is being stopped.",
            "",
            "waiting for task 0123 to stop",
            180,
            id="one that is being stopped",
        ),
        pytest.param(
            a_task("none"), f"{RUNS}, and has no limit.", STOP, "waiting for task 0123", 300, id="one without a limit"
        ),
        pytest.param(
            a_task(),
            f"{RUNS}. Wait for it until 12:05:00 UTC, when it is stopped.",
            STOP,
            "waiting for task 0123, since 12:00:00, until 12:05:00 UTC at most",
            300 - 60 + 180,
            id="one of an older version",
        ),
    ],
)
def test_who_waits_is_told_for_what_until_when_and_what_to_type(task, words, advice, state, timeout_seconds):
    told = waiting(task, BEGAN + timedelta(seconds=60), 300, "staging")
    assert told == (words, advice, state, timeout_seconds)
