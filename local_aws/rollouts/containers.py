"""What a container definition asks of the Docker engine, beside image, command and environment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from local_aws.rollouts.time_scale import TimeScale

Json = dict[str, Any]

SECOND = 1_000_000_000

_NO_SECRET = re.compile(r"unable to retrieve secret (?P<name>\S+) for environment variable .*")
_NOT_STARTED = re.compile(
    r"ResourceInitializationError: unable to pull image or start container: (?P<words>.*)", re.DOTALL
)


def options(container: Json, definition: Json, scale: TimeScale) -> Json:
    """Options of docker-py's ``containers.run`` for one container of a task definition."""
    linux = container.get("linuxParameters") or {}
    given = {
        "entrypoint": container.get("entryPoint"),
        "working_dir": container.get("workingDirectory"),
        "user": container.get("user"),
        "read_only": container.get("readonlyRootFilesystem"),
        "init": linux.get("initProcessEnabled"),
        "cap_drop": (linux.get("capabilities") or {}).get("drop"),
        "mem_limit": _mebibytes(container.get("memory") or definition.get("memory")),
        "mem_reservation": _mebibytes(container.get("memoryReservation")),
        "tmpfs": _scratch(container, definition),
    }
    # Without a check of its own in the definition a container has none, whatever its image says.
    check = container.get("healthCheck")
    return {key: value for key, value in given.items() if value} | {
        "healthcheck": _health_check(check, scale) if check else {"test": ["NONE"]}
    }


def in_order(containers: Sequence[Json]) -> list[int]:
    """The places of the containers in the order in which they start: each after those that it depends on."""
    places = {one["name"]: place for place, one in enumerate(containers)}
    order: list[int] = []

    def add(place: int, above: tuple[int, ...]) -> None:
        if place in above:
            raise ValueError(f"The container {containers[place]['name']} depends on itself.")
        for one in containers[place].get("dependsOn") or []:
            if one["containerName"] not in places:
                raise ValueError(f"The container {containers[place]['name']} depends on one that is not there.")
            add(places[one["containerName"]], (*above, place))
        if place not in order:
            order.append(place)

    for place in range(len(containers)):
        add(place, ())
    return order


def is_met(condition: str, state: Json) -> bool | None:
    """Whether a dependency's state meets a condition: yes, not yet (None), or never."""
    exited = state["Status"] in ("exited", "dead")
    if condition == "START":
        return True
    if condition in ("COMPLETE", "SUCCESS"):
        if not exited:
            return None
        return condition == "COMPLETE" or state["ExitCode"] == 0
    if exited:
        return False
    found = {"healthy": True, "unhealthy": False}
    return found.get((state.get("Health") or {}).get("Status", ""))


def why_not_started(reason: str) -> str:
    """Why a task did not start, in the words of ECS."""
    if found := _NO_SECRET.search(reason):
        if ":secretsmanager:" in found["name"]:
            words = f" from asm: service call has been retried 1 time(s): failed to fetch secret {found['name']} from "
            words += "secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."
        else:
            words = f"s from ssm: service call has been retried 1 time(s): invalid ssm parameters: {found['name']}"
        return reason[: found.start()] + f"unable to retrieve secret{words}"
    if found := _NOT_STARTED.fullmatch(reason):
        if "OCI runtime" in found["words"]:
            return f"CannotStartContainerError: {found['words']}"
        if re.search(r"not found|No such image|manifest unknown", found["words"]):
            return f"CannotPullContainerError: {found['words']}"
    return reason


def _mebibytes(given: int | str | None) -> str:
    return f"{given}m" if given else ""


def _scratch(container: Json, definition: Json) -> dict[str, str]:
    """Volumes that are nowhere but in the task: the only places to write where the root is read-only."""
    hosts = {one["name"]: (one.get("host") or {}).get("sourcePath") for one in definition.get("volumes") or []}
    return {
        one["containerPath"]: "mode=1777"
        for one in container.get("mountPoints") or []
        if one["sourceVolume"] in hosts and not hosts[one["sourceVolume"]]
    }


def _health_check(check: Json, scale: TimeScale) -> Json:
    interval, retries = check.get("interval") or 30, check.get("retries") or 3
    start_period = check.get("startPeriod") or 0
    failing = interval * retries
    # Faster checks must not give up sooner on a container that is still starting.
    patience = scale.patience(start_period + failing) - scale.wait(failing)
    return {
        "test": check["command"],
        "interval": int(scale.wait(interval) * SECOND),
        "timeout": int((check.get("timeout") or 5) * SECOND),
        "retries": retries,
        "start_period": int(max(0.0, patience) * SECOND),
    }
