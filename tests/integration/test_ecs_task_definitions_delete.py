"""ecs_task_definitions_delete against the local AWS alone: moto has no DeleteTaskDefinitions."""

from __future__ import annotations

import uuid

import pytest

from tests.integration.harness import run_module


@pytest.fixture
def family(ministack):
    """Eleven revisions, one more than ECS deletes in a call, of which the first is inactive, beside another family."""
    ecs, name = ministack.client("ecs"), f"webapp-{uuid.uuid4().hex[:8]}"
    container = {"name": "app", "image": "none:1"}
    for family in [f"{name}-worker", *[name] * 11]:
        ecs.register_task_definition(family=family, containerDefinitions=[container])
    ecs.deregister_task_definition(taskDefinition=f"{name}:1")
    return name


def revisions(aws, family):
    ecs = aws.client("ecs")
    return sum(
        len(ecs.list_task_definitions(familyPrefix=family, status=status)["taskDefinitionArns"])
        for status in ("ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS")
    )


def test_every_revision_of_the_family_goes_and_no_other(ministack, family):
    deleted = run_module("ecs_task_definitions_delete", ministack, family=family)
    assert deleted["changed"], deleted
    assert sorted(deleted["deleted"]) == sorted(f"{family}:{number}" for number in range(1, 12))
    assert (deleted["kept"], deleted["msg"]) == ([], f"Deleted 11 revisions of {family}.")
    assert (revisions(ministack, family), revisions(ministack, f"{family}-worker")) == (0, 1)
    assert not run_module("ecs_task_definitions_delete", ministack, family=family)["changed"]


def test_check_mode_names_them_and_deletes_none(ministack, family):
    planned = run_module("ecs_task_definitions_delete", ministack, check_mode=True, family=family)
    assert (planned["changed"], len(planned["deleted"])) == (True, 11)
    assert revisions(ministack, family) == 11


def test_one_that_is_in_use_is_kept_by_ecs_and_told(ministack, family):
    ecs = ministack.client("ecs")
    ecs.create_cluster(clusterName=family)
    ecs.create_service(cluster=family, serviceName="app", taskDefinition=f"{family}:3", desiredCount=0)
    assert run_module("ecs_task_definitions_delete", ministack, family=family)["kept"] == [f"{family}:3"]
    again = run_module("ecs_task_definitions_delete", ministack, family=family)
    assert (again["changed"], again["kept"]) == (False, [f"{family}:3"])
    ecs.delete_service(cluster=family, service="app", force=True)
    assert run_module("ecs_task_definitions_delete", ministack, family=family)["kept"] == []
    ecs.delete_cluster(cluster=family)
