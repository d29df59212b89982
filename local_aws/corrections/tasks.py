"""ECS tasks: what their definition asks for reaches the container, and commands run in it."""

from __future__ import annotations

import json
import logging
import shlex
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region, request_scope
from ministack.services import ecs

from local_aws.corrections import rollouts
from local_aws.corrections.ecs import replace
from local_aws.corrections.target_health import SCALE
from local_aws.rollouts import containers

Request = dict[str, Any]
Json = dict[str, Any]

logger = logging.getLogger("ecs")

# Amazon ECS API Reference, ContainerDefinition: what Fargate takes for startTimeout where none is given.
DEFAULT_START_TIMEOUT = 180


def a_container_gets_what_its_definition_says() -> None:
    """User, entry point, working directory, read-only root, memory and health check reach the container.

    Amazon ECS API Reference, ContainerDefinition and HealthCheck. A health check of the image itself is not used.
    """
    build: Callable[..., Json] = ecs._build_run_kwargs

    def corrected(container: Json, definition: Json, *args: Any, **kwargs: Any) -> Json:
        return build(container, definition, *args, **kwargs) | containers.options(container, definition, SCALE)

    ecs._build_run_kwargs = corrected


def containers_wait_for_those_they_depend_on() -> None:
    """A container starts when the conditions in its dependsOn are met: START, COMPLETE, SUCCESS or HEALTHY.

    Amazon ECS API Reference, ContainerDependency. A condition that cannot be met any more fails the task's start.
    """
    register: Callable[[Request], Any] = ecs._register_task_definition
    work: Callable[..., None] = ecs._run_task_worker
    run: Callable[..., Any] = ecs._run_docker_container

    def checked(data: Request) -> Any:
        try:
            containers.in_order(data.get("containerDefinitions") or [])
        except ValueError as circle:
            return error_response_json("ClientException", str(circle), 400)
        return register(data)

    def sorted_first(task: Json, definition: Json, *args: Any) -> None:
        defined = definition["containerDefinitions"]
        order = containers.in_order(defined)
        for record, key in (
            (definition, "containerDefinitions"),
            (task, "containers"),
            (task, "_container_essentials"),
        ):
            record[key] = [record[key][place] for place in order]
        work(task, definition, *args)

    def waited(docker: Any, container: Json, options: Json, **kwargs: Any) -> Any:
        task = ecs._tasks.get(options["labels"]["com.amazonaws.ecs.task-arn"])
        for one in container.get("dependsOn") or []:
            wait_for(docker, task, one["containerName"], one["condition"])
        return run(docker, container, options, **kwargs)

    replace("RegisterTaskDefinition", "_register_task_definition", checked)
    ecs._run_task_worker = sorted_first
    ecs._run_docker_container = waited


def a_command_runs_in_the_container() -> None:
    """ExecuteCommand runs its command in the container, if the task was started with ECS Exec.

    Amazon ECS API Reference, ExecuteCommand; Amazon ECS Developer Guide, Monitor Amazon ECS containers with ECS Exec.
    The output goes to the container's log group, as ECS Exec does with the logging DEFAULT; the session's web socket
    is not there, so nobody can type.
    """
    replace("ExecuteCommand", "_execute_command", executing(ecs._execute_command))


def a_task_that_cannot_start_says_why() -> None:
    """An image, a secret or a command that is not there is named as ECS names it.

    Amazon ECS Developer Guide, Amazon ECS stopped tasks error messages: CannotPullContainerError,
    CannotStartContainerError and ResourceInitializationError.
    """
    fail: Callable[[Json, Any, str], None] = ecs._fail_task_start

    def corrected(task: Json, docker: Any, reason: str) -> None:
        fail(task, docker, containers.why_not_started(reason))

    ecs._fail_task_start = corrected


def a_standalone_task_ends() -> None:
    """A task that belongs to no service stops when its command has ended.

    Amazon ECS Developer Guide, Amazon ECS standalone tasks. Where there are no containers it ends well, and at once.
    """
    run: Callable[[Request], Any] = ecs._run_task

    def corrected(data: Request) -> Any:
        _, _, body = answer = run(data)
        if not ecs._get_docker() and "_deploymentId" not in data:
            for started in json.loads(body).get("tasks", []):
                end(ecs._tasks[started["taskArn"]])
        return answer

    replace("RunTask", "_run_task", corrected)


def end(task: Json) -> None:
    for container in task["containers"]:
        container["exitCode"] = 0
    rollouts.stop(task, "Essential container in task exited", "EssentialContainerExited", drain=False)


def wait_for(docker: Any, task: Json, name: str, condition: str) -> None:
    places = {one["name"]: place for place, one in enumerate(task["containers"])}
    identity = task["_docker_ids"][places[name]]
    definition = ecs._task_defs.get(ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
    given = {one["name"]: one.get("startTimeout") for one in definition.get("containerDefinitions", [])}
    end = time.monotonic() + (given.get(name) or DEFAULT_START_TIMEOUT)
    while ecs._task_is_active(task["taskArn"], task):
        met = containers.is_met(condition, docker.api.inspect_container(identity)["State"])
        if met:
            return
        if met is False or time.monotonic() > end:
            raise RuntimeError(f"the dependency {name} did not reach the condition {condition}")
        time.sleep(0.1)


def executing(answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
    def corrected(data: Request) -> Any:
        cluster = ecs._resolve_cluster_name(data.get("cluster", "default"))
        task = ecs._resolve_task(data.get("task", ""), cluster) if cluster else None
        if not task:
            return answer(data)
        if not task.get("enableExecuteCommand"):
            message = (
                "The execute command failed because execute command was not enabled when the task was run or the "
                "execute command agent isn't running. Wait and try again or run a new task with execute command "
                "enabled and try again."
            )
            return error_response_json("InvalidParameterException", message, 400)
        names = [one["name"] for one in task["containers"]]
        name = data.get("container") or names[0]
        if name not in names:
            return error_response_json("InvalidParameterException", f"The container {name} is not in the task.", 400)
        known = task["containers"][names.index(name)]
        if task["lastStatus"] != "RUNNING" or known["lastStatus"] != "RUNNING":
            return error_response_json("TargetNotConnectedException", "The container is not running.", 400)
        if task.get("_docker_ids"):
            what = (task, name, task["_docker_ids"][names.index(name)], data["command"], get_account_id(), get_region())
            threading.Thread(target=execute, args=what, daemon=True, name="local-aws-exec").start()
        return answer(data)

    return corrected


def execute(task: Json, name: str, identity: str, command: str, account: str, region: str) -> None:
    """Run a command and write what it says to the log group of its container, in a stream of its own."""
    definition = ecs._task_defs.get_scoped(account, region, ecs._resolve_td_key(task["taskDefinitionArn"])) or {}
    container = next(one for one in definition["containerDefinitions"] if one["name"] == name)
    with request_scope(account, region):
        done = ecs._get_docker().containers.get(identity).exec_run(shlex.split(command))
        logger.info("ECS Exec: %s ended with exit code %s", command, done.exit_code)
        config = ecs._awslogs_config(container, "", "")
        if not config:
            return
        config["stream"] = f"ecs-execute-command-{uuid.uuid4().hex[:17]}"
        if ecs._ensure_awslogs_stream(config):
            for line in done.output.decode(errors="replace").splitlines():
                ecs._emit_awslogs_event(config, line)
