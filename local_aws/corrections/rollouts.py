"""ECS: services and tasks live as on AWS. The decisions are in local_aws/rollouts; here they meet the emulator."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from ministack.core import container_reaper
from ministack.core.concurrency import resource_lock
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, request_scope
from ministack.services import cloudwatch, ecs, ecs_metadata, eventbridge

from local_aws.corrections import target_health
from local_aws.corrections.ecs import replace
from local_aws.corrections.target_health import SCALE
from local_aws.rollouts import records, scheduler, targets
from local_aws.rollouts.scheduler import HEALTHY, STARTING, Health, Publish, Start, Stop

Request = dict[str, Any]
Json = dict[str, Any]

logger = logging.getLogger("ecs")

SECONDS_BETWEEN_LOOKS = 0.2
# Amazon ECS Developer Guide, Amazon ECS task lifecycle: a stopped task is shown for about an hour.
SECONDS_A_STOPPED_TASK_IS_SHOWN = 3600
DEFAULT_STOP_TIMEOUT = 30
# Amazon ECS API Reference, UpdateService: a change of one of these starts a deployment.
STARTS_A_DEPLOYMENT = ("networkConfiguration", "loadBalancers", "platformVersion", "serviceRegistries")

TURN = threading.RLock()
NEWS = threading.Event()
_told: queue.SimpleQueue[tuple[str, str, Json]] = queue.SimpleQueue()
_tells = False


def a_service_rolls_out_step_by_step() -> None:
    """New tasks prove their health, old ones are drained and stopped; breaker, rollback, replacement and back-off.

    Amazon ECS Developer Guide, Deploy Amazon ECS services by replacing tasks, and the pages that rollouts/ names.
    """

    def nothing(*_args: Any, **_kwargs: Any) -> None:
        """The emulator's own scheduling, which is replaced."""

    for name in (
        "_refresh_service_state",
        "_sync_service_targets",
        "_record_service_task_failure",
        "_record_service_task_healthy",
        "_schedule_service_deployment_completion",
        "_complete_service_deployment",
        "_watch_task_lifecycle",
        "_maybe_mark_stopped",
    ):
        setattr(ecs, name, nothing)
    ecs._reconcile_service_tasks = lambda _cluster, key: turn(key)
    replace("CreateService", "_create_service", after_draining(ecs._create_service))
    replace("UpdateService", "_update_service", with_a_deployment_where_due(ecs._update_service))
    replace("DeleteService", "_delete_service", drained(ecs._delete_service))
    replace("StopTask", "_stop_task", stop_task)
    threading.Thread(target=turn_for_ever, daemon=True, name="local-aws-scheduler").start()


def event_bridge_hears_of_rollouts() -> None:
    """Every change of a deployment or a task is an event of the default bus, from aws.ecs.

    Amazon ECS Developer Guide, Amazon ECS service deployment state change events, and task state change events.
    """
    global _tells
    _tells = True
    threading.Thread(target=tell_for_ever, daemon=True, name="local-aws-ecs-events").start()


# Turns of the scheduler


def turn_for_ever() -> None:
    while True:
        NEWS.wait(SECONDS_BETWEEN_LOOKS)
        NEWS.clear()
        carefully(look_at_containers)
        for (account, region, _), task in ecs._tasks.all_items():
            with request_scope(account, region):
                carefully(advance, task)
        for (account, region, key), service in ecs._services.all_items():
            if service["status"] != "INACTIVE":
                with request_scope(account, region):
                    carefully(turn, key)


def carefully(look: Callable[..., None], *about: Any) -> None:
    """One fault must not end all rollouts, and the next look may find things in order."""
    try:
        look(*about)
    except Exception:
        logger.exception("The scheduler failed in %s", look.__name__)


def turn(key: str) -> None:
    """Let the scheduler decide on one service, and do what it says."""
    with TURN:
        service = ecs._services.get(key)
        if not service or service["status"] == "INACTIVE":
            return
        now = time.time()
        in_alarm = [name for name, alarm in cloudwatch._alarms.items() if alarm.get("StateValue") == "ALARM"]
        newest = scheduler.primary(service)
        if newest and "_record" not in newest:
            newest.update(scheduler.new_deployment(service, scheduler.new_identity(), now))
            do(scheduler.begin(service, newest, scheduler.new_identity(), in_alarm, now), service)
        # Without containers a task lives and dies in an instant, so all can be decided at once.
        for _ in range(1 if ecs._get_docker() else 10):
            tasks = list(tasks_of(service))
            for task in tasks:
                take_note(service, task, now)
            health = {task["taskArn"]: health_of(service, task, now) for task in tasks}
            actions = scheduler.step(service, tasks, health, now, SCALE, in_alarm)
            for action in actions:
                do(action, service)
            if not actions:
                break
        service["events"] = list(service.get("_events", []))
        service["currentServiceDeployment"] = (
            scheduler.primary(service).get("_record") if service["deployments"] else None
        )
        ecs._recount_cluster(key.partition("/")[0])


def do(action: scheduler.Action, service: Json) -> None:
    if isinstance(action, Start):
        start(service, action)
    elif isinstance(action, Stop):
        task = ecs._tasks.get(action.task)
        if task:
            stop(task, action.reason, "ServiceSchedulerInitiated", drain=True)
    elif isinstance(action, Publish):
        tell(service["serviceArn"], "ECS Deployment State Change", deployment_event(action))


def tasks_of(service: Json) -> Iterator[Json]:
    for task in list(ecs._tasks.values()):
        if task["clusterArn"] == service["clusterArn"] and task.get("group") == f"service:{service['serviceName']}":
            yield task


def start(service: Json, action: Start) -> None:
    deployment = next(one for one in service["deployments"] if one["id"] == action.deployment_id)
    _, _, body = ecs._run_task(
        {
            "cluster": service["clusterArn"].rpartition("/")[2],
            "taskDefinition": deployment["taskDefinition"],
            "count": action.count,
            "group": f"service:{service['serviceName']}",
            "startedBy": deployment["id"],
            "launchType": service.get("launchType"),
            "capacityProviderStrategy": service.get("capacityProviderStrategy"),
            "platformVersion": service.get("platformVersion", ""),
            "networkConfiguration": service.get("networkConfiguration", {}),
            "enableExecuteCommand": service.get("enableExecuteCommand", False),
            "_deploymentId": deployment["id"],
        }
    )
    for failure in json.loads(body).get("failures", []):
        scheduler.note_refused(service, deployment, failure["reason"], time.time(), SCALE)


def take_note(service: Json, task: Json, now: float) -> None:
    """Remember since when a task is there and runs, and register one that runs in the service's target groups."""
    task.setdefault("_created", now)
    if task["lastStatus"] != "RUNNING":
        return
    task.setdefault("_running_since", now)
    address = ecs._task_ip(task)
    if address and task["desiredStatus"] == "RUNNING" and "_registered" not in task:
        task["_registered"] = [
            [balancer["targetGroupArn"], address, balancer["containerPort"]]
            for balancer in service.get("loadBalancers") or []
            if balancer.get("targetGroupArn")
        ]
        for group, *where in task["_registered"]:
            target_health.register(group, *where)
        if task["_registered"]:
            scheduler.tell(
                service,
                "registered 1 targets in " + ", ".join(f"(target-group {one[0]})" for one in task["_registered"]),
                now,
            )


def health_of(service: Json, task: Json, now: float) -> Health:
    if not ecs._get_docker():
        return Health(HEALTHY if task["lastStatus"] == "RUNNING" else STARTING)
    if "_running_since" not in task:
        return Health(STARTING)
    registered: list[targets.Target | None] = []
    for group, *where in task.get("_registered", []):
        target = target_health.find(group, *where)
        if target and target_health.is_unused(group):
            address, port = where
            target = targets.Target(address, port, registered_at=now, state=targets.UNUSED)
        registered.append(target)
    return scheduler.task_health(service, task, registered, now, SCALE)


# Tasks


def look_at_containers() -> None:
    """Take in which containers exited and how healthy the others are."""
    docker = ecs._get_docker()
    running = [
        (scope, task)
        for scope, task in ecs._tasks.all_items()
        if task["lastStatus"] == "RUNNING" and task["desiredStatus"] == "RUNNING" and task.get("_docker_ids")
    ]
    if not docker or not running:
        return
    labels = ["ministack=ecs", f"{container_reaper.INSTANCE_LABEL}={container_reaper.instance_id()}"]
    found = {one["Id"]: one for one in docker.api.containers(all=True, filters={"label": labels})}
    for (account, region, _), task in running:
        with request_scope(account, region):
            take_in(task, [found.get(identity) for identity in list(task["_docker_ids"])])


def take_in(task: Json, containers: list[Json | None]) -> None:
    essential = task["_container_essentials"]
    over = False
    for index, (shown, known) in enumerate(zip(containers, task["containers"], strict=False)):
        if shown is None or shown["State"] in ("exited", "dead"):
            if known["lastStatus"] != "STOPPED":
                note_exit(known, task["_docker_ids"][index])
            over = over or essential[index]
        elif "health" in shown["Status"]:
            healthy = {"(healthy)": "HEALTHY", "(unhealthy)": "UNHEALTHY"}
            known["healthStatus"] = next((healthy[word] for word in healthy if word in shown["Status"]), "UNKNOWN")
            known["_checked"] = True
    checked = [
        one["healthStatus"]
        for one, counts in zip(task["containers"], essential, strict=False)
        if counts and one.get("_checked")
    ]
    if checked:
        task["_health_checked"] = True
        worst = next((state for state in ("UNHEALTHY", "UNKNOWN") if state in checked), "HEALTHY")
        if task["healthStatus"] != worst:
            task["healthStatus"] = worst
            ecs._bump_task_version(task)
    if over or all(one["lastStatus"] == "STOPPED" for one in task["containers"]):
        stop(task, "Essential container in task exited", "EssentialContainerExited", drain=False)


def note_exit(container: Json, identity: str) -> None:
    container["lastStatus"] = "STOPPED"
    try:
        state = ecs._get_docker().api.inspect_container(identity)["State"]
    except Exception:
        # Somebody removed the container, and with it how it ended: that takes SIGKILL.
        state = {"ExitCode": 137}
    container["exitCode"] = state["ExitCode"]
    if state.get("OOMKilled"):
        container["reason"] = "OutOfMemoryError: Container killed due to memory usage"


def stop(task: Json, reason: str, stop_code: str, *, drain: bool) -> None:
    """Begin to stop a task: it leaves its target groups, and the rest is done by advance()."""
    with resource_lock("ecs-task", task["taskArn"]):
        if task["desiredStatus"] == "STOPPED":
            return
        ecs._bump_task_version(task)
        task["desiredStatus"] = "STOPPED"
        task["stoppingAt"] = ecs._iso()
        task["stoppedReason"], task["stopCode"] = reason, stop_code
        task["_drains"] = drain
        if task["lastStatus"] == "RUNNING":
            task["lastStatus"] = "DEACTIVATING"
    leave_target_groups(task)
    if not ecs._get_docker():
        mark_stopped(task)
    NEWS.set()


def leave_target_groups(task: Json) -> None:
    for group, *where in task.get("_registered", []):
        target_health.deregister(group, *where)


def advance(task: Json) -> None:
    """Bring a task that stops one step on: drain, SIGTERM, after stopTimeout SIGKILL, gone after an hour."""
    if task["lastStatus"] == "STOPPED":
        if task.get("_registered"):
            leave_target_groups(task)
            task["_registered"] = []
        if ecs._ts() - (ecs._ts_to_epoch(task.get("stoppedAt")) or ecs._ts()) > SECONDS_A_STOPPED_TASK_IS_SHOWN:
            ecs._tasks.pop(task["taskArn"], None)
    elif task["desiredStatus"] == "STOPPED" and not task.get("_terminating"):
        draining = any(target_health.find(group, *where) for group, *where in task.get("_registered", []))
        if not (task["_drains"] and draining):
            task["_terminating"] = True
            scope = get_account_id(), get_region()
            threading.Thread(target=terminate, args=(task, *scope), daemon=True, name="local-aws-stop").start()
    if _tells and task.get("version") != task.get("_told_version"):
        task["_told_version"] = task["version"]
        tell(task["taskArn"], "ECS Task State Change", json.loads(json_response(ecs._sanitize(task))[2]))


def terminate(task: Json, account: str, region: str) -> None:
    docker = ecs._get_docker()
    with request_scope(account, region):
        task["lastStatus"] = "STOPPING"
        definition = ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
        timeouts = {one["name"]: one.get("stopTimeout") for one in definition.get("containerDefinitions", [])}
        stopping = [
            threading.Thread(target=stop_container, args=(identity, known, timeouts.get(known["name"])), daemon=True)
            for identity, known in zip(list(task.get("_docker_ids") or []), task["containers"], strict=False)
            if known["lastStatus"] != "STOPPED"
        ]
        for thread in stopping:
            thread.start()
        for thread in stopping:
            thread.join()
        ecs._cleanup_task_resources(task, docker)
        mark_stopped(task)
    NEWS.set()


def stop_container(identity: str, known: Json, timeout: int | None) -> None:
    try:
        ecs._get_docker().containers.get(identity).stop(timeout=DEFAULT_STOP_TIMEOUT if timeout is None else timeout)
    except Exception:
        logger.debug("container %s could not be stopped", identity, exc_info=True)
    note_exit(known, identity)


def mark_stopped(task: Json) -> None:
    now = ecs._iso()
    task["executionStoppedAt"] = task["stoppedAt"] = now
    for container in task["containers"]:
        container["lastStatus"] = "STOPPED"
    task["lastStatus"] = "STOPPED"
    ecs._bump_task_version(task)
    ecs_metadata.set_task_status(task["taskArn"], known_status="STOPPED", desired_status="STOPPED")
    ecs._recount_cluster(ecs._cluster_name_from_arn(task["clusterArn"]))


# Actions on services and tasks


def key_of(data: Request) -> str:
    found = ecs._resolve_service_ref(data.get("service", ""))
    return f"{ecs._resolve_cluster_name(data.get('cluster', 'default'))}/{found[0] if found else ''}"


def after_draining(create: Callable[[Request], Any]) -> Callable[[Request], Any]:
    def corrected(data: Request) -> Any:
        known = ecs._services.get(key_of(data | {"service": data.get("serviceName", "")}))
        if known and known["status"] == "DRAINING":
            message = "Unable to Start a service that is still Draining."
            return error_response_json("InvalidParameterException", message, 400)
        with TURN:
            return create(data)

    return corrected


def with_a_deployment_where_due(update: Callable[[Request], Any]) -> Callable[[Request], Any]:
    def corrected(data: Request) -> Any:
        service = ecs._services.get(key_of(data))
        if service and service["status"] != "ACTIVE":
            return error_response_json("ServiceNotActiveException", "Service was not ACTIVE.", 400)
        if service and any(name in data and data[name] != service.get(name) for name in STARTS_A_DEPLOYMENT):
            data = data | {"forceNewDeployment": True}
        with TURN:
            return update(data)

    return corrected


def drained(delete: Callable[[Request], Any]) -> Callable[[Request], Any]:
    def corrected(data: Request) -> Any:
        service = ecs._services.get(key_of(data))
        if not service or service["status"] != "ACTIVE" or (service["desiredCount"] > 0 and not data.get("force")):
            return delete(data)
        service.update(status="DRAINING", desiredCount=0)
        for record in service.get("_records", []):
            records.close(record, "STOPPED", "The service was deleted.", time.time())
        turn(key_of(data))
        return json_response({"service": ecs._sanitize(service)})

    return corrected


def stop_task(data: Request) -> Any:
    cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
    if cluster is None:
        return error_response_json("ClusterNotFoundException", "Cluster not found.", 400)
    task = ecs._resolve_task(data.get("task", ""), cluster)
    if not task:
        return error_response_json("InvalidParameterException", "The referenced task was not found.", 400)
    stop(task, data.get("reason") or "Task stopped by user", "UserInitiated", drain=False)
    return json_response({"task": ecs._sanitize(task)})


# EventBridge


def tell(resource: str, kind: str, detail: Json) -> None:
    if not _tells:
        return
    entry = {"Source": "aws.ecs", "DetailType": kind, "Resources": [resource], "Detail": json.dumps(detail)}
    _told.put((get_account_id(), get_region(), entry))


def tell_for_ever() -> None:
    while True:
        account, region, entry = _told.get()
        try:
            with request_scope(account, region):
                eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
        except Exception:
            # A rule's target that fails is its owner's concern; the next event must still be told.
            logger.exception("An event could not be delivered")


def deployment_event(action: Publish) -> Json:
    return {
        "eventType": "ERROR" if action.event == "SERVICE_DEPLOYMENT_FAILED" else "INFO",
        "eventName": action.event,
        "deploymentId": action.deployment_id,
        "updatedAt": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "reason": action.reason,
    }
