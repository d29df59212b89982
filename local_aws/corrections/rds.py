"""RDS: what DescribeDBInstances says of storage, logs and windows."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

from ministack.services import rds

from local_aws.addresses import is_here

Handler = Callable[[dict[str, Any]], Any]


def gp3_storage_names_its_speed() -> None:
    """A gp3 volume always reports Iops and StorageThroughput; the baseline depends on engine and size.

    Amazon RDS User Guide, Amazon RDS DB instance storage, section gp3 storage: 3,000 and 125 MiB/s, and from
    400 GiB (200 GiB for Oracle; SQL Server has no second step) 12,000 and 500 MiB/s.
    """
    render: Callable[[dict[str, Any]], str] = rds._instance_xml

    def corrected(instance: dict[str, Any]) -> str:
        if instance.get("StorageType") != "gp3":
            return render(instance)
        iops, throughput = gp3_baseline(instance.get("Engine", ""), int(instance.get("AllocatedStorage", 0)))
        return render(
            instance
            | {
                "Iops": instance.get("Iops") or iops,
                "StorageThroughput": instance.get("StorageThroughput") or throughput,
            }
        )

    rds._instance_xml = corrected


def gp3_baseline(engine: str, size_gib: int) -> tuple[int, int]:
    if engine.startswith("sqlserver"):
        return 3000, 125
    return (12000, 500) if size_gib >= (200 if engine.startswith("oracle") else 400) else (3000, 125)


def log_exports_are_kept() -> None:
    """The log types that are exported to CloudWatch Logs are stored and reported.

    Amazon RDS API Reference, CreateDBInstance (EnableCloudwatchLogsExports), ModifyDBInstance
    (CloudwatchLogsExportConfiguration) and DBInstance (EnabledCloudwatchLogsExports).
    """
    create: Handler = rds._ACTION_MAP["CreateDBInstance"]
    modify: Handler = rds._ACTION_MAP["ModifyDBInstance"]
    render: Callable[[dict[str, Any]], str] = rds._instance_xml

    def keep(params: dict[str, Any], on: str, off: str) -> None:
        instance = rds._instances.get(rds._p(params, "DBInstanceIdentifier"))
        if instance is not None:
            wanted = [*instance.get("EnabledCloudwatchLogsExports", []), *members(params, on)]
            instance["EnabledCloudwatchLogsExports"] = sorted(set(wanted) - set(members(params, off)))

    def created(params: dict[str, Any]) -> Any:
        answer = create(params)
        if answer[0] == 200:
            keep(params, "EnableCloudwatchLogsExports", "")
        return answer

    def modified(params: dict[str, Any]) -> Any:
        change = "CloudwatchLogsExportConfiguration"
        keep(params, f"{change}.EnableLogTypes", f"{change}.DisableLogTypes")
        return modify(params)

    def rendered(instance: dict[str, Any]) -> str:
        types = "".join(f"<member>{name}</member>" for name in instance.get("EnabledCloudwatchLogsExports", []))
        listed = f"<EnabledCloudwatchLogsExports>{types}</EnabledCloudwatchLogsExports>"
        return render(instance).replace("<EnabledCloudwatchLogsExports/>", listed)

    rds._ACTION_MAP |= {"CreateDBInstance": created, "ModifyDBInstance": modified}
    rds._instance_xml = rendered


def windows_given_at_creation_are_kept() -> None:
    """PreferredBackupWindow holds from the creation on.

    Amazon RDS API Reference, CreateDBInstance.
    """
    create: Handler = rds._ACTION_MAP["CreateDBInstance"]

    def corrected(params: dict[str, Any]) -> Any:
        answer = create(params)
        window = rds._p(params, "PreferredBackupWindow")
        instance = rds._instances.get(rds._p(params, "DBInstanceIdentifier"))
        if answer[0] == 200 and window and instance is not None:
            instance["PreferredBackupWindow"] = window
        return answer

    rds._ACTION_MAP["CreateDBInstance"] = corrected


def performance_insights_are_switched_on_later_too() -> None:
    """ModifyDBInstance takes EnablePerformanceInsights and its retention period, and applies them at once.

    Amazon RDS API Reference, ModifyDBInstance; Amazon RDS User Guide, Turning Performance Insights on and off.
    """
    modify: Handler = rds._ACTION_MAP["ModifyDBInstance"]

    def corrected(params: dict[str, Any]) -> Any:
        instance = rds._instances.get(rds._p(params, "DBInstanceIdentifier"))
        if instance is not None:
            if enable := rds._p(params, "EnablePerformanceInsights"):
                instance["PerformanceInsightsEnabled"] = enable == "true"
            if days := rds._p(params, "PerformanceInsightsRetentionPeriod"):
                instance["PerformanceInsightsRetentionPeriod"] = int(days)
        return modify(params)

    rds._ACTION_MAP["ModifyDBInstance"] = corrected


def a_database_answers_tasks_and_this_machine_only() -> None:
    """An instance has one address, which the app's tasks and the bastion's tunnel reach, and the internet does not.

    Amazon RDS User Guide, Working with a DB instance in a VPC. The bridge's gateway is the one address that means this
    machine inside containers, too; where the bridge is inside Docker Desktop, its name for the host does the same.
    """
    gateways = os.environ["LOCAL_AWS_ADDRESSES"].split()[1:]
    here = [address for address in gateways if is_here(address)]
    run: Callable[..., Any] = rds._run_rds_container

    def corrected(docker_client: Any, engine: str, container: dict[str, Any], **names: Any) -> Any:
        ports = {
            inside: [(address, outside) for address in ["127.0.0.1", *here]]
            for inside, outside in container["ports"].items()
        }
        return run(docker_client, engine, container | {"ports": ports}, **names)

    rds._run_rds_container = corrected
    if gateways:
        rds._MINISTACK_HOST = here[0] if here else "host.docker.internal"


def postgres_can_be_told_to_refuse_connections_without_tls() -> None:
    """The parameters of Postgres have rds.force_ssl, on by default since version 15.

    Amazon RDS User Guide, Using SSL with a PostgreSQL DB instance.
    """
    parameters: Callable[[str], list[dict[str, Any]]] = rds._default_parameters_for_family

    def corrected(family: str) -> list[dict[str, Any]]:
        found = parameters(family)
        if not family.startswith("postgres"):
            return found
        return [
            *found,
            {
                "name": "rds.force_ssl",
                "default": "1" if int(family.removeprefix("postgres")) >= 15 else "0",
                "description": "Force SSL connections.",
                "apply_type": "dynamic",
                "data_type": "boolean",
                "modifiable": True,
            },
        ]

    rds._default_parameters_for_family = corrected


def members(params: dict[str, Any], name: str) -> list[str]:
    numbered = re.compile(rf"{re.escape(name)}\.member\.\d+")
    return [rds._p(params, key) for key in params if name and numbered.fullmatch(key)]
