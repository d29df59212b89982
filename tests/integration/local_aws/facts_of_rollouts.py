"""Facts that show only where tasks are real containers."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from local_aws import base_image, emulator
from tests.integration.harness import AwsEndpoint
from tests.integration.local_aws.facts import a_service, a_task_definition, error_of, logged, new

FactOfRollouts = Callable[[AwsEndpoint, str], None]
FACTS_OF_ROLLOUTS: dict[str, FactOfRollouts] = {}

# A process that is the first of its container has to listen to SIGTERM, or it is stopped after 30 seconds.
SERVE = ["/bin/sh", "-c", 'trap "exit 0" TERM; sleep 1000 & wait']
CRASH = ["/bin/false"]
BREAKER = {"enable": True, "rollback": False}
PASSWORD = "open-sesame"


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
        asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1}
        for message in sqs.receive_message(**asked).get("Messages", []):
            event = json.loads(message["Body"])
            seen.add(event["detail"].get("eventName") or event["detail"]["lastStatus"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    stopped = {"lastStatus": ["STOPPED"], "clusterArn": [service["clusterArn"]], "stopCode": ["UserInitiated"]}
    events.put_rule(Name=rule, EventPattern=json.dumps({"detail-type": ["ECS Task State Change"], "detail": stopped}))
    name, ecs = service["serviceName"], aws.client("ecs")
    [task] = ecs.list_tasks(cluster=name, desiredStatus="RUNNING")["taskArns"]
    ecs.stop_task(cluster=name, task=task, reason="a rehearsal")
    when("STOPPED", aws, name, task)
    end, found = time.monotonic() + 8, None
    while found is None or found["source"] != "aws.ecs" or found["detail"].get("stopCode") != "UserInitiated":
        assert time.monotonic() < end, found
        for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
            found = json.loads(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    detail = found["detail"]
    assert (found["resources"], detail["taskArn"], detail["group"]) == ([task], task, f"service:{name}")
    assert (detail["stoppedReason"], detail["taskDefinitionArn"]) == ("a rehearsal", service["taskDefinition"])
    assert [container["exitCode"] for container in detail["containers"]] == [0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z", detail["stoppedAt"])


def a_task(aws: AwsEndpoint, image: str, *containers: dict[str, Any], **given: Any) -> tuple[str, str]:
    """Run a task of these containers, which log; return the cluster's name and the task's ARN."""
    ecs, name = aws.client("ecs"), new("task")
    ecs.create_cluster(clusterName=name)
    logs = {"awslogs-group": name, "awslogs-region": "us-east-1", "awslogs-create-group": "true"}
    logging = {"logDriver": "awslogs", "options": logs | {"awslogs-stream-prefix": "task"}}
    shared = {"image": image, "essential": True, "logConfiguration": logging, "stopTimeout": 2}
    definition = ecs.register_task_definition(
        family=name,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[shared | one for one in containers],
    )["taskDefinition"]["taskDefinitionArn"]
    task = ecs.run_task(cluster=name, taskDefinition=definition, launchType="FARGATE", **given)["tasks"][0]
    return name, str(task["taskArn"])


def when(status: str, aws: AwsEndpoint, cluster: str, task: str, seconds: float = 60) -> dict[str, Any]:
    """Return the task when it has come to a status."""
    end = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = aws.client("ecs").describe_tasks(cluster=cluster, tasks=[task])["tasks"][0]
        if found["lastStatus"] == status:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.2)


def lines(aws: AwsEndpoint, group: str, count: int, seconds: float = 10) -> list[str]:
    """Return what a log group has, when it has so many lines."""
    logs, found, end = aws.client("logs"), [], time.monotonic() + seconds
    while len(found) < count and time.monotonic() < end:
        if logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            found = [event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]]
        time.sleep(0.2)
    return found


@fact
def a_container_gets_what_its_definition_says(aws: AwsEndpoint, image: str) -> None:
    # One stream, because the order of lines on two is nobody's promise.
    user = "while read key uid rest; do [ $key = Uid: ] && echo $uid; done < /proc/self/status"
    says = f"exec 2>&1; {user}; pwd; > /x; sleep 1"
    asked = {"user": "1234", "workingDirectory": "/lib", "readonlyRootFilesystem": True}
    entry = {"entryPoint": ["/bin/sh", "-c"], "command": [says]}
    cluster, task = a_task(aws, image, {"name": "app", **asked, **entry})
    when("STOPPED", aws, cluster, task)
    found = lines(aws, cluster, 3)
    assert found[:2] == ["1234", "/lib"], found
    assert "Read-only file system" in found[2]


@fact
def containers_wait_for_those_they_depend_on(aws: AwsEndpoint, image: str) -> None:
    ready = {"name": "ready", "essential": False, "command": ["/bin/sh", "-c", "sleep 1; echo ready"]}
    broken = {"name": "ready", "essential": False, "command": ["/bin/sh", "-c", "sleep 1; exit 1"]}
    needs = {"dependsOn": [{"containerName": "ready", "condition": "SUCCESS"}]}
    app = {"name": "app", "command": ["/bin/sh", "-c", "echo app; sleep 1; exit 7"]}

    cluster, task = a_task(aws, image, app | needs, ready)
    stopped = when("STOPPED", aws, cluster, task)
    assert {one["name"]: one["exitCode"] for one in stopped["containers"]} == {"app": 7, "ready": 0}
    assert lines(aws, cluster, 2) == ["ready", "app"]

    cluster, task = a_task(aws, image, app | needs, broken)
    assert when("STOPPED", aws, cluster, task)["stopCode"] == "TaskFailedToStart"


@fact
def a_command_runs_in_the_container(aws: AwsEndpoint, image: str) -> None:
    ecs, waits = aws.client("ecs"), {"name": "app", "command": SERVE}
    says = {"interactive": True, "command": "/bin/echo 'hello there'"}
    cluster, task = a_task(aws, image, waits)
    when("RUNNING", aws, cluster, task)
    assert error_of(ecs.execute_command, cluster=cluster, task=task, **says) == "InvalidParameterException"
    ecs.stop_task(cluster=cluster, task=task)

    cluster, task = a_task(aws, image, waits, enableExecuteCommand=True)
    when("RUNNING", aws, cluster, task)
    assert ecs.execute_command(cluster=cluster, task=task, **says)["containerName"] == "app"
    assert lines(aws, cluster, 1) == ["hello there"]
    ecs.stop_task(cluster=cluster, task=task)


def available(rds: Any, name: str) -> dict[str, Any]:
    end = time.monotonic() + 60
    while True:
        found: dict[str, Any] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        if found["DBInstanceStatus"] == "available":
            return found
        assert found["DBInstanceStatus"] != "failed" and time.monotonic() < end, found["DBInstanceStatus"]
        time.sleep(0.2)


@contextlib.contextmanager
def a_database(aws: AwsEndpoint, word: str, password: str = PASSWORD) -> Iterator[tuple[Any, dict[str, Any]]]:
    base_image.ensure(base_image.POSTGRES, home=emulator.HOME, log=emulator.HOME / "setup.log")
    rds, name = aws.client("rds"), new(word)
    make_database(rds, name, password)
    try:
        yield rds, available(rds, name)
    finally:
        for one in rds.describe_db_instances()["DBInstances"]:
            if one["DBInstanceIdentifier"].startswith(name):
                rds.delete_db_instance(DBInstanceIdentifier=one["DBInstanceIdentifier"], SkipFinalSnapshot=True)


def make_database(rds: Any, name: str, password: str = PASSWORD) -> None:
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        Engine="postgres",
        EngineVersion="17.6",
        DBInstanceClass="db.t4g.micro",
        AllocatedStorage=20,
        MasterUsername="webapp",
        MasterUserPassword=password,
        DBName="webapp",
    )


def sql(database: dict[str, Any], statement: str, password: str = PASSWORD) -> str:
    url = f"postgres://webapp:{password}@{database['Endpoint']['Address']}:{database['Endpoint']['Port']}/webapp"
    words = ["--rm", "--entrypoint", "psql", base_image.POSTGRES, url, "--tuples-only", "--no-align"]
    return emulator.docker("run", *words, "--command", statement)


@fact
def a_task_that_cannot_start_says_why(aws: AwsEndpoint, image: str) -> None:
    registry = aws.url.removeprefix("http://")
    said = []
    for given in (
        {"image": f"{registry}/none:1"},
        {"command": ["/bin/none"]},
        {"secrets": [{"name": "KEY", "valueFrom": "/none/KEY"}]},
    ):
        cluster, task = a_task(aws, image, {"name": "app"} | given)
        stopped = when("STOPPED", aws, cluster, task)
        said.append((stopped["stopCode"], stopped["stoppedReason"].partition(":")[0]))
    assert said == [
        ("TaskFailedToStart", "CannotPullContainerError"),
        ("TaskFailedToStart", "CannotStartContainerError"),
        ("TaskFailedToStart", "ResourceInitializationError"),
    ]
    assert stopped["stoppedReason"].endswith("invalid ssm parameters: /none/KEY")


@fact
def a_database_answers_tasks_and_this_machine_only(aws: AwsEndpoint, image: str) -> None:
    with a_database(aws, "database") as (_, database):
        assert sql(database, "select 1") == "1"
        published = f"publish={database['Endpoint']['Port']}"
        bound = emulator.docker("ps", "--filter", published, "--format", "{{.Ports}}")
        assert "5432" in bound and "0.0.0.0" not in bound, bound


@fact
def a_snapshot_holds_the_data(aws: AwsEndpoint, image: str) -> None:
    with a_database(aws, "kept") as (rds, database):
        name = database["DBInstanceIdentifier"]
        sql(database, "create table notes (word text); insert into notes values ('before')")
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-1")
        sql(database, "update notes set word = 'after'")
        rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=f"{name}-old", DBSnapshotIdentifier=f"{name}-1")
        assert sql(available(rds, f"{name}-old"), "select word from notes") == "before"
        assert sql(database, "select word from notes") == "after"


@fact
def an_instance_takes_another_name(aws: AwsEndpoint, image: str) -> None:
    with a_database(aws, "named") as (rds, database):
        old = database["DBInstanceIdentifier"]
        sql(database, "create table notes (word text)")
        rds.modify_db_instance(DBInstanceIdentifier=old, NewDBInstanceIdentifier=f"{old}-2", ApplyImmediately=True)
        assert error_of(rds.describe_db_instances, DBInstanceIdentifier=old) == "DBInstanceNotFound"
        assert sql(available(rds, f"{old}-2"), "select count(*) from notes") == "0"
