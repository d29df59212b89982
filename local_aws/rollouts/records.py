"""What ECS keeps of a rollout: a service deployment, and the service revisions that it goes from and to.

Amazon ECS Developer Guide, View service history using Amazon ECS service deployments, and Amazon ECS service revisions.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

UNFINISHED = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")

# What a service revision freezes; a rollback sets the service to it again.
REVISED = (
    "taskDefinition",
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "platformFamily",
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
)


def record_of(service: Json, deployment: Json) -> Json:
    """The service deployment that a deployment of the service belongs to, or an empty one."""
    arn = deployment.get("_record", "")
    return next((one for one in service.get("_records", []) if one["serviceDeploymentArn"] == arn), {})


def revision_of(service: Json, arn: str) -> Json:
    return next((one for one in service.get("_revisions", []) if one["serviceRevisionArn"] == arn), {})


def open_record(service: Json, deployment: Json, identity: str, now: float) -> None:
    """Begin the record of a deployment. One that it supersedes is stopped."""
    head, _, name = service["serviceArn"].partition(":service/")
    for record in service.setdefault("_records", []):
        if record["status"] in UNFINISHED:
            close(record, "STOPPED", "The service deployment was superseded by a newer one.", now)
    revision = {
        "serviceRevisionArn": f"{head}:service-revision/{name}/{identity}",
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": now,
        **{key: service[key] for key in REVISED if service.get(key)},
    }
    service.setdefault("_revisions", []).insert(0, revision)
    completed = service.get("_completed", {}).get("_revision")
    record = {
        "serviceDeploymentArn": f"{head}:service-deployment/{name}/{identity}",
        "serviceArn": service["serviceArn"],
        "clusterArn": service["clusterArn"],
        "createdAt": now,
        "updatedAt": now,
        "status": "PENDING",
        "sourceServiceRevisions": [{"arn": completed}] if completed else [],
        "targetServiceRevision": {"arn": revision["serviceRevisionArn"]},
        "deploymentConfiguration": service.get("deploymentConfiguration", {}),
    }
    service["_records"].insert(0, record)
    deployment["_record"] = record["serviceDeploymentArn"]
    deployment["_revision"] = revision["serviceRevisionArn"]


def begin(record: Json, now: float) -> None:
    if record.get("status") == "PENDING":
        record.update(status="IN_PROGRESS", startedAt=now, updatedAt=now)


def request_rollback(record: Json, now: float) -> None:
    """Ask for a rollback; the scheduler's next step does it."""
    record.update(status="ROLLBACK_REQUESTED", updatedAt=now)


def begin_rollback(record: Json, revision: str, reason: str, now: float) -> None:
    rollback = {"reason": reason, "startedAt": now, "serviceRevisionArn": revision}
    record.update(status="ROLLBACK_IN_PROGRESS", statusReason=reason, rollback=rollback, updatedAt=now)


def close(record: Json, status: str, reason: str, now: float) -> None:
    """End a record. The time is called ``stoppedAt`` where ECS or a person stopped it."""
    if record.get("status") not in UNFINISHED:
        return
    when = "stoppedAt" if status == "STOPPED" else "finishedAt"
    record.update({"status": status, "updatedAt": now, when: now})
    if reason:
        record["statusReason"] = reason


def described(service: Json, record: Json, threshold: int) -> Json:
    """The record as DescribeServiceDeployments answers it, with the counts of this moment."""
    ours: Json = next(
        (one for one in service["deployments"] if one.get("_record") == record["serviceDeploymentArn"]), {}
    )
    counted = {arn: _counts(service, arn) for arn in _arns(record)}
    configuration = record["deploymentConfiguration"]
    breaker, alarms = configuration.get("deploymentCircuitBreaker", {}), configuration.get("alarms", {})
    shown = dict(record)
    shown["sourceServiceRevisions"] = [one | counted[one["arn"]] for one in record["sourceServiceRevisions"]]
    shown["targetServiceRevision"] = record["targetServiceRevision"] | counted[record["targetServiceRevision"]["arn"]]
    shown["deploymentCircuitBreaker"] = {
        "status": _monitor(record, bool(breaker.get("enable")), "circuit breaker"),
        "failureCount": record.get("_failures", ours.get("failedTasks", 0)),
        "threshold": threshold,
    }
    shown["alarms"] = {
        "status": _monitor(record, bool(alarms.get("enable")), "alarm"),
        "alarmNames": alarms.get("alarmNames", []),
        "triggeredAlarmNames": record.get("_alarms", []),
    }
    return {key: value for key, value in shown.items() if not key.startswith("_")}


def brief(record: Json) -> Json:
    """The record as ListServiceDeployments answers it."""
    kept = ("serviceDeploymentArn", "serviceArn", "clusterArn", "createdAt", "startedAt", "finishedAt", "status")
    shown = {key: record[key] for key in (*kept, "statusReason") if key in record}
    return shown | {"targetServiceRevisionArn": record["targetServiceRevision"]["arn"]}


def _arns(record: Json) -> list[str]:
    return [one["arn"] for one in (*record["sourceServiceRevisions"], record["targetServiceRevision"])]


def _counts(service: Json, revision: str) -> Json:
    ours = [one for one in service["deployments"] if one.get("_revision") == revision]
    return {
        "requestedTaskCount": sum(one["desiredCount"] for one in ours),
        "runningTaskCount": sum(one["runningCount"] for one in ours),
        "pendingTaskCount": sum(one["pendingCount"] for one in ours),
    }


def _monitor(record: Json, enabled: bool, word: str) -> str:
    if not enabled:
        return "DISABLED"
    if word in record.get("statusReason", ""):
        return "TRIGGERED"
    return "MONITORING" if record["status"] in UNFINISHED else "MONITORING_COMPLETE"
