"""The ECS calls we make, one function each: no decisions, only requests and named errors."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code, is_boto3_error_message
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

# Where botocore is not there, AnsibleAWSModule says so.
with contextlib.suppress(ImportError):
    from botocore.exceptions import ConnectionError, HTTPClientError
    from botocore.waiter import WaiterModel, create_waiter_with_client

# boto3 builds its clients at run time, so there is no type to name.
EcsClient = Any


class EcsError(AnsibleAWSError):
    """A failed ECS call, with the action that was being tried."""


class EcsErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = EcsError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_message("Unable to describe task definition")


@EcsErrorHandler.list_error_handler("describe a task definition", default_value=None)
def describe_task_definition(client: EcsClient, name: str) -> dict[str, Any] | None:
    """Return one revision with its tags under the key ``tags``, or None when there is none.

    ``name`` is a family (its newest ACTIVE revision), ``family:revision`` or an ARN (any status).
    """
    answer = client.describe_task_definition(taskDefinition=name, include=["TAGS"])
    return answer["taskDefinition"] | {"tags": answer.get("tags", [])}


class _RegisteredBefore(Exception):
    """The answer to an earlier try was lost; what it registered is the argument."""


@EcsErrorHandler.common_error_handler("register a task definition")
def register_task_definition(
    client: EcsClient, definition: dict[str, Any], is_it: Callable[[dict[str, Any]], bool] = lambda _: False
) -> dict[str, Any]:
    """Register ``definition`` (the request of RegisterTaskDefinition) and return the new revision with its tags.

    RegisterTaskDefinition takes no token, so a try whose answer was lost would register another revision. Before each
    try but the first, the family's newest revision is shown to ``is_it``, and taken where it is the one.
    """
    tries = 0

    def look(**_: Any) -> None:
        nonlocal tries
        tries += 1
        newest = describe_task_definition(client, definition["family"]) if tries > 1 else None
        if newest and is_it(newest):
            raise _RegisteredBefore(newest)

    client.meta.events.register_last("before-send.ecs.RegisterTaskDefinition", look, unique_id="look before a retry")
    try:
        answer = client.register_task_definition(**definition)
    except _RegisteredBefore as before:
        revision: dict[str, Any] = before.args[0]
        return revision
    finally:
        client.meta.events.unregister("before-send.ecs.RegisterTaskDefinition", unique_id="look before a retry")
    return answer["taskDefinition"] | {"tags": definition.get("tags", [])}


@EcsErrorHandler.list_error_handler("list the revisions of a task definition", default_value=[])
def list_task_definitions(client: EcsClient, family: str, status: str) -> list[str]:
    """Return the ARNs of a family's revisions that are ACTIVE, INACTIVE or DELETE_IN_PROGRESS."""
    pages = client.get_paginator("list_task_definitions").paginate(familyPrefix=family, status=status)
    return [arn for page in pages for arn in page["taskDefinitionArns"]]


@EcsErrorHandler.common_error_handler("deregister a task definition")
def deregister_task_definition(client: EcsClient, arn: str) -> None:
    client.deregister_task_definition(taskDefinition=arn)


@EcsErrorHandler.common_error_handler("delete task definitions")
def delete_task_definitions(client: EcsClient, arns: list[str]) -> list[dict[str, str]]:
    """Delete INACTIVE revisions, ten in a call as ECS takes them. Return those that it refused, with its reasons."""
    return [
        failure
        for start in range(0, len(arns), 10)
        for failure in client.delete_task_definitions(taskDefinitions=arns[start : start + 10]).get("failures", [])
    ]


def register_task_definition_shape(client: EcsClient) -> Any:
    """botocore's description of what RegisterTaskDefinition takes; asks nobody."""
    return client.meta.service_model.operation_model("RegisterTaskDefinition").input_shape


class _RetryByMessage(AWSRetry):
    """AWSRetry where the code says nothing: InvalidParameterException stands for what passes as for what does not."""

    @staticmethod
    def status_code_from_exception(error: Any) -> str:
        return str(error.response["Error"]["Message"])

    @staticmethod
    def found(response_code: str, catch_extra_error_codes: list[str] | None = None) -> bool:
        return any(words in response_code for words in catch_extra_error_codes or ())


# The first cluster of an account makes ECS's service-linked role, and IAM needs a while until ECS may take it.
_NO_ROLE_YET = "Unable to assume the service linked role"
# A listener that was just made is not seen at once.
_NO_LISTENER_YET = "does not have an associated load balancer"

_until_role_is_there = _RetryByMessage.jittered_backoff(
    retries=15, delay=1, max_delay=15, catch_extra_error_codes=[_NO_ROLE_YET]
)
_until_service_can_be_made = _RetryByMessage.jittered_backoff(
    retries=15, delay=1, max_delay=15, catch_extra_error_codes=[_NO_ROLE_YET, _NO_LISTENER_YET]
)


class ServiceErrorHandler(EcsErrorHandler):
    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code(["ClusterNotFoundException", "ServiceNotFoundException"])


@ServiceErrorHandler.list_error_handler("describe a service", default_value=None)
def describe_service(client: EcsClient, cluster: str, service: str) -> dict[str, Any] | None:
    """Return one service with its tags, or None when the cluster or the service is not there or INACTIVE."""
    found = client.describe_services(cluster=cluster, services=[service], include=["TAGS"])["services"]
    return next((one for one in found if one["status"] != "INACTIVE"), None)


@ServiceErrorHandler.common_error_handler("create a service")
@_until_service_can_be_made
def create_service(client: EcsClient, request: dict[str, Any]) -> dict[str, Any]:
    """Create a service. The token lets a request be sent again whose answer was lost."""
    return client.create_service(clientToken=str(uuid.uuid4()), **request)["service"]


@ServiceErrorHandler.common_error_handler("update a service")
def update_service(client: EcsClient, request: dict[str, Any]) -> dict[str, Any]:
    return client.update_service(**request)["service"]


@ServiceErrorHandler.deletion_error_handler("delete a service")
def delete_service(client: EcsClient, cluster: str, service: str) -> None:
    """Delete a service with the tasks that it runs, which need not be scaled to 0 before."""
    client.delete_service(cluster=cluster, service=service, force=True)


# botocore's own waiter looks every 15 seconds and takes a service that is not there for a failure.
_SERVICE_GONE = {
    "operation": "DescribeServices",
    "delay": 2,
    "acceptors": [
        {"state": "success", "matcher": "pathAny", "argument": "services[].status", "expected": "INACTIVE"},
        {"state": "success", "matcher": "pathAny", "argument": "failures[].reason", "expected": "MISSING"},
        {"state": "success", "matcher": "error", "expected": "ClusterNotFoundException"},
    ],
}


@ServiceErrorHandler.common_error_handler("wait until a service is gone")
def wait_until_service_is_gone(client: EcsClient, cluster: str, service: str, seconds: int) -> None:
    config = _SERVICE_GONE | {"maxAttempts": max(1, seconds // 2)}
    model = WaiterModel({"version": 2, "waiters": {"ServiceGone": config}})
    create_waiter_with_client("ServiceGone", model, client).wait(cluster=cluster, services=[service])


@ServiceErrorHandler.list_error_handler("list the deployments of a service", default_value=[])
def list_service_deployments(client: EcsClient, cluster: str, service: str, after: datetime) -> list[dict[str, Any]]:
    """Return the service-deployment records created since ``after``, with a margin for a clock that is wrong."""
    request = {"cluster": cluster, "service": service, "createdAt": {"after": after - timedelta(days=1)}}
    found = []
    while True:
        answer = client.list_service_deployments(**request)
        found += answer["serviceDeployments"]
        if "nextToken" not in answer:
            return found
        request["nextToken"] = answer["nextToken"]


@ServiceErrorHandler.list_error_handler("describe a service deployment", default_value=None)
def describe_service_deployment(client: EcsClient, arn: str) -> dict[str, Any] | None:
    found = client.describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
    return next(iter(found), None)


class StopErrorHandler(EcsErrorHandler):
    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code(["ConflictException", "ServiceDeploymentNotFoundException"])


@StopErrorHandler.list_error_handler("roll a service deployment back", default_value=False)
def roll_back_service_deployment(client: EcsClient, arn: str) -> bool:
    """Stop a service deployment and go back to what served before; False when it is over or on its way back already."""
    client.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    return True


@ServiceErrorHandler.list_error_handler("describe service revisions", default_value=[])
def describe_service_revisions(client: EcsClient, arns: list[str]) -> list[dict[str, Any]]:
    """Describe up to 20 service revisions, as many as ECS takes in one call."""
    return client.describe_service_revisions(serviceRevisionArns=arns[:20])["serviceRevisions"]


@ServiceErrorHandler.list_error_handler("list the tasks of a service", default_value=[])
def describe_service_tasks(client: EcsClient, cluster: str, service: str) -> list[dict[str, Any]]:
    """Return a service's tasks, running ones and those that stopped within about the last hour."""
    pages = client.get_paginator("list_tasks")
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for page in pages.paginate(cluster=cluster, serviceName=service, desiredStatus=status)
        for arn in page["taskArns"]
    ]
    return [
        task
        for start in range(0, len(arns), 100)
        for task in client.describe_tasks(cluster=cluster, tasks=arns[start : start + 100])["tasks"]
    ]


class TasksOfFamily(NamedTuple):
    tasks: list[dict[str, Any]]
    now: datetime
    """By ECS's own clock, as are the times of the tasks: this machine's may be minutes off."""


@ServiceErrorHandler.common_error_handler("list the tasks of a task definition")
def describe_tasks_of_family(client: EcsClient, cluster: str, family: str) -> TasksOfFamily:
    """Return the tasks of a family with their tags: those that run, and those that stop or stopped within the hour."""
    pages = [
        page
        for status in ("RUNNING", "STOPPED")
        for page in client.get_paginator("list_tasks").paginate(cluster=cluster, family=family, desiredStatus=status)
    ]
    arns = [arn for page in pages for arn in page["taskArns"]]
    tasks = [
        task
        for start in range(0, len(arns), 100)
        for task in client.describe_tasks(cluster=cluster, tasks=arns[start : start + 100], include=["TAGS"])["tasks"]
    ]
    return TasksOfFamily(tasks, _answered_at(pages[-1]))


def _answered_at(answer: dict[str, Any]) -> datetime:
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)


@ServiceErrorHandler.common_error_handler("run a task")
def run_task(client: EcsClient, request: dict[str, Any]) -> dict[str, Any]:
    """Run a task and return RunTask's answer. The token lets a request be sent again whose answer was lost."""
    return client.run_task(clientToken=str(uuid.uuid4()), **request)


@ServiceErrorHandler.common_error_handler("describe a task")
def describe_task(client: EcsClient, cluster: str, arn: str) -> dict[str, Any] | None:
    """Return one task, or None when ECS does not know it, or no longer."""
    return next(iter(client.describe_tasks(cluster=cluster, tasks=[arn])["tasks"]), None)


@ServiceErrorHandler.list_error_handler("list the tasks of a cluster", default_value=[])
def list_tasks(client: EcsClient, cluster: str) -> list[str]:
    """Return the ARNs of the tasks that run in a cluster or are about to."""
    pages = client.get_paginator("list_tasks").paginate(cluster=cluster)
    return [arn for page in pages for arn in page["taskArns"]]


@ServiceErrorHandler.common_error_handler("stop a task")
def stop_task(client: EcsClient, cluster: str, arn: str, reason: str) -> None:
    client.stop_task(cluster=cluster, task=arn, reason=reason)


class ClusterErrorHandler(EcsErrorHandler):
    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code("ClusterNotFoundException")


# A cluster refuses changes while its capacity providers are being changed, and deletion while tasks stop.
_until_cluster_is_ready = AWSRetry.jittered_backoff(
    retries=20, delay=1, max_delay=15, catch_extra_error_codes=["UpdateInProgressException"]
)
_until_cluster_is_empty = AWSRetry.jittered_backoff(
    retries=20,
    delay=1,
    max_delay=15,
    catch_extra_error_codes=["UpdateInProgressException", "ClusterContainsTasksException"],
)


@ClusterErrorHandler.list_error_handler("describe a cluster", default_value=None)
def describe_cluster(client: EcsClient, name: str) -> dict[str, Any] | None:
    """Return one cluster with its settings, configuration and tags, or None when it is not there or INACTIVE."""
    include = ["SETTINGS", "CONFIGURATIONS", "TAGS"]
    found = client.describe_clusters(clusters=[name], include=include)["clusters"]
    return next((one for one in found if one["status"] != "INACTIVE"), None)


@ClusterErrorHandler.common_error_handler("create a cluster")
@_until_role_is_there
def create_cluster(client: EcsClient, request: dict[str, Any]) -> dict[str, Any]:
    return client.create_cluster(**request)["cluster"]


@ClusterErrorHandler.common_error_handler("update a cluster")
@_until_cluster_is_ready
def update_cluster(client: EcsClient, request: dict[str, Any]) -> None:
    client.update_cluster(**request)


@ClusterErrorHandler.common_error_handler("set the capacity providers of a cluster")
@_until_cluster_is_ready
def put_cluster_capacity_providers(client: EcsClient, request: dict[str, Any]) -> None:
    client.put_cluster_capacity_providers(**request)


@ClusterErrorHandler.deletion_error_handler("delete a cluster")
@_until_cluster_is_empty
def delete_cluster(client: EcsClient, name: str) -> None:
    client.delete_cluster(cluster=name)


@EcsErrorHandler.common_error_handler("change the tags of a resource")
def replace_tags(client: EcsClient, arn: str, before: dict[str, str], after: dict[str, str]) -> None:
    """Make a resource's tags ``after``, where ``before`` is what it has now."""
    if gone := [key for key in before if key not in after]:
        client.untag_resource(resourceArn=arn, tagKeys=gone)
    if new := {key: value for key, value in after.items() if before.get(key) != value}:
        client.tag_resource(resourceArn=arn, tags=[{"key": key, "value": value} for key, value in new.items()])


def is_transient(error: AnsibleAWSError) -> bool:
    """Whether a call that failed may well succeed when it is tried again: throttled, cut off, or AWS's own fault."""
    response = getattr(error.exception, "response", None)
    if response is None:
        return isinstance(error.exception, (ConnectionError, HTTPClientError))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = response.get("Error", {}).get("Code", "")
    return status >= 500 or status == 429 or "Throttl" in code or code == "RequestLimitExceeded"
