"""AWS is not at once what it says it is: calls that pass when they are tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.module_utils.towpath import ecs_api, elbv2_api, lambda_api, logs_api
from ansible_collections.amazon.aws.plugins.module_utils import cloud
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from botocore.exceptions import ClientError

NO_ROLE = (
    "InvalidParameterException",
    "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
)
NO_LISTENER = (
    "InvalidParameterException",
    "The target group with targetGroupArn arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/webapp/1 "
    "does not have an associated load balancer.",
)
LISTENER_LEFT = ("ResourceInUse", "Target group is currently in use by a listener or a rule")
NO_PERMISSION = (
    "InvalidParameterException",
    "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
    "function.",
)
GROUP_IN_CHANGE = ("OperationAbortedException", "A conflicting operation is currently in progress.")
NO_ROLE_POLICY = (
    "InvalidParameterValueException",
    "The provided execution role does not have permissions to call ReceiveMessage on SQS",
)
NO_STREAM_POLICY = (
    "InvalidParameterValueException",
    "Cannot access stream arn:aws:dynamodb:us-east-1:123456789012:table/webapp/stream/1. Please ensure the role can "
    "perform the GetRecords, GetShardIterator, DescribeStream, ListShards, and ListStreams Actions on your stream in "
    "IAM.",
)
FUNCTION_IN_CHANGE = (
    "ResourceConflictException",
    "The operation cannot be performed at this time. An update is in progress for resource: webapp",
)
MAPPING_IN_CHANGE = (
    "ResourceInUseException",
    "Cannot update the event source mapping because it is in use.",
)
BAD_SUBNET = ("InvalidParameterException", "The subnet ID 'subnet-1' does not exist")


class Aws:
    """A client whose every call is refused so many times, then passes."""

    def __init__(self, error: tuple[str, str], refusals: int) -> None:
        self.error, self.refusals, self.calls = error, refusals, 0

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> dict[str, Any]:
            self.calls += 1
            if self.calls <= self.refusals:
                code, message = self.error
                raise ClientError({"Error": {"Code": code, "Message": message}}, operation)
            return {"cluster": {}, "service": {}}

        return call


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud.time, "sleep", lambda _seconds: None)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        pytest.param(lambda aws: ecs_api.create_cluster(aws, {}), NO_ROLE, id="first-cluster-of-an-account"),
        pytest.param(lambda aws: ecs_api.create_service(aws, {}), NO_ROLE, id="first-service-of-an-account"),
        pytest.param(lambda aws: ecs_api.create_service(aws, {}), NO_LISTENER, id="listener-not-seen-yet"),
        pytest.param(
            lambda aws: elbv2_api.delete_target_group(aws, "arn"), LISTENER_LEFT, id="listener-not-quite-gone"
        ),
        pytest.param(
            lambda aws: logs_api.put_subscription_filter(aws, {}), NO_PERMISSION, id="permission-not-seen-yet"
        ),
        pytest.param(
            lambda aws: logs_api.put_subscription_filter(aws, {}), GROUP_IN_CHANGE, id="put-beside-another-change"
        ),
        pytest.param(
            lambda aws: logs_api.delete_subscription_filter(aws, "group", "name"),
            GROUP_IN_CHANGE,
            id="delete-beside-another-change",
        ),
        pytest.param(
            lambda aws: lambda_api.create_event_source_mapping(aws, {}), NO_ROLE_POLICY, id="queue-not-readable-yet"
        ),
        pytest.param(
            lambda aws: lambda_api.create_event_source_mapping(aws, {}), NO_STREAM_POLICY, id="stream-not-readable-yet"
        ),
        pytest.param(
            lambda aws: lambda_api.update_event_source_mapping(aws, "1", {}),
            MAPPING_IN_CHANGE,
            id="mapping-in-change",
        ),
        pytest.param(
            lambda aws: lambda_api.put_function_concurrency(aws, "webapp", 1),
            FUNCTION_IN_CHANGE,
            id="function-in-change",
        ),
    ],
)
def test_what_passes_is_tried_again(call: Callable[[Aws], Any], error: tuple[str, str]) -> None:
    aws = Aws(error, refusals=3)
    call(aws)
    assert aws.calls == 4


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda aws: ecs_api.create_cluster(aws, {}), id="cluster"),
        pytest.param(lambda aws: ecs_api.create_service(aws, {}), id="service"),
        pytest.param(lambda aws: elbv2_api.delete_target_group(aws, "arn"), id="target-group"),
        pytest.param(lambda aws: logs_api.put_subscription_filter(aws, {}), id="subscription-filter"),
        pytest.param(lambda aws: lambda_api.create_event_source_mapping(aws, {}), id="event-source-mapping"),
    ],
)
def test_what_does_not_pass_fails_at_once(call: Callable[[Aws], Any]) -> None:
    aws = Aws(BAD_SUBNET, refusals=1)
    with pytest.raises(AnsibleAWSError):
        call(aws)
    assert aws.calls == 1


def test_a_role_that_never_comes_is_named_in_the_end() -> None:
    with pytest.raises(AnsibleAWSError, match="create a cluster"):
        ecs_api.create_cluster(Aws(NO_ROLE, refusals=99), {})
