"""What is kept of a rollout, in the shapes that botocore's model of ECS knows."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from local_aws.rollouts import records
from tests.unit.local_aws.rollouts.world import CRASHES, NEVER_READY, World

MODEL = botocore.session.get_session().get_service_model("ecs")


def strange(shape: Any, value: Any, path: str = "") -> list[str]:
    """What of a value its shape does not know: members, and words of an enumeration."""
    if shape.type_name == "structure":
        found = [f"{path}.{key}" for key in value.keys() - shape.members.keys()]
        return found + [
            one
            for key in value.keys() & shape.members.keys()
            for one in strange(shape.members[key], value[key], f"{path}.{key}")
        ]
    if shape.type_name == "list":
        return [one for item in value for one in strange(shape.member, item, f"{path}[]")]
    enum = getattr(shape, "enum", [])
    return [f"{path}: {value}"] if enum and value not in enum else []


def ended(app: Any, **given: Any) -> World:
    """A world in which good:1 was completed and an update to new:2 turned out so."""
    world = World(**given)
    world.update("good:1")
    world.run(60)
    world.update("new:2", app)
    return world.run(100)


ALARMS = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True}}


@pytest.mark.parametrize(
    ("app", "status"),
    [(CRASHES, "ROLLBACK_SUCCESSFUL"), (NEVER_READY, "IN_PROGRESS"), (((1, "healthy"),), "SUCCESSFUL")],
)
def test_records_have_the_shape_of_the_api(app, status):
    world = ended(app, configuration=ALARMS)
    newest = world.service["_records"][0]
    assert newest["status"] == status
    assert strange(MODEL.shape_for("ServiceDeployment"), records.described(world.service, newest, 3)) == []
    assert strange(MODEL.shape_for("ServiceDeploymentBrief"), records.brief(newest)) == []
    assert strange(MODEL.shape_for("ServiceRevision"), world.service["_revisions"][0]) == []


def test_a_record_counts_the_tasks_of_its_revisions():
    world = ended(NEVER_READY)
    shown = records.described(world.service, world.service["_records"][0], 3)
    counts = {"requestedTaskCount": 2, "runningTaskCount": 2, "pendingTaskCount": 0}
    source, target = (one["serviceRevisionArn"] for one in reversed(world.service["_revisions"]))
    assert shown["sourceServiceRevisions"] == [{"arn": source, **counts}]
    assert shown["targetServiceRevision"] == {"arn": target, **counts}


@pytest.mark.parametrize(
    ("app", "breaker", "monitor"),
    [
        pytest.param(NEVER_READY, {"enable": True, "rollback": True}, ("MONITORING", 0, 3), id="watching"),
        pytest.param(CRASHES, {"enable": True, "rollback": True}, ("TRIGGERED", 4, 3), id="tripped"),
        pytest.param(CRASHES, {"enable": False, "rollback": False}, ("DISABLED", 6, 3), id="off"),
    ],
)
def test_a_record_tells_how_the_breaker_stands(app, breaker, monitor):
    world = ended(app, breaker=breaker)
    shown = records.described(world.service, world.service["_records"][0], 3)["deploymentCircuitBreaker"]
    assert (shown["status"], shown["failureCount"], shown["threshold"]) == monitor


def test_a_rollback_is_told_in_the_record_of_the_deployment_that_failed():
    world = ended(CRASHES)
    record = world.service["_records"][0]
    assert record["rollback"]["serviceRevisionArn"] == record["sourceServiceRevisions"][0]["arn"]
    assert record["rollback"]["reason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert {"startedAt", "finishedAt"} <= record.keys()


def test_a_superseded_deployment_is_stopped_and_not_finished():
    world = ended(NEVER_READY)
    world.update("good:3")
    superseded = world.service["_records"][1]
    assert (superseded["status"], "stoppedAt" in superseded, "finishedAt" in superseded) == ("STOPPED", True, False)


def test_a_record_that_is_over_stays_as_it_is():
    world = ended(CRASHES)
    record = world.service["_records"][0]
    records.close(record, "STOPPED", "too late", world.now)
    assert record["status"] == "ROLLBACK_SUCCESSFUL"


def test_a_deployment_has_the_shape_of_the_api():
    world = ended(NEVER_READY)
    for one in world.service["deployments"]:
        shown = {key: value for key, value in one.items() if not key.startswith("_")}
        assert strange(MODEL.shape_for("Deployment"), shown) == []
