"""What Fargate refuses in a task definition. Pure functions: no AWS, no Ansible.

Limits: the ECS API's own documentation of RegisterTaskDefinition, and the ECS developer guide's pages
"Task definition parameters for Fargate" and "Task definition differences for Fargate".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from .task_definition import TaskDefinition, cpu_units, memory_mib

GIB = 1024

# CPU units -> the amounts of memory, in MiB, that go with them.
SIZES: dict[int, range | tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: range(1 * GIB, 4 * GIB + 1, GIB),
    1024: range(2 * GIB, 8 * GIB + 1, GIB),
    2048: range(4 * GIB, 16 * GIB + 1, GIB),
    4096: range(8 * GIB, 30 * GIB + 1, GIB),
    8192: range(16 * GIB, 60 * GIB + 1, 4 * GIB),
    16384: range(32 * GIB, 120 * GIB + 1, 8 * GIB),
}

# Field of a container -> least, most.
RANGES = {
    ("startTimeout",): (2, 120),
    ("stopTimeout",): (2, 120),
    ("healthCheck", "interval"): (5, 300),
    ("healthCheck", "timeout"): (2, 60),
    ("healthCheck", "retries"): (1, 10),
    ("healthCheck", "startPeriod"): (0, 300),
    ("restartPolicy", "restartAttemptPeriod"): (60, 1800),
}

MOST_CONTAINERS = 10
EPHEMERAL_STORAGE_GIB = (21, 200)
LOG_DRIVERS = ("awslogs", "splunk", "awsfirelens")
AWSLOGS_OPTIONS = ("awslogs-group", "awslogs-region", "awslogs-stream-prefix")
CAPABILITY_TO_ADD = "SYS_PTRACE"

NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
IAM_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/\S+")
DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-fA-F]{64}")
ECR_IMAGE = re.compile(r"\d{12}\.dkr[.-]ecr(-fips)?\.")
# A parameter's name, its ARN, or a secret's ARN, alone or with :json-key:version-stage:version-id.
SECRET = re.compile(
    r"[\w.-]+|(/[\w.-]+)+"
    r"|arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter/[\w./-]+"
    r"|arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+(:[^:]*:[^:]*:[^:]*)?",
    re.ASCII,
)


def problems(family: str, definition: TaskDefinition, *, blank_arns: bool = False) -> list[str]:
    """All that Fargate would refuse, a sentence each. Empty means it can be registered.

    ``blank_arns`` lets an ARN be empty: in check mode, what an earlier task would make has none yet.
    """
    containers = definition.get("containerDefinitions", [])
    found = [*_family(family), *_task(definition), *_size(definition), *_together(containers), *_order(containers)]
    for number, container in enumerate(containers):
        at = f"containerDefinitions[{container.get('name', number)}]"
        found += _container(at, container, definition)
        found += _variables(at, container)
        found += _logs(at, container)
    if not blank_arns:
        found += _execution_role(definition)
        found += _blank_secrets(containers)
    return found


def _family(family: str) -> Iterator[str]:
    if not NAME.fullmatch(family):
        yield f"The family {family!r} is no name for ECS, expected up to 255 letters, digits, _ and -."


def _task(definition: TaskDefinition) -> Iterator[str]:
    mode = definition.get("networkMode", "not set")
    if mode != "awsvpc":
        yield f"networkMode is {mode}, expected awsvpc."
    if "FARGATE" not in definition.get("requiresCompatibilities", []):
        yield "requiresCompatibilities does not name FARGATE, expected [FARGATE]: it makes ECS check the rest."
    if definition.get("pidMode", "task") != "task":
        yield f"pidMode is {definition['pidMode']}, expected task, or none."
    system = definition.get("runtimePlatform", {}).get("operatingSystemFamily", "LINUX")
    if system != "LINUX":
        yield f"runtimePlatform.operatingSystemFamily is {system}, expected LINUX."
    least, most = EPHEMERAL_STORAGE_GIB
    size = definition.get("ephemeralStorage", {}).get("sizeInGiB", least)
    if not least <= size <= most:
        yield f"ephemeralStorage.sizeInGiB is {size}, expected {least} to {most}; the first 20 GiB come unasked."
    for role in ("taskRoleArn", "executionRoleArn"):
        if role in definition and not IAM_ROLE.fullmatch(definition[role]):
            yield f"{role} is {definition[role]}, expected an ARN like arn:aws:iam::123456789012:role/name."
    for volume in definition.get("volumes", []):
        yield from _volume(volume)
    yield from _twice("volumes", (one.get("name", "") for one in definition.get("volumes", [])))


def _volume(volume: dict[str, Any]) -> Iterator[str]:
    at = f"volumes[{volume.get('name', '')}]"
    if not NAME.fullmatch(volume.get("name", "")):
        yield f"{at} has no proper name, expected up to 255 letters, digits, _ and -."
    efs = volume.get("efsVolumeConfiguration", {})
    access = efs.get("authorizationConfig", {})
    protected = access.get("accessPointId") or access.get("iam") == "ENABLED"
    if protected and efs.get("transitEncryption") != "ENABLED":
        yield f"{at} mounts EFS with an access point or IAM, expected transitEncryption: ENABLED with it."
    if access.get("accessPointId") and efs.get("rootDirectory", "/") != "/":
        yield f"{at} has an access point and a rootDirectory, expected the one or the other."


def _size(definition: TaskDefinition) -> Iterator[str]:
    cpu, memory = cpu_units(definition.get("cpu", "")), memory_mib(definition.get("memory", ""))
    if not cpu.isdecimal() or int(cpu) not in SIZES:
        yield f"cpu is {cpu or 'not set'}, expected {_one_of(list(SIZES))}."
        return
    amounts = SIZES[int(cpu)]
    if not memory.isdecimal() or int(memory) not in amounts:
        if isinstance(amounts, range):
            expected = f"{amounts[0]} to {amounts[-1]} in steps of {amounts.step}"
        else:
            expected = _one_of(list(amounts))
        yield f"memory is {memory or 'not set'} with cpu {cpu}, expected {expected} (MiB)."
        return
    for field, whole in (("cpu", int(cpu)), ("memory", int(memory))):
        parts = sum(one.get(field, 0) for one in definition.get("containerDefinitions", []))
        if parts > whole:
            yield f"The containers' {field} adds up to {parts}, expected {whole} at most, the task's own {field}."


def _together(containers: list[dict[str, Any]]) -> Iterator[str]:
    """What can only be said of all containers: they share one network interface and one life."""
    yield from _twice("containerDefinitions", (one.get("name", "") for one in containers))
    ports = [
        f"{mapping['containerPort']}/{mapping.get('protocol', 'tcp')}"
        for one in containers
        for mapping in one.get("portMappings", [])
        if "containerPort" in mapping
    ]
    yield from _twice("portMappings", ports)
    if containers and not any(one.get("essential", True) for one in containers):
        yield "No container is essential, expected one at least: its end is the task's end."
    if len(containers) > MOST_CONTAINERS:
        yield f"There are {len(containers)} containers, expected {MOST_CONTAINERS} at most."


def _order(containers: list[dict[str, Any]]) -> Iterator[str]:
    """Containers that wait for others which cannot become what they wait for."""
    by_name = {one.get("name", ""): one for one in containers}
    waits_for = {name: [two["containerName"] for two in _awaited(one)] for name, one in by_name.items()}
    for name, container in by_name.items():
        at = f"containerDefinitions[{name}].dependsOn"
        yield from _twice(at, waits_for[name])
        for awaited in _awaited(container):
            other, condition = by_name.get(awaited["containerName"]), awaited.get("condition")
            to = f"{at}[{awaited['containerName']}]"
            if other is None:
                others = [one for one in by_name if one != name]
                yield f"{to} names no container of this task, expected {_one_of(others)}."
            elif condition in ("COMPLETE", "SUCCESS") and other.get("essential", True):
                yield f"{to} waits for the end of an essential container, expected essential: false there."
            elif condition == "HEALTHY" and "healthCheck" not in other:
                yield f"{to} waits until the container is healthy, expected a healthCheck there."
    if circle := _circle(waits_for):
        yield f"Containers wait for each other: {' -> '.join(circle)}. Expected dependsOn without a circle."


def _awaited(container: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in container.get("dependsOn", []) if "containerName" in one]


def _circle(waits_for: dict[str, list[str]]) -> list[str]:
    done: set[str] = set()

    def walk(name: str, way: list[str]) -> list[str]:
        if name in way:
            return [*way[way.index(name) :], name]
        if name in done:
            return []
        found = next(filter(None, (walk(one, [*way, name]) for one in waits_for.get(name, []))), [])
        done.add(name)
        return found

    return next(filter(None, (walk(name, []) for name in waits_for)), [])


def _container(at: str, container: dict[str, Any], definition: TaskDefinition) -> Iterator[str]:
    if "name" not in container or not NAME.fullmatch(container["name"]):
        yield f"{at} has no proper name, expected up to 255 letters, digits, _ and -."
    yield from _image(at, container.get("image", ""))
    for path, (least, most) in RANGES.items():
        value: Any = container
        for step in path:
            value = value.get(step, {})
        if value != {} and not least <= value <= most:
            unit = "" if path[-1] == "retries" else " seconds"
            yield f"{at}.{'.'.join(path)} is {value}, expected {least} to {most}{unit}."
    if "healthCheck" in container and container["healthCheck"].get("command", [""])[0] not in ("CMD", "CMD-SHELL"):
        yield f"{at}.healthCheck.command begins with neither CMD nor CMD-SHELL, expected one of them first."
    if container.get("memoryReservation", 0) > container.get("memory", container.get("memoryReservation", 0)):
        yield f"{at}.memoryReservation is above memory, expected {container['memory']} at most."
    added = [one for one in container.get("linuxParameters", {}).get("capabilities", {}).get("add", [])]
    if others := [one for one in added if one != CAPABILITY_TO_ADD]:
        yield f"{at}.linuxParameters.capabilities.add has {', '.join(others)}, expected {CAPABILITY_TO_ADD} alone."
    if container.get("firelensConfiguration", {}).get("options", {}).get("config-file-type") == "s3":
        yield f"{at}.firelensConfiguration.options[config-file-type] is s3, expected file."
    files = container.get("environmentFiles", [])
    if any(not re.fullmatch(r"arn:aws[a-z-]*:s3:::.+\.env", one.get("value", "")) for one in files) or len(files) > 10:
        yield f"{at}.environmentFiles expects 10 files at most, each an S3 object's ARN that ends in .env."
    for mapping in container.get("portMappings", []):
        yield from _port(f"{at}.portMappings", mapping)
    volumes = {one.get("name") for one in definition.get("volumes", [])}
    for mount in container.get("mountPoints", []):
        if mount.get("sourceVolume") not in volumes:
            yield f"{at}.mountPoints names the volume {mount.get('sourceVolume', '')}, expected one of volumes."
    names = {one.get("name") for one in definition.get("containerDefinitions", [])} - {container.get("name")}
    for source in (one.get("sourceContainer", "") for one in container.get("volumesFrom", [])):
        if source not in names:
            yield f"{at}.volumesFrom names {source}, expected another container of this task."


def _image(at: str, image: str) -> Iterator[str]:
    if not image:
        yield f"{at}.image is empty, expected repository@sha256:digest."
    elif re.search(r"\s", image) or ("@" in image and not DIGEST.fullmatch(image)):
        yield f"{at}.image is {image!r}, expected repository@sha256: and 64 hexadecimal digits."


def _port(at: str, mapping: dict[str, Any]) -> Iterator[str]:
    port, host_port, ports = mapping.get("containerPort"), mapping.get("hostPort"), mapping.get("containerPortRange")
    if (port is None) == (ports is None):
        yield f"{at} has an entry with {'both' if ports else 'neither'}, expected containerPort or containerPortRange."
    elif port is not None and not 1 <= port <= 65535:
        yield f"{at}[{port}] is no port, expected 1 to 65535."
    elif host_port and host_port != port:
        yield f"{at}[{port}].hostPort is {host_port}, expected {port or 'none'}: under awsvpc there is no other port."


def _variables(at: str, container: dict[str, Any]) -> Iterator[str]:
    plain = [one.get("name", "") for one in container.get("environment", [])]
    secret = [one.get("name", "") for one in container.get("secrets", [])]
    if "" in plain:
        yield f"{at}.environment has an entry without a name."
    yield from _twice(f"{at}.environment", plain)
    yield from _twice(f"{at}.secrets", secret)
    for name in sorted(set(plain) & set(secret)):
        yield f"{at} has {name} in environment and in secrets, expected one of them."
    for where, entries in _secrets(container):
        for one in entries:
            if one.get("valueFrom") and not SECRET.fullmatch(one["valueFrom"]):
                # It could be the secret itself, put in the wrong place: do not show it.
                yield (
                    f"{at}.{where}[{one.get('name', '')}].valueFrom names no secret, expected a parameter's name "
                    "(/app/NAME) or ARN, or a secret's ARN, alone or with :json-key:version-stage:version-id."
                )


def _secrets(container: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    options = container.get("logConfiguration", {}).get("secretOptions", [])
    return [("secrets", container.get("secrets", [])), ("logConfiguration.secretOptions", options)]


def _logs(at: str, container: dict[str, Any]) -> Iterator[str]:
    logs = container.get("logConfiguration", {})
    driver = logs.get("logDriver", LOG_DRIVERS[0])
    if driver not in LOG_DRIVERS:
        yield f"{at}.logConfiguration.logDriver is {driver}, expected {_one_of(list(LOG_DRIVERS))}."
    elif logs and driver == "awslogs":
        missing = [name for name in AWSLOGS_OPTIONS if not logs.get("options", {}).get(name)]
        if missing:
            yield f"{at}.logConfiguration.options lacks {', '.join(missing)}, expected with awslogs."


def _execution_role(definition: TaskDefinition) -> Iterator[str]:
    if definition.get("executionRoleArn"):
        return
    needs = {
        need
        for one in definition.get("containerDefinitions", [])
        for need, there in (
            ("secrets", any(entries for _, entries in _secrets(one))),
            ("awslogs", one.get("logConfiguration", {}).get("logDriver") == "awslogs"),
            ("an image in ECR", ECR_IMAGE.match(one.get("image", ""))),
            ("repositoryCredentials", one.get("repositoryCredentials")),
            ("environmentFiles", one.get("environmentFiles")),
        )
        if there
    }
    if needs:
        yield f"executionRoleArn is not set, expected the role that fetches for ECS: {', '.join(sorted(needs))}."


def _blank_secrets(containers: list[dict[str, Any]]) -> Iterator[str]:
    for number, container in enumerate(containers):
        for where, entries in _secrets(container):
            for one in entries:
                if not one.get("valueFrom"):
                    at = f"containerDefinitions[{container.get('name', number)}].{where}[{one.get('name', '')}]"
                    yield f"{at}.valueFrom is missing, expected the name or ARN of a parameter, or the ARN of a secret."


def _twice(where: str, names: Any) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{where} has {name} {count} times, expected once."


def _one_of(choices: list[Any]) -> str:
    words = [str(one) for one in choices]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words or ["none"])
