"""How a rollout stands and how it ended, told from what ECS answers. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from .rollout_cause import Cause, cause_of, masked, told_before_the_app

Json = dict[str, Any]

SUCCEEDED = "succeeded"
ROLLED_BACK = "rolled_back"
SUPERSEDED = "superseded"
STOPPED = "stopped"
TIMED_OUT = "timed_out"
NO_CHANGE = "no_change"

FAILURES = (ROLLED_BACK, STOPPED, TIMED_OUT)

# Between the failure of a deployment and the one that rolls it back ECS shows neither.
LOOKS_UNTIL_NO_ROLLBACK = 20

# The record and the deployment that it tells about are made by one call, but not in one instant.
RECORD_MARGIN = timedelta(seconds=5)

_GOES_BACK = re.compile(r"roll(ing|ed)?[ -]?back", re.IGNORECASE)
_EVENT_OF_NOTE = re.compile(
    r"unable|unhealthy|failed|roll(ing|ed) back|circuit breaker|capacity|throttl|alarm", re.IGNORECASE
)


class Rollout(NamedTuple):
    """The deployment that we started, or found under way."""

    deployment_id: str
    task_definition: str
    previous_task_definition: str
    started_at: datetime


# The circuit breaker then goes back to a deployment that had no tasks, which helps nobody: no need to watch it.
NOTHING_BEFORE = "Nothing served before it, so ECS had nothing to go back to"


class Start(NamedTuple):
    """What to ask of UpdateService so that the service runs a revision, beside its name."""

    request: Json
    outcome: str


class Verdict(NamedTuple):
    """One of the six outcomes, or an empty one while the rollout goes on, and ECS's side of the reason."""

    outcome: str
    reason: str


class Seen(NamedTuple):
    """What earlier looks showed and found: news is what is not in here."""

    state: str = ""
    health: str = ""
    told: Sequence[str] = ()
    record_arn: str = ""
    listed: bool = False
    looks_since_failure: int = 0
    logs_read: int = 0
    stop_asked: bool = False
    running: int = 0
    desired: int = 0
    # Seconds, as the looks saw them.
    looked_at: float = 0.0
    running_at: float | None = None
    healthy_at: float | None = None


class Look(NamedTuple):
    """What AWS answered in one look."""

    service: Json | None
    record: Json | None
    tasks: list[Json]
    targets: list[Json]


def short(task_definition: str) -> str:
    """The revision as people say it: ``family:revision``."""
    return task_definition.rpartition("/")[2]


def primary(service: Json) -> Json:
    """The newest deployment, which the service is pointed at."""
    return next((one for one in service["deployments"] if one["status"] == "PRIMARY"), {})


def deployment(service: Json, deployment_id: str) -> Json:
    return next((one for one in service["deployments"] if one["id"] == deployment_id), {})


def serving_revision(service: Json, other_than: str = "") -> str:
    """The revision of the newest completed deployment: what a failed rollout would go back to, or empty.

    A service without tasks completes its deployments too, but there is nothing in them to go back to.
    """
    if service["desiredCount"] == 0:
        return ""
    completed = [
        one for one in service["deployments"] if one["id"] != other_than and one.get("rolloutState") == "COMPLETED"
    ]
    return max(completed, key=lambda one: one["createdAt"])["taskDefinition"] if completed else ""


def refusal_of_service(service: Json | None, cluster: str, name: str) -> str:
    """Why nothing can be started in a service, or empty."""
    if not service:
        return (
            f"There is no service {name} in the cluster {cluster}. "
            "Run ansible-playbook provision.yml -e env=NAME first."
        )
    if service["status"] != "ACTIVE":
        return (
            f"The service {name} in the cluster {cluster} is {service['status']}, expected ACTIVE: it is being "
            "deleted. Wait until it is gone, then run ansible-playbook provision.yml -e env=NAME."
        )
    return ""


def refusal_of_revision(name: str, found: Json | None) -> str:
    """Why a revision cannot be run, or empty."""
    if not short(name).rpartition(":")[2].isdecimal():
        return (
            f"task_definition is {name}, expected family:revision or an ARN: a family alone may mean another "
            "revision tomorrow. Name the revision, as in webapp-staging:7."
        )
    if found is None or found.get("status", "ACTIVE") != "ACTIVE":
        what = "There is no task definition" if found is None else "Somebody deregistered the task definition"
        return f"{what} {name}. Run ansible-playbook deploy.yml -e env=NAME, which registers a new one."
    return ""


def start(service: Json, task_definition: str, desired_count: int | None, force: bool) -> Start:
    """Decide what it takes: a new deployment, the one that is under way already, or nothing."""
    newest = primary(service)
    same = newest.get("taskDefinition") == task_definition
    state = newest.get("rolloutState", "IN_PROGRESS" if len(service["deployments"]) > 1 else "COMPLETED")
    request: Json = {}
    if not same or force or state == "FAILED":
        request["taskDefinition"] = task_definition
    if request and same:
        request["forceNewDeployment"] = True
    outcome = NO_CHANGE if not request and state == "COMPLETED" else ""
    if desired_count is not None and desired_count != service["desiredCount"]:
        request["desiredCount"] = desired_count
    return Start(request, outcome)


def record_of(records: list[Json], revisions: list[Json], rollout: Rollout) -> str:
    """Find the ARN of our deployment's service-deployment record, or empty.

    ECS gives records and deployments ids that have nothing in common, so they are told by revision and time.
    """
    definitions = {one["serviceRevisionArn"]: one.get("taskDefinition") for one in revisions}
    ours = [
        one
        for one in records
        if definitions.get(one["targetServiceRevisionArn"]) == rollout.task_definition
        and one["createdAt"] >= rollout.started_at - RECORD_MARGIN
    ]
    if not ours:
        return ""
    arn: str = min(ours, key=lambda one: abs(one["createdAt"] - rollout.started_at))["serviceDeploymentArn"]
    return arn


def verdict(service: Json | None, record: Json | None, rollout: Rollout, seen: Seen) -> Verdict:
    """Say how our deployment ended, or that it goes on.

    The record decides where ECS keeps one, the state of our own deployment else. How many tasks run proves nothing:
    the old ones run too.
    """
    if service is None or service["status"] != "ACTIVE":
        return Verdict(STOPPED, "The service was deleted while it rolled out.")
    by_deployments = _verdict_by_deployments(service, rollout, seen)
    if record is None:
        return by_deployments
    status = record["status"]
    told = record.get("rollback", {}).get("reason") or record.get("statusReason", "")
    if status == "SUCCESSFUL":
        return Verdict(SUCCEEDED, "ECS completed the deployment.")
    if status.startswith("ROLLBACK") and not rollout.previous_task_definition:
        return Verdict(STOPPED, _sentence(NOTHING_BEFORE, told))
    if status == "ROLLBACK_SUCCESSFUL":
        return Verdict(ROLLED_BACK, _sentence("ECS rolled the service back", told))
    if status == "ROLLBACK_FAILED":
        return Verdict(STOPPED, _sentence("ECS gave the deployment up, and its rollback failed too", told))
    if status.startswith("ROLLBACK"):
        return Verdict("", "")
    if by_deployments.outcome == SUPERSEDED:
        return by_deployments
    if status == "STOPPED":
        what = "ECS stopped the deployment"
        if not rollout.previous_task_definition:
            what += "; nothing served before it, so there was nothing to go back to"
        return Verdict(STOPPED, _sentence(what, told))
    return Verdict("", "")


def _verdict_by_deployments(service: Json, rollout: Rollout, seen: Seen) -> Verdict:
    ours, newest = deployment(service, rollout.deployment_id), primary(service)
    state = ours.get("rolloutState", "")
    told = ours.get("rolloutStateReason", "")
    if state == "COMPLETED":
        return Verdict(SUCCEEDED, "ECS completed the deployment.")
    if not newest:
        return Verdict("", "")
    if newest["id"] == rollout.deployment_id:
        if state != "FAILED":
            return Verdict("", "")
        if not rollout.previous_task_definition:
            return Verdict(STOPPED, _sentence(NOTHING_BEFORE, told))
        if _rolls_back(service) and seen.looks_since_failure < LOOKS_UNTIL_NO_ROLLBACK:
            return Verdict("", "")
        return Verdict(STOPPED, _sentence("ECS gave the deployment up and did not roll it back", told))

    if not ours and not seen.listed and newest["createdAt"] < rollout.started_at:
        # An answer from before our own update.
        return Verdict("", "")
    if is_rollback_of(service, rollout, seen):
        if not rollout.previous_task_definition:
            return Verdict(STOPPED, _sentence(NOTHING_BEFORE, told))
        if newest.get("rolloutState") == "FAILED":
            return Verdict(STOPPED, _sentence("ECS gave the deployment up, and its rollback failed too", told))
        if newest.get("rolloutState") == "COMPLETED":
            return Verdict(ROLLED_BACK, _sentence("ECS rolled the service back", told))
        return Verdict("", "")
    newer = short(newest["taskDefinition"])
    if state == "FAILED":
        return Verdict(STOPPED, _sentence(f"ECS gave the deployment up, and {newer} has taken its place", told))
    return Verdict(SUPERSEDED, f"A newer deployment, of {newer}, took its place before it was complete.")


def is_rollback_of(service: Json, rollout: Rollout, seen: Seen) -> bool:
    """Whether the service's newest deployment is ECS's way back from ours.

    It may go back to the very same revision, when the rollout was forced, so its revision alone proves nothing.
    """
    ours, newest = deployment(service, rollout.deployment_id), primary(service)
    if _GOES_BACK.search(newest.get("rolloutStateReason", "")):
        return True
    if (ours or seen.listed) and newest["createdAt"] < rollout.started_at:
        return True
    gave_up = not ours or ours.get("rolloutState") == "FAILED"
    if gave_up and any(_GOES_BACK.search(event["message"]) for event in events_since(service, rollout)):
        return True
    failed = ours.get("rolloutState") == "FAILED"
    return failed and _rolls_back(service) and newest["taskDefinition"] == rollout.previous_task_definition


def _rolls_back(service: Json) -> bool:
    configuration = service.get("deploymentConfiguration", {})
    guards = (configuration.get("deploymentCircuitBreaker", {}), configuration.get("alarms", {}))
    return any(guard.get("enable") and guard.get("rollback") for guard in guards)


def _sentence(what: str, told: str) -> str:
    """``what`` as a sentence, with ECS's own words where it has any."""
    return f"{what}: {told.rstrip('.')}." if told else f"{what}."


def events_since(service: Json, rollout: Rollout) -> list[Json]:
    """The service's events since the rollout began, oldest first, as ECS lists them the other way round."""
    return [event for event in reversed(service.get("events", [])) if event["createdAt"] >= rollout.started_at]


def event_words(event: Json) -> str:
    """An event without the service's name, which every event begins with."""
    return masked(re.sub(r"^\(service \S+\) ", "", event["message"]).rstrip("."))


def tasks_of(tasks: list[Json], rollout: Rollout) -> list[Json]:
    """The tasks that our deployment started, oldest first.

    ECS writes the deployment's id into ``startedBy``. Where it says something else, revision and age tell.
    """
    ours = [
        task
        for task in tasks
        if task.get("startedBy") == rollout.deployment_id
        or (
            not task.get("startedBy", "").startswith("ecs-svc/")
            and task["taskDefinitionArn"] == rollout.task_definition
            and task["createdAt"] >= rollout.started_at
        )
    ]
    return sorted(ours, key=lambda task: task["createdAt"])


def failed(task: Json) -> bool:
    """Whether a task stopped for a fault. Scaling in, draining and an operator's stop are none."""
    if task.get("stopCode") in ("ServiceSchedulerInitiated", "UserInitiated"):
        return re.search(r"failed|unhealthy", task.get("stoppedReason", "")) is not None
    return bool(task.get("stopCode"))


def stop_words(task: Json) -> str:
    """Why a task stopped, as ECS and its containers say it."""
    # The code that is not 0 tells more, so it stands first.
    exited = sorted((one for one in task["containers"] if "exitCode" in one), key=lambda one: one["exitCode"] == 0)
    words = [f"{one['name']} exited with code {one['exitCode']}" for one in exited]
    words += [f"{one['name']}: {one['reason']}" for one in task["containers"] if one.get("reason")]
    reason = task.get("stoppedReason", "").rstrip(".")
    stop_code = task.get("stopCode", "")
    if reason and not any(reason in word for word in words):
        words.append(reason)
    return masked(f"{'; '.join(words)} ({stop_code})" if words else stop_code)


def addresses(task: Json) -> set[str]:
    return {
        detail["value"]
        for attachment in task.get("attachments", [])
        for detail in attachment.get("details", [])
        if detail["name"] == "privateIPv4Address"
    }


def targets_of(targets: list[Json], tasks: list[Json]) -> list[Json]:
    """The load balancer's word on our tasks alone: the old ones are targets too."""
    ours = {address for task in tasks for address in addresses(task)}
    return [target for target in targets if target["Target"]["Id"] in ours]


def counts(look: Look, rollout: Rollout) -> dict[str, int]:
    """How many of our tasks are wanted, run, and are healthy."""
    service = look.service or {"deployments": []}
    ours = tasks_of(look.tasks, rollout)
    targets = targets_of(look.targets, ours)
    return {
        "desired": service.get("desiredCount", 0),
        "running": deployment(service, rollout.deployment_id).get("runningCount", 0),
        "healthy": len({one["Target"]["Id"] for one in targets if one["TargetHealth"]["State"] == "healthy"}),
    }


def state_words(look: Look, rollout: Rollout, seen: Seen) -> str:
    """Where the rollout stands, as one phrase that changes only when something happens."""
    count = counts(look, rollout)
    words = [f"{count['running']}/{count['desired']} running"]
    service = look.service or {"deployments": []}
    if service.get("loadBalancers"):
        words.append(f"{count['healthy']}/{count['desired']} healthy")
    if number := sum(1 for task in tasks_of(look.tasks, rollout) if failed(task)):
        words.append(f"{number} failed")
    status = (look.record or {}).get("status", "")
    newest = primary(service)
    if status.startswith("ROLLBACK") or (
        newest and newest["id"] != rollout.deployment_id and is_rollback_of(service, rollout, seen)
    ):
        words.append("rolling back")
    return ", ".join(words)


def health_words(targets: list[Json]) -> str:
    """The first bad word of the load balancer on our tasks, or empty."""
    for target in targets:
        health = target["TargetHealth"]
        if health["State"] in ("unhealthy", "unavailable"):
            why = health.get("Description") or health.get("Reason", "")
            return f"{target['Target']['Id']} is {health['State']}: {why}"
    return ""


def news(look: Look, rollout: Rollout, seen: Seen) -> tuple[list[str], Seen]:
    """What this look shows that no earlier one did, and what to remember for the next."""
    told = list(seen.told)
    lines = []
    ours = tasks_of(look.tasks, rollout)
    for task in ours:
        # A crash loop is told once; how often it went round is in the count.
        words = stop_words(task)
        if failed(task) and words not in told:
            told.append(words)
            lines.append(f"task {task['taskArn'].rpartition('/')[2][:8]} stopped: {words}")
    for event in events_since(look.service, rollout) if look.service else []:
        if _EVENT_OF_NOTE.search(event["message"]) and event["id"] not in told:
            told.append(event["id"])
            lines.append(event_words(event))
    health = health_words(targets_of(look.targets, ours))
    if health and health != seen.health:
        lines.append(health)
    state = state_words(look, rollout, seen)
    if state != seen.state:
        lines.append(state)
    listed = deployment(look.service, rollout.deployment_id) if look.service else {}
    return lines, seen._replace(
        state=state,
        # A failed target is soon gone, and its reason with it.
        health=health or seen.health,
        told=told,
        record_arn=(look.record or {}).get("serviceDeploymentArn", seen.record_arn),
        listed=seen.listed or bool(listed),
        looks_since_failure=seen.looks_since_failure + (listed.get("rolloutState") == "FAILED"),
    )


def all_healthy(look: Look, rollout: Rollout) -> bool:
    """Whether as many of our tasks as are wanted are healthy; without a load balancer, run."""
    count = counts(look, rollout)
    balanced = bool((look.service or {}).get("loadBalancers"))
    return 0 < count["desired"] <= count["healthy" if balanced else "running"]


def reached(look: Look, rollout: Rollout, seen: Seen, seconds: float) -> Seen:
    """Remember how many of our tasks run, when the first of them ran, and when all of them were healthy."""
    count = counts(look, rollout)
    seen = seen._replace(running=count["running"], desired=count["desired"], looked_at=seconds)
    if seen.running_at is None and seen.running > 0:
        seen = seen._replace(running_at=seconds)
    if seen.healthy_at is None and all_healthy(look, rollout):
        seen = seen._replace(running_at=seconds if seen.running_at is None else seen.running_at, healthy_at=seconds)
    return seen


def phases(look: Look, seen: Seen, seconds: float, now: datetime) -> dict[str, float]:
    """How long each part of a rollout that is over took, as far as it came, in seconds."""
    ended = (look.record or {}).get("finishedAt") or (look.record or {}).get("stoppedAt")
    parts = {
        "start": seen.running_at,
        "healthy": None if seen.healthy_at is None else seen.healthy_at - (seen.running_at or 0.0),
        "drain": None if seen.healthy_at is None else seconds - seen.healthy_at,
        # By this machine's clock, which may differ from AWS's.
        "detection_lag": None if ended is None else max(0.0, (now - ended).total_seconds()),
    }
    return {name: round(length, 2) for name, length in parts.items() if length is not None}


SECONDS_BETWEEN_LOOKS = 1.0
# Near the end a look sooner is a second less of waiting.
SECONDS_BETWEEN_GLANCES = 0.2


def seconds_to_next_look(seen: Seen) -> float:
    return SECONDS_BETWEEN_LOOKS if seen.healthy_at is None else SECONDS_BETWEEN_GLANCES


def goes_forward(record: Json) -> bool:
    """Whether ECS still rolls out, by its record, and neither stops nor goes back."""
    return record.get("status") in ("PENDING", "IN_PROGRESS")


def is_a_glance(record: Json | None, seen: Seen, seconds: float, timeout_seconds: float) -> bool:
    """Whether a look is over when ECS's record goes on: all tasks were healthy, and just now at that."""
    return (
        goes_forward(record or {})
        and seen.healthy_at is not None
        and seconds < min(seen.looked_at + SECONDS_BETWEEN_LOOKS, timeout_seconds)
    )


# A program that could not be started says so in each log; one that is read too early is empty.
MOST_LOGS_READ = 10


def wants_log(look: Look, rollout: Rollout, seen: Seen) -> bool:
    """Whether the log of a task that stopped may tell that no other will do better."""
    exited = [task for task in failed_tasks(look, rollout) if any(one.get("exitCode") for one in task["containers"])]
    return bool(exited) and seen.logs_read < min(MOST_LOGS_READ, 2 * len(exited))


def hopeless(look: Look, rollout: Rollout, log_lines: list[str]) -> Cause | None:
    """The cause that no further try can heal, at its first occurrence.

    A task of ours that runs has proved that there is image, secrets and command, so it speaks against it.
    """
    ours = [task for task in look.tasks if task.get("startedBy") == rollout.deployment_id]
    if any(task["lastStatus"] == "RUNNING" for task in ours):
        return None
    faults = own_faults(look._replace(tasks=ours), rollout)
    for words in [*told_before_the_app(log_lines), *faults]:
        cause = cause_of([words])
        if cause and not cause.heals:
            return cause
    return None


def deployment_to_stop(ended: Verdict, look: Look, seen: Seen, cause: Cause | None) -> str:
    """The service deployment that is to be rolled back now, because no further try can heal it; or empty."""
    record = look.record or {}
    if not cause or ended.outcome or seen.stop_asked or not goes_forward(record):
        return ""
    arn: str = record["serviceDeploymentArn"]
    return arn


def without_hope(ended: Verdict, rollout: Rollout, cause: Cause | None) -> Verdict:
    """The verdict, or that a first rollout is over: nothing to wait for, and nothing to go back to."""
    if ended.outcome or not cause or rollout.previous_task_definition:
        return ended
    return Verdict(STOPPED, _sentence(NOTHING_BEFORE, ""))


def failed_tasks(look: Look, rollout: Rollout) -> list[Json]:
    """Our tasks that stopped for a fault, the latest first."""
    stopped = [task for task in tasks_of(look.tasks, rollout) if failed(task)]
    return sorted(stopped, key=_stopped_at, reverse=True)


def _stopped_at(task: Json) -> datetime:
    stopped: datetime = task.get("stoppedAt") or task["createdAt"]
    return stopped


def own_faults(look: Look, rollout: Rollout) -> list[str]:
    """What tasks say that stopped by themselves, the latest first: better evidence than a health check."""
    by_themselves = [task for task in failed_tasks(look, rollout) if task["stopCode"] != "ServiceSchedulerInitiated"]
    return [stop_words(task) for task in by_themselves[:5]]


def symptoms(look: Look, rollout: Rollout, seen: Seen) -> list[str]:
    """All that was observed going wrong."""
    words = [stop_words(task) for task in failed_tasks(look, rollout)[:5]]
    words.append(seen.health)
    if look.service:
        events = events_since(look.service, rollout)
        words += [event_words(event) for event in events if _EVENT_OF_NOTE.search(event["message"])]
        words.append(deployment(look.service, rollout.deployment_id).get("rolloutStateReason", ""))
    record = look.record or {}
    words += [record.get("statusReason", ""), record.get("rollback", {}).get("reason", "")]
    return [masked(word) for word in dict.fromkeys(words) if word]


def sick_task(look: Look, rollout: Rollout) -> Json | None:
    """The task whose log tells most: the last that failed, else the newest, which never got healthy."""
    stopped = failed_tasks(look, rollout)
    if stopped:
        return stopped[0]
    ours = tasks_of(look.tasks, rollout)
    return ours[-1] if ours else None


class LogStream(NamedTuple):
    group: str
    name: str
    region: str


def log_stream(task_definition: Json, task: Json) -> LogStream | None:
    """Where the container that failed in ``task`` wrote its log, by the task definition's awslogs options."""
    exit_codes = {one["name"]: one.get("exitCode") or 0 for one in task["containers"]}
    containers = sorted(
        task_definition["containerDefinitions"],
        key=lambda one: (exit_codes.get(one["name"], 0) != 0, one.get("essential", True)),
        reverse=True,
    )
    streams = (stream_of(container, task["taskArn"]) for container in containers)
    return next((stream for stream in streams if stream), None)


def stream_of(container: Json, task_arn: str) -> LogStream | None:
    """Where a container of a task writes its log, by its definition; None when that cannot be told from it."""
    logging = container.get("logConfiguration", {})
    options = logging.get("options", {})
    if logging.get("logDriver") != "awslogs" or "awslogs-stream-prefix" not in options:
        return None
    name = f"{options['awslogs-stream-prefix']}/{container['name']}/{task_arn.rpartition('/')[2]}"
    return LogStream(options["awslogs-group"], name, options.get("awslogs-region", ""))


def in_time(found: Verdict, seconds: float, timeout_seconds: float, state: str) -> Verdict:
    """The verdict, or that the time is up."""
    if found.outcome or seconds < timeout_seconds:
        return found
    return Verdict(TIMED_OUT, f"It was not over after {timeout_seconds:g} s: {state}.")


class Ending(NamedTuple):
    """What is said of a rollout that is over."""

    reason: str
    evidence: list[str]
    advice: str


def ending(ended: Verdict, look: Look, rollout: Rollout, seen: Seen, log_lines: list[str]) -> Ending:
    """Explain an outcome: the cause in a sentence, what shows it, and what to do."""
    if ended.outcome not in FAILURES:
        return Ending(ended.reason, [], _ADVICE.get(ended.outcome, ""))
    observed = symptoms(look, rollout, seen)
    cause = cause_of(told_before_the_app(log_lines) + own_faults(look, rollout)) or cause_of(observed)
    evidence = observed + [f"log: {masked(line)}" for line in log_lines]
    reason = ended.reason
    if cause:
        reason = cause.sentence if ended.outcome == ROLLED_BACK else f"{cause.sentence} {ended.reason}"
    return Ending(reason, evidence, _advice(ended.outcome, rollout, cause))


def summary(outcome: str, service: str, task_definition: str, previous_task_definition: str) -> str:
    """The outcome in a sentence; empty while the rollout goes on."""
    revision, previous = short(task_definition), short(previous_task_definition)
    return {
        SUCCEEDED: f"{service} runs {revision}.",
        NO_CHANGE: f"{service} runs {revision} already.",
        ROLLED_BACK: f"ECS rolled {service} back from {revision} to {previous or 'what served before'}.",
        SUPERSEDED: f"The rollout of {revision} to {service} was superseded.",
        STOPPED: f"The rollout of {revision} to {service} stopped before it was complete.",
        TIMED_OUT: f"The rollout of {revision} to {service} is still under way.",
    }.get(outcome, "")


# With the two columns that every line is indented by, 80 are full.
COLUMNS = 78


def timed(words: str, seconds: float) -> list[str]:
    """Lines of progress, with the time in a column of its own."""
    time = f"{seconds:>5.0f} s  "
    return textwrap.wrap(
        words,
        COLUMNS,
        initial_indent=time,
        subsequent_indent=" " * (len(time) + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


_ADVICE = {
    SUPERSEDED: "Run the same command again if this revision is the one that should serve.",
    TIMED_OUT: "ECS goes on by itself. Run the same command again to follow it.",
}


def _advice(outcome: str, rollout: Rollout, cause: Cause | None) -> str:
    general = _ADVICE.get(outcome, "")
    if outcome == ROLLED_BACK and rollout.previous_task_definition:
        general = f"{short(rollout.previous_task_definition)} goes on serving."
    if outcome == STOPPED and rollout.previous_task_definition:
        general = f"Look at what serves now: before, it was {short(rollout.previous_task_definition)}."
    return " ".join(part for part in (cause.advice if cause else "", general) if part)
