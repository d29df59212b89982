"""Describe once whatever provision.yml manages, with boto3 and nothing else. It compares nothing."""

from __future__ import annotations

import sys
from typing import Any

import boto3


def main(app: str, environment: str) -> None:
    session = boto3.session.Session()
    shared(session, app)
    vpc = network(session, f"{app}-{environment}")
    rights(session, [f"{app}-{environment}-{role}" for role in ("task-execution", "task")])
    service(session, app, environment)
    database(session, f"{app}-{environment}")
    # No bastion, where nobody has given a key for it.
    session.client("ec2").describe_instances(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    alerts(session, app, f"{app}-{environment}")


def shared(session: boto3.session.Session, app: str) -> None:
    """The images, and what tells the team."""
    ecr, sqs, sns, kms, functions = (session.client(name) for name in ("ecr", "sqs", "sns", "kms", "lambda"))
    for repository in (app, f"{app}-cache", f"{app}-previews"):
        ecr.describe_repositories(repositoryNames=[repository])
        ecr.get_lifecycle_policy(repositoryName=repository)
    for queue in ("dead-letters", "log-lines"):
        url = sqs.get_queue_url(QueueName=f"{app}-notifier-{queue}")["QueueUrl"]
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        sqs.list_queue_tags(QueueUrl=url)
    key = kms.describe_key(KeyId=f"alias/{app}-notifier")["KeyMetadata"]["KeyId"]
    kms.get_key_policy(KeyId=key, PolicyName="default")
    kms.get_key_rotation_status(KeyId=key)
    kms.list_resource_tags(KeyId=key)
    account = session.client("sts").get_caller_identity()["Account"]
    topic = f"arn:aws:sns:{session.region_name}:{account}:{app}-notifier-alarms"
    sns.get_topic_attributes(TopicArn=topic)
    sns.list_subscriptions_by_topic(TopicArn=topic)
    sns.list_tags_for_resource(ResourceArn=topic)
    names = [f"{app}-notifier-{what}" for what in ("deployments", "alarms", "log-lines")]
    for name in names:
        arn = functions.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
        functions.get_function_concurrency(FunctionName=name)
        functions.list_event_source_mappings(FunctionName=name)
        functions.list_tags(Resource=arn)
    rights(session, names)


def network(session: boto3.session.Session, name: str) -> str:
    ec2 = session.client("ec2")
    ec2.describe_availability_zones()
    vpc = str(ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"][0]["VpcId"])
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
    ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    ec2.describe_subnets(Filters=inside)
    ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])
    ec2.describe_nat_gateways(Filters=inside)
    ec2.describe_route_tables(Filters=inside)
    ec2.describe_vpc_endpoints(Filters=inside)
    ec2.describe_security_groups(Filters=inside)
    return vpc


def rights(session: boto3.session.Session, roles: list[str]) -> None:
    iam = session.client("iam")
    for role in roles:
        iam.get_role(RoleName=role)
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            iam.get_role_policy(RoleName=role, PolicyName=policy)
        for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            policy = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
            iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])


def service(session: boto3.session.Session, app: str, environment: str) -> None:
    name = f"{app}-{environment}"
    ecs, elb, logs, ssm, dynamodb, scaling = (
        session.client(service) for service in ("ecs", "elbv2", "logs", "ssm", "dynamodb", "application-autoscaling")
    )
    ssm.get_parameters_by_path(Path=f"/{app}/{environment}")
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/ecs/{environment}/")["logGroups"]:
        logs.list_tags_log_group(logGroupName=group["logGroupName"])
        logs.describe_subscription_filters(logGroupName=group["logGroupName"])
    balancer = elb.describe_load_balancers(Names=[name])["LoadBalancers"][0]["LoadBalancerArn"]
    elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)
    elb.describe_tags(ResourceArns=[balancer])
    for listener in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]:
        elb.describe_rules(ListenerArn=listener["ListenerArn"])
    for group in elb.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]:
        elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])
        elb.describe_tags(ResourceArns=[group["TargetGroupArn"]])
    ecs.describe_clusters(clusters=[name], include=["SETTINGS", "CONFIGURATIONS", "TAGS"])
    found = ecs.describe_services(cluster=name, services=["app"], include=["TAGS"])["services"][0]
    ecs.describe_task_definition(taskDefinition=found["taskDefinition"], include=["TAGS"])
    table = dynamodb.describe_table(TableName=f"{name}-releases")["Table"]["TableArn"]
    dynamodb.describe_continuous_backups(TableName=f"{name}-releases")
    dynamodb.list_tags_of_resource(ResourceArn=table)
    scaled: dict[str, Any] = {"ServiceNamespace": "ecs", "ResourceId": f"service/{name}/app"}
    scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[scaled["ResourceId"]])
    scaling.describe_scaling_policies(**scaled)
    scaling.describe_scheduled_actions(**scaled)


def database(session: boto3.session.Session, name: str) -> None:
    rds = session.client("rds")
    instance = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    rds.list_tags_for_resource(ResourceName=instance["DBInstanceArn"])
    rds.describe_db_subnet_groups(DBSubnetGroupName=instance["DBSubnetGroup"]["DBSubnetGroupName"])
    for group in instance["DBParameterGroups"]:
        rds.describe_db_parameter_groups(DBParameterGroupName=group["DBParameterGroupName"])
        rds.describe_db_parameters(DBParameterGroupName=group["DBParameterGroupName"])


def alerts(session: boto3.session.Session, app: str, name: str) -> None:
    cloudwatch, events = session.client("cloudwatch"), session.client("events")
    for alarms in (app, name):
        cloudwatch.describe_alarms(AlarmNamePrefix=alarms)
    cloudwatch.get_dashboard(DashboardName=name)
    for rule in events.list_rules(NamePrefix=name)["Rules"]:
        events.list_targets_by_rule(Rule=rule["Name"])
        events.list_tags_for_resource(ResourceARN=rule["Arn"])


if __name__ == "__main__":
    main(*sys.argv[1:])
