"""environment_status_info against emulators of AWS. Nothing runs here: the service wants no task."""

from __future__ import annotations

import time
from unittest import mock

import pytest
from ansible.module_utils.towpath import cloudwatch_api, dynamodb_api, rds_api
from ansible.module_utils.towpath.drift import settings_to_remember
from ansible.module_utils.towpath.dynamodb_api import put_release, put_settings, take_lock
from ansible.module_utils.towpath.listener_rules import EVERY_PATH, PAGE_PRIORITY
from ansible.module_utils.towpath.lock import new_lock

from tests.integration.harness import AwsEndpoint, run_module

NAME = "status-under-test"
LEDGER = f"{NAME}-releases"


def ask(aws: AwsEndpoint, cluster=NAME):
    found = run_module(
        "environment_status_info",
        aws,
        environment="staging",
        cluster=cluster,
        service="app",
        ledger_table=LEDGER,
        database=NAME,
        alarm_prefix=f"{NAME}-",
        dashboard=NAME,
    )
    assert "status" in found, found
    return found


def look(aws: AwsEndpoint, cluster=NAME):
    return ask(aws, cluster)["status"]


def register(aws: AwsEndpoint, release="", **variables):
    tags = {"towpath:release": release, "towpath:git-sha": "4f2c9d1a0b3e"} if release else {}
    return aws.client("ecs").register_task_definition(
        family=NAME,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[
            {
                "name": "app",
                "image": f"webapp@sha256:{'0f3c' * 16}",
                "portMappings": [{"containerPort": 3000}],
                "environment": [{"name": name, "value": value} for name, value in variables.items()],
                "secrets": [{"name": "SECRET_KEY_BASE", "valueFrom": "/webapp/staging/SECRET_KEY_BASE"}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "/ecs/staging/app", "awslogs-region": "us-east-1"},
                },
            }
        ],
        tags=[{"key": key, "value": value} for key, value in tags.items()],
    )["taskDefinition"]["taskDefinitionArn"]


@pytest.fixture
def revision(aws: AwsEndpoint):
    """The revision of release v1, which a service without tasks is pointed at, with a ledger that knows of both."""
    ecs, dynamodb = aws.client("ecs"), aws.client("dynamodb")
    ecs.create_cluster(clusterName=NAME)
    arn = register(aws, release="1", LOG="info")
    url = {"key": "towpath:url", "value": "http://webapp.example/"}
    ecs.create_service(cluster=NAME, serviceName="app", taskDefinition=arn, desiredCount=0, tags=[url])
    run_module("release_ledger", aws, name=LEDGER, deletion_protection=False, point_in_time_recovery=False)
    entry = {
        "number": 1,
        "change": "deploy",
        "by": "jane",
        "started_at": "2026-11-23T14:01:30+00:00",
        "ended_at": "2026-11-23T14:02:11+00:00",
        "outcome": "succeeded",
        "seconds": 41.2,
        "task_definition": arn,
    }
    assert put_release(dynamodb, LEDGER, entry)
    put_settings(dynamodb, LEDGER, settings_to_remember({"tags": {"towpath:url": url["value"]}, "desired_count": 3}))
    yield arn
    ecs.delete_service(cluster=NAME, service="app", force=True)
    ecs.delete_cluster(cluster=NAME)
    run_module("release_ledger", aws, name=LEDGER, state="absent", force=True)


def test_an_environment_that_is_not_provisioned_is_an_answer_and_no_error(aws: AwsEndpoint):
    found = ask(aws, cluster="nowhere")
    assert found["status"] == {"environment": "staging", "provisioned": False, "released": False}
    assert found["releases"] == []


def test_all_that_is_known_of_an_environment_is_told(aws: AwsEndpoint, revision):
    found = look(aws)
    assert (found["release"], found["git_sha"], found["by"]) == ("v1", "4f2c9d1a0b3e", "jane")
    assert found["released_at"] == "2026-11-23T14:02:11+00:00"
    assert found["last_release"]["outcome"] == "succeeded"
    assert found["tasks"] == {"wanted": 0, "running": 0, "healthy": 0}
    assert found["url"] == "http://webapp.example/"
    assert found["settings"] == {"LOG": "info"}
    assert list(found["secrets"]) == ["SECRET_KEY_BASE"]
    assert (found["alarms"], found["database"], found["under_way"]) == ([], {}, "")
    assert (found["drift"], found["unknown"]) == ([], [])


def test_the_newest_releases_come_along_with_links_into_the_console(aws: AwsEndpoint, revision):
    found = ask(aws)
    assert [(one["number"], one["outcome"], one["by"]) for one in found["releases"]] == [(1, "succeeded", "jane")]
    console = "https://us-east-1.console.aws.amazon.com"
    assert found["status"]["links"] == {
        "service": f"{console}/ecs/v2/clusters/{NAME}/services/app/health?region=us-east-1",
        "log": f"{console}/cloudwatch/home?region=us-east-1#logsV2:log-groups/log-group/$252Fecs$252Fstaging$252Fapp",
        "dashboard": f"{console}/cloudwatch/home?region=us-east-1#dashboards/dashboard/{NAME}",
    }


def test_a_table_that_is_not_there_yet_is_no_error(aws: AwsEndpoint, revision):
    run_module("release_ledger", aws, name=LEDGER, state="absent", force=True)
    found = look(aws)
    assert (found["release"], found["last_release"]) == ("v1", {})
    assert "does not remember" in found["unknown"][0]


def test_a_hand_edit_of_the_service_is_drift(aws: AwsEndpoint, revision):
    ecs = aws.client("ecs")
    service = ecs.describe_services(cluster=NAME, services=["app"])["services"][0]["serviceArn"]
    ecs.tag_resource(resourceArn=service, tags=[{"key": "towpath:url", "value": "http://elsewhere.example/"}])
    assert look(aws)["drift"] == [
        {
            "path": "service.tags[towpath:url]",
            "made": "http://webapp.example/",
            "found": "http://elsewhere.example/",
        }
    ]


def test_a_revision_that_was_rolled_out_by_hand_is_drift_with_all_that_differs_in_it(aws: AwsEndpoint, revision):
    other = register(aws, LOG="debug")
    aws.client("ecs").update_service(cluster=NAME, service="app", taskDefinition=other)
    found = look(aws)
    made, now = (arn.rpartition("/")[2] for arn in (revision, other))
    assert found["drift"] == [
        {"path": "service.task_definition", "made": made, "found": now},
        {"path": "containerDefinitions[app].environment[LOG]", "made": "info", "found": "debug"},
    ]
    assert not found["released"]


@pytest.fixture
def balanced(aws: AwsEndpoint):
    """A service behind a load balancer; returns the load balancer's listener."""
    ec2, elb, ecs = aws.client("ec2"), aws.client("elbv2"), aws.client("ecs")
    subnets = ec2.describe_subnets()["Subnets"][:2]
    group = elb.create_target_group(Name=NAME, Protocol="HTTP", Port=3000, VpcId=subnets[0]["VpcId"], TargetType="ip")[
        "TargetGroups"
    ][0]["TargetGroupArn"]
    balancer = elb.create_load_balancer(Name=NAME, Subnets=[one["SubnetId"] for one in subnets])["LoadBalancers"][0]
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )["Listeners"][0]["ListenerArn"]
    container = {"targetGroupArn": group, "containerName": "app", "containerPort": 3000}
    ecs.create_cluster(clusterName=NAME)
    ecs.create_service(
        cluster=NAME, serviceName="app", taskDefinition=register(aws), desiredCount=0, loadBalancers=[container]
    )
    yield listener
    ecs.delete_service(cluster=NAME, service="app", force=True)
    ecs.delete_cluster(cluster=NAME)
    elb.delete_load_balancer(LoadBalancerArn=balancer["LoadBalancerArn"])
    elb.delete_target_group(TargetGroupArn=group)


def test_a_page_of_maintenance_is_told(aws: AwsEndpoint, balanced: str):
    assert not look(aws)["maintenance"]
    page = {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": "Back soon."}
    aws.client("elbv2").create_rule(
        ListenerArn=balanced,
        Priority=PAGE_PRIORITY,
        Conditions=[EVERY_PATH],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": page}],
    )
    assert look(aws)["maintenance"]


def test_who_releases_now_is_told(aws: AwsEndpoint, revision):
    holder = {"who": "joe", "host": "laptop", "command": "deploy of 6b65b39"}
    assert take_lock(aws.client("dynamodb"), LEDGER, new_lock("", holder, time.time())) is None
    next_one = {"number": 2, "change": "deploy", "started_at": "2026-11-23T14:03:30+00:00"}
    assert put_release(aws.client("dynamodb"), LEDGER, next_one)
    found = ask(aws)
    assert found["status"]["under_way"].startswith("A deploy of 6b65b39 by joe (laptop) is under way since ")
    assert found["status"]["last_release"]["under_way"]
    assert [one.get("under_way", False) for one in found["releases"]] == [True, False]


# moto forgets the state that is asked for when it is asked for a prefix, too.
@pytest.mark.parametrize("aws", ["ministack"], indirect=True)
def test_the_alarms_in_alarm_that_belong_to_the_environment_are_named(aws: AwsEndpoint, revision):
    cloudwatch = aws.client("cloudwatch")
    names = [f"{NAME}-5xx", f"{NAME}-cpu", "somebody-elses"]
    for name in names:
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            MetricName="m",
            Namespace="n",
            Period=60,
            EvaluationPeriods=1,
            Statistic="Sum",
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    for name in (names[0], names[2]):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="test")
    try:
        assert look(aws)["alarms"] == [names[0]]
    finally:
        cloudwatch.delete_alarms(AlarmNames=names)


# Of the local AWS a database is a real one, which takes a while to start and shows no more here.
def test_the_database_is_told_where_there_is_one(moto: AwsEndpoint):
    rds = moto.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier=NAME,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="16.4",
        AllocatedStorage=20,
        MasterUsername="webapp",
        MasterUserPassword="not-a-secret",
    )
    ecs = moto.client("ecs")
    ecs.create_cluster(clusterName=NAME)
    ecs.create_service(cluster=NAME, serviceName="app", taskDefinition=register(moto), desiredCount=0)
    try:
        database = look(moto)["database"]
    finally:
        ecs.delete_service(cluster=NAME, service="app", force=True)
        ecs.delete_cluster(cluster=NAME)
        rds.delete_db_instance(DBInstanceIdentifier=NAME, SkipFinalSnapshot=True)
    assert (database["engine"], database["version"], database["status"]) == ("postgres", "16.4", "available")


def test_what_aws_does_not_let_us_see_is_named_and_the_rest_is_told(aws: AwsEndpoint, revision):
    denied = cloudwatch_api.CloudWatchError("Failed to describe the alarms that are in ALARM")
    with mock.patch.object(cloudwatch_api, "alarms_in_alarm", side_effect=denied):
        found = look(aws)
    assert found["release"] == "v1"
    assert found["unknown"] == ["the alarms. Failed to describe the alarms that are in ALARM"]
    assert found["alarms"] is None


def test_what_could_not_be_looked_at_is_null_and_not_empty(aws: AwsEndpoint, revision):
    calls = {
        "last_release": (dynamodb_api, "describe_table", dynamodb_api.DynamoDbError),
        "database": (rds_api, "describe_instance", rds_api.RdsError),
    }
    for name, (api, call, error) in calls.items():
        with mock.patch.object(api, call, side_effect=error("Denied")):
            assert look(aws)[name] is None
        assert look(aws)[name] is not None
