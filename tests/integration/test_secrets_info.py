"""secrets_info against emulators of AWS."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.integration.harness import AwsEndpoint, run_module


@pytest.fixture
def name(aws: AwsEndpoint) -> str:
    """A service whose task gets one secret that is there, one that is not, and one from elsewhere."""
    name = f"secrets-{uuid.uuid4().hex[:8]}"
    ssm, ecs = aws.client("ssm"), aws.client("ecs")
    for parameter in (f"/{name}/KEY", f"/{name}/OLD", f"{name}-shared"):
        ssm.put_parameter(Name=parameter, Value="not-a-secret", Type="SecureString")
    ssm.put_parameter(Name=f"/{name}/KEY", Value="nor-is-this", Type="SecureString", Overwrite=True)
    named = {"KEY": f"/{name}/KEY", "GONE": f"/{name}/GONE", "SHARED": f"{name}-shared"}
    secrets = [{"name": key, "valueFrom": value} for key, value in named.items()]
    revision = ecs.register_task_definition(
        family=name,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "app", "secrets": secrets}],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_cluster(clusterName=name)
    ecs.create_service(cluster=name, serviceName="app", taskDefinition=revision, desiredCount=0)
    return name


def test_secrets_are_listed_with_their_versions_and_readers_and_without_their_values(aws, name):
    result = run_module(
        "secrets_info",
        aws,
        environment="staging",
        path=f"/{name}",
        cluster=name,
        service="app",
        family=name,
        wanted={"secrets_generated": ["KEY"], "secrets_required": ["STRIPE"]},
    )
    listed = {
        one["name"]: (one["state"], one["version"], one["readers"], one["wanted_by"]) for one in result["secrets"]
    }
    assert listed == {
        "GONE": ("missing", 0, ["app"], "the service"),
        "KEY": ("used", 2, ["app"], "secrets_generated"),
        "OLD": ("unused", 1, [], ""),
        "SHARED": ("used", 1, ["app"], "the service"),
        "STRIPE": ("missing", 0, [], "secrets_required"),
    }
    assert result["released"] is False
    assert "secret" not in json.dumps(result["secrets"]).replace(name, "").replace("secrets_", "")


def test_an_environment_that_is_not_provisioned_has_only_what_it_should_have(aws):
    nothing = run_module(
        "secrets_info",
        aws,
        environment="prod",
        path=f"/none-{uuid.uuid4().hex[:8]}",
        cluster="none",
        service="app",
        family=f"none-{uuid.uuid4().hex[:8]}",
        wanted={"secrets_required": ["STRIPE"]},
    )
    assert [(one["name"], one["state"]) for one in nothing["secrets"]] == [("STRIPE", "missing")]
