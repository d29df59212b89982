"""ecs_service_scale and ecs_service_scale_info against emulators of AWS."""

from __future__ import annotations

import pytest

from tests.integration.harness import AwsEndpoint, run_module
from tests.integration.test_scaling import RESOURCE, SERVICE, a_service_on

OPTIONS = {**SERVICE, "configured_minimum": 2, "configured_maximum": 6, "environment_name": "prod"}


@pytest.fixture
def service(aws: AwsEndpoint):
    """A service without tasks, whose scaling is suspended as before the first release."""
    with a_service_on(aws):
        run_module("scalable_target", aws, **SERVICE, minimum=0, maximum=0)
        yield aws


def on_aws(aws: AwsEndpoint) -> tuple[int, int, int, set[bool]]:
    target = aws.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[RESOURCE["ResourceId"]]
    )["ScalableTargets"][0]
    found = aws.client("ecs").describe_services(cluster=SERVICE["cluster"], services=[SERVICE["service"]])
    suspended = set((target.get("SuspendedState") or {"all": False}).values())
    return found["services"][0]["desiredCount"], target["MinCapacity"], target["MaxCapacity"], suspended


def test_check_mode_says_the_same_and_does_nothing(service: AwsEndpoint):
    planned = run_module("ecs_service_scale", service, check_mode=True, **OPTIONS, minimum=2, maximum=4)
    assert planned["changed"], planned
    assert on_aws(service) == (0, 0, 0, {False})
    done = run_module("ecs_service_scale", service, **OPTIONS, minimum=2, maximum=4)
    assert done["diff"] == planned["diff"]
    assert done.keys() == planned.keys() | {"follow"}
    assert on_aws(service) == (2, 2, 4, {False})
    assert not run_module("ecs_service_scale", service, **OPTIONS, count=2)["changed"]


def test_a_stop_suspends_the_scaling_and_the_next_count_ends_that(service: AwsEndpoint):
    run_module("ecs_service_scale", service, **OPTIONS, minimum=2, maximum=4)
    stopped = run_module("ecs_service_scale", service, **OPTIONS, count=0)
    assert stopped["changed"], stopped
    assert "nobody is served" in stopped["lines"][0]
    assert on_aws(service) == (0, 2, 4, {True})
    assert not run_module("ecs_service_scale", service, **OPTIONS, count=0)["changed"]
    assert run_module("ecs_service_scale", service, **OPTIONS, count=3)["changed"]
    assert on_aws(service) == (3, 2, 4, {False})


def test_a_count_beyond_the_bounds_is_refused_and_nothing_changes(service: AwsEndpoint):
    run_module("ecs_service_scale", service, **OPTIONS, minimum=2, maximum=4)
    refused = run_module("ecs_service_scale", service, **OPTIONS, count=5)
    assert refused["failed"]
    assert "count is 5, expected 2 to 4" in refused["msg"]
    assert on_aws(service) == (2, 2, 4, {False})


def test_without_a_scalable_target_provision_is_to_run_first(aws: AwsEndpoint):
    with a_service_on(aws):
        refused = run_module("ecs_service_scale", aws, **OPTIONS, count=1)
    assert "Run ansible-playbook provision.yml -e env=prod first." in refused["msg"]


def test_without_a_service_nothing_is_scaled(aws: AwsEndpoint):
    for module, given in (("ecs_service_scale", OPTIONS | {"count": 1}), ("ecs_service_scale_info", {"desired": 1})):
        refused = run_module(module, aws, **SERVICE | given | {"cluster": "none"})
        assert "There is no service app in the cluster none" in refused["msg"]


def test_a_look_tells_what_is_new_and_when_it_is_over(service: AwsEndpoint):
    look = {**SERVICE, "desired": 0}
    first = run_module("ecs_service_scale_info", service, **look)
    assert (first["finished"], first["timed_out"], first["state"]) == (True, False, "0/0 running")
    assert first["lines"] == ["    0 s  0/0 running"]
    assert run_module("ecs_service_scale_info", service, **look, seen=first["seen"])["lines"] == []

    waiting = run_module("ecs_service_scale_info", service, **look | {"desired": 1})
    assert not waiting["finished"], "an answer from before the change"
    late = run_module("ecs_service_scale_info", service, **look | {"desired": 1}, elapsed_seconds=3, timeout_seconds=3)
    assert (late["finished"], late["timed_out"]) == (True, True)
