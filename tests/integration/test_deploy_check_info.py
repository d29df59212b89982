"""deploy_check_info against emulators of AWS: each check once with what makes it bad. No task runs."""

from __future__ import annotations

import json
import subprocess
import uuid
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from tests.integration import ecr_repository
from tests.integration.harness import AwsEndpoint, run_module
from tests.integration.ledger import new_table

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class World(NamedTuple):
    """A service with all that a deploy needs."""

    aws: AwsEndpoint
    name: str
    repository: str
    subnets: list[str]
    group_arn: str

    def client(self, service: str) -> Any:
        return self.aws.client(service)

    def check(self, aws: AwsEndpoint | None = None, **options: Any) -> dict[str, dict[str, str]]:
        """Every check by its name."""
        names = {"cluster": self.name, "service": "app", "family": self.name, "repository": self.repository}
        # What moto does not know it answers with an error of its own, and asking again does not help.
        once = replace(self.aws, environment={**self.aws.environment, "AWS_MAX_ATTEMPTS": "1"})
        result = run_module("deploy_check_info", aws or once, environment="staging", **(names | options))
        assert "checks" in result, result
        return {one["name"]: one for one in result["checks"]}

    def register(self, **changes: Any) -> str:
        """Register the next revision, with the container changed."""
        container = {
            "name": "app",
            "image": f"{self.repository}:v1",
            "portMappings": [{"containerPort": 3000}],
            "secrets": [{"name": "KEY", "valueFrom": f"/{self.name}/KEY"}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": f"/{self.name}",
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "app",
                },
            },
        }
        task = {"cpu": "256", "memory": "512"} | {
            name: changes.pop(name) for name in ("cpu", "memory") if name in changes
        }
        answer = self.client("ecs").register_task_definition(
            family=self.name,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            executionRoleArn=f"arn:aws:iam::{self.aws.account_id}:role/{self.name}",
            containerDefinitions=[container | changes],
            **task,
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def allow(self, action: str) -> None:
        statement = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:ssm:*:*:parameter/{self.name}/*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.client("iam").put_role_policy(RoleName=self.name, PolicyName="read", PolicyDocument=policy)

    def update(self, **changes: Any) -> None:
        self.client("ecs").update_service(cluster=self.name, service="app", **changes)


@pytest.fixture
def world(ministack: AwsEndpoint) -> World:
    return a_world(ministack)


@pytest.fixture
def any_world(aws: AwsEndpoint) -> World:
    """The same on each emulator."""
    return a_world(aws)


def a_world(aws: AwsEndpoint) -> World:
    name = f"check-{uuid.uuid4().hex[:8]}"
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    firewall = ec2.create_security_group(GroupName=name, Description="test", VpcId=vpc)["GroupId"]
    group = elb.create_target_group(
        Name=name, Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip", HealthCheckPath="/healthz"
    )["TargetGroups"][0]["TargetGroupArn"]
    found = World(aws, name, ecr_repository.new_repository(aws), subnets, group)
    ecr_repository.push(aws, found.repository, "v1")
    aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
    found.allow("ssm:GetParameters")
    aws.client("ssm").put_parameter(Name=f"/{name}/KEY", Value="not-a-secret", Type="SecureString")
    aws.client("logs").create_log_group(logGroupName=f"/{name}")
    aws.client("ecs").create_cluster(clusterName=name)
    aws.client("ecs").create_service(
        cluster=name,
        serviceName="app",
        taskDefinition=found.register(),
        desiredCount=0,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [firewall]}},
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 3000}],
    )
    return found


def only_bad(checks: dict[str, dict[str, str]]) -> dict[str, str]:
    return {name: one["sentence"] for name, one in checks.items() if one["state"] == "bad"}


def test_nothing_is_bad_where_all_is_there(any_world):
    checks = any_world.check(image="v1")
    assert only_bad(checks) == {}
    assert list(checks) == [
        *("credentials", "service", "image", "secrets", "log group", "target group", "addresses"),
        *("quota", "alarms", "rollout"),
    ]
    # No layer was pushed, so the image does not say what it was built for. moto simulates no policy and knows no quota.
    unknown = {name for name, one in checks.items() if one["state"] == "unknown"}
    assert unknown == ({"image", "secrets", "quota"} if any_world.aws.name == "moto" else {"image"})
    assert "not-a-secret" not in json.dumps(checks)


def test_a_checkout_that_cannot_tell_older_from_newer_is_told_of(world, tmp_path):
    commits = world.check(image="v1", checkout=str(tmp_path))["commits"]
    assert (commits["state"], commits["advice"]) == ("unknown", "Next: run the command in a clone.")
    assert commits["sentence"].endswith(f"so an older one is not refused: {tmp_path} is no git checkout")


def test_a_checkout_without_the_commit_that_runs_is_told_of(world, tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    tags = [{"key": "towpath:git-sha", "value": "0123456789ab"}]
    world.client("ecs").tag_resource(resourceArn=world.register(), tags=tags)
    commits = world.check(image="v1", checkout=str(tmp_path))["commits"]
    assert commits["sentence"].endswith("so an older one is not refused: the checkout does not have 0123456789ab")
    assert commits["advice"] == "Next: git fetch --all."


def test_what_is_missing_is_bad(any_world):
    any_world.client("ssm").delete_parameter(Name=f"/{any_world.name}/KEY")
    any_world.client("logs").delete_log_group(logGroupName=f"/{any_world.name}")
    # Another one that begins with its name is another one.
    any_world.client("logs").create_log_group(logGroupName=f"/{any_world.name}-old")
    any_world.register(portMappings=[{"containerPort": 8080}])
    missing = {
        "secrets": "there is no KEY, and no task starts without",
        "log group": f"there is no log group /{any_world.name}, and no task starts without",
        "target group": "the load balancer asks port 3000 of app, expected 8080",
    }
    checks = any_world.check(image="nope")
    image = checks.pop("image")
    assert only_bad(checks) == missing
    assert image["state"] == "bad"
    assert "The newest are: v1." in image["advice"]

    deploying = any_world.check(deploying=True)
    assert only_bad(deploying) == missing
    assert list(deploying) == ["service", "image", "secrets", "log group", "target group"]


def test_what_would_come_out_badly_is_bad(world):
    world.allow("ssm:DescribeParameters")
    world.register(cpu="8192", memory="16384")
    cloudwatch = world.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=world.name,
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName=world.name, StateValue="ALARM", StateReason="test")
    alarms = {"alarmNames": [world.name], "enable": True, "rollback": True}
    table = new_table(world.aws)
    run_module(
        "ecs_service", world.aws, cluster=world.name, name="app", enable_execute_command=False, ledger_table=table
    )
    world.update(
        enableExecuteCommand=True,
        deploymentConfiguration={"maximumPercent": 200, "minimumHealthyPercent": 100, "alarms": alarms},
    )
    bad = only_bad(world.check(ledger_table=table, image="v1"))
    assert "of 6 vCPUs are in use, and a rollout needs 8 more" in bad.pop("quota")
    assert bad == {
        "secrets": "the execution role may not read KEY",
        "alarms": f"{world.name} is in ALARM, so ECS would not roll back for it",
        "drift": "changed by hand: service.enable_execute_command: off -> on",
    }
    many = world.check(deploying=True, many_tasks=1)
    assert only_bad(many).keys() == {"secrets", "quota"}


def test_an_image_for_another_machine_or_from_elsewhere_is_bad(world):
    part = {"mediaType": ecr_repository.MANIFEST_TYPE, "size": 1, "digest": "sha256:" + "0" * 64}
    index_type = "application/vnd.oci.image.index.v1+json"
    index = {
        "schemaVersion": 2,
        "mediaType": index_type,
        "manifests": [part | {"platform": {"architecture": "arm64", "os": "linux"}}],
    }
    world.client("ecr").put_image(
        repositoryName=world.repository,
        imageManifest=json.dumps(index),
        imageManifestMediaType=index_type,
        imageTag="arm",
    )
    assert "is built for ARM64, expected X86_64" in only_bad(world.check(image="arm", deploying=True))["image"]
    assert "is in nginx, expected one in" in only_bad(world.check(image="nginx:1", deploying=True))["image"]
    assert only_bad(world.check(repository="none", deploying=True)) == {"image": "There is no image repository none"}


def test_a_rollout_that_goes_on_is_bad_and_a_ledger_that_is_not_there_makes_drift_unknown(world):
    world.update(taskDefinition=world.register(), desiredCount=1)
    checks = world.check(ledger_table="none-releases")
    world.update(desiredCount=0)
    assert "is being rolled out: 0 of 1 tasks run" in only_bad(checks)["rollout"]
    drift = checks["drift"]
    assert (drift["state"], drift["sentence"]) == ("unknown", "not looked at: there is no table none-releases")


def test_a_service_that_is_not_there_is_all_there_is_to_say(world):
    assert world.check(service="none").keys() == {"service"}


def test_credentials_that_are_not_there_are_all_there_is_to_say(world):
    nobody = {"AWS_ENDPOINT_URL": world.aws.url, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    checks = world.check(replace(world.aws, environment=nobody))
    assert only_bad(checks) == {"credentials": "this shell has no AWS credentials"}
    assert checks.keys() == {"credentials"}
