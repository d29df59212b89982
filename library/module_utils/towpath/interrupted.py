"""How releases ended that nobody saw the end of, asked of ECS."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from . import ecs_api as ecs
from .ledger import Entry, is_over, settled


def ends(
    client: ecs.EcsClient, cluster: str, service: dict[str, Any] | None, entries: list[Entry], now: datetime
) -> dict[int, Entry]:
    """How those of ``entries`` ended that are not over, as fields by number; one that goes on is left out.

    ``service`` is as DescribeServices has it. Nothing is asked when all are over.
    """
    unfinished = [entry for entry in entries if not is_over(entry)]
    if not unfinished:
        return {}
    records: list[dict[str, Any]] = []
    if service and any("task_definition" in entry for entry in unfinished):
        begun = min(datetime.fromisoformat(entry["started_at"]) for entry in unfinished)
        records = _records(client, cluster, service["serviceName"], begun)
    found = {entry["number"]: settled(entry, service, records, now) for entry in unfinished}
    return {number: fields for number, fields in found.items() if fields}


def _records(client: ecs.EcsClient, cluster: str, service: str, after: datetime) -> list[dict[str, Any]]:
    """The service deployments since then, each with the revision that it rolled out."""
    records = ecs.list_service_deployments(client, cluster, service, after)
    arns = sorted({record["targetServiceRevisionArn"] for record in records})
    definitions = {
        revision["serviceRevisionArn"]: revision.get("taskDefinition", "")
        for start in range(0, len(arns), 20)
        for revision in ecs.describe_service_revisions(client, arns[start : start + 20])
    }
    return [record | {"taskDefinition": definitions.get(record["targetServiceRevisionArn"], "")} for record in records]
