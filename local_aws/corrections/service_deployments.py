"""ECS: what is kept of a rollout can be listed, described and stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

from local_aws.corrections import rollouts
from local_aws.corrections.ecs import replace
from local_aws.rollouts import records, scheduler

Request = dict[str, Any]
Json = dict[str, Any]


def service_deployments_are_kept() -> None:
    """Service deployments and service revisions can be listed, described and stopped.

    Amazon ECS API Reference, ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions and
    StopServiceDeployment.
    """
    replace("ListServiceDeployments", "_list_service_deployments", list_service_deployments)
    replace("DescribeServiceDeployments", "_describe_service_deployments", describe_service_deployments)
    replace("DescribeServiceRevisions", "_describe_service_revisions", describe_service_revisions)
    ecs._ACTION_MAP["StopServiceDeployment"] = stop_service_deployment


def services_with_records() -> Iterator[tuple[Json, Json]]:
    for service in list(ecs._services.values()):
        for record in service.get("_records", []):
            yield service, record


def list_service_deployments(data: Request) -> Any:
    service = ecs._services.get(rollouts.key_of(data))
    if not service:
        return error_response_json("ServiceNotFoundException", "Service not found.", 400)
    wanted, created = data.get("status"), data.get("createdAt", {})
    found = [
        records.brief(record)
        for record in service.get("_records", [])
        if (not wanted or record["status"] in wanted)
        and created.get("after", 0) <= record["createdAt"] <= created.get("before", float("inf"))
    ]
    begin, size = int(data.get("nextToken") or 0), int(data.get("maxResults") or 20)
    more = {"nextToken": str(begin + size)} if begin + size < len(found) else {}
    return json_response({"serviceDeployments": found[begin : begin + size]} | more)


def describe_service_deployments(data: Request) -> Any:
    known = {record["serviceDeploymentArn"]: (service, record) for service, record in services_with_records()}
    wanted = data["serviceDeploymentArns"]
    shown = [
        records.described(known[arn][0], known[arn][1], scheduler.threshold(known[arn][0]))
        for arn in wanted
        if arn in known
    ]
    missing = [{"arn": arn, "reason": "MISSING"} for arn in wanted if arn not in known]
    return json_response({"serviceDeployments": shown, "failures": missing})


def describe_service_revisions(data: Request) -> Any:
    found = [
        records.revision_of(service, arn)
        for arn in data["serviceRevisionArns"]
        for service in list(ecs._services.values())
    ]
    shown = [with_images(revision) for revision in found if revision]
    known = {revision["serviceRevisionArn"] for revision in shown}
    missing = [{"arn": arn, "reason": "MISSING"} for arn in data["serviceRevisionArns"] if arn not in known]
    return json_response({"serviceRevisions": shown, "failures": missing})


def with_images(revision: Json) -> Json:
    definition = ecs._task_defs.get(ecs._resolve_td_key(revision["taskDefinition"])) or {}
    images = []
    for container in definition.get("containerDefinitions", []):
        digest = container["image"].partition("@")[2]
        image = {"containerName": container["name"], "image": container["image"]}
        images.append(image | ({"imageDigest": digest} if digest else {}))
    return revision | {"containerImages": images}


def stop_service_deployment(data: Request) -> Any:
    arn = data.get("serviceDeploymentArn", "")
    record: Json = next((one for _, one in services_with_records() if one["serviceDeploymentArn"] == arn), {})
    if not record:
        return error_response_json("ServiceDeploymentNotFoundException", "Service deployment not found.", 400)
    if data.get("stopType", "ROLLBACK") != "ROLLBACK":
        return error_response_json("InvalidParameterException", "stopType must be ROLLBACK.", 400)
    with rollouts.TURN:
        if record["status"] not in ("PENDING", "IN_PROGRESS"):
            message = f"Service deployment in state {record['status']} can't be stopped."
            return error_response_json("ConflictException", message, 400)
        records.request_rollback(record, time.time())
    rollouts.NEWS.set()
    return json_response({"serviceDeploymentArn": arn})
