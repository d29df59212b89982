"""What was changed by hand, from what ECS and the ledger say."""

from __future__ import annotations

import copy

import pytest
from ansible.module_utils.towpath.drift import drift, expected_revision, lines, settings_to_remember
from ansible.module_utils.towpath.service import wanted

ARN = "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-prod:"

ASKED = {
    "desired_count": 2,
    "subnets": ["subnet-b", "subnet-a"],
    "security_groups": ["sg-a"],
    "assign_public_ip": False,
    "health_check_grace_period_seconds": 30,
    "minimum_healthy_percent": 100,
    "circuit_breaker": {"enable": True, "rollback": True},
    "enable_execute_command": True,
    "tags": {"towpath:app": "webapp", "towpath:url": "http://webapp.example/"},
}
SERVICE = {
    "serviceName": "app",
    "desiredCount": 2,
    "taskDefinition": f"{ARN}7",
    "networkConfiguration": {
        "awsvpcConfiguration": {
            "subnets": ["subnet-a", "subnet-b"],
            "securityGroups": ["sg-a"],
            "assignPublicIp": "DISABLED",
        }
    },
    "healthCheckGracePeriodSeconds": 30,
    "deploymentConfiguration": {
        "minimumHealthyPercent": 100,
        "maximumPercent": 200,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    },
    "enableExecuteCommand": True,
    "tags": [
        {"key": "towpath:app", "value": "webapp"},
        {"key": "towpath:url", "value": "http://webapp.example/"},
        {"key": "aws:servicediscovery", "value": "AWS's own"},
    ],
}
SETTINGS = settings_to_remember(wanted(ASKED, {}))


def definition(number, **container):
    return {
        "taskDefinitionArn": f"{ARN}{number}",
        "family": "webapp-prod",
        "cpu": "256",
        "containerDefinitions": [{"name": "app", "image": "webapp@sha256:0f3c"} | container],
    }


def environment(**values):
    return {"environment": [{"name": name, "value": value} for name, value in values.items()]}


def with_network(**changes):
    service = copy.deepcopy(SERVICE)
    service["networkConfiguration"]["awsvpcConfiguration"] |= changes
    return service


def with_deployment(**changes):
    return SERVICE | {"deploymentConfiguration": SERVICE["deploymentConfiguration"] | changes}


@pytest.mark.parametrize(
    "service",
    [
        pytest.param(SERVICE, id="as it was made"),
        pytest.param(with_network(subnets=["subnet-b", "subnet-a"]), id="another order of the subnets"),
        pytest.param(SERVICE | {"desiredCount": 5}, id="another count where nothing bounds it"),
        pytest.param(SERVICE | {"platformVersion": "1.4.0"}, id="a setting that nobody asked for"),
    ],
)
def test_what_is_as_it_was_made_is_no_drift(service):
    assert drift(SETTINGS, service, None) == []


@pytest.mark.parametrize(
    ("service", "line"),
    [
        pytest.param(
            with_network(securityGroups=["sg-open", "sg-a"]),
            "service.security_groups: sg-a -> sg-a, sg-open",
            id="a security group more",
        ),
        pytest.param(
            with_network(assignPublicIp="ENABLED"), "service.assign_public_ip: off -> on", id="public address"
        ),
        pytest.param(
            SERVICE | {"healthCheckGracePeriodSeconds": 600},
            "service.health_check_grace_period_seconds: 30 -> 600",
            id="grace period",
        ),
        pytest.param(
            with_deployment(deploymentCircuitBreaker={"enable": True, "rollback": False}),
            "service.circuit_breaker.rollback: on -> off",
            id="breaker without rollback",
        ),
        pytest.param(
            with_deployment(minimumHealthyPercent=0), "service.minimum_healthy_percent: 100 -> 0", id="healthy percent"
        ),
        pytest.param(
            SERVICE | {"tags": [*SERVICE["tags"][1:], {"key": "towpath:app", "value": "mine"}]},
            "service.tags[towpath:app]: webapp -> mine",
            id="tag changed",
        ),
        pytest.param(
            SERVICE | {"tags": SERVICE["tags"][:1]},
            "service.tags[towpath:url]: http://webapp.example/ -> none",
            id="tag gone",
        ),
        pytest.param(
            SERVICE | {"tags": [*SERVICE["tags"], {"key": "owner", "value": "me"}]},
            "service.tags[owner]: none -> me",
            id="tag more",
        ),
    ],
)
def test_a_hand_edit_of_the_service_is_named_with_old_and_new_value(service, line):
    assert lines(drift(SETTINGS, service, None)) == [line]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        pytest.param(1, ["service.desired_count: 2 to 6 -> 1"], id="below"),
        pytest.param(2, [], id="least"),
        pytest.param(6, [], id="most"),
        pytest.param(7, ["service.desired_count: 2 to 6 -> 7"], id="above"),
    ],
)
def test_a_count_is_drift_only_outside_of_its_bounds(count, expected):
    target = {"MinCapacity": 2, "MaxCapacity": 6}
    assert lines(drift(SETTINGS, SERVICE | {"desiredCount": count}, target)) == expected


@pytest.mark.parametrize(
    ("suspended", "expected"),
    [
        pytest.param(True, [], id="a person stopped it, and its scaling with it"),
        pytest.param(False, ["service.desired_count: 2 to 6 -> 0"], id="its scaling goes on"),
    ],
)
def test_an_app_that_a_person_stopped_is_no_drift(suspended, expected):
    ways = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")
    target = {"MinCapacity": 2, "MaxCapacity": 6, "SuspendedState": dict.fromkeys(ways, suspended)}
    assert lines(drift(SETTINGS, SERVICE | {"desiredCount": 0}, target)) == expected


def test_a_ledger_that_remembers_no_settings_tells_no_drift():
    assert drift(None, SERVICE, None) == []


def test_another_revision_is_told_with_all_that_differs_in_it():
    expected, running = definition(7, **environment(LOG="info")), definition(8, **environment(LOG="debug"))
    assert lines(drift(SETTINGS, SERVICE, None, expected, running)) == [
        "service.task_definition: webapp-prod:7 -> webapp-prod:8",
        "containerDefinitions[app].environment[LOG]: info -> debug",
    ]


def test_another_revision_that_says_the_same_is_told():
    found = drift(SETTINGS, SERVICE, None, definition(7), definition(8))
    assert lines(found) == ["service.task_definition: webapp-prod:7 -> webapp-prod:8"]


def test_a_secret_is_not_shown():
    expected, running = (
        definition(7, **environment(API_TOKEN="s3cret")),
        definition(8, **environment(API_TOKEN="0ther")),
    )
    shown = "\n".join(lines(drift(SETTINGS, SERVICE, None, expected, running)))
    assert "API_TOKEN" in shown
    assert "s3cret" not in shown
    assert "0ther" not in shown


def entry(number, outcome=None):
    told = {"number": number, "task_definition": f"{ARN}{number}"}
    return told | ({"outcome": outcome} if outcome else {})


@pytest.mark.parametrize(
    ("entries", "serving", "expected"),
    [
        pytest.param([], 1, "", id="no release yet"),
        pytest.param([entry(2, "succeeded"), entry(1, "succeeded")], 2, 2, id="the newest good one serves"),
        pytest.param([entry(2, "succeeded"), entry(1, "succeeded")], 1, 2, id="an older one was rolled out by hand"),
        pytest.param([entry(2, "succeeded")], 9, 2, id="a revision that is no release"),
        pytest.param([entry(3), entry(2, "succeeded")], 2, "", id="a release is under way"),
        pytest.param([entry(3, "rolled_back"), entry(2, "succeeded")], 2, 2, id="rolled back"),
        pytest.param([entry(3, "rolled_back"), entry(2, "succeeded")], 3, 2, id="the bad one again, by hand"),
        pytest.param([entry(3, "timed_out"), entry(2, "succeeded")], 3, "", id="good after all, for all we know"),
        pytest.param([entry(3, "timed_out"), entry(2, "succeeded")], 2, 2, id="timed out, and not there"),
        pytest.param([entry(1, "stopped")], 1, "", id="nothing good yet"),
    ],
)
def test_the_revision_that_is_to_serve_is_the_newest_good_release(entries, serving, expected):
    assert expected_revision(entries, f"{ARN}{serving}") == (f"{ARN}{expected}" if expected else "")
