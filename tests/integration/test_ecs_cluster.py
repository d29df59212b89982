"""ecs_cluster against emulators of AWS."""

from __future__ import annotations

import pytest

from tests.integration.harness import AwsEndpoint, run_module

OPTIONS = {
    "container_insights": "enabled",
    "execute_command_configuration": {"logging": "OVERRIDE", "log_group_name": "/exec"},
    "capacity_providers": ["FARGATE", "FARGATE_SPOT"],
    "tags": {"towpath:environment": "staging"},
}


@pytest.fixture
def name(aws: AwsEndpoint):
    yield "cluster-under-test"
    run_module("ecs_cluster", aws, name="cluster-under-test", state="absent")


def on_aws(aws: AwsEndpoint, name: str):
    include = ["SETTINGS", "CONFIGURATIONS", "TAGS"]
    return aws.client("ecs").describe_clusters(clusters=[name], include=include)["clusters"][0]


def test_a_cluster_is_made_once(aws: AwsEndpoint, name: str):
    first = run_module("ecs_cluster", aws, name=name, **OPTIONS)
    assert first["changed"], first
    found = on_aws(aws, name)
    assert found["settings"] == [{"name": "containerInsights", "value": "enabled"}]
    assert set(found["capacityProviders"]) == {"FARGATE", "FARGATE_SPOT"}
    assert found["tags"] == [{"key": "towpath:environment", "value": "staging"}]
    assert found["configuration"]["executeCommandConfiguration"]["logging"] == "OVERRIDE"

    second = run_module("ecs_cluster", aws, name=name, **OPTIONS)
    assert not second["changed"], second["diff"]
    assert second["cluster"] == first["cluster"]
    assert second["cluster"]["arn"] == found["clusterArn"]


def test_every_option_can_be_changed_later(aws: AwsEndpoint, name: str):
    run_module("ecs_cluster", aws, name=name, **OPTIONS)
    others = {
        "container_insights": "disabled",
        "execute_command_configuration": {"logging": "NONE"},
        "capacity_providers": ["FARGATE"],
        "default_capacity_provider_strategy": [{"capacity_provider": "FARGATE", "base": 1}],
        "tags": {"towpath:environment": "prod", "team": "web"},
    }
    changed = run_module("ecs_cluster", aws, name=name, **others)
    assert changed["changed"], changed
    assert set(changed["diff"]["after"]) == set(others)
    assert not run_module("ecs_cluster", aws, name=name, **others)["changed"]
    assert {tag["key"]: tag["value"] for tag in on_aws(aws, name)["tags"]} == others["tags"]


def test_check_mode_says_the_same_and_does_nothing(aws: AwsEndpoint, name: str):
    planned = run_module("ecs_cluster", aws, check_mode=True, name=name, **OPTIONS)
    assert planned["changed"]
    assert run_module("ecs_cluster", aws, check_mode=True, name=name, **OPTIONS)["changed"]

    made = run_module("ecs_cluster", aws, name=name, **OPTIONS)
    assert made.keys() == planned.keys()
    assert made["cluster"].keys() == planned["cluster"].keys()

    planned = run_module("ecs_cluster", aws, check_mode=True, name=name, container_insights="disabled")
    assert planned["msg"] == f"Changed container_insights of the cluster {name}."
    assert on_aws(aws, name)["settings"][0]["value"] == "enabled"
    assert not run_module("ecs_cluster", aws, check_mode=True, name=name, **OPTIONS)["changed"]


def test_a_cluster_is_deleted_once(aws: AwsEndpoint, name: str):
    run_module("ecs_cluster", aws, name=name)
    assert run_module("ecs_cluster", aws, check_mode=True, name=name, state="absent")["changed"]
    assert run_module("ecs_cluster", aws, name=name, state="absent")["changed"]
    assert not run_module("ecs_cluster", aws, name=name, state="absent")["changed"]
    assert not run_module("ecs_cluster", aws, check_mode=True, name=name, state="absent")["changed"]


def test_a_strategy_of_strangers_is_refused_before_the_call(aws: AwsEndpoint, name: str):
    refused = run_module(
        "ecs_cluster", aws, name=name, default_capacity_provider_strategy=[{"capacity_provider": "FARGATE"}]
    )
    assert refused["failed"]
    assert "expected one of the cluster's own capacity_providers" in refused["msg"]
