"""ecs_service against emulators of AWS. Nothing runs here: the service wants no task."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.drift import drift, lines
from ansible.module_utils.towpath.dynamodb_api import get_settings

from tests.integration.harness import AwsEndpoint, run_module

CLUSTER = "service-under-test"
TAGS = {"towpath:environment": "staging"}

# moto drops these when it makes a service, so a second run there can only differ.
FORGOTTEN_BY_MOTO = (
    "minimum_healthy_percent",
    "maximum_percent",
    "circuit_breaker",
    "enable_execute_command",
    "health_check_grace_period_seconds",
)


def kept(aws: AwsEndpoint, options):
    """The options that this emulator remembers."""
    forgotten = FORGOTTEN_BY_MOTO if aws.name == "moto" else ()
    return {name: value for name, value in options.items() if name not in forgotten}


@pytest.fixture(scope="module")
def revision():
    """The revision of each emulator, registered once."""
    registered: dict[str, str] = {}

    def register(aws: AwsEndpoint) -> str:
        if aws.name not in registered:
            answer = aws.client("ecs").register_task_definition(
                family="service-under-test",
                requiresCompatibilities=["FARGATE"],
                networkMode="awsvpc",
                cpu="256",
                memory="512",
                containerDefinitions=[{"name": "app", "image": "app", "portMappings": [{"containerPort": 3000}]}],
            )
            registered[aws.name] = answer["taskDefinition"]["taskDefinitionArn"]
        return registered[aws.name]

    return register


@pytest.fixture
def options(aws: AwsEndpoint, revision):
    """A service with all that our app_service gives it, in a cluster of its own."""
    ec2, elb = aws.client("ec2"), aws.client("elbv2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    group = elb.create_target_group(Name="service-under-test", Protocol="HTTP", Port=3000, VpcId=vpc, TargetType="ip")
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    firewalls = [
        ec2.create_security_group(GroupName=f"service-under-test-{number}", Description="test", VpcId=vpc)["GroupId"]
        for number in range(2)
    ]
    run_module("ecs_cluster", aws, name=CLUSTER)
    everything = {
        "cluster": CLUSTER,
        "name": "app",
        "task_definition": revision(aws),
        "desired_count": 0,
        "launch_type": "FARGATE",
        "subnets": subnets,
        "security_groups": firewalls,
        "load_balancers": [{"target_group_arn": arn, "container_name": "app", "container_port": "3000"}],
        "minimum_healthy_percent": 100,
        "maximum_percent": 200,
        "circuit_breaker": {"enable": True, "rollback": True},
        "enable_execute_command": True,
        "propagate_tags": "SERVICE",
        "tags": TAGS,
    }
    yield kept(aws, everything)
    run_module("ecs_service", aws, cluster=CLUSTER, name="app", state="absent")
    run_module("ecs_cluster", aws, name=CLUSTER, state="absent")
    elb.delete_target_group(TargetGroupArn=arn)
    for one in firewalls:
        ec2.delete_security_group(GroupId=one)


def on_aws(aws: AwsEndpoint):
    return aws.client("ecs").describe_services(cluster=CLUSTER, services=["app"], include=["TAGS"])["services"][0]


def test_a_service_is_made_once(aws: AwsEndpoint, options):
    first = run_module("ecs_service", aws, **options)
    assert first["changed"], first
    made = on_aws(aws)
    assert made["loadBalancers"][0]["containerPort"] == 3000
    if "circuit_breaker" in options:
        assert made["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
        assert made["enableExecuteCommand"] is True
    assert made["tags"] == [{"key": "towpath:environment", "value": "staging"}]

    again = options | {name: options[name][::-1] for name in ("subnets", "security_groups")}
    second = run_module("ecs_service", aws, **again)
    assert not second["changed"], second["diff"]
    assert second["service"] == first["service"]
    assert second["service"]["arn"] == made["serviceArn"]


def test_what_is_not_given_is_left_alone(aws: AwsEndpoint, options):
    made = run_module("ecs_service", aws, **options)
    changed = run_module(
        "ecs_service", aws, cluster=CLUSTER, name="app", security_groups=options["security_groups"][:1]
    )
    assert list(changed["diff"]["after"]) == ["security_groups"], changed
    assert changed["service"] == made["service"] | {"security_groups": options["security_groups"][:1]}
    again = run_module("ecs_service", aws, cluster=CLUSTER, name="app")
    assert not again["changed"]
    assert again["service"] == changed["service"]


def test_the_task_definition_is_never_moved(aws: AwsEndpoint, options):
    made = run_module("ecs_service", aws, **options)
    result = run_module("ecs_service", aws, **options | {"task_definition": "another-family:7"})
    assert not result["changed"]
    assert result["service"]["task_definition"] == made["service"]["task_definition"] == on_aws(aws)["taskDefinition"]


def test_network_breaker_and_tags_can_be_changed(aws: AwsEndpoint, options):
    run_module("ecs_service", aws, **options)
    others = kept(
        aws,
        {
            "security_groups": options["security_groups"][1:],
            "circuit_breaker": {"rollback": False},
            "health_check_grace_period_seconds": 45,
            "enable_execute_command": False,
            "tags": {"team": "web"},
        },
    )
    changed = run_module("ecs_service", aws, **options | others)
    assert set(changed["diff"]["after"]) == set(others), changed
    service = on_aws(aws)
    network = service["networkConfiguration"]["awsvpcConfiguration"]
    assert network["securityGroups"] == options["security_groups"][1:]
    assert sorted(network["subnets"]) == sorted(options["subnets"])
    if "circuit_breaker" in others:
        breaker = {"enable": True, "rollback": False}
        assert service["deploymentConfiguration"] == {
            "deploymentCircuitBreaker": breaker,
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
        }
    assert service["tags"] == [{"key": "team", "value": "web"}]
    assert not run_module("ecs_service", aws, **options | others)["changed"]


def test_a_launch_type_cannot_be_changed(aws: AwsEndpoint, options):
    run_module("ecs_service", aws, **options)
    refused = run_module("ecs_service", aws, **options | {"launch_type": "EC2"})
    assert refused["failed"]
    assert "launch_type is FARGATE and cannot become EC2" in refused["msg"]


def test_check_mode_says_the_same_and_does_nothing(aws: AwsEndpoint, options):
    planned = run_module("ecs_service", aws, check_mode=True, **options)
    assert planned["changed"]
    made = run_module("ecs_service", aws, **options)
    assert made["changed"]
    assert made.keys() == planned.keys()
    assert made["service"] | {"arn": ""} == planned["service"]

    planned = run_module("ecs_service", aws, check_mode=True, **options | {"desired_count": 3})
    assert planned["msg"] == "Changed desired_count of the service app."
    assert on_aws(aws)["desiredCount"] == 0
    assert not run_module("ecs_service", aws, check_mode=True, **options)["changed"]


def test_check_mode_needs_neither_cluster_nor_revision(aws: AwsEndpoint, options):
    nothing_yet = {name: value for name, value in options.items() if name != "task_definition"} | {"cluster": "none"}
    planned = run_module("ecs_service", aws, check_mode=True, **nothing_yet)
    assert planned["changed"], planned
    assert planned["service"]["task_definition"] == ""
    assert not run_module("ecs_service", aws, check_mode=True, cluster="none", name="app", state="absent")["changed"]


def test_a_new_service_without_a_cluster_says_what_to_run(aws: AwsEndpoint, options):
    refused = run_module("ecs_service", aws, **options | {"cluster": "none"})
    assert refused["failed"]
    assert "Run ansible-playbook provision.yml -e env=NAME first." in refused["msg"]


def test_a_new_service_without_a_revision_is_refused(aws: AwsEndpoint, options):
    refused = run_module("ecs_service", aws, **options | {"task_definition": None})
    assert refused["failed"]
    assert "needs task_definition" in refused["msg"]


def test_a_service_is_deleted_once_and_can_be_made_again(aws: AwsEndpoint, options):
    run_module("ecs_service", aws, **options)
    gone = {"cluster": CLUSTER, "name": "app", "state": "absent"}
    assert run_module("ecs_service", aws, check_mode=True, **gone)["changed"]
    deleted = run_module("ecs_service", aws, **gone)
    assert deleted["changed"], deleted
    assert not run_module("ecs_service", aws, **gone)["changed"]
    assert run_module("ecs_service", aws, **options)["changed"]


@pytest.fixture
def ledger(aws: AwsEndpoint):
    name = "service-under-test-releases"
    run_module("release_ledger", aws, name=name, deletion_protection=False, point_in_time_recovery=False)
    yield name
    run_module("release_ledger", aws, name=name, state="absent", force=True)


def test_what_a_service_was_made_is_remembered_so_that_a_hand_edit_is_told(aws: AwsEndpoint, options, ledger: str):
    def drifted():
        return lines(drift(get_settings(aws.client("dynamodb"), ledger), on_aws(aws), None))

    run_module("ecs_service", aws, check_mode=True, ledger_table=ledger, **options)
    assert get_settings(aws.client("dynamodb"), ledger) is None

    made = run_module("ecs_service", aws, ledger_table=ledger, **options)
    assert made["changed"], made
    assert drifted() == []

    network = {"subnets": options["subnets"], "securityGroups": options["security_groups"][:1]}
    aws.client("ecs").update_service(
        cluster=CLUSTER, service="app", networkConfiguration={"awsvpcConfiguration": network}
    )
    both, one = (", ".join(sorted(groups)) for groups in (options["security_groups"], network["securityGroups"]))
    assert drifted() == [f"service.security_groups: {both} -> {one}"]

    # Who looks after the service may change it.
    run_module("ecs_service", aws, ledger_table=ledger, **options | {"security_groups": network["securityGroups"]})
    assert drifted() == []
