"""What the ECS service scheduler decides, one look at a time: tasks to start and to stop, and how a rollout ends.

Amazon ECS Developer Guide: Deploy Amazon ECS services by replacing tasks; How the Amazon ECS deployment circuit breaker
detects failures; How CloudWatch alarms detect Amazon ECS deployment failures; Amazon ECS service throttle logic.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from local_aws.rollouts import records, targets
from local_aws.rollouts.time_scale import TimeScale

Json = dict[str, Any]

STARTING = "starting"
HEALTHY = "healthy"
UNHEALTHY = "unhealthy"

# What counts as healthy where nothing checks the health of a task.
SECONDS_UNTIL_TRUSTED = 40
# The guide names the longest wait only; where it begins and how it grows is ours.
FIRST_BACK_OFF_SECONDS = 10
LONGEST_BACK_OFF_SECONDS = 27 * 60
FAILURES_BEFORE_BACK_OFF = 3
EVENTS_KEPT = 100


class Health(NamedTuple):
    state: str
    reason: str = ""
    event: str = ""


@dataclass(frozen=True)
class Start:
    """Start ``count`` tasks of a deployment."""

    deployment_id: str
    count: int


@dataclass(frozen=True)
class Stop:
    """Deregister, drain and stop a task."""

    task: str
    reason: str


@dataclass(frozen=True)
class Publish:
    """Tell EventBridge how a deployment stands."""

    event: str
    deployment_id: str
    reason: str


Action = Start | Stop | Publish


def task_health(
    service: Json, task: Json, registered: Sequence[targets.Target | None], now: float, scale: TimeScale
) -> Health:
    """Whether a task counts as healthy: by its load balancers and its containers' checks, or by the time that it runs.

    ``registered`` holds its target in each target group, or None where it is not in yet.
    """
    if task["lastStatus"] != "RUNNING":
        return Health(STARTING)
    ran = now - task["_running_since"]
    in_grace = ran < scale.patience(service.get("healthCheckGracePeriodSeconds") or 0)
    checked = task.get("_health_checked", False)
    if checked and task["healthStatus"] == "UNHEALTHY" and not in_grace:
        identity = task["taskArn"].rpartition("/")[2]
        return Health(
            UNHEALTHY, "Task failed container health checks", f"(task {identity}) failed container health checks."
        )
    for balancer, target in zip(service.get("loadBalancers") or [], registered, strict=False):
        if target and target.state == targets.UNHEALTHY and not in_grace:
            group = balancer["targetGroupArn"]
            return Health(
                UNHEALTHY,
                f"Task failed ELB health checks in (target-group {group})",
                f"(port {target.port}) is unhealthy in (target-group {group}) due to (reason {target.description})",
            )
    if any(target is None or target.state not in (targets.HEALTHY, targets.UNUSED) for target in registered):
        return Health(STARTING)
    if checked:
        return Health(HEALTHY if task["healthStatus"] == "HEALTHY" else STARTING)
    trusted = bool(registered) or ran >= scale.wait(SECONDS_UNTIL_TRUSTED)
    return Health(HEALTHY if trusted else STARTING)


def threshold(service: Json) -> int:
    """How many failed tasks trip the circuit breaker: half the desired count, at least 3 and at most 200."""
    given = _breaker(service).get("thresholdConfiguration") or {}
    kind, value = given.get("type", "BOUNDED_PERCENT"), int(given.get("value", 50))
    if kind == "COUNT":
        return max(1, value)
    share = math.ceil(value * int(service["desiredCount"]) / 100)
    return max(1, share) if kind == "UNBOUNDED_PERCENT" else min(200, max(3, share))


def primary(service: Json) -> Json:
    """The newest deployment, which the service is pointed at."""
    return next((one for one in service["deployments"] if one["status"] == "PRIMARY"), {})


def new_identity() -> str:
    """What ECS numbers its deployments with."""
    return str(uuid.uuid4().int)[:19]


def new_deployment(service: Json, identity: str, now: float) -> Json:
    """A deployment of the service as it is set now."""
    name = f"ecs-svc/{identity}"
    carried = ("taskDefinition", "launchType", "capacityProviderStrategy", "platformVersion", "networkConfiguration")
    return {
        "id": name,
        "status": "PRIMARY",
        "desiredCount": service["desiredCount"],
        "pendingCount": 0,
        "runningCount": 0,
        "failedTasks": 0,
        "createdAt": now,
        "updatedAt": now,
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": f"ECS deployment {name} in progress.",
        **{key: service[key] for key in carried if service.get(key)},
    }


def begin(service: Json, deployment: Json, identity: str, in_alarm: Sequence[str], now: float) -> Publish:
    """Open the books on a new primary deployment. It replaces what was primary, also a rollback under way."""
    # An alarm that is in ALARM when a deployment begins says nothing about that deployment.
    deployment["_alarms_ignored"] = bool(set(in_alarm) & set(_alarms(service).get("alarmNames", [])))
    records.open_record(service, deployment, identity, now)
    service["_steady"] = False
    service.pop("_not_before", None)
    return Publish(
        "SERVICE_DEPLOYMENT_IN_PROGRESS", deployment["id"], f"ECS deployment {deployment['id']} in progress."
    )


def step(
    service: Json,
    tasks: Sequence[Json],
    health: Mapping[str, Health],
    now: float,
    scale: TimeScale,
    in_alarm: Sequence[str] = (),
) -> list[Action]:
    """Bring the service one step on. ``tasks`` are all of its tasks, the stopped ones too."""
    actions: list[Action] = []
    if service["status"] == "INACTIVE":
        return actions
    present = [task for task in tasks if task["lastStatus"] != "STOPPED"]
    if service["status"] == "DRAINING":
        actions += [Stop(task["taskArn"], "Service deleted") for task in _live(present)]
        if not present:
            service.update(status="INACTIVE", deployments=[])
        _count(service, present)
        return actions

    newest = primary(service)
    _note_successes(service, newest, present, health)
    _note_failures(service, newest, tasks, now, scale)
    if newest["rolloutState"] == "IN_PROGRESS":
        actions += _give_up_if_due(service, newest, in_alarm, now)
    actions += _replace_unhealthy(service, present, health, now)
    doomed = {action.task for action in actions if isinstance(action, Stop)}
    live = [task for task in _live(present) if task["taskArn"] not in doomed]
    actions += _start_and_stop(service, live, health, now)
    moving = any(isinstance(action, Start | Stop) for action in actions)
    _count(service, present)
    _forget_gone(service, present)
    if not moving:
        actions += _complete_if_due(service, present, health, now)
    return actions


def tell(service: Json, words: str, now: float) -> None:
    """Add one to the service's events, the newest first."""
    event = {"id": str(uuid.uuid4()), "createdAt": now, "message": f"(service {service['serviceName']}) {words}"}
    service["_events"] = [event, *service.get("_events", [])][:EVENTS_KEPT]


def note_refused(service: Json, deployment: Json, reason: str, now: float, scale: TimeScale) -> None:
    """A task that finds no place is a failed one, too."""
    tell(service, f"is unable to place a task. Reason: {reason}.", now)
    _note_failure(service, deployment, now, scale)


def _note_successes(service: Json, newest: Json, present: Sequence[Json], health: Mapping[str, Health]) -> None:
    for task in present:
        if health[task["taskArn"]].state != HEALTHY or task.get("_was_healthy"):
            continue
        task["_was_healthy"] = True
        if task["startedBy"] == newest["id"] and _breaker(service).get("resetOnHealthyTask", True):
            newest["failedTasks"] = 0


def _note_failures(service: Json, newest: Json, tasks: Sequence[Json], now: float, scale: TimeScale) -> None:
    for task in tasks:
        if task["startedBy"] != newest["id"] or task.get("_counted") or not _failed(task):
            continue
        task["_counted"] = True
        _note_failure(service, newest, now, scale)


def _note_failure(service: Json, deployment: Json, now: float, scale: TimeScale) -> None:
    deployment["failedTasks"] += 1
    deployment["updatedAt"] = now
    records.record_of(service, deployment)["_failures"] = deployment["failedTasks"]
    too_many = deployment["failedTasks"] - FAILURES_BEFORE_BACK_OFF
    if too_many >= 0:
        # The exponent is bounded, or a crash loop of days would end in a number that nothing holds.
        wait = min(FIRST_BACK_OFF_SECONDS * 2 ** min(too_many, 20), LONGEST_BACK_OFF_SECONDS)
        service["_not_before"] = now + scale.wait(wait)
        if too_many == 0:
            tell(service, "is unable to consistently start tasks successfully.", now)


def _failed(task: Json) -> bool:
    """Whether a task stopped by a fault of its own. An operator's stop and scaling are none."""
    if task["desiredStatus"] != "STOPPED":
        return False
    return task.get("stopCode") in ("TaskFailedToStart", "EssentialContainerExited") or bool(task.get("_unhealthy"))


def _give_up_if_due(service: Json, newest: Json, in_alarm: Sequence[str], now: float) -> list[Action]:
    record, breaker, alarms = records.record_of(service, newest), _breaker(service), _alarms(service)
    if record.get("status") == "ROLLBACK_REQUESTED":
        return _give_up(service, newest, "ECS deployment was stopped by a request to roll back.", True, now)
    if breaker.get("enable") and newest["failedTasks"] >= threshold(service):
        reason = "ECS deployment circuit breaker: tasks failed to start."
        return _give_up(service, newest, reason, bool(breaker.get("rollback")), now)
    raised = sorted(set(in_alarm) & set(alarms.get("alarmNames", [])))
    # A rollback does not hear the alarm that caused it.
    if alarms.get("enable") and raised and not newest.get("_alarms_ignored") and not newest.get("_is_rollback"):
        record["_alarms"] = raised
        reason = f"ECS deployment alarm: alarm detected ({', '.join(raised)})."
        return _give_up(service, newest, reason, bool(alarms.get("rollback")), now)
    return []


def _give_up(service: Json, newest: Json, reason: str, go_back: bool, now: float) -> list[Action]:
    newest.update(rolloutState="FAILED", rolloutStateReason=reason, desiredCount=0, updatedAt=now)
    record = records.record_of(service, newest)
    tell(service, f"(deployment {newest['id']}) deployment failed: {reason.partition(': ')[2] or reason}", now)
    actions: list[Action] = [Publish("SERVICE_DEPLOYMENT_FAILED", newest["id"], reason)]
    back = service.get("_completed")
    if newest.get("_is_rollback") or (go_back and not back):
        records.close(record, "ROLLBACK_FAILED", reason, now)
    elif go_back and back:
        actions.append(_roll_back(service, newest, back, record, reason, now))
    else:
        records.close(record, "STOPPED", reason, now)
    return actions


def _roll_back(service: Json, failed: Json, back: Json, record: Json, reason: str, now: float) -> Action:
    """Point the service at its last completed revision again, and at the very deployment while that is listed."""
    failed["status"] = "ACTIVE"
    service.update({key: back["_revised"].get(key) for key in records.REVISED if key in service})
    listed = next((one for one in service["deployments"] if one["id"] == back["id"]), None)
    target = listed or new_deployment(service, new_identity(), now)
    if listed is None:
        service["deployments"].append(target)
    reason_now = f"ECS deployment circuit breaker: rolling back to deploymentId {target['id']}."
    if "circuit breaker" not in reason:
        reason_now = f"ECS deployment: rolling back to deploymentId {target['id']}."
    target.update(
        status="PRIMARY",
        rolloutState="IN_PROGRESS",
        rolloutStateReason=reason_now,
        desiredCount=service["desiredCount"],
        failedTasks=0,
        updatedAt=now,
        _is_rollback=True,
        _record=record.get("serviceDeploymentArn", ""),
        _revision=back["_revision"],
    )
    service["deployments"].sort(key=lambda one: one["status"] != "PRIMARY")
    service["_steady"] = False
    service.pop("_not_before", None)
    records.begin_rollback(record, back["_revision"], reason, now)
    tell(service, f"rolling back to deployment {target['id']}.", now)
    return Publish("SERVICE_DEPLOYMENT_IN_PROGRESS", target["id"], reason_now)


def _replace_unhealthy(
    service: Json, present: Sequence[Json], health: Mapping[str, Health], now: float
) -> list[Action]:
    """Stop unhealthy tasks: of a rollout at once, of a service that was steady when there is a replacement."""
    newest = primary(service)
    rolling = newest["rolloutState"] == "IN_PROGRESS"
    live = _live(present)
    unhealthy = [task for task in live if health[task["taskArn"]].state == UNHEALTHY]
    for task in live:
        if health[task["taskArn"]].state == HEALTHY:
            task.pop("_unhealthy", None)
    if not unhealthy:
        return []
    room = _most(service) - len(live)
    stopped: list[Action] = []
    healthy = sum(health[task["taskArn"]].state == HEALTHY for task in live)
    for task in unhealthy:
        found = health[task["taskArn"]]
        if not task.get("_unhealthy"):
            task["_unhealthy"] = True
            tell(service, found.event, now)
            service["_steady"] = False
        ours = task["startedBy"] == newest["id"]
        replaced = healthy >= service["desiredCount"]
        if (rolling and ours) or (not rolling and (replaced or room <= 0)):
            stopped.append(Stop(task["taskArn"], found.reason))
            room += 1
    return stopped


def _start_and_stop(service: Json, live: Sequence[Json], health: Mapping[str, Health], now: float) -> list[Action]:
    """Keep to the minimum and the maximum percent while the tasks of one deployment replace all others."""
    wanted, holder = service["desiredCount"], _holder(service)
    ours = [task for task in live if task["startedBy"] == holder.get("id")]
    others = [task for task in live if task["startedBy"] != holder.get("id")]
    reason = f"Scaling activity initiated by (deployment {primary(service)['id']})"
    actions: list[Action] = []

    counted = [task for task in ours if not task.get("_unhealthy")]
    missing = min(wanted - len(counted), _most(service) - len(live)) if holder else 0
    if missing > 0 and now >= service.get("_not_before", 0):
        actions.append(Start(holder["id"], missing))
        record = records.record_of(service, holder)
        records.begin(record, now)
        tell(service, f"has started {missing} tasks.", now)
        service["_steady"] = False

    least = math.ceil(wanted * _percent(service, "minimumHealthyPercent", 100) / 100)
    healthy = sum(health[task["taskArn"]].state == HEALTHY for task in live)
    running = sum(health[task["taskArn"]].state != STARTING for task in live)
    leaving: list[Json] = []
    # Those that serve least go first.
    for task in sorted(others, key=lambda one: health[one["taskArn"]].state == HEALTHY) if holder else []:
        state = health[task["taskArn"]].state
        if state == STARTING or (state == UNHEALTHY and running > least) or (state == HEALTHY and healthy > least):
            leaving.append(task)
            running -= state != STARTING
            healthy -= state == HEALTHY
    surplus = len(counted) - wanted
    if surplus > 0:
        by_worth = sorted(counted, key=lambda one: (health[one["taskArn"]].state == HEALTHY, -one["_created"]))
        leaving += by_worth[:surplus]
    actions += [Stop(task["taskArn"], reason) for task in leaving]
    if leaving:
        service["_steady"] = False
        tell(service, f"has stopped {len(leaving)} running tasks.", now)
        if service.get("loadBalancers"):
            tell(service, f"has begun draining connections on {len(leaving)} tasks.", now)
    return actions


def _complete_if_due(service: Json, present: Sequence[Json], health: Mapping[str, Health], now: float) -> list[Action]:
    newest = primary(service)
    healthy = [task for task in _live(present) if health[task["taskArn"]].state == HEALTHY]
    steady = len(healthy) == len(present) == service["desiredCount"] and all(
        task["startedBy"] == newest["id"] for task in present
    )
    if not steady or newest["rolloutState"] == "FAILED":
        return []
    actions: list[Action] = []
    if newest["rolloutState"] == "IN_PROGRESS":
        reason = f"ECS deployment {newest['id']} completed."
        newest.update(rolloutState="COMPLETED", rolloutStateReason=reason, updatedAt=now)
        record = records.record_of(service, newest)
        records.begin(record, now)
        records.close(record, "ROLLBACK_SUCCESSFUL" if newest.pop("_is_rollback", False) else "SUCCESSFUL", "", now)
        revised = {key: service.get(key) for key in records.REVISED}
        service["_completed"] = {"id": newest["id"], "_revision": newest.get("_revision", ""), "_revised": revised}
        tell(service, f"(deployment {newest['id']}) deployment completed.", now)
        actions.append(Publish("SERVICE_DEPLOYMENT_COMPLETED", newest["id"], reason))
    if not service.get("_steady"):
        service["_steady"] = True
        tell(service, "has reached a steady state.", now)
    return actions


def _holder(service: Json) -> Json:
    """The deployment whose tasks are to run: the newest, or the last completed one where that failed for good."""
    newest = primary(service)
    if newest["rolloutState"] != "FAILED":
        return newest
    back = service.get("_completed", {}).get("id")
    return next((one for one in service["deployments"] if one["id"] == back and one is not newest), {})


def _forget_gone(service: Json, present: Sequence[Json]) -> None:
    """A deployment without tasks leaves the list, unless the service is pointed at it."""
    used = {task["startedBy"] for task in present}
    service["deployments"] = [one for one in service["deployments"] if one["status"] == "PRIMARY" or one["id"] in used]


def _count(service: Json, present: Sequence[Json]) -> None:
    newest = primary(service) if service["deployments"] else {}
    for one in [service, *service["deployments"]]:
        ours = [task for task in present if one is service or task["startedBy"] == one["id"]]
        one["runningCount"] = sum(task["lastStatus"] == "RUNNING" for task in ours)
        one["pendingCount"] = sum(task["lastStatus"] in ("PROVISIONING", "PENDING", "ACTIVATING") for task in ours)
        if one is newest and one["rolloutState"] != "FAILED":
            one["desiredCount"] = service["desiredCount"]
        elif one is not service:
            one["desiredCount"] = len(_live(ours))


def _live(tasks: Sequence[Json]) -> list[Json]:
    return [task for task in tasks if task["desiredStatus"] != "STOPPED"]


def _most(service: Json) -> int:
    return max(1, int(service["desiredCount"]) * _percent(service, "maximumPercent", 200) // 100)


def _percent(service: Json, name: str, default: int) -> int:
    given = (service.get("deploymentConfiguration") or {}).get(name)
    return default if given is None else int(given)


def _breaker(service: Json) -> Json:
    return (service.get("deploymentConfiguration") or {}).get("deploymentCircuitBreaker") or {}


def _alarms(service: Json) -> Json:
    return (service.get("deploymentConfiguration") or {}).get("alarms") or {}
