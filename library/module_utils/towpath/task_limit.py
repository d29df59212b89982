"""How long a one-off task may run. Pure functions: no AWS, no Ansible.

ECS stops no task for its age. Whoever starts one stops it, and writes the limit on it for when they are gone by then.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from .differences import own_tags
from .rollout import short

Json = dict[str, Any]

# In seconds, from the task's creation on.
LIMIT_TAG = "towpath:timeout-seconds"
NO_LIMIT = "none"

# A task that was asked to stop has stopTimeout, at most 120 s on Fargate, and Fargate some time of its own.
MOST_SECONDS_TO_STOP = 180.0

# More is no limit, and would lead beyond the end of the calendar.
_MOST_SECONDS = 366 * 24 * 3600


class Waiting(NamedTuple):
    """What a command waits for before it may start."""

    words: str
    advice: str
    state: str
    timeout_seconds: float


def task_id(arn: str) -> str:
    return arn.rpartition("/")[2]


def limit_tags(timeout_seconds: float, on_timeout: str) -> list[Json]:
    limit = str(math.ceil(timeout_seconds)) if on_timeout == "stop" else NO_LIMIT
    return [{"key": LIMIT_TAG, "value": limit}]


def limit_of(task: Json, otherwise: float | None = None) -> float | None:
    """How long a task may take, in seconds; ``otherwise`` where nobody wrote it on the task, and None for no limit."""
    told = own_tags(task.get("tags", [])).get(LIMIT_TAG, "")
    if told == NO_LIMIT:
        return None
    limit = float(told) if told.isdecimal() else otherwise
    return None if limit is None else min(limit, _MOST_SECONDS)


def age_of(task: Json, now: datetime) -> float:
    age: timedelta = now - task["createdAt"]
    return max(0.0, age.total_seconds())


def is_overdue(task: Json, now: datetime, otherwise: float | None = None) -> bool:
    """Whether a task that nobody stops yet should have been stopped."""
    limit = limit_of(task, otherwise)
    runs = task["lastStatus"] != "STOPPED" and task["desiredStatus"] != "STOPPED"
    return runs and limit is not None and age_of(task, now) >= limit


def reason_to_stop(limit: float) -> str:
    """Why, as ECS shows it with the stopped task."""
    return f"Not over after {limit:g} s"


def name_and_age(task: Json) -> str:
    return (
        f"Task {task_id(task['taskArn'])} of {short(task['taskDefinitionArn'])} still runs, "
        f"since {task['createdAt']:%Y-%m-%d %H:%M:%S %Z}"
    )


def overdue_words(task: Json, otherwise: float | None = None) -> str:
    return f"{name_and_age(task)}, longer than the {limit_of(task, otherwise) or 0:g} s that it may take."


def how_to_stop(arn: str, environment: str) -> str:
    return f"To stop it now: ansible-playbook run.yml -e env={environment} -e stop={task_id(arn)}"


def waiting(task: Json, now: datetime, timeout_seconds: float, environment: str) -> Waiting:
    """What is said of another task that has to end first, and how long to wait for it."""
    name = f"waiting for task {task_id(task['taskArn'])}"
    if is_overdue(task, now, timeout_seconds):
        words = f"{overdue_words(task, timeout_seconds)} It is stopped."
        return Waiting(words, "", f"{name} to stop", MOST_SECONDS_TO_STOP)
    if task["desiredStatus"] == "STOPPED":
        words = f"{name_and_age(task)}, and is being stopped."
        return Waiting(words, "", f"{name} to stop", MOST_SECONDS_TO_STOP)
    limit = limit_of(task, timeout_seconds)
    if limit is None:
        words = f"{name_and_age(task)}, and has no limit."
        return Waiting(words, how_to_stop(task["taskArn"], environment), name, timeout_seconds)
    until = f"{task['createdAt'] + timedelta(seconds=limit):%H:%M:%S %Z}"
    return Waiting(
        f"{name_and_age(task)}. Wait for it until {until}, when it is stopped.",
        how_to_stop(task["taskArn"], environment),
        f"{name}, since {task['createdAt']:%H:%M:%S}, until {until} at most",
        limit - age_of(task, now) + MOST_SECONDS_TO_STOP,
    )
