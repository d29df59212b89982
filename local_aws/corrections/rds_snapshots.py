"""RDS: snapshots hold the data, what is restored from one has it, and an instance can take another name.

Only where the instance is a real Postgres in a container; without one there is no data.
"""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path
from typing import Any

from ministack.services import rds

Handler = Callable[[dict[str, Any]], Any]

READY_SECONDS = 60
# What of a snapshot's instance a restored one keeps: Amazon RDS API Reference, RestoreDBInstanceFromDBSnapshot.
KEPT = {
    "Engine": "Engine",
    "EngineVersion": "EngineVersion",
    "DBInstanceClass": "DBInstanceClass",
    "AllocatedStorage": "AllocatedStorage",
    "StorageType": "StorageType",
    "DBName": "DBName",
    "MasterUsername": "MasterUsername",
    "_MasterUserPassword": "MasterUserPassword",
}


def a_snapshot_holds_the_data() -> None:
    """A snapshot, also the one taken before a deletion, and what is restored from it have the data and the password.

    Amazon RDS User Guide, Creating a DB snapshot, Deleting a DB instance and Restoring to a DB instance.
    """
    take: Callable[[str, dict[str, Any]], dict[str, Any]] = rds._create_snapshot_internal
    delete: Handler = rds._ACTION_MAP["DeleteDBInstance"]
    restore: Handler = rds._ACTION_MAP["RestoreDBInstanceFromDBSnapshot"]
    render: Callable[[dict[str, Any]], str] = rds._instance_xml
    dumped: dict[str, bytes] = {}

    def taken(name: str, instance: dict[str, Any]) -> dict[str, Any]:
        data = dumped.pop(instance["DBInstanceIdentifier"], None) or dump(instance)
        if data:
            file_of(name).parent.mkdir(parents=True, exist_ok=True)
            file_of(name).write_bytes(data)
        snapshot = take(name, instance)
        snapshot["_MasterUserPassword"] = instance.get("_MasterUserPassword", "")
        return snapshot

    def deleted(params: dict[str, Any]) -> Any:
        name = rds._p(params, "DBInstanceIdentifier")
        instance = rds._instances.get(name)
        # The container is gone before the final snapshot is taken.
        if instance and rds._p(params, "FinalDBSnapshotIdentifier") and (data := dump(instance)):
            dumped[name] = data
        return delete(params)

    def restored(params: dict[str, Any]) -> Any:
        snapshot = rds._snapshots.get(rds._p(params, "DBSnapshotIdentifier"))
        file = file_of(rds._p(params, "DBSnapshotIdentifier"))
        if not snapshot or not file.is_file():
            return restore(params)
        kept = {request: str(snapshot[key]) for key, request in KEPT.items() if snapshot.get(key)}
        answer = rds._ACTION_MAP["CreateDBInstance"](kept | params)
        if answer[0] == 200:
            name = rds._p(params, "DBInstanceIdentifier")
            instance = rds._instances[name]
            instance |= {"_restoring": True, "StorageEncrypted": snapshot.get("StorageEncrypted", False)}
            threading.Thread(target=copy_context().run, args=(fill, name, file), daemon=True).start()
            action = "RestoreDBInstanceFromDBSnapshot"
            return rds._single_instance_response(f"{action}Response", f"{action}Result", instance)
        return answer

    def rendered(instance: dict[str, Any]) -> str:
        return render(instance | {"DBInstanceStatus": "creating"} if instance.get("_restoring") else instance)

    rds._create_snapshot_internal = taken
    rds._ACTION_MAP |= {"DeleteDBInstance": deleted, "RestoreDBInstanceFromDBSnapshot": restored}
    rds._instance_xml = rendered


def an_instance_takes_another_name() -> None:
    """ModifyDBInstance with NewDBInstanceIdentifier gives the instance, with its data, another name.

    Amazon RDS User Guide, Renaming a DB instance.
    """
    modify: Handler = rds._ACTION_MAP["ModifyDBInstance"]

    def corrected(params: dict[str, Any]) -> Any:
        answer = modify(params)
        old, new = rds._p(params, "DBInstanceIdentifier"), rds._p(params, "NewDBInstanceIdentifier")
        if not new or answer[0] != 200:
            return answer
        if new in rds._instances:
            return rds._error("DBInstanceAlreadyExists", f"DB instance {new} already exists", 400)
        # AWS applies it in the next maintenance window unless asked to do it at once.
        if rds._p(params, "ApplyImmediately") != "true":
            rds._instances[old].setdefault("PendingModifiedValues", {})["DBInstanceIdentifier"] = new
            return answer
        instance = rds._instances[old]
        del rds._instances[old]
        if container := container_of(instance):
            container.rename(rds._rds_docker_name(new))
        arn = instance["DBInstanceArn"].rpartition(":")[0] + f":{new}"
        rds._tags[arn] = rds._tags.pop(instance["DBInstanceArn"], [])
        rds._instances[new] = instance | {"DBInstanceIdentifier": new, "DBInstanceArn": arn}
        return answer

    rds._ACTION_MAP["ModifyDBInstance"] = corrected


def file_of(snapshot: str) -> Path:
    return Path(os.environ["STATE_DIR"]) / "snapshots" / f"{snapshot}.dump"


def container_of(instance: dict[str, Any]) -> Any:
    """The container of a Postgres, or None where there is none."""
    docker = rds._get_docker()
    if not docker or not instance.get("_docker_container_id") or not instance["Engine"].startswith("postgres"):
        return None
    with contextlib.suppress(Exception):
        return docker.containers.get(instance["_docker_container_id"])
    return None


def dump(instance: dict[str, Any]) -> bytes:
    container = container_of(instance)
    if not container:
        return b""
    code, output = container.exec_run(
        ["pg_dump", "--format=custom", "-U", instance["MasterUsername"], instance["DBName"]],
        user="postgres",
        demux=True,
    )
    if code != 0:
        raise RuntimeError(f"pg_dump of {instance['DBInstanceIdentifier']}: {(output[1] or b'').decode()}")
    return bytes(output[0])


def fill(name: str, file: Path) -> None:
    """Restore the data once Postgres is there, and only then let the instance be available."""
    end = time.monotonic() + READY_SECONDS
    while rds._instances[name]["DBInstanceStatus"] == "creating" and time.monotonic() < end:
        time.sleep(0.2)
    instance = rds._instances[name]
    container = container_of(instance)
    if container:
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(file, arcname="snapshot.dump")
        container.put_archive("/tmp", archive.getvalue())  # noqa: S108 (a folder of the container, not of this machine)
        words = ["pg_restore", "--no-owner", "-U", instance["MasterUsername"], "-d", instance["DBName"]]
        code, output = container.exec_run([*words, "/tmp/snapshot.dump"])  # noqa: S108 (as above)
        if code != 0:
            instance["DBInstanceStatus"] = "failed"
            print(f"pg_restore of {name}: {output.decode()}")
    instance.pop("_restoring")
