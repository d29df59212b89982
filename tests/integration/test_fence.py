"""A module that was given a lock changes nothing once another has it."""

import time
import uuid

import pytest
from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath.lock import new_lock, ticks

from tests.integration.harness import run_module
from tests.integration.ledger import new_table

CONTAINER = {"name": "app", "image": "webapp:1", "essential": True}


@pytest.fixture
def cluster(aws):
    """A cluster with a service without tasks, and a second revision that it may get."""
    name = f"fence-{uuid.uuid4().hex[:8]}"
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName=name)
    for _ in range(2):
        ecs.register_task_definition(
            family=name,
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[CONTAINER],
        )
    ecs.create_service(cluster=name, serviceName="app", taskDefinition=f"{name}:1", desiredCount=0)
    return name


@pytest.fixture
def held(aws):
    """Ann's hold on a lock that has been bob's since."""
    table, client = new_table(aws), aws.client("dynamodb")
    ann = new_lock("ann's", {"who": "ann"}, time.time())
    dynamodb.take_lock(client, table, ann)
    dynamodb.take_lock(client, table, new_lock("bob's", {"who": "bob", "command": "deploy"}, time.time()), ann)
    return {"table": table, "token": "ann's", "confirmed_at": ticks() - 95}


@pytest.mark.parametrize("aws", ["ministack"], indirect=True)
@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("ecs_service_rollout", {"service": "app", "task_definition": "{}:2"}),
        ("ecs_task_run", {"service": "app", "task_definition": "{}:1", "command": "true"}),
        ("ecs_service", {"name": "app", "health_check_grace_period_seconds": 77}),
        ("scalable_target", {"service": "app", "minimum": 1, "maximum": 2}),
    ],
)
def test_nothing_is_changed_under_a_lost_lock(aws, cluster, held, module, options):
    def state():
        service = aws.client("ecs").describe_services(cluster=cluster, services=["app"])["services"][0]
        targets = aws.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
        tasks = [
            arn
            for status in ("RUNNING", "STOPPED")
            for arn in aws.client("ecs").list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
        ]
        ours = [one for one in targets["ScalableTargets"] if cluster in one["ResourceId"]]
        return (
            service["taskDefinition"],
            service["desiredCount"],
            service.get("healthCheckGracePeriodSeconds"),
            ours,
            tasks,
        )

    options = {name: value.format(cluster) if isinstance(value, str) else value for name, value in options.items()}
    before = state()
    refused = run_module(module, aws, cluster=cluster, lock=held, **options)
    assert (refused["failed"], refused["lost"], refused["outcome"]) == (True, True, "stopped"), refused
    assert "This command lost its lock" in refused["msg"]
    assert "A deploy by bob" in refused["msg"]
    assert state() == before
    ours = held | {"token": "bob's"}
    assert not run_module(module, aws, cluster=cluster, lock=ours, **options).get("failed")
    assert state() != before
