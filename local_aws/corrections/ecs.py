"""ECS: secrets, task-definition families and service settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs, ssm

Request = dict[str, Any]


def secure_strings_reach_a_task_decrypted() -> None:
    """A container's secret that is an SSM SecureString arrives as its plain value.

    Amazon ECS Developer Guide, Pass Systems Manager parameters through Amazon ECS environment variables.
    """
    resolve: Callable[[Request], dict[str, str]] = ecs._resolve_container_secrets

    def corrected(container: Request) -> dict[str, str]:
        values = resolve(container)
        for secret in container.get("secrets", []):
            source = secret.get("valueFrom", "")
            if secret.get("name") in values and "secretsmanager" not in source:
                values[secret["name"]] = str(ssm.resolve_parameter_value(source, decrypt=True))
        return values

    ecs._resolve_container_secrets = corrected


def a_family_is_listed_by_its_full_name() -> None:
    """The familyPrefix of ListTaskDefinitions is the whole name of a family.

    Amazon ECS API Reference, ListTaskDefinitions: "The full family name to filter the ListTaskDefinitions results
    with."
    """
    unfiltered: Callable[[Request], Any] = ecs._list_task_definitions

    def corrected(data: Request) -> Any:
        family = data.get("familyPrefix")
        if not family:
            return unfiltered(data)
        status = data.get("status", "ACTIVE")
        found = [d for d in list(ecs._task_defs.values()) if d["family"] == family and d["status"] == status]
        found.sort(key=lambda d: int(d["revision"]), reverse=data.get("sort") == "DESC")
        start, size = int(data.get("nextToken") or 0), int(data.get("maxResults") or 100)
        page = {"taskDefinitionArns": [d["taskDefinitionArn"] for d in found[start : start + size]]}
        return json_response(page | ({"nextToken": str(start + size)} if start + size < len(found) else {}))

    replace("ListTaskDefinitions", "_list_task_definitions", corrected)


def a_deleted_revision_goes_when_nothing_uses_it() -> None:
    """DeleteTaskDefinitions takes up to ten INACTIVE revisions, and each is gone once no task or service uses it.

    Amazon ECS API Reference, DeleteTaskDefinitions.
    """
    delete: Callable[[Request], Any] = ecs._delete_task_definitions
    list_: Callable[[Request], Any] = ecs._ACTION_MAP["ListTaskDefinitions"]

    def deleted(data: Request) -> Any:
        arns = data.get("taskDefinitions", [])
        if len(arns) > 10:
            return error_response_json("InvalidParameterException", "Up to 10 task definitions can be deleted.", 400)
        active = [arn for arn in arns if ecs._task_defs.get(ecs._resolve_td_key(arn), {}).get("status") == "ACTIVE"]
        status, headers, body = delete(data | {"taskDefinitions": [arn for arn in arns if arn not in active]})
        answer = json.loads(body)
        reason = "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
        answer["failures"] += [{"arn": arn, "reason": reason} for arn in active]
        return status, headers, json.dumps(answer).encode()

    def listed(data: Request) -> Any:
        services = [one for one in ecs._services.values() if one["status"] != "INACTIVE"]
        tasks = [one for one in ecs._tasks.values() if one["lastStatus"] != "STOPPED"]
        used = {service["taskDefinition"] for service in services} | {task["taskDefinitionArn"] for task in tasks}
        for key, one in list(ecs._task_defs.items()):
            if one["status"] == "DELETE_IN_PROGRESS" and one["taskDefinitionArn"] not in used:
                del ecs._task_defs[key]
                ecs._tags.pop(one["taskDefinitionArn"], None)
        return list_(data)

    replace("DeleteTaskDefinitions", "_delete_task_definitions", deleted)
    replace("ListTaskDefinitions", "_list_task_definitions", listed)


def an_update_keeps_every_setting_of_a_service() -> None:
    """UpdateService also changes propagateTags, enableECSManagedTags and serviceRegistries.

    Amazon ECS API Reference, UpdateService.
    """
    update: Callable[[Request], Any] = ecs._update_service

    def corrected(data: Request) -> Any:
        answer = update(data)
        settings = {
            key: data[key] for key in ("propagateTags", "enableECSManagedTags", "serviceRegistries") if key in data
        }
        if answer[0] != 200 or not settings:
            return answer
        name, _ = ecs._resolve_service_ref(data["service"])
        service = ecs._services[f"{ecs._resolve_cluster_name(data.get('cluster', 'default'))}/{name}"]
        service.update(settings)
        return json_response({"service": ecs._sanitize(service)})

    replace("UpdateService", "_update_service", corrected)


def an_unknown_task_definition_is_refused() -> None:
    """A service cannot be made with, or moved to, a task definition that does not exist, in whatever form it is named.

    Amazon ECS API Reference, CreateService and UpdateService, ClientException.
    """

    def checked(answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        def corrected(data: Request) -> Any:
            reference = data.get("taskDefinition")
            if reference and ecs._resolve_td_key(reference) not in ecs._task_defs:
                return error_response_json("ClientException", "TaskDefinition not found.", 400)
            return answer(data)

        return corrected

    replace("CreateService", "_create_service", checked(ecs._create_service))
    replace("UpdateService", "_update_service", checked(ecs._update_service))


def replace(action: str, function: str, corrected: Callable[[Request], Any]) -> None:
    """An action is found in the map by its callers on the wire, and by its name within the module."""
    ecs._ACTION_MAP[action] = corrected
    setattr(ecs, function, corrected)
