"""What an ECS task definition means on Fargate, and in what two of them differ. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .differences import Difference

TaskDefinition = dict[str, Any]
Path = tuple[str, ...]

# Stands where a value must not be shown.
HIDDEN = "********"

SECRET_NAME = re.compile(r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|KEY|CREDENTIAL|PRIVATE|SALT", re.IGNORECASE)
# A URL that carries a password, as DATABASE_URL does.
SECRET_URL = re.compile(r"://[^/\s:@]*:[^/\s@]+@")


@dataclass(frozen=True)
class Field:
    """One field of the API: what it holds, what leaving it out means, and whether a Fargate task may have it."""

    default: Any = None
    """What ECS takes when the field is left out: a value, or a function of the structure that the field is in."""
    canonical: Callable[[Any], Any] | None = None
    """Writes a value that has several spellings in the one that ECS answers with."""
    fields: Mapping[str, Field] | None = None
    """The fields of the structure, or of each structure in the list."""
    key: tuple[str, ...] = ()
    """The fields that tell the entries of a list apart. Such a list is a set: its order means nothing."""
    unordered: bool = False
    """A list of plain values whose order means nothing."""
    refused: str = ""
    """Why a Fargate task cannot have the field."""

    def default_in(self, structure: Mapping[str, Any]) -> Any:
        return self.default(structure) if callable(self.default) else self.default


def _structure(**fields: Field) -> Field:
    return Field(fields=fields)


def _set_by(*key: str, **fields: Field) -> Field:
    return Field(fields=fields, key=key)


def _refused(reason: str) -> Field:
    return Field(refused=reason)


def cpu_units(value: Any) -> Any:
    """``1 vCPU`` and ``1024`` are the same; ECS answers with the second."""
    return _in_units(value, "vcpu")


def memory_mib(value: Any) -> Any:
    """``0.5 GB`` and ``512`` are the same; ECS answers with the second."""
    return _in_units(value, "gb")


def _in_units(value: Any, unit: str) -> Any:
    text = str(value).strip()
    if text.isdecimal():
        return str(int(text))
    amount = re.fullmatch(rf"(\d+|\d*\.\d+)\s*{unit}", text, re.IGNORECASE)
    units = float(amount[1]) * 1024 if amount else 0.5
    return str(int(units)) if units.is_integer() else value


_PLAIN = Field()
_OFF = Field(default=False)
_SET = Field(unordered=True)
_NOT_ON_FARGATE = _refused("Fargate does not have it")
_ONE_FILE_SYSTEM = Field(default="/")

CONTAINER: Mapping[str, Field] = {
    "name": _PLAIN,
    "image": _PLAIN,
    "repositoryCredentials": _structure(credentialsParameter=_PLAIN),
    "cpu": Field(default=0),
    "memory": _PLAIN,
    "memoryReservation": _PLAIN,
    "links": _refused("links need the network mode bridge, and Fargate has awsvpc alone"),
    "portMappings": _set_by(
        "containerPort",
        "containerPortRange",
        "protocol",
        containerPort=_PLAIN,
        containerPortRange=_PLAIN,
        protocol=Field(default="tcp"),
        # 0 asks for any port, which under awsvpc is the container's own.
        hostPort=Field(
            default=lambda mapping: mapping.get("containerPort"),
            canonical=lambda port: None if str(port) == "0" else port,
        ),
        name=_PLAIN,
        appProtocol=_PLAIN,
    ),
    "essential": Field(default=True),
    "restartPolicy": _structure(
        enabled=_OFF,
        ignoredExitCodes=_SET,
        restartAttemptPeriod=Field(default=300),
    ),
    "entryPoint": _PLAIN,
    "command": _PLAIN,
    "environment": _set_by("name", name=_PLAIN, value=Field(default="")),
    # Read from the top down, so their order decides which value of a variable counts.
    "environmentFiles": _structure(value=_PLAIN, type=_PLAIN),
    "mountPoints": _set_by("containerPath", containerPath=_PLAIN, sourceVolume=_PLAIN, readOnly=_OFF),
    "volumesFrom": _set_by("sourceContainer", sourceContainer=_PLAIN, readOnly=_OFF),
    "linuxParameters": _structure(
        capabilities=_structure(add=_SET, drop=_SET),
        devices=_refused("a Fargate task cannot reach its host's devices"),
        initProcessEnabled=_OFF,
        sharedMemorySize=_NOT_ON_FARGATE,
        tmpfs=_set_by("containerPath", containerPath=_PLAIN, size=_PLAIN, mountOptions=_PLAIN),
        maxSwap=_NOT_ON_FARGATE,
        swappiness=_NOT_ON_FARGATE,
    ),
    "secrets": _set_by("name", name=_PLAIN, valueFrom=_PLAIN),
    "dependsOn": _set_by("containerName", containerName=_PLAIN, condition=_PLAIN),
    "startTimeout": _PLAIN,
    "stopTimeout": Field(default=30),
    "versionConsistency": Field(default="enabled"),
    "hostname": _refused("under awsvpc a task has the host name of its network interface"),
    "user": _PLAIN,
    "workingDirectory": _PLAIN,
    "disableNetworking": _NOT_ON_FARGATE,
    "privileged": _refused("a Fargate task cannot have its host's rights"),
    "readonlyRootFilesystem": _OFF,
    "dnsServers": _refused("under awsvpc a task has the DNS servers of its VPC"),
    "dnsSearchDomains": _refused("under awsvpc a task has the DNS settings of its VPC"),
    "extraHosts": _refused("under awsvpc a task has no hosts file of its own: use a DNS record"),
    "dockerSecurityOptions": _NOT_ON_FARGATE,
    "interactive": _OFF,
    "pseudoTerminal": _OFF,
    "dockerLabels": _PLAIN,
    "ulimits": _set_by("name", name=_PLAIN, softLimit=_PLAIN, hardLimit=_PLAIN),
    "logConfiguration": _structure(
        logDriver=_PLAIN,
        options=_PLAIN,
        secretOptions=_set_by("name", name=_PLAIN, valueFrom=_PLAIN),
    ),
    "healthCheck": _structure(
        command=_PLAIN,
        interval=Field(default=30),
        timeout=Field(default=5),
        retries=Field(default=3),
        startPeriod=Field(default=0),
    ),
    "systemControls": _set_by("namespace", namespace=_PLAIN, value=_PLAIN),
    "resourceRequirements": _refused("Fargate has neither GPUs nor other accelerators"),
    "firelensConfiguration": _structure(type=_PLAIN, options=_PLAIN),
    "credentialSpecs": _PLAIN,
}

VOLUME: Mapping[str, Field] = {
    "name": _PLAIN,
    "host": _structure(sourcePath=_refused("a Fargate task cannot reach its host's files")),
    "dockerVolumeConfiguration": _NOT_ON_FARGATE,
    "efsVolumeConfiguration": _structure(
        fileSystemId=_PLAIN,
        rootDirectory=_ONE_FILE_SYSTEM,
        transitEncryption=Field(default="DISABLED"),
        transitEncryptionPort=_PLAIN,
        authorizationConfig=_structure(accessPointId=_PLAIN, iam=Field(default="DISABLED")),
    ),
    "s3filesVolumeConfiguration": _structure(
        fileSystemArn=_PLAIN,
        rootDirectory=_ONE_FILE_SYSTEM,
        transitEncryptionPort=_PLAIN,
        accessPointArn=_PLAIN,
    ),
    "fsxWindowsFileServerVolumeConfiguration": _refused("Fargate mounts EFS and S3 Files alone"),
    "configuredAtLaunch": _OFF,
}

# Every field of RegisterTaskDefinition, but for its family and tags, which are no part of the meaning.
TASK: Mapping[str, Field] = {
    "taskRoleArn": _PLAIN,
    "executionRoleArn": _PLAIN,
    "networkMode": _PLAIN,
    # A set: containers start as dependsOn says, whatever their order in the list.
    "containerDefinitions": Field(fields=CONTAINER, key=("name",)),
    "volumes": Field(fields=VOLUME, key=("name",)),
    "placementConstraints": _refused("Fargate places tasks by itself"),
    "requiresCompatibilities": _SET,
    "cpu": Field(canonical=cpu_units),
    "memory": Field(canonical=memory_mib),
    "pidMode": _PLAIN,
    "ipcMode": _NOT_ON_FARGATE,
    "proxyConfiguration": _refused("it serves App Mesh, which AWS has ended: use Service Connect"),
    "inferenceAccelerators": _refused("AWS has ended Elastic Inference"),
    "ephemeralStorage": _structure(sizeInGiB=_PLAIN),
    "runtimePlatform": _structure(
        cpuArchitecture=Field(default="X86_64"),
        operatingSystemFamily=Field(default="LINUX"),
    ),
    "enableFaultInjection": _OFF,
    "trustedExecutionConfiguration": _refused("only ECS Managed Instances have it"),
}

# What ECS adds to a registered revision, and what is told of it elsewhere.
ADDED_BY_ECS = frozenset(
    {
        "compatibilities",
        "deleteRequestedAt",
        "deregisteredAt",
        "family",
        "registeredAt",
        "registeredBy",
        "requiresAttributes",
        "revision",
        "status",
        "tags",
        "taskDefinitionArn",
    }
)


def differences(before: TaskDefinition, after: TaskDefinition) -> list[Difference]:
    """Everything that means something else in ``after``, fit to be shown. Empty means nothing to register."""
    left, right = meaning(before), meaning(after)
    return [
        _shown(path, left.get(path), right.get(path))
        for path in sorted(left.keys() | right.keys())
        if left.get(path) != right.get(path)
    ]


def meaning(definition: TaskDefinition) -> dict[Path, Any]:
    """Write a definition as a flat table of what it says, without what it would say anyway."""
    family = [(("family",), definition["family"])] if "family" in definition else []
    return dict(family) | dict(_said((), definition, TASK))


def is_blank(value: Any) -> bool:
    """ECS answers an unset field with null or an empty value; we ask by leaving it out."""
    return value is None or value == "" or value == [] or value == {}


def label(entry: Mapping[str, Any], field: Field) -> str:
    """What tells one entry of a set from the others."""
    fields = field.fields or {}
    parts = (entry.get(name, fields[name].default) for name in field.key)
    return "/".join(str(part) for part in parts if part is not None)


def text(path: Path) -> str:
    return "".join(step if step.startswith("[") else f".{step}" for step in path).removeprefix(".")


def diff_lines(changes: list[Difference], side: str) -> str:
    """One side of the differences as YAML, a line each."""
    told = ((change.field, getattr(change, side)) for change in changes)
    return "".join(f"{field}: {json.dumps(value, ensure_ascii=False)}\n" for field, value in told if value is not None)


def hides_secret(name: str, value: Any) -> bool:
    """Whether the value of an environment variable looks like one that must not be shown."""
    return bool(SECRET_NAME.search(name) or SECRET_URL.search(str(value)))


def without_secrets(given: Any, inside: str = "") -> Any:
    """The same definition, fit to be shown, whatever is wrong with it."""
    if isinstance(given, list):
        return [without_secrets(one, inside) for one in given]
    if not isinstance(given, dict):
        return given
    if inside == "environment":
        return given | {"value": _hidden(str(given.get("name")), given.get("value"))}
    if inside == "options":
        return {name: _hidden(name, value) for name, value in given.items()}
    return {name: without_secrets(value, name) for name, value in given.items()}


def with_images(revision: TaskDefinition, images: Mapping[str, str]) -> TaskDefinition:
    """A registered revision as a request would ask for it, with other images in some containers."""
    asked = {name: value for name, value in revision.items() if name not in ADDED_BY_ECS}
    containers = [one | {"image": images.get(one["name"], one["image"])} for one in revision["containerDefinitions"]]
    return asked | {"containerDefinitions": containers}


def images_of(definition: TaskDefinition) -> dict[str, str]:
    return {one["name"]: one["image"] for one in definition["containerDefinitions"]}


def _said(path: Path, structure: Mapping[str, Any], fields: Mapping[str, Field]) -> Iterator[tuple[Path, Any]]:
    for name, field in fields.items():
        value: Any = structure.get(name)
        if field.canonical and value is not None:
            value = field.canonical(value)
        if field.refused or is_blank(value):
            continue
        if field.key:
            yield from _said_by_entries((*path, name), value, field)
        elif field.fields and isinstance(value, dict):
            yield from _said((*path, name), value, field.fields)
        elif isinstance(value, dict):
            yield from (((*path, name, f"[{key}]"), one) for key, one in value.items())
        elif field.unordered:
            yield (*path, name), sorted(set(value))
        elif value != field.default_in(structure):
            yield (*path, name), value


def _said_by_entries(path: Path, entries: list[Any], field: Field) -> Iterator[tuple[Path, Any]]:
    told = {name: one for name, one in (field.fields or {}).items() if name not in field.key}
    for entry in entries:
        at = (*path, f"[{label(entry, field)}]")
        if len(told) == 1:
            ((name, one),) = told.items()
            value = entry.get(name, one.default)
            said = [] if value is None else [(at, value)]
        else:
            said = list(_said(at, entry, told))
        # An entry that says nothing but its name is there all the same.
        yield from said or [(at, {})]


def _shown(path: Path, before: Any, after: Any) -> Difference:
    named = path[-1].strip("[]") if {"environment", "options"} & set(path) else ""
    if named and (hides_secret(named, before) or hides_secret(named, after)):
        changed = HIDDEN if before is None else f"{HIDDEN} (changed)"
        before, after = None if before is None else HIDDEN, None if after is None else changed
    return Difference(text(path), before, after)


def _hidden(name: str, value: Any) -> Any:
    return HIDDEN if hides_secret(name, value) else value
