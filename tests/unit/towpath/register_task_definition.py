"""RegisterTaskDefinition as botocore describes it, and examples of it with every field that Towpath accepts."""

import functools

import botocore.session
from ansible.module_utils.towpath.task_definition import TASK

# Wherever order decides something; all other lists are sets.
ORDERED = {
    "containerDefinitions.entryPoint",
    "containerDefinitions.command",
    "containerDefinitions.healthCheck.command",
    "containerDefinitions.environmentFiles",
    "containerDefinitions.linuxParameters.tmpfs.mountOptions",
    "containerDefinitions.credentialSpecs",
}

# What ECS answers with where the request was silent, as its API reference and developer guide say.
FILLED_BY_ECS = {
    "containerDefinitions.cpu": 0,
    "containerDefinitions.essential": True,
    "containerDefinitions.stopTimeout": 30,
    "containerDefinitions.versionConsistency": "enabled",
    "containerDefinitions.interactive": False,
    "containerDefinitions.pseudoTerminal": False,
    "containerDefinitions.readonlyRootFilesystem": False,
    "containerDefinitions.privileged": False,
    "containerDefinitions.links": [],
    "containerDefinitions.command": [],
    "containerDefinitions.entryPoint": None,
    "containerDefinitions.environment": [],
    "containerDefinitions.environmentFiles": [],
    "containerDefinitions.secrets": [],
    "containerDefinitions.mountPoints": [],
    "containerDefinitions.volumesFrom": [],
    "containerDefinitions.portMappings": [],
    "containerDefinitions.dockerLabels": {},
    "containerDefinitions.ulimits": [],
    "containerDefinitions.systemControls": [],
    "containerDefinitions.linuxParameters.initProcessEnabled": False,
    "containerDefinitions.mountPoints.readOnly": False,
    "containerDefinitions.volumesFrom.readOnly": False,
    "containerDefinitions.restartPolicy.restartAttemptPeriod": 300,
    "containerDefinitions.portMappings.protocol": "tcp",
    "containerDefinitions.healthCheck.interval": 30,
    "containerDefinitions.healthCheck.timeout": 5,
    "containerDefinitions.healthCheck.retries": 3,
    "containerDefinitions.healthCheck.startPeriod": 0,
    "containerDefinitions.logConfiguration.secretOptions": [],
    "volumes": [],
    "volumes.host": {},
    "volumes.configuredAtLaunch": False,
    "volumes.efsVolumeConfiguration.rootDirectory": "/",
    "volumes.efsVolumeConfiguration.transitEncryption": "DISABLED",
    "volumes.efsVolumeConfiguration.authorizationConfig.iam": "DISABLED",
    "volumes.s3filesVolumeConfiguration.rootDirectory": "/",
    "placementConstraints": [],
    "inferenceAccelerators": [],
    "runtimePlatform.cpuArchitecture": "X86_64",
    "runtimePlatform.operatingSystemFamily": "LINUX",
    "enableFaultInjection": False,
    "pidMode": "",
    "proxyConfiguration": None,
}


@functools.cache
def shape():
    return botocore.session.get_session().get_service_model("ecs").operation_model("RegisterTaskDefinition").input_shape


def joined(path, name):
    return f"{path}.{name}" if path else name


def example():
    """Every accepted field with a value that is not its default; every list with two entries."""
    return _structure(shape(), TASK, "", 0)


def _structure(members_of, fields, path, number):
    accepted = {name: field for name, field in fields.items() if not field.refused}
    values = {
        name: _value(members_of.members[name], field, joined(path, name), number) for name, field in accepted.items()
    }
    # A structure of which Fargate has no field says nothing.
    return {name: value for name, value in values.items() if value != {}}


def _value(kind, field, path, number):
    if path in ("cpu", "memory"):
        return {"cpu": "256", "memory": "512"}[path]
    default = FILLED_BY_ECS.get(path)
    if kind.type_name == "structure":
        return _structure(kind, field.fields, path, number)
    if kind.type_name == "list":
        return [_value(kind.member, field, path, entry) for entry in range(2)]
    if kind.type_name == "map":
        return {f"{path}-{entry}": f"some text {entry}" for entry in range(2)}
    if kind.type_name == "boolean":
        return not default
    if kind.type_name == "integer":
        # Apart from a list's other entry, and from any default.
        return (1000 if path.endswith("hostPort") else 7) + number
    choices = [one for one in kind.enum if one != default] or [f"{path}-{number}"]
    return choices[number % len(choices)]


def leaves(value, at=()):
    """Every plain value of a definition: its place, and a path without the entries' numbers."""
    if isinstance(value, dict):
        return [one for name, inner in value.items() for one in leaves(inner, (*at, name))]
    if isinstance(value, list):
        return [one for number, inner in enumerate(value) for one in leaves(inner, (*at, number))]
    return [at]


def lists(value, at=()):
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    own = [at] if isinstance(value, list) else []
    return own + [one for step, part in inner for one in lists(part, (*at, step))]


def field_of(at):
    return ".".join(step for step in at if isinstance(step, str))


def registered(definition):
    """The definition as DescribeTaskDefinition answers it: defaults filled in, and ECS's own fields added."""
    filled = _filled(definition, shape(), "")
    for container in filled["containerDefinitions"]:
        for mapping in container["portMappings"]:
            if "containerPort" in mapping:
                mapping.setdefault("hostPort", mapping["containerPort"])
    return filled | {
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:7",
        "family": "webapp-staging",
        "revision": 7,
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "com.amazonaws.ecs.capability.task-eni"}],
        "compatibilities": ["EC2", "FARGATE"],
        "registeredAt": "2026-01-01T00:00:00+00:00",
        "registeredBy": "arn:aws:iam::123456789012:root",
        "tags": [],
    }


def _filled(value, kind, path):
    if isinstance(value, list):
        return [_filled(one, kind.member, path) for one in value]
    if not isinstance(value, dict) or kind.type_name == "map":
        return value
    own = {joined(path, name): name for name in kind.members}
    defaults = {own[at]: default for at, default in FILLED_BY_ECS.items() if at in own}
    given = {name: _filled(one, kind.members[name], joined(path, name)) for name, one in value.items()}
    return defaults | given
