"""Which secrets there are, who reads them, and which are missing. Pure functions: no AWS, no Ansible, no values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from .deploy_check import parameter_name
from .task_definition import TaskDefinition
from .text_table import aligned


class Secret(NamedTuple):
    """One secret of an environment, by the name that the app knows it by."""

    name: str
    parameter: str
    version: int = 0
    """0 where there is none."""
    changed_at: str = ""
    changed_by: str = ""
    key_id: str = ""
    encrypted: bool = True
    readers: tuple[str, ...] = ()
    """The containers that get it."""
    wanted_by: str = ""
    """What names it: secrets_generated, secrets_required, app_service_secrets, the service; empty for nothing."""

    @property
    def state(self) -> str:
        if not self.version:
            return "missing"
        return "used" if self.wanted_by else "unused"


def overview(
    path: str,
    parameters: Iterable[Mapping[str, Any]],
    definitions: Iterable[TaskDefinition],
    wanted: Mapping[str, Sequence[str]],
) -> list[Secret]:
    """Every secret that is there or should be, by name.

    ``parameters`` as DescribeParameters answers, ``definitions`` the revisions that serve or will, ``wanted`` the names
    that each setting has.
    """
    there = {one["Name"]: one for one in parameters}
    parameter_of = {name: parameter for parameter in there if (name := _name_of(parameter, path))}
    readers: dict[str, set[str]] = {}
    for definition in definitions:
        for container in definition.get("containerDefinitions", []):
            for one in container.get("secrets") or []:
                if parameter := parameter_name(one["valueFrom"]):
                    name = _name_of(parameter, path) or one["name"]
                    parameter_of[name] = parameter
                    readers.setdefault(name, set()).add(container["name"])
    wanted_by = dict.fromkeys(readers, "the service")
    # What is named first counts most.
    for setting, names in reversed(list(wanted.items())):
        wanted_by |= dict.fromkeys(names, setting)
    secrets = (
        Secret(
            name,
            parameter_of.get(name, f"{path}/{name}"),
            readers=tuple(sorted(readers.get(name, ()))),
            wanted_by=wanted_by.get(name, ""),
        )
        for name in sorted(parameter_of.keys() | wanted_by.keys())
    )
    return [_with_value(one, there[one.parameter]) if one.parameter in there else one for one in secrets]


def _with_value(secret: Secret, found: Mapping[str, Any]) -> Secret:
    changed: datetime = found["LastModifiedDate"]
    return secret._replace(
        version=found["Version"],
        changed_at=changed.astimezone(UTC).isoformat(timespec="seconds"),
        changed_by=str(found.get("LastModifiedUser", "")).rpartition(":")[2],
        key_id=found.get("KeyId", ""),
        encrypted=found["Type"] == "SecureString",
    )


def _name_of(parameter: str, path: str) -> str:
    """The secret that a parameter right below ``path`` holds; empty for another parameter."""
    folder, _, name = parameter.rpartition("/")
    return name if folder == path else ""


def lines(environment: str, secrets: Sequence[Secret]) -> list[str]:
    """An aligned table, and below it what to do about what is missing or unused."""
    if not secrets:
        return [f"{environment} has no secrets."]
    rows = [("name", "version", "changed", "by", "read by"), *(_row(one) for one in secrets)]
    return [*aligned(rows), *_advice(environment, secrets)]


def _row(secret: Secret) -> tuple[str, str, str, str, str]:
    if not secret.version:
        return secret.name, "missing", "", "", f"named in {secret.wanted_by}"
    changed = secret.changed_at[:16].replace("T", " ")
    readers = ", ".join(secret.readers)
    unread = "nobody yet" if secret.wanted_by else "nobody: unused"
    return secret.name, f"{secret.version}", changed, secret.changed_by, readers or unread


def _advice(environment: str, secrets: Sequence[Secret]) -> list[str]:
    command = f"ansible-playbook secrets.yml -e env={environment}"
    told = []
    for one in secrets:
        if one.state == "missing" and one.wanted_by == "secrets_generated":
            told.append(f"{one.name} is missing: ansible-playbook provision.yml -e env={environment} makes it up.")
        elif one.state == "missing":
            told.append(f"{one.name} is missing: {command} -e set={one.name} asks for it.")
        elif one.state == "unused":
            told.append(f"{one.name} is unused: {command} -e unset={one.name} deletes it.")
        if one.version and not one.encrypted:
            told.append(f"{one.name} is not encrypted: {command} -e set={one.name} encrypts it.")
    return told
