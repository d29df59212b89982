"""An ECS service: what counts as a difference, and what is asked of ECS."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.differences import differences
from ansible.module_utils.towpath.service import comparable, create_request, refusal, update_request, wanted

GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/app/1"
OTHER_GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/app/2"
ON_ECS = {
    "serviceName": "app",
    "desiredCount": 2,
    "networkConfiguration": {
        "awsvpcConfiguration": {
            "subnets": ["subnet-b", "subnet-a"],
            "securityGroups": ["sg-a"],
            "assignPublicIp": "DISABLED",
        }
    },
    "loadBalancers": [
        {
            "targetGroupArn": GROUP,
            "containerName": "app",
            "containerPort": 3000,
            "advancedConfiguration": {"roleArn": "r"},
        }
    ],
    "healthCheckGracePeriodSeconds": 30,
    "deploymentConfiguration": {
        "minimumHealthyPercent": 100,
        "maximumPercent": 200,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True, "resetOnHealthyTask": True},
        "alarms": {"alarmNames": ["4xx", "5xx"], "enable": True, "rollback": True},
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    },
    "enableExecuteCommand": True,
    "launchType": "FARGATE",
    "platformVersion": "LATEST",
    "propagateTags": "SERVICE",
    "enableECSManagedTags": True,
    "tags": [{"key": "a", "value": "1"}, {"key": "aws:cloudformation:stack-name", "value": "x"}],
}
BY_PROVIDERS = {name: value for name, value in ON_ECS.items() if name != "launchType"} | {
    "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
}
AS_ASKED = {
    "desired_count": 2,
    "subnets": ["subnet-a", "subnet-b"],
    "security_groups": ["sg-a"],
    "assign_public_ip": False,
    "load_balancers": [{"target_group_arn": GROUP, "container_name": "app", "container_port": 3000}],
    "health_check_grace_period_seconds": 30,
    "minimum_healthy_percent": 100,
    "maximum_percent": 200,
    "circuit_breaker": {"enable": True, "rollback": True},
    "alarms": {"names": ["5xx", "4xx"], "enable": True, "rollback": None},
    "enable_execute_command": True,
    "launch_type": "FARGATE",
    "platform_version": "LATEST",
    "propagate_tags": "SERVICE",
    "enable_ecs_managed_tags": True,
    "tags": {"a": 1},
}


def changes_to(service, **options):
    present = comparable(service)
    asked = wanted(options, present)
    return differences(present, asked), present | asked


def test_order_and_defaults_are_no_difference():
    assert changes_to(ON_ECS, **AS_ASKED)[0] == []


@pytest.mark.parametrize("option", [*AS_ASKED, "capacity_provider_strategy"])
def test_an_option_that_is_not_given_is_not_touched(option):
    assert changes_to(ON_ECS, **{option: None})[0] == []


def test_a_bare_service_has_the_defaults_of_ecs():
    defaults = {
        "assign_public_ip": False,
        "load_balancers": [],
        "health_check_grace_period_seconds": 0,
        "minimum_healthy_percent": 100,
        "maximum_percent": 200,
        "circuit_breaker": {"enable": False, "rollback": False},
        "alarms": {"names": [], "enable": False, "rollback": False},
        "enable_execute_command": False,
        "capacity_provider_strategy": [],
        "platform_version": "LATEST",
        "propagate_tags": "NONE",
        "enable_ecs_managed_tags": False,
        "tags": {},
    }
    assert changes_to({"serviceName": "app", "desiredCount": 0}, **defaults)[0] == []


@pytest.mark.parametrize(
    ("option", "value", "request_for_it"),
    [
        pytest.param("desired_count", 0, {"desiredCount": 0}, id="desired_count"),
        pytest.param(
            "subnets",
            ["subnet-c"],
            {
                "networkConfiguration": {
                    "awsvpcConfiguration": {
                        "subnets": ["subnet-c"],
                        "securityGroups": ["sg-a"],
                        "assignPublicIp": "DISABLED",
                    }
                }
            },
            id="subnets_with_the_rest_of_the_network",
        ),
        pytest.param(
            "security_groups",
            ["sg-b", "sg-a"],
            {
                "networkConfiguration": {
                    "awsvpcConfiguration": {
                        "subnets": ["subnet-a", "subnet-b"],
                        "securityGroups": ["sg-a", "sg-b"],
                        "assignPublicIp": "DISABLED",
                    }
                }
            },
            id="security_groups",
        ),
        pytest.param(
            "assign_public_ip",
            True,
            {
                "networkConfiguration": {
                    "awsvpcConfiguration": {
                        "subnets": ["subnet-a", "subnet-b"],
                        "securityGroups": ["sg-a"],
                        "assignPublicIp": "ENABLED",
                    }
                }
            },
            id="assign_public_ip",
        ),
        pytest.param(
            "load_balancers",
            [
                {"target_group_arn": OTHER_GROUP, "container_name": "app", "container_port": 3000},
                {"target_group_arn": GROUP, "container_name": "app", "container_port": 3001},
            ],
            {
                "loadBalancers": [
                    {
                        "targetGroupArn": GROUP,
                        "containerName": "app",
                        "containerPort": 3001,
                        "advancedConfiguration": {"roleArn": "r"},
                    },
                    {"targetGroupArn": OTHER_GROUP, "containerName": "app", "containerPort": 3000},
                ]
            },
            id="load_balancers",
        ),
        pytest.param("load_balancers", [], {"loadBalancers": []}, id="no_load_balancer"),
        pytest.param(
            "health_check_grace_period_seconds",
            60,
            {"healthCheckGracePeriodSeconds": 60},
            id="health_check_grace_period",
        ),
        pytest.param(
            "minimum_healthy_percent",
            50,
            {"deploymentConfiguration": ON_ECS["deploymentConfiguration"] | {"minimumHealthyPercent": 50}},
            id="minimum_healthy_percent_with_the_rest",
        ),
        pytest.param(
            "maximum_percent",
            150,
            {"deploymentConfiguration": ON_ECS["deploymentConfiguration"] | {"maximumPercent": 150}},
            id="maximum_percent",
        ),
        pytest.param(
            "circuit_breaker",
            {"enable": None, "rollback": False},
            {
                "deploymentConfiguration": ON_ECS["deploymentConfiguration"]
                | {"deploymentCircuitBreaker": {"enable": True, "rollback": False, "resetOnHealthyTask": True}}
            },
            id="circuit_breaker",
        ),
        pytest.param(
            "alarms",
            {"names": ["5xx"], "enable": None, "rollback": None},
            {
                "deploymentConfiguration": ON_ECS["deploymentConfiguration"]
                | {
                    "deploymentCircuitBreaker": ON_ECS["deploymentConfiguration"]["deploymentCircuitBreaker"],
                    "alarms": {"alarmNames": ["5xx"], "enable": True, "rollback": True},
                }
            },
            id="alarms",
        ),
        pytest.param("enable_execute_command", False, {"enableExecuteCommand": False}, id="enable_execute_command"),
        pytest.param(
            "capacity_provider_strategy",
            [{"capacity_provider": "FARGATE", "base": 1, "weight": 1}],
            {
                "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "base": 1, "weight": 1}],
                "forceNewDeployment": True,
            },
            id="capacity_provider_strategy_starts_new_tasks",
        ),
        pytest.param("platform_version", "1.4.0", {"platformVersion": "1.4.0"}, id="platform_version"),
        pytest.param("propagate_tags", "NONE", {"propagateTags": "NONE"}, id="propagate_tags"),
        pytest.param("enable_ecs_managed_tags", False, {"enableECSManagedTags": False}, id="enable_ecs_managed_tags"),
        pytest.param("tags", {"a": "2"}, {}, id="tags_are_no_part_of_the_update"),
    ],
)
def test_a_change_is_named_and_asked_for_whole(option, value, request_for_it):
    changes, after = changes_to(ON_ECS, **{option: value})
    assert [one.field for one in changes] == [option]
    assert update_request(changes, after, ON_ECS) == request_for_it


@pytest.mark.parametrize(
    ("service", "launch_type", "was"),
    [
        pytest.param(ON_ECS, "EC2", "launch_type is FARGATE and cannot become EC2", id="another"),
        pytest.param(BY_PROVIDERS, "FARGATE", "launch_type is a capacity provider strategy and cannot", id="strategy"),
    ],
)
def test_a_change_of_launch_type_is_refused_by_name(service, launch_type, was):
    changes, _ = changes_to(service, launch_type=launch_type)
    assert refusal(changes).startswith(was)


def test_a_change_that_ecs_can_make_is_not_refused():
    assert refusal(changes_to(ON_ECS, desired_count=1, subnets=["subnet-c"], load_balancers=[])[0]) == ""


def test_a_new_service_asks_for_what_was_given_and_for_one_task():
    asked = wanted(
        {"subnets": ["subnet-b", "subnet-a"], "circuit_breaker": {"enable": True}, "launch_type": "FARGATE"}, {}
    )
    assert create_request(asked) == {
        "desiredCount": 1,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a", "subnet-b"]}},
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
        "launchType": "FARGATE",
    }
    assert create_request(wanted({"desired_count": 0, "tags": {"a": 1}}, {})) == {
        "desiredCount": 0,
        "tags": [{"key": "a", "value": "1"}],
    }
