"""Facts that show only where tasks are real containers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from tests.integration.harness import AwsEndpoint
from tests.integration.local_aws.facts import a_service, a_task_definition, logged, new

FactOfRollouts = Callable[[AwsEndpoint, str], None]
FACTS_OF_ROLLOUTS: dict[str, FactOfRollouts] = {}

# A process that is the first of its container has to listen to SIGTERM, or it is stopped after 30 seconds.
SERVE = ["/bin/sh", "-c", 'trap "exit 0" TERM; sleep 1000 & wait']
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
def a_service_rolls_out_step_by_step(aws: AwsEndpoint, image: str) -> None:
    configuration = {"deploymentConfiguration": {"deploymentCircuitBreaker": BREAKER}}
    service = a_service(aws, image, command=SERVE, **configuration)
    name, ecs = service["serviceName"], aws.client("ecs")
    assert service["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    messages = [event["message"] for event in wait_for("COMPLETED", aws, name)["events"]]
    assert messages[0] == f"(service {name}) has reached a steady state."

    before = ecs.list_tasks(cluster=name, desiredStatus="RUNNING")["taskArns"]
    ecs.update_service(cluster=name, service=name, taskDefinition=a_task_definition(aws, name, image, CRASH))
    service = wait_for("FAILED", aws, name)
    assert ecs.list_tasks(cluster=name, desiredStatus="RUNNING")["taskArns"] == before
    assert service["runningCount"] == 1


@fact
def service_deployments_are_kept(aws: AwsEndpoint, image: str) -> None:
    name, ecs = a_service(aws, image, command=SERVE)["serviceName"], aws.client("ecs")
    wait_for("COMPLETED", aws, name)
    briefs = ecs.list_service_deployments(cluster=name, service=name)["serviceDeployments"]
    assert [brief["status"] for brief in briefs] == ["SUCCESSFUL"]
    revision = briefs[0]["targetServiceRevisionArn"]
    found = ecs.describe_service_revisions(serviceRevisionArns=[revision, f"{revision}0"])
    assert found["serviceRevisions"][0]["taskDefinition"] == described(aws, name)["taskDefinition"]
    assert found["failures"] == [{"arn": f"{revision}0", "reason": "MISSING"}]


@fact
def event_bridge_hears_of_rollouts(aws: AwsEndpoint, image: str) -> None:
    sqs, events, rule = aws.client("sqs"), aws.client("events"), new("rollouts")
    url = sqs.create_queue(QueueName=rule)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": ["aws.ecs"]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": arn}])
    service = a_service(aws, image, command=SERVE)
    wait_for("COMPLETED", aws, service["serviceName"])
    seen: set[str] = set()
    end = time.monotonic() + 8
    while not {"SERVICE_DEPLOYMENT_IN_PROGRESS", "SERVICE_DEPLOYMENT_COMPLETED", "RUNNING"} <= seen:
        assert time.monotonic() < end, seen
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            event = json.loads(message["Body"])
            seen.add(event["detail"].get("eventName") or event["detail"]["lastStatus"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
