"""Deploy an image with boto3 and nothing else: describe, register, update, look each second until it is over."""

from __future__ import annotations

import sys
import time

import boto3


def main(cluster: str, service: str, image: str) -> None:
    ecs = boto3.client("ecs")
    serves = ecs.describe_services(cluster=cluster, services=[service])["services"][0]["taskDefinition"]
    definition = ecs.describe_task_definition(taskDefinition=serves)["taskDefinition"]
    accepted = ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
    request = {key: value for key, value in definition.items() if key in accepted}
    request["containerDefinitions"][0]["image"] = image
    revision = ecs.register_task_definition(**request)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(cluster=cluster, service=service, taskDefinition=revision)
    while True:
        found = ecs.describe_services(cluster=cluster, services=[service])["services"][0]
        state = next(one["rolloutState"] for one in found["deployments"] if one["taskDefinition"] == revision)
        if state != "IN_PROGRESS":
            sys.exit(state != "COMPLETED")
        time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
