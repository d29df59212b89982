"""Which call goes wrong, and how it is answered."""

from __future__ import annotations

import json

import pytest

from local_aws import faults
from local_aws.faults import Faults


def test_only_the_call_that_was_named_goes_wrong():
    asked = Faults(calls=[{"action": "UpdateService", "call": 2, "fault": "throttle"}])
    assert [asked.next_for("UpdateService") for _ in range(3)] == ["", "throttle", ""]
    assert [asked.next_for("RunTask") for _ in range(3)] == ["", "", ""]


def test_capacity_is_refused_to_so_many_tasks():
    asked = Faults(refused_tasks=3)
    assert [asked.refuse(2) for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param([], id="none"),
        pytest.param([{"action": "UpdateService", "call": 1, "fault": "lose"}], id="a_call"),
        pytest.param([{"action": "UpdateService", "call": 1, "fault": "delay"}], id="a_call_held_up"),
        pytest.param([{"task": "arn", "fault": "kill"}], id="a_task"),
        pytest.param([{"tasks": 2, "fault": "refuse"}], id="capacity"),
    ],
)
def test_a_fault_that_is_known_is_taken(asked):
    assert faults.refusal(asked) == ""


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param([{"action": "UpdateService", "call": 1, "fault": "explode"}], id="unknown"),
        pytest.param([{"action": "UpdateService", "fault": "fail"}], id="which_call"),
        pytest.param([{"fault": "kill"}], id="which_task"),
        pytest.param(["fail"], id="no_object"),
        pytest.param(None, id="no_list"),
    ],
)
def test_what_is_no_fault_is_refused_with_an_example(asked):
    assert '"fault": "throttle"' in faults.refusal(asked)


@pytest.mark.parametrize(
    ("headers", "query", "body", "action"),
    [
        pytest.param([(b"X-Amz-Target", b"Ecs_2014.UpdateService")], b"", b"{}", "UpdateService", id="json"),
        pytest.param([], b"", b"Action=CreateVpc&Version=1", "CreateVpc", id="form"),
        pytest.param([], b"Action=CreateVpc", b"", "CreateVpc", id="query"),
        pytest.param([], b"", b"", "", id="a_path"),
    ],
)
def test_the_action_is_found_in_every_protocol(headers, query, body, action):
    assert faults.action_of(headers, query, body) == action


@pytest.mark.parametrize(
    ("fault", "service", "is_json", "status", "code"),
    [
        ("throttle", "ecs", True, 400, "ThrottlingException"),
        ("throttle", "elasticloadbalancing", False, 400, "Throttling"),
        ("throttle", "ec2", False, 503, "RequestLimitExceeded"),
        ("fail", "ecs", True, 500, "ServerException"),
        ("fail", "ec2", False, 500, "InternalFailure"),
        ("deny", "ecs", True, 400, "AccessDeniedException"),
        ("deny", "ec2", False, 403, "UnauthorizedOperation"),
        ("deny", "rds", False, 403, "AccessDenied"),
        ("expire", "ecs", True, 400, "ExpiredTokenException"),
        ("expire", "ec2", False, 403, "RequestExpired"),
        ("expire", "rds", False, 403, "ExpiredToken"),
    ],
)
def test_errors_are_those_of_the_service(fault, service, is_json, status, code):
    found, _, body = faults.answer(fault, service, is_json)
    assert found == status
    assert (json.loads(body)["__type"] == code) if is_json else (f"<Code>{code}</Code>" in body.decode())


def test_a_refusal_names_the_action_as_a_policy_does():
    _, _, body = faults.answer("deny", "monitoring", False, "DescribeAlarms")
    assert "is not authorized to perform: cloudwatch:DescribeAlarms because" in body.decode()


def test_every_call_may_go_wrong():
    asked = Faults(calls=[{"action": "GetLogEvents", "call": 0, "fault": "deny"}])
    assert [asked.next_for(action) for action in ("GetLogEvents", "ListTasks", "GetLogEvents")] == ["deny", "", "deny"]
