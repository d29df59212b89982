"""destroy.yml takes away all of one environment and nothing else, whatever happens on the way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_aws import emulator
from tests import refused
from tests.e2e.account import ROOT, Account

DESTROY = ("destroy.yml", "-e", "env=staging")
# As much of everything as there can be.
SETTINGS = {
    "dns_zone_name": "towpath.example",
    "bastion_access": "ssm",
    "database_deletion_protection": True,
    "load_balancer_access_logs_enabled": True,
    "network_interface_endpoints": ["logs"],
    "app_service_maximum_count": 3,
    "app_service_night_stop": {"stop": "cron(0 20 * * ? *)", "start": "cron(0 7 * * ? *)"},
}
# Service, operation, where its answer lists what there is, and what tells one from another.
LISTS = [
    ("acm", "list_certificates", "CertificateSummaryList", "CertificateArn"),
    ("cloudfront", "list_distributions", "DistributionList.Items", "Id"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("dynamodb", "list_tables", "TableNames", ""),
    ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    ("ec2", "describe_instances", "Reservations[].Instances[?State.Name!='terminated'][]", "InstanceId"),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_nat_gateways", "NatGateways[?State!='deleted']", "NatGatewayId"),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_volumes", "Volumes", "VolumeId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("ecr", "describe_repositories", "repositories", "repositoryName"),
    ("ecs", "list_clusters", "clusterArns", ""),
    ("ecs", "list_task_definitions", "taskDefinitionArns", ""),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    ("iam", "list_policies", "Policies", "PolicyName"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"),
    ("rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("route53", "list_hosted_zones", "HostedZones", "Id"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("ssm", "describe_parameters", "Parameters", "Name"),
]
MORE: dict[str, list[dict[str, Any]]] = {
    "list_policies": [{"Scope": "Local"}],
    "list_task_definitions": [{"status": status} for status in ("ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS")],
}

Things = dict[tuple[str, str], str]


def everything(account: Account) -> Things:
    """All that is in the account, as each service tells it: kind and name, and what else is said of it."""
    found: Things = {}
    for service, operation, where, name in LISTS:
        pages = account.client(service).get_paginator(operation) if operation != "describe_addresses" else None
        for request in MORE.get(operation, [{}]):
            answers = pages.paginate(**request).search(f"{where}[]") if pages else addresses(account)
            for one in answers:
                if one:
                    found[operation, one[name] if name else one] = json.dumps(one, default=str)
    scaling = account.client("application-autoscaling")
    for operation in ("describe_scalable_targets", "describe_scaling_policies", "describe_scheduled_actions"):
        for page in scaling.get_paginator(operation).paginate(ServiceNamespace="ecs"):
            for one in next(value for value in page.values() if isinstance(value, list)):
                found[operation, json.dumps(one, default=str, sort_keys=True)] = one["ResourceId"]
    for zone in account.client("route53").list_hosted_zones()["HostedZones"]:
        records = account.client("route53").list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
        found |= {("record", f"{one['Name']} {one['Type']}"): json.dumps(one) for one in records}
    return found


def addresses(account: Account) -> list[dict[str, Any]]:
    return list(account.client("ec2").describe_addresses()["Addresses"])


def kinds(things: Things) -> set[str]:
    return {kind for kind, _ in things}


def of(environment: str, things: Things) -> Things:
    """What names the environment: itself, in a tag, or as the VPC that it is in."""
    tag = json.dumps({"Key": "towpath:environment", "Value": environment})
    vpcs = [name for (kind, name), text in things.items() if kind == "describe_vpcs" and tag in text]
    words = [f"webapp-{environment}", f"/webapp/{environment}", f"/ecs/{environment}/", tag, *vpcs]
    words += [f"{environment}.towpath.example"]
    return {each: text for each, text in things.items() if any(word in f"{each[1]} {text}" for word in words)}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """Both environments with all that there can be in them, and no containers: nobody looks into them here."""
    home = tmp_path_factory.mktemp("local_aws")
    emulator.ensure_venv()
    local_aws, _ = emulator.up(home, simulate=True)
    settings = tmp_path_factory.mktemp("settings") / "settings.json"
    settings.write_text(json.dumps(SETTINGS))
    account = Provisioned(local_aws, settings.parent)
    try:
        with refused.watched(local_aws.url):
            account.playbook("provision.yml")
            yield account
    finally:
        emulator.down(home)


class Provisioned(Account):
    """An account whose commands are all given the same settings."""

    def command(self, name: str, *arguments: str) -> list[str]:
        return super().command(name, *arguments, "-e", f"@{self.folder / 'settings.json'}")


@pytest.fixture(scope="module")
def staging(account: Account) -> Things:
    """Staging in use: a release in its ledger, a second revision, tasks of the service and one that runs by itself."""
    ecs = account.client("ecs")
    account.client("dynamodb").put_item(
        TableName="webapp-staging-releases", Item={"kind": {"S": "release"}, "number": {"N": "1"}}
    )
    definition = ecs.describe_task_definition(taskDefinition="webapp-staging")["taskDefinition"]
    again = {key: definition[key] for key in ("family", "containerDefinitions", "cpu", "memory", "networkMode")}
    ecs.register_task_definition(**again, requiresCompatibilities=["FARGATE"])
    ecs.update_service(cluster="webapp-staging", service="app", desiredCount=2)
    network = ecs.describe_services(cluster="webapp-staging", services=["app"])["services"][0]["networkConfiguration"]
    ecs.run_task(
        cluster="webapp-staging", taskDefinition="webapp-staging", launchType="FARGATE", networkConfiguration=network
    )
    return of("staging", everything(account))


def test_what_is_not_meant_is_refused_with_what_to_type(account: Account, staging: Things):
    before = everything(account)
    refused = account.refused(*DESTROY)
    assert "1 ledger, with all its releases" in refused
    assert "ansible-playbook destroy.yml -e env=staging -e typed=staging" in refused
    assert "was not typed" in account.refused(*DESTROY, "-e", "typed=prod")
    named_once = account.refused("destroy.yml", "-e", "env=prod", "-e", "typed=prod")
    assert "-e env=prod -e typed=prod -e i_really_mean=prod" in named_once
    assert everything(account) == before


def test_what_provision_did_not_make_is_named_before_anything_goes(account: Account, staging: Things):
    ec2, rds, before = account.client("ec2"), account.client("rds"), everything(account)
    vpc = next(name for kind, name in staging if kind == "describe_vpcs")
    group = ec2.create_security_group(GroupName="by-hand", Description="By hand", VpcId=vpc)["GroupId"]
    assert group in account.refused(*DESTROY, "-e", "typed=staging")
    ec2.delete_security_group(GroupId=group)

    restored = {"DBInstanceIdentifier": "webapp-staging-restored", "DBInstanceClass": "db.t4g.micro"}
    rds.create_db_instance(**restored, Engine="postgres", DBSubnetGroupName="webapp-staging", AllocatedStorage=20)
    assert "did not make webapp-staging-restored" in account.refused(*DESTROY, "-e", "typed=staging")
    rds.delete_db_instance(DBInstanceIdentifier="webapp-staging-restored", SkipFinalSnapshot=True)
    assert everything(account).keys() == before.keys()


def killed(account: Account, when: Callable[[], bool]) -> None:
    """Begin to destroy staging, and kill the command with all its children as soon as something holds."""
    command = account.command(*DESTROY, "-e", "typed=staging")
    quietly = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    running = subprocess.Popen(command, cwd=ROOT, env=account.environment, start_new_session=True, **quietly)
    while not when():
        assert running.poll() is None, "it came to its end before"
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def test_staging_goes_through_two_interruptions_and_nothing_else_does(account: Account, staging: Things):
    before = everything(account)
    ec2, ecs, elbv2 = (account.client(name) for name in ("ec2", "ecs", "elbv2"))

    def is_draining() -> bool:
        services = ecs.describe_services(cluster="webapp-staging", services=["app"])["services"]
        return [one["status"] for one in services] != ["ACTIVE"]

    def is_without_nat_gateways() -> bool:
        filters = [
            {"Name": "tag:towpath:environment", "Values": ["staging"]},
            {"Name": "state", "Values": ["available"]},
        ]
        return not ec2.describe_nat_gateways(Filters=filters)["NatGateways"]

    killed(account, is_draining)
    assert "webapp-staging" in {one["LoadBalancerName"] for one in elbv2.describe_load_balancers()["LoadBalancers"]}
    killed(account, is_without_nat_gateways)
    vpc = next(name for kind, name in staging if kind == "describe_vpcs")
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"], "it was to be interrupted before"

    # As AWS leaves those of load balancers and tasks for a while.
    subnet = next(name for kind, name in staging if kind == "describe_subnets")
    plugged = ec2.create_network_interface(SubnetId=subnet, Description="ELB app/webapp")["NetworkInterface"]
    still_there = account.refused(*DESTROY, "-e", "typed=staging", "-e", "network_unplug_seconds=5")
    assert f"still holds {plugged['NetworkInterfaceId']} (ELB app/webapp)" in still_there
    ec2.delete_network_interface(NetworkInterfaceId=plugged["NetworkInterfaceId"])
    said = account.playbook(*DESTROY, "-e", "typed=staging")

    after = everything(account)
    [(kind, snapshot)] = after.keys() - before.keys()
    assert kind == "describe_db_snapshots"
    assert f"the snapshot {snapshot}, which has the data" in said
    assert "the DNS zone towpath.example, which all environments share" in said
    assert "the image repository webapp and its images, which all environments share" in said
    assert before.keys() - after.keys() == staging.keys()
    assert of("staging", after).keys() == {(kind, snapshot)}
    # Had one of the lists above been read wrongly, it would be as empty before as after.
    assert kinds(staging) >= {operation for _, operation, _, _ in LISTS} - {
        "describe_alarms",
        "describe_db_snapshots",
        "describe_hosted_zones",
        "describe_network_interfaces",
        "describe_repositories",
        "describe_volumes",
        "list_hosted_zones",
    }


def test_where_nothing_is_left_nothing_changes(account: Account):
    before = everything(account)
    said = account.playbook(*DESTROY, "-e", "typed=staging")
    assert "Nothing carries the tags of staging" in said
    assert "changed=0 " in said
    assert everything(account) == before


def test_staging_can_be_made_anew(account: Account, staging: Things):
    account.playbook("provision.yml", "-e", "env=staging")
    again = of("staging", everything(account))
    again_kinds = sorted(kind for kind, _ in again if kind != "describe_db_snapshots")
    # One revision only: the second was registered above.
    assert again_kinds == sorted(kind for kind, name in staging if not name.endswith("webapp-staging:2"))
