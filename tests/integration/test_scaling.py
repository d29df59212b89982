"""scalable_target, scaling_policy and scheduled_action against emulators of AWS. Nothing runs: no task is wanted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

from tests.integration.harness import AwsEndpoint, run_module

SERVICE = {"cluster": "scaling-under-test", "service": "app"}
RESOURCE = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/scaling-under-test/app",
    "ScalableDimension": "ecs:service:DesiredCount",
}
BOUNDS = {"minimum": 0, "maximum": 3, "suspended": True}
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/50dc6c495c0c9188"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
CPU = {"name": "cpu", "metric": "cpu", "target_value": 60, "scale_out_cooldown_seconds": 60}
REQUESTS = {
    "name": "requests",
    "metric": "requests",
    "target_value": 1200,
    "load_balancer_arn": BALANCER,
    "target_group_arn": GROUP,
}
NIGHT = {"name": "night-stop", "schedule": "cron(0 20 ? * MON-FRI *)", "minimum": 0, "maximum": 0}


@contextlib.contextmanager
def a_service_on(aws: AwsEndpoint) -> Iterator[dict[str, str]]:
    ecs = aws.client("ecs")
    run_module("ecs_cluster", aws, name=SERVICE["cluster"])
    revision = ecs.register_task_definition(
        family="scaling-under-test",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "app"}],
    )["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster=SERVICE["cluster"],
        serviceName=SERVICE["service"],
        taskDefinition=revision,
        desiredCount=0,
        launchType="FARGATE",
    )
    yield SERVICE
    scaling = aws.client("application-autoscaling")
    # moto leaves them behind when their target goes.
    for policy in scaling.describe_scaling_policies(**RESOURCE)["ScalingPolicies"]:
        scaling.delete_scaling_policy(**RESOURCE, PolicyName=policy["PolicyName"])
    for action in scaling.describe_scheduled_actions(**RESOURCE)["ScheduledActions"]:
        scaling.delete_scheduled_action(**RESOURCE, ScheduledActionName=action["ScheduledActionName"])
    run_module("scalable_target", aws, **SERVICE, state="absent")
    run_module("ecs_service", aws, cluster=SERVICE["cluster"], name=SERVICE["service"], state="absent")
    run_module("ecs_cluster", aws, name=SERVICE["cluster"], state="absent")


@pytest.fixture
def service(aws: AwsEndpoint):
    with a_service_on(aws) as made:
        yield made


@pytest.fixture
def service_with_tags(ministack: AwsEndpoint):
    """On the local AWS alone: moto keeps no tags of scalable targets."""
    with a_service_on(ministack) as made:
        yield made


@pytest.fixture
def target(aws: AwsEndpoint, service):
    made = run_module("scalable_target", aws, **service, **BOUNDS)
    assert made["changed"], made
    return made


def target_on_aws(aws: AwsEndpoint):
    found = aws.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[RESOURCE["ResourceId"]]
    )["ScalableTargets"]
    return found[0] if found else None


def test_a_target_is_made_once(aws: AwsEndpoint, target):
    found = target_on_aws(aws)
    assert (found["MinCapacity"], found["MaxCapacity"]) == (0, 3)
    assert set(found["SuspendedState"].values()) == {True}
    again = run_module("scalable_target", aws, **SERVICE, **BOUNDS)
    assert not again["changed"], again["diff"]
    assert again["target"] == target["target"] == BOUNDS


def test_a_target_changes_in_what_is_asked_for_alone(aws: AwsEndpoint, target):
    planned = run_module("scalable_target", aws, check_mode=True, **SERVICE, maximum=5)
    assert planned["changed"]
    assert target_on_aws(aws)["MaxCapacity"] == 3
    changed = run_module("scalable_target", aws, **SERVICE, maximum=5)
    assert changed["diff"] == planned["diff"] == {"before": {"maximum": 3}, "after": {"maximum": 5}}
    assert changed["target"] == planned["target"] == BOUNDS | {"maximum": 5}
    assert set(target_on_aws(aws)["SuspendedState"].values()) == {True}


def test_a_target_of_a_service_that_is_not_there_is_planned_in_check_mode_and_refused_by_aws(aws: AwsEndpoint):
    nowhere = {"cluster": "none", "service": "app"}
    planned = run_module("scalable_target", aws, check_mode=True, **nowhere, **BOUNDS)
    assert planned["changed"]
    assert planned["target"] == BOUNDS
    refused = run_module("scalable_target", aws, **nowhere, **BOUNDS)
    assert refused["failed"]
    assert "register a scalable target" in refused["msg"]


def test_bounds_the_wrong_way_round_are_refused_before_the_call(aws: AwsEndpoint):
    refused = run_module("scalable_target", aws, cluster="none", service="app", minimum=3, maximum=2)
    assert "minimum is 3 and maximum is 2" in refused["msg"]


def test_what_somebody_changed_stays_until_something_else_is_asked_for(ministack: AwsEndpoint, service_with_tags):
    asked = {**SERVICE, "minimum": 0, "maximum": 3, "update": "on_change", "tags": {"team": "web"}}
    assert run_module("scalable_target", ministack, **asked)["changed"]
    assert not run_module("scalable_target", ministack, **asked)["changed"]

    run_module("scalable_target", ministack, **SERVICE, maximum=7)
    assert not run_module("scalable_target", ministack, check_mode=True, **asked)["changed"]
    kept = run_module("scalable_target", ministack, **asked)
    assert (kept["changed"], kept["target"]["maximum"]) == (False, 7)

    changed = run_module("scalable_target", ministack, **asked | {"maximum": 4})
    assert set(changed["diff"]["after"]) == {"maximum", "tags"}
    assert target_on_aws(ministack)["MaxCapacity"] == 4
    assert not run_module("scalable_target", ministack, **asked | {"update": "never", "maximum": 9})["changed"]
    assert target_on_aws(ministack)["MaxCapacity"] == 4
    arn = target_on_aws(ministack)["ScalableTargetARN"]
    tags = ministack.client("application-autoscaling").list_tags_for_resource(ResourceARN=arn)["Tags"]
    assert tags == {"team": "web", "towpath:asked": "0-4"}


def policies_on_aws(aws: AwsEndpoint):
    found = aws.client("application-autoscaling").describe_scaling_policies(**RESOURCE)["ScalingPolicies"]
    return {one["PolicyName"]: one["TargetTrackingScalingPolicyConfiguration"] for one in found}


@pytest.mark.parametrize("options", [pytest.param(CPU, id="cpu"), pytest.param(REQUESTS, id="requests")])
def test_a_policy_is_made_once(aws: AwsEndpoint, target, options):
    planned = run_module("scaling_policy", aws, check_mode=True, **SERVICE, **options)
    assert planned["changed"], planned
    assert policies_on_aws(aws) == {}
    made = run_module("scaling_policy", aws, **SERVICE, **options)
    assert made["changed"], made
    assert made["policy"] == planned["policy"]
    found = policies_on_aws(aws)[options["name"]]
    assert found["TargetValue"] == options["target_value"]
    label = found["PredefinedMetricSpecification"].get("ResourceLabel")
    assert label == ("app/web/50dc6c495c0c9188/targetgroup/web/73e2d6bc24d8a067" if options is REQUESTS else None)
    assert not run_module("scaling_policy", aws, **SERVICE, **options)["changed"]
    assert not run_module("scaling_policy", aws, check_mode=True, **SERVICE, **options)["changed"]


def test_one_policy_of_several_is_changed_and_deleted(aws: AwsEndpoint, target):
    for options in (CPU, REQUESTS):
        run_module("scaling_policy", aws, **SERVICE, **options)
    changed = run_module("scaling_policy", aws, **SERVICE, **REQUESTS | {"target_value": 600})
    assert changed["diff"] == {"before": {"target_value": 1200.0}, "after": {"target_value": 600.0}}
    assert policies_on_aws(aws)["requests"]["TargetValue"] == 600
    assert policies_on_aws(aws)["cpu"]["TargetValue"] == 60

    gone = {**SERVICE, "name": "requests", "state": "absent"}
    assert run_module("scaling_policy", aws, check_mode=True, **gone)["changed"]
    assert run_module("scaling_policy", aws, **gone)["changed"]
    assert list(policies_on_aws(aws)) == ["cpu"]
    assert not run_module("scaling_policy", aws, **gone)["changed"]


def test_requests_without_a_load_balancer_are_planned_in_check_mode_and_refused_else(aws: AwsEndpoint, target):
    options = REQUESTS | {"load_balancer_arn": ""}
    assert run_module("scaling_policy", aws, check_mode=True, **SERVICE, **options)["changed"]
    assert (
        "load_balancer_arn or target_group_arn is empty"
        in run_module("scaling_policy", aws, **SERVICE, **options)["msg"]
    )


def actions_on_aws(aws: AwsEndpoint):
    return aws.client("application-autoscaling").describe_scheduled_actions(**RESOURCE)["ScheduledActions"]


def test_an_action_is_made_changed_and_deleted_once_each(aws: AwsEndpoint, target):
    planned = run_module("scheduled_action", aws, check_mode=True, **SERVICE, **NIGHT)
    assert planned["changed"], planned
    assert actions_on_aws(aws) == []
    made = run_module("scheduled_action", aws, **SERVICE, **NIGHT)
    assert made["action"] == planned["action"]
    assert not run_module("scheduled_action", aws, **SERVICE, **NIGHT)["changed"]

    later = NIGHT | {"timezone": "Europe/Berlin"}
    changed = run_module("scheduled_action", aws, **SERVICE, **later)
    assert changed["diff"] == {"before": {"timezone": "UTC"}, "after": {"timezone": "Europe/Berlin"}}
    assert [one["Timezone"] for one in actions_on_aws(aws)] == ["Europe/Berlin"]
    assert not run_module("scheduled_action", aws, check_mode=True, **SERVICE, **later)["changed"]

    gone = {**SERVICE, "name": "night-stop", "state": "absent"}
    assert run_module("scheduled_action", aws, check_mode=True, **gone)["changed"]
    assert run_module("scheduled_action", aws, **gone)["changed"]
    assert actions_on_aws(aws) == []
    assert not run_module("scheduled_action", aws, **gone)["changed"]


def test_a_schedule_that_aws_would_refuse_is_refused_before_the_call(aws: AwsEndpoint):
    refused = run_module("scheduled_action", aws, **SERVICE, **NIGHT | {"schedule": "cron(0 20 * * *)"})
    assert "has 5 fields, expected six" in refused["msg"]


def test_scaling_ends_once(aws: AwsEndpoint, target):
    gone = {**SERVICE, "state": "absent"}
    assert run_module("scalable_target", aws, check_mode=True, **gone)["changed"]
    assert target_on_aws(aws)
    assert run_module("scalable_target", aws, **gone)["changed"]
    assert target_on_aws(aws) is None
    assert not run_module("scalable_target", aws, **gone)["changed"]
    assert not run_module("scalable_target", aws, check_mode=True, **gone)["changed"]
