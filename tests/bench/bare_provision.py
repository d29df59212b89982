"""Describe the network, load balancer, app and images that provision.yml manages, with boto3 and nothing else."""

from __future__ import annotations

import sys

import boto3


def main(app: str, environment: str) -> None:
    name = f"{app}-{environment}"
    named = [{"Name": "tag:Name", "Values": [f"{name}*"]}]
    session = boto3.session.Session()
    ec2, ecs, iam, elb, ecr, logs, ssm = (
        session.client(service) for service in ("ec2", "ecs", "iam", "elbv2", "ecr", "logs", "ssm")
    )
    ec2.describe_availability_zones()
    vpc = ec2.describe_vpcs(Filters=named)["Vpcs"][0]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
    ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    ec2.describe_subnets(Filters=inside)
    ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])
    ec2.describe_nat_gateways(Filters=inside)
    ec2.describe_route_tables(Filters=inside)
    ec2.describe_vpc_endpoints(Filters=inside)
    ec2.describe_security_groups(Filters=inside)
    ssm.get_parameters_by_path(Path=f"/{app}/{environment}")
    ecr.describe_repositories(repositoryNames=[app])
    ecr.get_lifecycle_policy(repositoryName=app)
    logs.describe_log_groups(logGroupNamePrefix=f"/ecs/{environment}/")
    for role in (f"{name}-task-execution", f"{name}-task"):
        iam.get_role(RoleName=role)
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            iam.get_role_policy(RoleName=role, PolicyName=policy)
    balancer = elb.describe_load_balancers(Names=[name])["LoadBalancers"][0]["LoadBalancerArn"]
    elb.describe_load_balancer_attributes(LoadBalancerArn=balancer)
    for listener in elb.describe_listeners(LoadBalancerArn=balancer)["Listeners"]:
        elb.describe_rules(ListenerArn=listener["ListenerArn"])
    for group in elb.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]:
        elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])
    ecs.describe_clusters(clusters=[name], include=["SETTINGS", "CONFIGURATIONS", "TAGS"])
    service = ecs.describe_services(cluster=name, services=["app"], include=["TAGS"])["services"][0]
    ecs.describe_task_definition(taskDefinition=service["taskDefinition"], include=["TAGS"])


if __name__ == "__main__":
    main(*sys.argv[1:])
