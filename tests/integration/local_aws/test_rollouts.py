"""How rollouts end on the local AWS, in real containers and with requests all the while.

The scenarios run side by side, three at a time: most of a rollout is waiting.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from local_aws import commands
from tests.integration.harness import AwsEndpoint
from tests.integration.local_aws import app
from tests.integration.local_aws.app import App

COMPLETED = ["IN_PROGRESS", "COMPLETED"]
ROLLED_BACK = ["IN_PROGRESS", "FAILED", "IN_PROGRESS", "COMPLETED"]


@dataclass(frozen=True)
class Scenario:
    """A new revision, and how its rollout ends on AWS."""

    change: dict[str, Any]
    ends: str = "ROLLBACK_SUCCESSFUL"
    events: list[str] = field(default_factory=lambda: ROLLED_BACK)
    told: str = ""
    """What a stopped task says of the reason."""
    path: str = "/"
    grace: int = 0


SCENARIOS = {
    "an_app_that_answers_500": Scenario({"command": app.ANSWERS_500}, told="Task failed ELB health checks"),
    "an_app_that_never_listens": Scenario({"command": app.NEVER_LISTENS}, told="Task failed ELB health checks"),
    "an_app_that_crashes_after_ten_seconds": Scenario(
        # The grace period outlasts the crash, in the shorter time too.
        {"command": app.CRASHES_AFTER_TEN_SECONDS},
        told="Essential container in task exited",
        grace=600,
    ),
    "a_slow_start_within_the_grace_period": Scenario(
        {"command": app.SLOW_START}, ends="SUCCESSFUL", events=COMPLETED, grace=30
    ),
    "requests_of_two_seconds": Scenario({}, ends="SUCCESSFUL", events=COMPLETED, path="/cgi-bin/slow"),
    "an_app_that_crashes_at_once": Scenario(
        {"command": app.CRASHES_AT_ONCE}, told="Essential container in task exited"
    ),
    "a_missing_image": Scenario({"image": "{registry}/none@sha256:" + "0" * 64}, told="CannotPullContainerError"),
    "a_missing_secret": Scenario(
        {"secrets": [{"name": "KEY", "valueFrom": "/no/such/parameter"}]}, told="ResourceInitializationError"
    ),
    "a_good_app": Scenario({"environment": [{"name": "RELEASE", "value": "2"}]}, ends="SUCCESSFUL", events=COMPLETED),
}


def play(aws: AwsEndpoint, image: str, scenario: Scenario) -> None:
    web = App(aws, image, grace=scenario.grace)
    old = web.make()
    web.wait_until_steady()
    assert web.heard(2) == COMPLETED
    before = {task["taskArn"] for task in web.tasks()}
    registry = (
        {"image": scenario.change["image"].format(registry=aws.url.removeprefix("http://"))}
        if "image" in scenario.change
        else {}
    )
    new = web.revision(**scenario.change | registry)
    began = time.monotonic()
    with web.traffic(40) as answers, web.traffic(4, scenario.path) as others:
        web.update(taskDefinition=new)
        record = web.wait_for_record(scenario.ends)
        events = web.heard(len(scenario.events))
    assert set(answers) | set(others) == {200}, (answers, others, web.story())
    # The senders aim at 40 a second and catch up; half of it shows that they were there on a busy machine, too.
    assert answers[200] >= 20 * (time.monotonic() - began)
    assert events == scenario.events

    service, good = web.service(), scenario.ends == "SUCCESSFUL"
    assert service["taskDefinition"] == (new if good else old)
    assert [(one["status"], one["rolloutState"]) for one in service["deployments"]] == [("PRIMARY", "COMPLETED")]
    assert service["events"][0]["message"] == "(service app) has reached a steady state."
    # A task that crashed is gone before the draining of its target is over.
    web.wait(lambda: web.target_states() == {"healthy": 2})
    after = {task["taskArn"] for task in web.tasks()}
    assert len(after) == 2
    assert (after & before) == (set() if good else before)
    if not good:
        assert record["rollback"]["reason"] == "ECS deployment circuit breaker: tasks failed to start."
        breaker = record["deploymentCircuitBreaker"]
        assert (breaker["threshold"], breaker["status"]) == (3, "TRIGGERED")
        reasons = [task["stoppedReason"] for task in web.tasks("STOPPED")]
        assert sum(scenario.told in reason for reason in reasons) >= 3, reasons
    web.delete()


@pytest.fixture(scope="module")
def played(ministack: AwsEndpoint, app_image: str) -> Iterator[dict[str, Future[None]]]:
    with ThreadPoolExecutor(max_workers=3) as stage:
        yield {name: stage.submit(play, ministack, app_image, one) for name, one in SCENARIOS.items()}


@pytest.mark.parametrize("name", SCENARIOS)
def test_no_request_fails_and_it_ends_as_on_aws(name, played):
    played[name].result(timeout=240)


@pytest.fixture(scope="module")
def steady(ministack: AwsEndpoint, app_image: str) -> Iterator[App]:
    web = App(ministack, app_image)
    web.make()
    web.wait_until_steady()
    yield web
    web.delete()


def stopped(web: App, task: str) -> dict[str, Any]:
    """Return the task when it is stopped and another one serves in its place."""
    web.wait(lambda: any(one["taskArn"] == task and one["lastStatus"] == "STOPPED" for one in web.tasks("STOPPED")))
    web.wait(lambda: len(web.tasks()) == 2 and web.target_states() == {"healthy": 2})
    return next(one for one in web.tasks("STOPPED") if one["taskArn"] == task)


def test_a_task_that_is_stopped_is_replaced_and_takes_only_the_requests_in_flight_along(steady):
    web = steady
    victim = web.tasks()[0]["taskArn"]
    with web.traffic(40) as answers, web.traffic(4, "/cgi-bin/slow") as others:
        web.wait(lambda: others[200] >= 4)
        web.ecs.stop_task(cluster=web.name, task=victim)
        # From here on no request is sent to it.
        left = time.monotonic()
        assert stopped(web, victim)["stopCode"] == "UserInitiated"
        web.wait(lambda: answers[200] >= 40)
    late = [began - left for began in answers.failures_began + others.failures_began if began >= left]
    assert late == [], (answers, others)
    assert web.service()["deployments"][0]["rolloutState"] == "COMPLETED"


def test_a_task_whose_containers_are_killed_is_replaced(steady):
    web = steady
    victim = web.tasks()[0]["taskArn"]
    web.rehearse({"task": victim, "fault": "kill"})
    task = stopped(web, victim)
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert [one["exitCode"] for one in task["containers"]] == [137]


def test_paused_tasks_answer_nothing_until_they_may_go_on(steady):
    web = steady
    tasks = [task["taskArn"] for task in web.tasks()]
    web.rehearse(*({"task": task, "fault": "pause"} for task in tasks))
    with pytest.raises(TimeoutError):
        web.get(timeout=1)
    web.rehearse(*({"task": task, "fault": "unpause"} for task in tasks))
    assert web.get() == 200


def test_a_task_that_stays_paused_fails_its_health_checks_and_is_replaced(steady):
    web = steady
    web.wait(lambda: len(web.tasks()) == 2 and web.target_states() == {"healthy": 2})
    victim = web.tasks()[0]["taskArn"]
    web.rehearse({"task": victim, "fault": "pause"})
    assert "Task failed ELB health checks" in stopped(web, victim)["stoppedReason"]
    assert any("is unhealthy" in message and "Request timed out" in message for message in web.messages())


def test_tasks_that_find_no_capacity_are_placed_later(steady):
    web = steady
    web.rehearse({"fault": "refuse", "tasks": 2})
    web.update(forceNewDeployment=True)
    web.wait_for_record("SUCCESSFUL")
    refused = [message for message in web.messages() if "is unable to place a task" in message]
    assert len(refused) == 2
    assert "Reason: Capacity is unavailable at this time." in refused[0]
    web.wait(lambda: len(web.tasks()) == 2 and web.target_states() == {"healthy": 2})


def test_event_bridge_tells_a_function_of_a_rollout(steady):
    web = steady
    group = web.let_a_function_hear_of_it("def handler(event, _): print('heard', event['detail']['eventName'])")
    web.update(forceNewDeployment=True)
    web.wait_for_record("SUCCESSFUL")

    def heard() -> set[str]:
        logs = web.aws.client("logs")
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return set()
        said = [event["message"].strip() for event in logs.filter_log_events(logGroupName=group)["events"]]
        return {line for line in said if line.startswith("heard")}

    web.wait(lambda: heard() == {"heard SERVICE_DEPLOYMENT_IN_PROGRESS", "heard SERVICE_DEPLOYMENT_COMPLETED"})


def test_a_rollout_can_be_stopped_and_goes_back(steady):
    web = steady
    old = web.service()["taskDefinition"]
    web.update(taskDefinition=web.revision(app.NEVER_LISTENS))
    web.wait(lambda: web.record()["status"] == "IN_PROGRESS")
    arn = web.record()["serviceDeploymentArn"]
    assert web.ecs.stop_service_deployment(serviceDeploymentArn=arn)["serviceDeploymentArn"] == arn
    record = web.wait_for_record("ROLLBACK_SUCCESSFUL")
    assert record["rollback"]["serviceRevisionArn"] == record["sourceServiceRevisions"][0]["arn"]
    assert web.service()["taskDefinition"] == old
    with pytest.raises(web.ecs.exceptions.ConflictException):
        web.ecs.stop_service_deployment(serviceDeploymentArn=arn)


def test_an_alarm_rolls_a_deployment_back(ministack, app_image):
    alarm = f"errors-{uuid.uuid4().hex[:8]}"
    web = App(ministack, app_image, alarms={"alarmNames": [alarm], "enable": True, "rollback": True})
    cloudwatch = ministack.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="App",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    old = web.make(desired=1)
    web.wait_until_steady()
    web.update(taskDefinition=web.revision(app.NEVER_LISTENS))
    cloudwatch.set_alarm_state(AlarmName=alarm, StateValue="ALARM", StateReason="Too many errors")
    record = web.wait_for_record("ROLLBACK_SUCCESSFUL")
    assert record["alarms"] == {"status": "TRIGGERED", "alarmNames": [alarm], "triggeredAlarmNames": [alarm]}
    assert web.service()["taskDefinition"] == old
    web.delete()


def test_a_container_health_check_decides_too(ministack, app_image):
    check = {"command": ["CMD-SHELL", "cat /ready"], "interval": 5, "retries": 1, "timeout": 2}
    web = App(ministack, app_image)
    web.make("touch /ready; " + app.SERVE, desired=1, healthCheck=check)
    web.wait_until_steady()
    assert web.tasks()[0]["healthStatus"] == "HEALTHY"
    web.update(taskDefinition=web.revision(app.SERVE, healthCheck=check))
    web.wait_for_record("ROLLBACK_SUCCESSFUL")
    assert "Task failed container health checks" in [task["stoppedReason"] for task in web.tasks("STOPPED")]
    web.delete()


@pytest.fixture(scope="session")
def hey(tmp_path_factory: pytest.TempPathFactory) -> str:
    if not shutil.which("hey") and commands.can_install_packages():
        commands.install_packages("hey", log=tmp_path_factory.mktemp("hey") / "apt.log")
    return shutil.which("hey") or pytest.skip("There is no command hey to send 200 requests a second: apt install hey.")


def test_two_hundred_requests_a_second_all_succeed_over_a_rollout(steady, hey):
    web = steady
    # 8 senders of 25 requests a second each; how long a rollout takes is unknown, so they are stopped after it.
    load = [hey, "-c", "8", "-q", "25", "-z", "300s", "-host", web.host, "-o", "csv", web.aws.url + "/"]
    with subprocess.Popen(load, stdout=subprocess.PIPE, text=True) as sender:
        web.update(forceNewDeployment=True)
        web.wait_for_record("SUCCESSFUL")
        sender.send_signal(signal.SIGINT)
        printed, _ = sender.communicate(timeout=60)
    answers = Counter(line.split(",")[6] for line in printed.splitlines()[1:])
    assert answers.keys() == {"200"}, answers
    assert answers["200"] >= 200
