"""One fact of AWS for each correction of the local AWS: it holds with the correction and fails without it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import io
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import botocore.config
from botocore.exceptions import ClientError, HTTPClientError, ReadTimeoutError, ResponseStreamingError
from botocore.parsers import ResponseParserError

from tests import refused
from tests.integration.harness import AwsEndpoint

A_PERMISSION_FOR_ALL_REGIONS = {
    "FunctionName": "teller",
    "StatementId": "topics",
    "Action": "lambda:InvokeFunction",
    "Principal": "sns.amazonaws.com",
    "SourceArn": "arn:aws:sns:*:123456789012:topic",
}
Fact = Callable[[AwsEndpoint], None]
FACTS: dict[str, Fact] = {}


def fact(function: Fact) -> Fact:
    FACTS[function.__name__] = function
    return function


def new(word: str) -> str:
    return f"{word}-{uuid.uuid4().hex[:8]}"


def error_of(call: Callable[..., Any], **request: Any) -> str:
    try:
        call(**request)
    except ClientError as refused:
        return str(refused.response["Error"]["Code"])
    return "none"


def a_network(aws: AwsEndpoint) -> dict[str, str]:
    """Make a VPC with two subnets, the first of them not in the first zone."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.99.{i}.0/24", AvailabilityZone=f"us-east-1{zone}")
        for i, zone in enumerate("bc")
    ]
    group = ec2.create_security_group(GroupName=new("app"), Description="app", VpcId=vpc)["GroupId"]
    return {"vpc": vpc, "b": subnets[0]["Subnet"]["SubnetId"], "c": subnets[1]["Subnet"]["SubnetId"], "group": group}


def a_load_balancer(aws: AwsEndpoint, network: dict[str, str]) -> dict[str, Any]:
    created = aws.client("elbv2").create_load_balancer(Name=new("lb"), Subnets=[network["b"], network["c"]])
    balancer: dict[str, Any] = created["LoadBalancers"][0]
    return balancer


@fact
def unknown_target_group_is_an_error(aws: AwsEndpoint) -> None:
    assert error_of(aws.client("elbv2").describe_target_groups, Names=[new("none")]) == "TargetGroupNotFound"


@fact
def load_balancer_lists_every_attribute(aws: AwsEndpoint) -> None:
    elbv2, arn = aws.client("elbv2"), a_load_balancer(aws, a_network(aws))["LoadBalancerArn"]
    elbv2.modify_load_balancer_attributes(
        LoadBalancerArn=arn, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "30"}]
    )
    listed = elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    values = {attribute["Key"]: attribute["Value"] for attribute in listed}
    assert len(values) == len(listed)
    assert values.get("idle_timeout.timeout_seconds") == "30"
    assert values.get("routing.http.drop_invalid_header_fields.enabled") == "false"


@fact
def load_balancer_stands_where_its_subnets_are(aws: AwsEndpoint) -> None:
    network = a_network(aws)
    made = a_load_balancer(aws, network)
    found = aws.client("elbv2").describe_load_balancers(LoadBalancerArns=[made["LoadBalancerArn"]])["LoadBalancers"][0]
    for balancer in (made, found):
        assert balancer["VpcId"] == network["vpc"]
        zones = {zone["SubnetId"]: zone["ZoneName"] for zone in balancer["AvailabilityZones"]}
        assert zones == {network["b"]: "us-east-1b", network["c"]: "us-east-1c"}


@fact
def a_zone_says_that_it_is_not_signed(aws: AwsEndpoint) -> None:
    route53 = aws.client("route53")
    zone = route53.create_hosted_zone(Name=f"{new('zone')}.test", CallerReference=new("zone"))["HostedZone"]["Id"]
    assert route53.get_dnssec(HostedZoneId=zone)["Status"]["ServeSignature"] == "NOT_SIGNING"
    assert error_of(route53.get_dnssec, HostedZoneId="Z000000000000000NONE") == "NoSuchHostedZone"


@fact
def a_rule_may_name_a_prefix_list(aws: AwsEndpoint) -> None:
    ec2, group = aws.client("ec2"), a_network(aws)["group"]
    named = [{"PrefixListId": "pl-3b927c52", "Description": "CloudFront"}]
    wanted = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": named}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[wanted])
    [rule] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    assert rule["PrefixListIds"] == named


@fact
def a_fixed_response_may_hold_any_text(aws: AwsEndpoint) -> None:
    elbv2, page = aws.client("elbv2"), "<h1>Back & soon</h1>"
    config = {"StatusCode": "503", "ContentType": "text/html", "MessageBody": page}
    balancer = a_load_balancer(aws, a_network(aws))
    answer = [{"Type": "fixed-response", "FixedResponseConfig": config}]
    arn = balancer["LoadBalancerArn"]
    try:
        made = elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=answer)
    except ResponseParserError as error:
        raise AssertionError("the answer is no XML") from error
    assert made["Listeners"][0]["DefaultActions"][0]["FixedResponseConfig"] == config
    assert asked(aws, balancer["DNSName"]) == (503, page)


@fact
def two_rules_of_a_listener_have_two_priorities(aws: AwsEndpoint) -> None:
    elbv2, arn = aws.client("elbv2"), a_load_balancer(aws, a_network(aws))["LoadBalancerArn"]
    answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    listeners = [
        elbv2.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=port, DefaultActions=answer)["Listeners"][0]
        for port in (80, 8080)
    ]

    def rule(listener: int, priority: int) -> dict[str, Any]:
        everything = [{"Field": "path-pattern", "Values": ["*"]}]
        where = {"ListenerArn": listeners[listener]["ListenerArn"], "Priority": priority}
        return where | {"Conditions": everything, "Actions": answer}

    first, second = (elbv2.create_rule(**rule(0, one))["Rules"][0]["RuleArn"] for one in (1, 2))
    assert error_of(elbv2.create_rule, **rule(0, 2)) == "PriorityInUse"
    assert error_of(elbv2.create_rule, **rule(1, 2)) == "none"
    moved = [{"RuleArn": first, "Priority": 2}]
    assert error_of(elbv2.set_rule_priorities, RulePriorities=moved) == "PriorityInUse"
    swapped = [*moved, {"RuleArn": second, "Priority": 1}]
    assert error_of(elbv2.set_rule_priorities, RulePriorities=swapped) == "none"


def asked(aws: AwsEndpoint, name: str, proto: str = "http") -> tuple[int, str]:
    """Ask for / under a name, as a browser would that the DNS led here."""
    request = urllib.request.Request(f"{aws.url}/", headers={"Host": name, "X-Forwarded-Proto": proto})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def a_certificate(aws: AwsEndpoint, domain: str) -> str:
    """Have a certificate issued without a zone: who needs one here looks at its names alone."""
    arn: str = aws.client("acm").request_certificate(DomainName=domain)["CertificateArn"]
    return arn


def a_distribution(aws: AwsEndpoint, origin: str, domain: str, certificate: str) -> dict[str, Any]:
    """Make a distribution that passes everything on over HTTPS, the Host of the browser too."""
    behavior = {
        "TargetOriginId": "origin",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
        "OriginRequestPolicyId": "216adef6-5c7f-47e4-b989-5492eafa07d3",
    }
    over = {
        "HTTPPort": 80,
        "HTTPSPort": 443,
        "OriginProtocolPolicy": "https-only",
        "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
    }
    config = {
        "CallerReference": new("cdn"),
        "Comment": "",
        "Enabled": True,
        "Aliases": {"Quantity": 1, "Items": [domain]},
        "Origins": {"Quantity": 1, "Items": [{"Id": "origin", "DomainName": origin, "CustomOriginConfig": over}]},
        "DefaultCacheBehavior": behavior,
        "ViewerCertificate": {"ACMCertificateArn": certificate, "SSLSupportMethod": "sni-only"},
    }
    made: dict[str, Any] = aws.client("cloudfront").create_distribution(DistributionConfig=config)["Distribution"]
    return made


def a_name(aws: AwsEndpoint, domain: str, target: str, zone: str) -> None:
    """Let a name and all below it lead to a load balancer or a distribution."""
    route53 = aws.client("route53")
    zone_id = route53.create_hosted_zone(Name=domain, CallerReference=new("zone"))["HostedZone"]["Id"]
    alias = {"HostedZoneId": zone, "DNSName": target, "EvaluateTargetHealth": False}
    changes = [
        {"Action": "CREATE", "ResourceRecordSet": {"Name": name, "Type": "A", "AliasTarget": alias}}
        for name in (domain, f"*.{domain}")
    ]
    route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})


def a_listener(aws: AwsEndpoint, balancer: dict[str, Any], words: str, certificate: str = "") -> None:
    """Let a load balancer answer with words, over HTTPS when there is a certificate."""
    config = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": words}
    secure = {"Protocol": "HTTPS", "Port": 443, "Certificates": [{"CertificateArn": certificate}]}
    aws.client("elbv2").create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": config}],
        **(secure if certificate else {"Protocol": "HTTP", "Port": 80}),
    )


@fact
def an_origin_is_asked_over_https(aws: AwsEndpoint) -> None:
    domain = f"{new('zone')}.test"
    balancer, certificate = a_load_balancer(aws, a_network(aws)), a_certificate(aws, domain)
    a_listener(aws, balancer, "from the app", certificate)
    wrong = a_distribution(aws, balancer["DNSName"], "other.test", certificate)
    assert asked(aws, wrong["DomainName"], "https")[0] == 502, "the certificate is for neither name"
    right = a_distribution(aws, balancer["DNSName"], domain, certificate)
    a_name(aws, domain, right["DomainName"], "Z2FDTNDATAQYW2")
    assert asked(aws, domain, "https") == (200, "from the app")
    star = a_certificate(aws, f"*.{domain}")
    below = a_load_balancer(aws, a_network(aws))
    a_listener(aws, below, "from a preview", star)
    previews = a_distribution(aws, below["DNSName"], f"*.{domain}", star)
    a_name(aws, f"pr-12.{domain}", previews["DomainName"], "Z2FDTNDATAQYW2")
    assert asked(aws, f"pr-12.{domain}", "https") == (200, "from a preview")
    assert asked(aws, f"a.pr-12.{domain}", "https")[0] == 502, "a star of a certificate is one label"


@fact
def a_name_leads_where_its_record_says(aws: AwsEndpoint) -> None:
    domain, balancer = f"{new('zone')}.test", a_load_balancer(aws, a_network(aws))
    a_listener(aws, balancer, "from the app")
    a_name(aws, domain, balancer["DNSName"], balancer["CanonicalHostedZoneId"])
    assert asked(aws, domain) == (200, "from the app")
    assert asked(aws, f"pr-12.{domain}") == (200, "from the app")


@fact
def a_star_is_written_as_its_code(aws: AwsEndpoint) -> None:
    route53, domain = aws.client("route53"), f"{new('zone')}.test"
    a_name(aws, domain, "lb.us-east-1.elb.amazonaws.com", "Z35SXDOTRQ7X7K")
    zone_id = route53.list_hosted_zones_by_name(DNSName=domain)["HostedZones"][0]["Id"]
    for start in (f"*.{domain}", f"\\052.{domain}"):
        [record] = route53.list_resource_record_sets(HostedZoneId=zone_id, StartRecordName=start)["ResourceRecordSets"]
        assert record["Name"] == f"\\052.{domain}."


@fact
def a_certificate_is_issued_when_its_records_are_there(aws: AwsEndpoint) -> None:
    acm, route53, domain = aws.client("acm"), aws.client("route53"), f"{new('zone')}.test"
    zone = route53.create_hosted_zone(Name=domain, CallerReference=domain)["HostedZone"]["Id"]
    arn = acm.request_certificate(DomainName=domain, ValidationMethod="DNS")["CertificateArn"]
    certificate = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert certificate["Status"] == "PENDING_VALIDATION"
    record = certificate["DomainValidationOptions"][0]["ResourceRecord"]
    assert record["Name"].endswith(f".{domain}.")
    assert record["Value"].endswith(".acm-validations.aws.")
    wanted = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": wanted}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"


def a_database(aws: AwsEndpoint, **given: Any) -> dict[str, Any]:
    name = new("db")
    aws.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="app",
        MasterUserPassword="not-a-secret",
        AllocatedStorage=20,
        **given,
    )
    return described_database(aws, name)


def described_database(aws: AwsEndpoint, name: str) -> dict[str, Any]:
    database: dict[str, Any] = aws.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    return database


@fact
def gp3_storage_names_its_speed(aws: AwsEndpoint) -> None:
    database = a_database(aws, StorageType="gp3")
    assert (database.get("Iops"), database.get("StorageThroughput")) == (3000, 125)


@fact
def log_exports_are_kept(aws: AwsEndpoint) -> None:
    database = a_database(aws, EnableCloudwatchLogsExports=["postgresql"])
    assert database["EnabledCloudwatchLogsExports"] == ["postgresql"]
    name = database["DBInstanceIdentifier"]
    change = {"EnableLogTypes": ["upgrade"], "DisableLogTypes": ["postgresql"]}
    aws.client("rds").modify_db_instance(DBInstanceIdentifier=name, CloudwatchLogsExportConfiguration=change)
    assert described_database(aws, name)["EnabledCloudwatchLogsExports"] == ["upgrade"]


@fact
def performance_insights_are_switched_on_later_too(aws: AwsEndpoint) -> None:
    rds, name = aws.client("rds"), new("insights")
    rds.create_db_instance(DBInstanceIdentifier=name, Engine="postgres", DBInstanceClass="db.t4g.micro")
    rds.modify_db_instance(
        DBInstanceIdentifier=name, EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=31
    )
    found = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    assert found["PerformanceInsightsEnabled"]
    assert found["PerformanceInsightsRetentionPeriod"] == 31
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


@fact
def postgres_can_be_told_to_refuse_connections_without_tls(aws: AwsEndpoint) -> None:
    rds, name = aws.client("rds"), new("parameters")
    rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily="postgres17", Description="TLS")
    known = rds.describe_db_parameters(DBParameterGroupName=name)["Parameters"]
    assert [one["ParameterValue"] for one in known if one["ParameterName"] == "rds.force_ssl"] == ["1"]


@fact
def windows_given_at_creation_are_kept(aws: AwsEndpoint) -> None:
    assert a_database(aws, PreferredBackupWindow="01:00-01:30")["PreferredBackupWindow"] == "01:00-01:30"


def an_instance(aws: AwsEndpoint, **given: Any) -> dict[str, Any]:
    ec2 = aws.client("ec2")
    started = ec2.run_instances(
        ImageId="ami-0c2023a1b2c3d4e5f", InstanceType="t3.micro", MinCount=1, MaxCount=1, **given
    )
    return described_instance(aws, started["Instances"][0]["InstanceId"])


def described_instance(aws: AwsEndpoint, instance_id: str) -> dict[str, Any]:
    found = aws.client("ec2").describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    instance: dict[str, Any] = found
    return instance


@fact
def an_instance_lands_where_its_network_interface_says(aws: AwsEndpoint) -> None:
    network = a_network(aws)
    interface = {"DeviceIndex": 0, "SubnetId": network["b"], "Groups": [network["group"]]}
    instance = an_instance(aws, NetworkInterfaces=[interface])
    assert (instance["SubnetId"], instance["VpcId"]) == (network["b"], network["vpc"])
    assert [group["GroupId"] for group in instance["SecurityGroups"]] == [network["group"]]
    assert instance["Placement"]["AvailabilityZone"] == "us-east-1b"


@fact
def an_instance_lists_its_network_interface(aws: AwsEndpoint) -> None:
    instance = an_instance(aws)
    interfaces = instance.get("NetworkInterfaces", [])
    assert [interface["PrivateIpAddress"] for interface in interfaces] == [instance["PrivateIpAddress"]]
    assert interfaces[0]["Attachment"]["DeviceIndex"] == 0
    assert interfaces[0]["Groups"] == instance["SecurityGroups"]


@fact
def an_instance_lists_its_metadata_options(aws: AwsEndpoint) -> None:
    instance = an_instance(aws, MetadataOptions={"HttpTokens": "required", "HttpPutResponseHopLimit": 2})
    options = instance.get("MetadataOptions", {})
    assert (options.get("HttpTokens"), options.get("HttpPutResponseHopLimit")) == ("required", 2)
    assert options["HttpEndpoint"] == "enabled"
    changed = aws.client("ec2").modify_instance_metadata_options(
        InstanceId=instance["InstanceId"], InstanceMetadataTags="enabled"
    )["InstanceMetadataOptions"]
    assert (changed["HttpTokens"], changed["InstanceMetadataTags"]) == ("required", "enabled")
    assert described_instance(aws, instance["InstanceId"])["MetadataOptions"] == changed


@fact
def addresses_are_filtered(aws: AwsEndpoint) -> None:
    ec2, instance = aws.client("ec2"), an_instance(aws)["InstanceId"]
    address = ec2.allocate_address(Domain="vpc")
    ours = address["AllocationId"]
    other = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=ours, InstanceId=instance)
    ec2.create_tags(Resources=[other], Tags=[{"Key": "Name", "Value": other}])

    def found(name: str, value: str) -> list[str]:
        addresses = ec2.describe_addresses(Filters=[{"Name": name, "Values": [value]}])["Addresses"]
        return [address["AllocationId"] for address in addresses]

    assert found("instance-id", instance) == [ours]
    assert found("tag:Name", other) == [other]
    assert found("instance-id", "i-00000000000000000") == []
    by_address = ec2.describe_addresses(PublicIps=[address["PublicIp"]])["Addresses"]
    assert [one["AllocationId"] for one in by_address] == [ours]
    assert error_of(ec2.describe_addresses, PublicIps=["192.0.2.1"]) == "InvalidAddress.NotFound"
    assert error_of(ec2.describe_addresses, AllocationIds=["eipalloc-0"]) == "InvalidAllocationID.NotFound"


@fact
def a_console_says_nothing_yet(aws: AwsEndpoint) -> None:
    ec2, instance = aws.client("ec2"), an_instance(aws)["InstanceId"]
    assert ec2.get_console_output(InstanceId=instance).get("Output", "") == ""
    assert error_of(ec2.get_console_output, InstanceId="i-00000000000000000") == "InvalidInstanceID.NotFound"


@fact
def debian_names_its_images(aws: AwsEndpoint) -> None:
    for architecture in ("amd64", "arm64"):
        name = f"/aws/service/debian/release/12/latest/{architecture}"
        image = aws.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        assert aws.client("ec2").describe_images(ImageIds=[image])["Images"]


@fact
def an_alarm_stores_what_it_was_given(aws: AwsEndpoint) -> None:
    cloudwatch, name = aws.client("cloudwatch"), new("alarm")
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/ApplicationELB",
        MetricName="TargetResponseTime",
        ExtendedStatistic="p99",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    alarm = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    assert (alarm.get("AlarmDescription"), alarm.get("Statistic")) == (None, None)
    assert alarm["ExtendedStatistic"] == "p99"

    missing = new("alarm")
    asked = [
        {"Id": "gone", "Expression": "wanted - 1", "ReturnData": True},
        {
            "Id": "wanted",
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/ECS", "MetricName": "Tasks", "Dimensions": [{"Name": "A", "Value": "b"}]},
                "Period": 60,
                "Stat": "Average",
            },
        },
    ]
    cloudwatch.put_metric_alarm(
        AlarmName=missing,
        Metrics=asked,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[missing])["MetricAlarms"]
    assert alarm["Metrics"] == asked
    assert {"Statistic", "Period"}.isdisjoint(alarm)


@fact
def question_marks_in_a_filter_pattern_mean_or(aws: AwsEndpoint) -> None:
    logs, group, reader = aws.client("logs"), new("/ecs/group"), a_reader_of_log_lines(aws)
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    logs.put_subscription_filter(
        logGroupName=group, filterName="bad", filterPattern="?error ?failed", destinationArn=reader
    )
    lines = ["all is well", "an error", "it failed", "error: it failed"]
    now = int(time.time() * 1000)
    events = [{"timestamp": now + i, "message": line} for i, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)

    def found(pattern: str) -> list[str]:
        answer = logs.filter_log_events(logGroupName=group, filterPattern=pattern)
        return [event["message"] for event in answer["events"]]

    assert found("?error ?failed") == lines[1:]
    assert found("error failed") == lines[3:]
    assert found("error -failed") == ["an error"]
    assert found('"it failed"') == lines[2:]
    read = logged(aws, f"/aws/lambda/{reader.rpartition(':')[2]}", containing="read: ")
    assert read == [f"read: {line}" for line in lines[1:]]


READER = """
import base64, gzip, json

def handler(event, context):
    for line in json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"])))["logEvents"]:
        print("read:", line["message"])
"""


def a_reader_of_log_lines(aws: AwsEndpoint) -> str:
    with io.BytesIO() as content:
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("reader.py", READER)
        made = aws.client("lambda").create_function(
            FunctionName=new("reader"),
            Runtime="python3.12",
            Handler="reader.handler",
            Role=f"arn:aws:iam::{aws.account_id}:role/reader",
            Code={"ZipFile": content.getvalue()},
        )
    return str(made["FunctionArn"])


def logged(aws: AwsEndpoint, group: str, containing: str = "", seconds: float = 30) -> list[str]:
    """Return the lines of a log group that contain a text, as soon as there are any; else nothing."""
    logs, end = aws.client("logs"), time.monotonic() + seconds
    while time.monotonic() < end:
        if logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            lines = [event["message"].strip() for event in logs.filter_log_events(logGroupName=group)["events"]]
            if found := [line for line in lines if containing in line]:
                return found
        time.sleep(0.2)
    return []


def a_service(aws: AwsEndpoint, image: str = "none:1", **given: Any) -> dict[str, Any]:
    """Make a cluster and in it a service named like it, of one container that runs ``given['command']``."""
    ecs, name = aws.client("ecs"), new("app")
    ecs.create_cluster(clusterName=name)
    definition = a_task_definition(aws, name, image, given.pop("command", ["true"]), given.pop("secrets", []))
    service: dict[str, Any] = ecs.create_service(
        cluster=name, serviceName=name, taskDefinition=definition, launchType="FARGATE", **{"desiredCount": 1} | given
    )["service"]
    return service


def a_task_definition(
    aws: AwsEndpoint, family: str, image: str, command: list[str], secrets: list[dict[str, str]] | None = None
) -> str:
    container = {"name": "app", "image": image, "essential": True, "command": command, "secrets": secrets or []}
    logs = {"awslogs-group": family, "awslogs-region": "us-east-1", "awslogs-create-group": "true"}
    container["logConfiguration"] = {"logDriver": "awslogs", "options": logs | {"awslogs-stream-prefix": "app"}}
    registered = aws.client("ecs").register_task_definition(
        family=family,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[container],
    )
    return str(registered["taskDefinition"]["taskDefinitionArn"])


@fact
def a_standalone_task_ends(aws: AwsEndpoint) -> None:
    ecs, name = aws.client("ecs"), new("task")
    ecs.create_cluster(clusterName=name)
    # Its own registry says at once that it has no such image.
    definition = a_task_definition(aws, name, aws.url.removeprefix("http://") + "/none:1", ["true"])
    task = ecs.run_task(cluster=name, taskDefinition=definition, launchType="FARGATE")["tasks"][0]["taskArn"]
    end = time.monotonic() + 60
    while (found := ecs.describe_tasks(cluster=name, tasks=[task])["tasks"][0])["lastStatus"] != "STOPPED":
        # Without containers nothing is under way that could still end it.
        assert aws.containers and time.monotonic() < end, found["lastStatus"]
        time.sleep(0.2)
    # No container can be made of this image; where none is made, every command ends well.
    assert found["containers"][0].get("exitCode") == (None if aws.containers else 0)


@fact
def application_auto_scaling_answers(aws: AwsEndpoint) -> None:
    scaling, name = aws.client("application-autoscaling"), a_service(aws, desiredCount=0)["serviceName"]
    resource = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{name}/{name}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    assert error_of(scaling.register_scalable_target, **resource, MaxCapacity=2) == "ValidationException"
    scaling.register_scalable_target(**resource, MinCapacity=1, MaxCapacity=3)
    scaling.register_scalable_target(**resource, MaxCapacity=4)
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    tracking = {"TargetValue": 60.0, "PredefinedMetricSpecification": metric}
    policy = {"PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}
    scaling.put_scaling_policy(**resource, **policy, TargetTrackingScalingPolicyConfiguration=tracking)
    asked = {"ServiceNamespace": "ecs", "ResourceIds": [resource["ResourceId"]]}
    target = scaling.describe_scalable_targets(**asked)["ScalableTargets"][0]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)
    found = scaling.describe_scaling_policies(**resource)["ScalingPolicies"]
    assert [one["TargetTrackingScalingPolicyConfiguration"] for one in found] == [tracking]
    unlabelled = tracking | {"PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"}}
    requests = policy | {"TargetTrackingScalingPolicyConfiguration": unlabelled}
    assert error_of(scaling.put_scaling_policy, **resource, **requests) == "ValidationException"

    night = {**resource, "ScheduledActionName": "night-stop"}
    counts = {"MinCapacity": 0, "MaxCapacity": 0}
    for wrong in ("cron(0 20 * * *)", "cron(0 20 * * MON-FRI *)", "8 pm"):
        action = {**night, "Schedule": wrong, "ScalableTargetAction": counts}
        assert error_of(scaling.put_scheduled_action, **action) == "ValidationException"
    scaling.put_scheduled_action(**night, Schedule="cron(0 20 ? * MON-FRI *)", ScalableTargetAction=counts)
    scaling.put_scheduled_action(**night, Timezone="Europe/Berlin")
    kept = scaling.describe_scheduled_actions(**resource)["ScheduledActions"]
    assert [(one["Schedule"], one["Timezone"], one["ScalableTargetAction"]) for one in kept] == [
        ("cron(0 20 ? * MON-FRI *)", "Europe/Berlin", counts)
    ]

    tagged = {"ResourceARN": target["ScalableTargetARN"]}
    scaling.tag_resource(**tagged, Tags={"a": "1", "b": "2"})
    scaling.untag_resource(**tagged, TagKeys=["a"])
    assert scaling.list_tags_for_resource(**tagged)["Tags"] == {"b": "2"}

    scaling.deregister_scalable_target(**resource)
    assert scaling.describe_scaling_policies(**resource)["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(**resource)["ScheduledActions"] == []
    assert error_of(scaling.delete_scaling_policy, **resource, PolicyName="cpu") == "ObjectNotFoundException"
    assert error_of(scaling.delete_scheduled_action, **night) == "ObjectNotFoundException"
    assert error_of(scaling.list_tags_for_resource, **tagged) == "ResourceNotFoundException"


@fact
def a_count_is_moved_into_its_bounds(aws: AwsEndpoint) -> None:
    scaling, name = aws.client("application-autoscaling"), a_service(aws, desiredCount=0)["serviceName"]
    resource = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{name}/{name}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    counts = []
    all_suspended = dict.fromkeys(
        ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"), True
    )
    for changed in (
        {"MinCapacity": 0, "MaxCapacity": 3},
        {"MinCapacity": 2},
        {"SuspendedState": all_suspended},
        {"MinCapacity": 1, "MaxCapacity": 1},
    ):
        scaling.register_scalable_target(**resource, **changed)
        counts.append(aws.client("ecs").describe_services(cluster=name, services=[name])["services"][0]["desiredCount"])
    assert counts == [0, 2, 2, 1]


FARGATE_VCPUS = {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}


@fact
def service_quotas_answers(aws: AwsEndpoint) -> None:
    quotas = aws.client("service-quotas")
    assert error_of(quotas.get_service_quota, **FARGATE_VCPUS) == "NoSuchResourceException"
    assert error_of(quotas.get_aws_default_service_quota, ServiceCode="fargate", QuotaCode="L-0") == (
        "NoSuchResourceException"
    )
    quota = quotas.get_aws_default_service_quota(**FARGATE_VCPUS)["Quota"]
    assert (quota["QuotaName"], quota["Value"]) == ("Fargate On-Demand vCPU resource count", 6.0)
    assert quota["UsageMetric"]["MetricNamespace"] == "AWS/Usage"


def fargate_vcpus_in_use(aws: AwsEndpoint) -> float:
    usage = {"Class": "Standard/OnDemand", "Resource": "vCPU", "Service": "Fargate", "Type": "Resource"}
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Usage",
        MetricName="ResourceCount",
        Dimensions=[{"Name": key, "Value": value} for key, value in usage.items()],
        StartTime=time.time() - 900,
        EndTime=time.time(),
        Period=300,
        Statistics=["Maximum"],
    )["Datapoints"]
    return max((float(point["Maximum"]) for point in points), default=0.0)


@fact
def fargate_counts_the_vcpus_in_use(aws: AwsEndpoint) -> None:
    ecs, name = aws.client("ecs"), new("usage")
    ecs.create_cluster(clusterName=name)
    definition = a_task_definition(aws, name, "none:1", ["true"])
    network = {"awsvpcConfiguration": {"subnets": [a_network(aws)["b"]]}}
    used = 0.0
    # A task whose image is nowhere does not live long.
    for _ in range(5):
        ecs.run_task(cluster=name, taskDefinition=definition, launchType="FARGATE", networkConfiguration=network)
        used = used or fargate_vcpus_in_use(aws)
    assert used >= 0.25


@fact
def a_family_is_listed_by_its_full_name(aws: AwsEndpoint) -> None:
    ecs, family = aws.client("ecs"), new("web")
    ours = [a_task_definition(aws, family, "none:1", ["true"]) for _ in range(2)]
    a_task_definition(aws, f"{family}-worker", "none:1", ["true"])
    assert ecs.list_task_definitions(familyPrefix=family)["taskDefinitionArns"] == ours
    newest = ecs.list_task_definitions(familyPrefix=family, sort="DESC", maxResults=1)
    assert newest["taskDefinitionArns"] == ours[1:]
    rest = ecs.list_task_definitions(familyPrefix=family, sort="DESC", maxResults=1, nextToken=newest["nextToken"])
    assert (rest["taskDefinitionArns"], rest.get("nextToken")) == (ours[:1], None)


@fact
def a_deleted_revision_goes_when_nothing_uses_it(aws: AwsEndpoint) -> None:
    ecs, service = aws.client("ecs"), a_service(aws, desiredCount=0)
    family, used = service["serviceName"], service["taskDefinition"]
    unused = a_task_definition(aws, family, "none:1", ["true"])
    refused = ecs.delete_task_definitions(taskDefinitions=[unused])["failures"]
    assert [one["arn"] for one in refused] == [unused], "it is still ACTIVE"
    for arn in (used, unused):
        ecs.deregister_task_definition(taskDefinition=arn)
    assert error_of(ecs.delete_task_definitions, taskDefinitions=[unused] * 11) == "InvalidParameterException"
    deleted = ecs.delete_task_definitions(taskDefinitions=[used, unused])["taskDefinitions"]
    assert [one["status"] for one in deleted] == ["DELETE_IN_PROGRESS"] * 2

    def kept() -> list[str]:
        listed: list[str] = ecs.list_task_definitions(familyPrefix=family, status="DELETE_IN_PROGRESS")[
            "taskDefinitionArns"
        ]
        return listed

    assert kept() == [used]
    ecs.delete_service(cluster=family, service=family, force=True)
    assert kept() == []
    assert error_of(ecs.describe_task_definition, taskDefinition=used) == "ClientException"


@fact
def what_carries_tags_is_listed(aws: AwsEndpoint) -> None:
    ec2, logs, tags = aws.client("ec2"), aws.client("logs"), aws.client("resourcegroupstaggingapi")
    value = new("fact")
    vpc = ec2.create_vpc(
        CidrBlock="10.98.0.0/16",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "of", "Value": value}]}],
    )["Vpc"]["VpcId"]
    logs.create_log_group(logGroupName=value, tags={"of": value})

    def listed() -> set[str]:
        found = tags.get_resources(TagFilters=[{"Key": "of", "Values": [value]}])["ResourceTagMappingList"]
        return {one["ResourceARN"].split(":", 5)[5] for one in found}

    assert listed() == {f"vpc/{vpc}", f"log-group:{value}"}
    ec2.delete_vpc(VpcId=vpc)
    logs.delete_log_group(logGroupName=value)
    assert listed() == set()


@fact
def endpoints_are_filtered(aws: AwsEndpoint) -> None:
    ec2, networks = aws.client("ec2"), [a_network(aws) for _ in range(2)]
    made = [
        ec2.create_vpc_endpoint(VpcId=one["vpc"], ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"]
        for one in networks
    ]
    filters = [{"Name": "vpc-id", "Values": [networks[0]["vpc"]]}]
    found = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    assert [one["VpcEndpointId"] for one in found] == [made[0]["VpcEndpointId"]]
    nowhere = [{"Name": "vpc-id", "Values": ["vpc-none"]}]
    assert ec2.describe_vpc_endpoints(Filters=nowhere)["VpcEndpoints"] == []


@fact
def what_is_plugged_in_holds_its_network(aws: AwsEndpoint) -> None:
    ec2, network, other = aws.client("ec2"), a_network(aws), a_network(aws)
    subnet, group = network["b"], network["group"]
    plugged = ec2.create_network_interface(SubnetId=subnet, Groups=[group])["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_network_interface(SubnetId=other["b"], Groups=[other["group"]])
    filters = [{"Name": "vpc-id", "Values": [network["vpc"]]}]
    found = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    assert [one["NetworkInterfaceId"] for one in found] == [plugged]
    assert error_of(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    assert error_of(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=plugged)
    assert error_of(ec2.delete_subnet, SubnetId=subnet) == "none"

    named = ec2.create_security_group(GroupName=new("named"), Description="named", VpcId=network["vpc"])["GroupId"]
    rule = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "UserIdGroupPairs": [{"GroupId": named}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)
    assert error_of(ec2.delete_security_group, GroupId=named) == "DependencyViolation"
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rule)
    assert error_of(ec2.delete_security_group, GroupId=named) == "none"


@fact
def an_update_keeps_every_setting_of_a_service(aws: AwsEndpoint) -> None:
    ecs, name = aws.client("ecs"), a_service(aws, desiredCount=0)["serviceName"]
    answer = ecs.update_service(cluster=name, service=name, propagateTags="SERVICE", enableECSManagedTags=True)[
        "service"
    ]
    found = ecs.describe_services(cluster=name, services=[name])["services"][0]
    for service in (answer, found):
        assert (service["propagateTags"], service["enableECSManagedTags"]) == ("SERVICE", True)


@fact
def an_unknown_task_definition_is_refused(aws: AwsEndpoint) -> None:
    ecs, name = aws.client("ecs"), a_service(aws, desiredCount=0)["serviceName"]
    assert error_of(ecs.update_service, cluster=name, service=name, taskDefinition=f"{name}:7") == "ClientException"
    assert error_of(ecs.create_service, cluster=name, serviceName="x", taskDefinition="none") == "ClientException"


def a_repository(aws: AwsEndpoint, mutability: str = "IMMUTABLE") -> dict[str, Any]:
    created = aws.client("ecr").create_repository(repositoryName=new("app"), imageTagMutability=mutability)
    repository: dict[str, Any] = created["repository"]
    return repository


def a_manifest(size: int = 1000) -> str:
    layer = {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": size}
    config = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 10, "digest": f"sha256:{'0' * 64}"}
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    layers = [layer | {"digest": f"sha256:{uuid.uuid4().hex * 2}"}]
    return json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers})


@fact
def a_repository_is_where_docker_can_push(aws: AwsEndpoint) -> None:
    ecr, repository = aws.client("ecr"), a_repository(aws)
    registry = aws.url.removeprefix("http://")
    assert repository["repositoryUri"] == f"{registry}/{repository['repositoryName']}"
    found = ecr.describe_repositories(repositoryNames=[repository["repositoryName"]])["repositories"][0]
    assert found["repositoryUri"] == repository["repositoryUri"]
    token = ecr.get_authorization_token()["authorizationData"][0]
    assert token["proxyEndpoint"] == aws.url
    assert base64.b64decode(token["authorizationToken"]).startswith(b"AWS:")


@fact
def an_unknown_image_is_an_error(aws: AwsEndpoint) -> None:
    name = a_repository(aws)["repositoryName"]
    asked = {"repositoryName": name, "imageIds": [{"imageTag": "none"}]}
    assert error_of(aws.client("ecr").describe_images, **asked) == "ImageNotFoundException"


@fact
def an_image_weighs_what_its_layers_weigh(aws: AwsEndpoint) -> None:
    ecr, name = aws.client("ecr"), a_repository(aws)["repositoryName"]
    ecr.put_image(repositoryName=name, imageManifest=a_manifest(size=123_456), imageTag="v1")
    assert ecr.describe_images(repositoryName=name)["imageDetails"][0]["imageSizeInBytes"] == 123_466


@fact
def the_same_image_twice_is_named_so(aws: AwsEndpoint) -> None:
    ecr, name, manifest = aws.client("ecr"), a_repository(aws)["repositoryName"], a_manifest()
    ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="v1")
    again = {"repositoryName": name, "imageManifest": manifest, "imageTag": "v1"}
    assert error_of(ecr.put_image, **again) == "ImageAlreadyExistsException"
    assert error_of(ecr.put_image, **again | {"imageManifest": a_manifest()}) == "ImageTagAlreadyExistsException"


@fact
def an_image_answers_to_each_of_its_tags(aws: AwsEndpoint) -> None:
    ecr, name, manifest = aws.client("ecr"), a_repository(aws)["repositoryName"], a_manifest()
    image = ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="v1")["image"]
    digest = image["imageId"]["imageDigest"]
    ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="v2")
    both = [{"imageDigest": digest, "imageTag": tag} for tag in ("v1", "v2")]
    asked = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": "v1"}])["images"]
    assert [image["imageId"] for image in asked] == both[:1]
    assert ecr.list_images(repositoryName=name)["imageIds"] == both
    detail = ecr.describe_images(repositoryName=name, imageIds=[{"imageDigest": digest}])["imageDetails"][0]
    assert (detail["imageTags"], detail["imageDigest"]) == (["v1", "v2"], digest)
    assert detail["imagePushedAt"]
    ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "v2"}])
    assert ecr.list_images(repositoryName=name)["imageIds"] == both[:1]


@fact
def a_layer_can_be_downloaded(aws: AwsEndpoint) -> None:
    ecr, name, layer = aws.client("ecr"), a_repository(aws)["repositoryName"], b"a layer"
    digest = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    asked = {"repositoryName": name, "layerDigest": digest}
    assert error_of(ecr.get_download_url_for_layer, **asked) == "LayersNotFoundException"
    # As docker push does it.
    upload = urllib.request.Request(f"{aws.url}/v2/{name}/blobs/uploads/?digest={digest}", data=layer, method="POST")
    with urllib.request.urlopen(upload, timeout=5) as answer:
        assert answer.status == 201
    answered = ecr.get_download_url_for_layer(**asked)
    assert answered["layerDigest"] == digest
    with urllib.request.urlopen(answered["downloadUrl"], timeout=5) as answer:
        assert answer.read() == layer


@contextlib.contextmanager
def a_server() -> Iterator[int]:
    """Serve pages on loopback; give the port."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@fact
def a_target_group_names_the_load_balancers_that_lead_to_it(aws: AwsEndpoint) -> None:
    elbv2, balancer = aws.client("elbv2"), a_load_balancer(aws, a_network(aws))
    settings = {"Protocol": "HTTP", "Port": 80, "VpcId": balancer["VpcId"], "TargetType": "ip"}
    group = {
        "TargetGroupArn": elbv2.create_target_group(Name=new("web"), **settings)["TargetGroups"][0]["TargetGroupArn"]
    }

    def leading_to() -> list[str]:
        found = elbv2.describe_target_groups(TargetGroupArns=[group["TargetGroupArn"]])["TargetGroups"][0]
        return list(found["LoadBalancerArns"])

    nobody = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
    balancer_arn = {"LoadBalancerArn": balancer["LoadBalancerArn"]}
    listener = elbv2.create_listener(**balancer_arn, Protocol="HTTP", Port=80, DefaultActions=[nobody])["Listeners"][0]
    assert leading_to() == []
    rule = elbv2.create_rule(
        ListenerArn=listener["ListenerArn"],
        Priority=5,
        Conditions=[{"Field": "host-header", "HostHeaderConfig": {"Values": ["web.example.com"]}}],
        Actions=[{"Type": "forward", **group}],
    )["Rules"][0]
    assert leading_to() == [balancer["LoadBalancerArn"]]
    assert error_of(elbv2.delete_target_group, **group) == "ResourceInUse"
    elbv2.delete_rule(RuleArn=rule["RuleArn"])
    assert leading_to() == []
    elbv2.delete_target_group(**group)


@fact
def a_target_is_what_its_health_checks_say(aws: AwsEndpoint) -> None:
    elbv2, balancer = aws.client("elbv2"), a_load_balancer(aws, a_network(aws))
    settings = {"Protocol": "HTTP", "Port": 80, "VpcId": balancer["VpcId"], "TargetType": "ip"}
    group = elbv2.create_target_group(Name=new("web"), HealthCheckIntervalSeconds=5, **settings)["TargetGroups"][0]
    arn = {"TargetGroupArn": group["TargetGroupArn"]}

    def health(**target: Any) -> tuple[str, str]:
        found = elbv2.describe_target_health(**arn, Targets=[target])["TargetHealthDescriptions"][0]["TargetHealth"]
        return found["State"], found.get("Reason", "")

    with a_server() as port:
        good, bad = ({"Id": "127.0.0.1", "Port": port}, {"Id": "127.0.0.1", "Port": 1})
        elbv2.register_targets(**arn, Targets=[good])
        assert health(**good) == ("unused", "Target.NotInUse")
        forward = {"Type": "forward", **arn}
        balancer_arn = balancer["LoadBalancerArn"]
        elbv2.create_listener(LoadBalancerArn=balancer_arn, Protocol="HTTP", Port=80, DefaultActions=[forward])
        end = time.monotonic() + 30
        while health(**good) != ("healthy", ""):
            assert time.monotonic() < end
            time.sleep(0.1)
        elbv2.register_targets(**arn, Targets=[bad])
        assert health(**bad) == ("initial", "Elb.InitialHealthChecking")
        assert health(**bad | {"Port": 2}) == ("unused", "Target.NotRegistered")
        for _ in range(10):
            request = urllib.request.Request(aws.url, headers={"Host": balancer["DNSName"]})
            assert urllib.request.urlopen(request, timeout=30).status == 200
        elbv2.deregister_targets(**arn, Targets=[good])
        assert health(**good) == ("draining", "Target.DeregistrationInProgress")


@fact
def things_go_wrong_when_asked_to(aws: AwsEndpoint) -> None:
    def ask(*faults: dict[str, Any]) -> None:
        body = json.dumps(faults).encode()
        urllib.request.urlopen(
            urllib.request.Request(f"{aws.url}/_local_aws/faults", data=body, method="PUT"), timeout=30
        )

    once = botocore.config.Config(retries={"total_max_attempts": 1})
    ecs, name = aws.client("ecs", config=once), new("cluster")
    try:
        ask(
            {"action": "ListClusters", "call": 2, "fault": "throttle"},
            {"action": "ListClusters", "call": 3, "fault": "fail"},
        )
    except urllib.error.HTTPError as refused:
        raise AssertionError("no faults can be asked for") from refused
    ecs.list_clusters()
    assert error_of(ecs.list_clusters) == "ThrottlingException"
    assert error_of(ecs.list_clusters) == "ServerException"
    ecs.list_clusters()

    ask({"action": "CreateCluster", "call": 1, "fault": "lose"})
    try:
        ecs.create_cluster(clusterName=name)
    except (HTTPClientError, ResponseStreamingError):
        assert ecs.describe_clusters(clusters=[name])["clusters"][0]["status"] == "ACTIVE"
    else:
        raise AssertionError("the answer was not lost")

    # Who goes away meanwhile has asked for nothing.
    ask({"action": "CreateCluster", "call": 1, "fault": "delay"})
    impatient = aws.client("ecs", config=once.merge(botocore.config.Config(read_timeout=1)))
    try:
        impatient.create_cluster(clusterName=f"{name}-late")
    except ReadTimeoutError:
        assert ecs.describe_clusters(clusters=[f"{name}-late"])["clusters"] == []
    else:
        raise AssertionError("the call was not held up")

    ask({"tasks": 1, "fault": "refuse"})
    definition = a_task_definition(aws, name, "none:1", ["true"])
    run = ecs.run_task(cluster=name, taskDefinition=definition, count=2, launchType="FARGATE")
    assert (len(run["tasks"]), len(run["failures"])) == (1, 1)
    assert run["failures"][0]["reason"].startswith("Capacity is unavailable")
    ask()


@fact
def an_alarm_scales_a_service(aws: AwsEndpoint) -> None:
    scaling, cloudwatch, ecs = (aws.client(name) for name in ("application-autoscaling", "cloudwatch", "ecs"))
    name = a_service(aws, desiredCount=1)["serviceName"]
    resource = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{name}/{name}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**resource, MinCapacity=1, MaxCapacity=2)
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    tracking = {"TargetValue": 60.0, "PredefinedMetricSpecification": metric}
    policy = {**resource, "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}
    made = scaling.put_scaling_policy(**policy, TargetTrackingScalingPolicyConfiguration=tracking)["Alarms"]
    assert scaling.put_scaling_policy(**policy, TargetTrackingScalingPolicyConfiguration=tracking)["Alarms"] == made
    names = {side: [one["AlarmName"] for one in made if f"Alarm{side}" in one["AlarmName"]] for side in ("High", "Low")}
    assert [len(found) for found in names.values()] == [1, 1]
    counts = []
    for side in ("High", "High", "Low", "Low"):
        for state in ("OK", "ALARM"):
            cloudwatch.set_alarm_state(AlarmName=names[side][0], StateValue=state, StateReason="a rehearsal")
        counts.append(ecs.describe_services(cluster=name, services=[name])["services"][0]["desiredCount"])
    assert counts == [2, 2, 1, 1]

    scaling.register_scalable_target(**resource, SuspendedState={"DynamicScalingOutSuspended": True})
    for state in ("OK", "ALARM"):
        cloudwatch.set_alarm_state(AlarmName=names["High"][0], StateValue=state, StateReason="a rehearsal")
    assert ecs.describe_services(cluster=name, services=[name])["services"][0]["desiredCount"] == 1
    scaling.delete_scaling_policy(**resource, PolicyName="cpu")
    assert cloudwatch.describe_alarms(AlarmNames=[one["AlarmName"] for one in made])["MetricAlarms"] == []


@fact
def an_identity_provider_can_be_changed(aws: AwsEndpoint) -> None:
    iam = aws.client("iam")
    host = f"{new('tokens')}.example.com"
    made = iam.create_open_id_connect_provider(
        Url=f"https://{host}",
        ClientIDList=["one"],
        Tags=[{"Key": "stays", "Value": "1"}, {"Key": "goes", "Value": "1"}],
    )
    provider = {"OpenIDConnectProviderArn": made["OpenIDConnectProviderArn"]}
    iam.add_client_id_to_open_id_connect_provider(**provider, ClientID="two")
    iam.remove_client_id_from_open_id_connect_provider(**provider, ClientID="one")
    iam.tag_open_id_connect_provider(**provider, Tags=[{"Key": "stays", "Value": "2"}])
    iam.untag_open_id_connect_provider(**provider, TagKeys=["goes"])
    found = iam.get_open_id_connect_provider(**provider)
    assert (found["Url"], found["ClientIDList"]) == (host, ["two"])
    assert found["Tags"] == [{"Key": "stays", "Value": "2"}]
    absent = {"OpenIDConnectProviderArn": f"{made['OpenIDConnectProviderArn']}.none"}
    assert error_of(iam.add_client_id_to_open_id_connect_provider, **absent, ClientID="one") == "NoSuchEntity"


@fact
def any_version_of_a_policy_becomes_the_default(aws: AwsEndpoint) -> None:
    iam, arn = aws.client("iam"), ""
    for effect in ("Deny", "Allow"):
        document = json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": "s3:*", "Resource": "*"}]}
        )
        if arn:
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=False)
        else:
            arn = iam.create_policy(PolicyName=new("policy"), PolicyDocument=document)["Policy"]["Arn"]
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v2"
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert {one["VersionId"]: one["IsDefaultVersion"] for one in versions} == {"v1": False, "v2": True}
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    assert error_of(iam.set_default_policy_version, PolicyArn=arn, VersionId="v1") == "NoSuchEntity"


@fact
def a_request_with_a_token_is_carried_out_once(aws: AwsEndpoint) -> None:
    ec2, vpc, token = aws.client("ec2"), a_network(aws)["vpc"], new("token")
    tokens = (token, token, new("token"))
    made = [ec2.create_route_table(VpcId=vpc, ClientToken=one)["RouteTable"]["RouteTableId"] for one in tokens]
    assert made[0] == made[1] != made[2]


@fact
def a_request_obeys_the_model_of_its_service(aws: AwsEndpoint) -> None:
    """In each protocol; by the model and, where that is silent, by the documentation."""
    wrong: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
        "sourceArn": (aws.client("lambda").add_permission, A_PERMISSION_FOR_ALL_REGIONS, "ValidationException"),
        "family": (
            aws.client("ecs").register_task_definition,
            {"family": "a b", "containerDefinitions": []},
            "InvalidParameterException",
        ),
        "roleName": (
            aws.client("iam").create_role,
            {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"},
            "ValidationError",
        ),
        "description": (
            aws.client("ec2").create_security_group,
            {"GroupName": new("app"), "Description": "the app's"},
            "InvalidParameterValue",
        ),
        "name": (
            aws.client("route53").create_hosted_zone,
            {"Name": "example..test", "CallerReference": new("zone")},
            "InvalidInput",
        ),
    }
    for member, (call, request, code) in wrong.items():
        try:
            call(**request)
        except ClientError as refusal:
            said = refusal.response["Error"]
            assert said["Code"] == code
            assert f"at '{member}' failed to satisfy constraint: Member must" in said["Message"]
        else:
            raise AssertionError(f"{member} was taken")
    assert len(refused.since_the_last_time()) == len(wrong)
