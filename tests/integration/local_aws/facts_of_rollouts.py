"""Facts that show only where tasks are real containers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.integration.harness import AwsEndpoint
from tests.integration.local_aws.facts import a_service, a_task_definition, logged, new

FactOfRollouts = Callable[[AwsEndpoint, str], None]
FACTS_OF_ROLLOUTS: dict[str, FactOfRollouts] = {}

SERVE = ["/bin/sleep", "1000"]
CRASH = ["/bin/false"]
BREAKER = {"enable": True, "rollback": False}


def fact(function: FactOfRollouts) -> FactOfRollouts:
    FACTS_OF_ROLLOUTS[function.__name__] = function
    return function


def described(aws: AwsEndpoint, name: str) -> dict[str, Any]:
    service: dict[str, Any] = aws.client("ecs").describe_services(cluster=name, services=[name])["services"][0]
    return service


def wait_for(rollout_state: str, aws: AwsEndpoint, name: str, seconds: float = 60) -> dict[str, Any]:
    """Return the service when its primary deployment has come to ``rollout_state``."""
    end = time.monotonic() + seconds
    while True:
        service = described(aws, name)
        primary = next(one for one in service["deployments"] if one["status"] == "PRIMARY")
        if primary["rolloutState"] == rollout_state:
            return service
        assert time.monotonic() < end, f"still {primary['rolloutState']} after {seconds} s: {service['events'][:3]}"
        time.sleep(0.2)


@fact
def secure_strings_reach_a_task_decrypted(aws: AwsEndpoint, image: str) -> None:
    parameter = new("/app/PASSWORD")
    aws.client("ssm").put_parameter(Name=parameter, Value="open sesame", Type="SecureString")
    command = ["/bin/sh", "-c", 'echo "it is $PASSWORD"; exec /bin/sleep 1000']
    service = a_service(aws, image, command=command, secrets=[{"name": "PASSWORD", "valueFrom": parameter}])
    assert logged(aws, service["serviceName"]) == ["it is open sesame"]


@fact
def the_first_deployment_rolls_out_like_any_other(aws: AwsEndpoint, image: str) -> None:
    service = a_service(aws, image, command=SERVE)
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    wait_for("COMPLETED", aws, service["serviceName"])
    configuration = {"deploymentConfiguration": {"deploymentCircuitBreaker": BREAKER}}
    wait_for("FAILED", aws, a_service(aws, image, command=CRASH, **configuration)["serviceName"])


@fact
def a_tripped_breaker_leaves_the_old_tasks_alone(aws: AwsEndpoint, image: str) -> None:
    configuration = {"deploymentConfiguration": {"deploymentCircuitBreaker": BREAKER}}
    name = a_service(aws, image, command=SERVE, **configuration)["serviceName"]
    wait_for("COMPLETED", aws, name)
    ecs = aws.client("ecs")
    before = ecs.list_tasks(cluster=name, desiredStatus="RUNNING")["taskArns"]
    ecs.update_service(cluster=name, service=name, taskDefinition=a_task_definition(aws, name, image, CRASH))
    service = wait_for("FAILED", aws, name)
    assert ecs.list_tasks(cluster=name, desiredStatus="RUNNING")["taskArns"] == before
    assert service["runningCount"] == 1
