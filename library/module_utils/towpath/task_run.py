"""A one-off task: what to ask of RunTask, how it stands and how it ended. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from .rollout import TIMED_OUT, LogStream, stop_words, stream_of
from .rollout_cause import cause_of, masked, told_before_the_app
from .task_limit import MOST_SECONDS_TO_STOP, how_to_stop, is_overdue, limit_tags, task_id

Json = dict[str, Any]

SUCCEEDED = "succeeded"
FAILED = "failed"

# What ECS takes for startedBy: the ECS API reference, RunTask.
_STARTED_BY = re.compile(r"[A-Za-z0-9/_-]{1,128}")

# What ECS takes for overrides, their JSON included: the ECS API reference, RunTask.
MOST_CHARACTERS = 8192

# How much of the log goes into the result.
LAST_LINES = 20

SECONDS_BETWEEN_LOOKS = 0.5

# The log's last lines arrive a moment after the word that the task is over.
QUIET_LOOKS = 2


class Seen(NamedTuple):
    """What earlier looks read and found."""

    state: str = ""
    known: bool = False
    log_token: str = ""
    # Why the log may not be read; empty while it may.
    log_refused: str = ""
    last_lines: Sequence[str] = ()
    quiet_looks: int = 0
    stop_asked_at: float | None = None
    # Seconds, as the looks saw it.
    running_at: float | None = None


class Ending(NamedTuple):
    """How a task ended. ``exit_code`` is None when the command never ran, or was given up."""

    outcome: str
    exit_code: int | None
    reason: str
    evidence: list[str]
    advice: str


def command_of(given: str | Sequence[str]) -> list[str]:
    """The command in ECS's form: a list as it is, a string for the shell."""
    return ["/bin/sh", "-c", given] if isinstance(given, str) else [str(word) for word in given]


def command_words(given: str | Sequence[str]) -> str:
    """The command as a person would type it."""
    return given if isinstance(given, str) else shlex.join(str(word) for word in given)


def refusal(
    given: Any, started_by: str, names: Sequence[str], container: str, environment: Mapping[str, Any] | None = None
) -> str:
    """Why this cannot be run, or empty."""
    if not isinstance(given, str | list) or not given or (isinstance(given, str) and not given.strip()):
        return "command is empty or neither a string nor a list. Expected, for example, command: [rake, db:migrate]."
    if started_by and not _STARTED_BY.fullmatch(started_by):
        return f"started_by is {started_by}, expected up to 128 letters, digits, hyphens, slashes and underscores."
    if container not in names:
        return f"The task definition has no container {container}. It has {', '.join(names)}."
    asked = overrides(container, given, environment or {})
    values = [*command_of(given), *(str(value) for value in (environment or {}).values())]
    if any("\0" in value for value in values):
        return "The command or one of its environment variables holds a NUL character, which no program can be given."
    if (length := len(json.dumps(asked, ensure_ascii=False))) > MOST_CHARACTERS:
        return (
            f"The command and its environment variables are {length} characters long, as ECS takes them, expected at "
            f"most {MOST_CHARACTERS}. Put them into a script in the image, and give the name of that as the command."
        )
    return ""


def overrides(container: str, command: str | Sequence[str], environment: Mapping[str, Any]) -> Json:
    override: Json = {"name": container, "command": command_of(command)}
    if environment:
        override["environment"] = [{"name": name, "value": str(value)} for name, value in environment.items()]
    return {"containerOverrides": [override]}


def request(
    service: Json,
    task_definition: str,
    container: str,
    command: str | Sequence[str],
    environment: Mapping[str, Any],
    timeout_seconds: float,
    on_timeout: str,
) -> Json:
    """What to ask of RunTask so that a command runs where the service's own tasks do."""
    asked: Json = {
        "cluster": service["clusterArn"],
        "taskDefinition": task_definition,
        "count": 1,
        "overrides": overrides(container, command, environment),
        "tags": limit_tags(timeout_seconds, on_timeout),
        # SERVICE is refused here, so the task gets the tags of the revision, too.
        "propagateTags": "TASK_DEFINITION",
        "enableECSManagedTags": bool(service.get("enableECSManagedTags")),
        "enableExecuteCommand": bool(service.get("enableExecuteCommand")),
    }
    # Either of the two, never both.
    if service.get("capacityProviderStrategy"):
        asked["capacityProviderStrategy"] = service["capacityProviderStrategy"]
    elif service.get("launchType"):
        asked["launchType"] = service["launchType"]
    for name in ("platformVersion", "networkConfiguration"):
        if service.get(name):
            asked[name] = service[name]
    return asked


class UnderWay(NamedTuple):
    same: Json | None
    """The task of this very revision, to be followed."""
    others: list[Json]
    """Those of the same name that have to end first."""
    overdue: list[Json]
    """Those, of whatever name, that run longer than they may: whoever was to stop them is gone."""


def under_way(
    tasks: Sequence[Json], started_by: str, task_definition: str, now: datetime, timeout_seconds: float
) -> UnderWay:
    """What runs already of a family. What is in the way and has no limit of its own gets ``timeout_seconds``."""
    live = sorted((one for one in tasks if one["lastStatus"] != "STOPPED"), key=lambda one: one["createdAt"])
    ours = [one for one in live if started_by and one.get("startedBy") == started_by]
    overdue = [one for one in live if is_overdue(one, now, timeout_seconds if one in ours else None)]
    same = [
        one
        for one in ours
        # One that is being stopped will not finish its work.
        if one["taskDefinitionArn"] == task_definition and one["desiredStatus"] != "STOPPED" and one not in overdue
    ]
    return UnderWay(next(iter(same), None), [one for one in ours if one not in same], overdue)


def done_already(tasks: Sequence[Json], started_by: str, task_definition: str, container: str) -> Json | None:
    """The task of this revision that did the work: its container exited with code 0. ECS knows it for about an hour."""
    return next(
        (
            one
            for one in tasks
            if started_by
            and (one.get("startedBy"), one["taskDefinitionArn"]) == (started_by, task_definition)
            and _container(one, container).get("exitCode") == 0
            and not was_stopped(one)
        ),
        None,
    )


def was_stopped(task: Json) -> bool:
    """Whether somebody stopped a task: a program that exits with code 0 on SIGTERM has not done its work."""
    return bool(task.get("stopCode") == "UserInitiated")


def log_stream(task_definition: Json, container: str, arn: str) -> LogStream | None:
    """Where the container writes its log, or None when that is not CloudWatch Logs."""
    defined = next(one for one in task_definition["containerDefinitions"] if one["name"] == container)
    return stream_of(defined, arn)


def _container(task: Json, name: str) -> Json:
    return next((one for one in task["containers"] if one["name"] == name), {})


def is_over(task: Json | None, container: str, seen: Seen) -> bool:
    """Whether the command has ended. Fargate takes the network away afterwards, which nobody needs to wait for."""
    if task is None:
        # ECS may not know a task yet that it has just started.
        return seen.known
    if task["lastStatus"] == "STOPPED":
        return True
    ours = _container(task, container)
    return ours.get("lastStatus") == "STOPPED" and ours.get("exitCode") is not None


def state_words(task: Json | None, over: bool) -> str:
    """Where the task stands, as a word that changes only when something happens."""
    if over:
        return "over"
    if task is None or task["lastStatus"] in ("PROVISIONING", "PENDING", "ACTIVATING"):
        return "starting"
    return "stopping" if task["desiredStatus"] == "STOPPED" else "running"


def remembered(seen: Seen, task: Json | None, lines: Sequence[str], token: str, over: bool, seconds: float) -> Seen:
    """What the next look needs to know of this one."""
    runs = over or state_words(task, over) == "running"
    return seen._replace(
        running_at=seconds if runs and seen.running_at is None else seen.running_at,
        state=state_words(task, over),
        known=seen.known or task is not None,
        log_token=token,
        last_lines=[*seen.last_lines, *lines][-LAST_LINES:],
        quiet_looks=seen.quiet_looks + 1 if over and not lines else 0,
    )


def phases(seen: Seen, seconds: float) -> dict[str, float]:
    """How long the start and the run took, as far as it came, in seconds."""
    if seen.running_at is None:
        return {}
    return {"start": round(seen.running_at, 2), "run": round(seconds - seen.running_at, 2)}


def should_stop(seen: Seen, over: bool, seconds: float, timeout_seconds: float, on_timeout: str) -> bool:
    """Whether to ask ECS now to stop the task: once, when its time is up."""
    return not over and seconds >= timeout_seconds and on_timeout == "stop" and seen.stop_asked_at is None


def finished(seen: Seen, over: bool, seconds: float, timeout_seconds: float, on_timeout: str) -> bool:
    """Whether there is nothing more to wait for: the command is over and its log read, or the time is up."""
    if over:
        return seen.quiet_looks >= QUIET_LOOKS
    if on_timeout == "stop":
        return seen.stop_asked_at is not None and seconds >= seen.stop_asked_at + MOST_SECONDS_TO_STOP
    return seconds >= timeout_seconds


def ending(task: Json | None, container: str, arn: str, seen: Seen, timeout_seconds: float, environment: str) -> Ending:
    """Explain how the command ended: the cause in a sentence, what shows it, and what to do."""
    over = is_over(task, container, seen)
    log = [f"log: {line}" for line in last_lines(seen)]
    if not over:
        advice = f"It goes on: task {task_id(arn)}. {how_to_stop(arn, environment)}"
        return Ending(TIMED_OUT, None, f"The command was not over after {timeout_seconds:g} s.", log, advice)
    if seen.stop_asked_at is not None:
        advice = (
            "Look in its log for what it was doing, or give it a longer timeout: -e timeout_seconds=, or "
            "app_service_release_command_timeout_seconds in group_vars. An ENTRYPOINT of the image gets the command as "
            "its arguments: one that starts the app never ends."
        )
        reason = f"The command was not over after {timeout_seconds:g} s, and was stopped."
        return Ending(TIMED_OUT, None, reason, log, advice)
    if task is None:
        advice = "Look in its log, or run it again."
        return Ending(FAILED, None, "ECS has forgotten the task, and how it ended.", log, advice)
    code = _container(task, container).get("exitCode")
    if code == 0 and was_stopped(task):
        evidence = [stop_words(task), *log]
        return Ending(FAILED, None, "The command was stopped before its end.", evidence, "Run it again.")
    if code == 0:
        return Ending(SUCCEEDED, 0, "The command exited with code 0.", [], "")
    observed = stop_words(task)
    cause = cause_of([*told_before_the_app(list(seen.last_lines)), observed])
    plain = f"The container {container} exited with code {code}."
    evidence = [observed, *log]
    if code is not None and (cause is None or cause.sentence == plain):
        return Ending(FAILED, code, f"The command exited with code {code}.", evidence, "Its last log lines tell why.")
    if cause is None:
        return Ending(FAILED, code, f"The command did not run: {observed}.", evidence, "")
    return Ending(FAILED, code, cause.sentence, evidence, cause.advice)


def last_lines(seen: Seen) -> list[str]:
    """The end of the log, as it may be kept."""
    return [masked(line) for line in seen.last_lines]
