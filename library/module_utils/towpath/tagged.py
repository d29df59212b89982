"""What carries an environment's tags, by kind. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

# Type as in an ARN -> what one is called, and several. A type that is not here goes by its own name.
WORDS = {
    "acm:certificate": ("certificate", "certificates"),
    "application-autoscaling:scalable-target": ("scaling", "scalings"),
    "cloudfront:distribution": ("CloudFront distribution", "CloudFront distributions"),
    "cloudwatch:alarm": ("alarm", "alarms"),
    "dynamodb:table": ("ledger, with all its releases", "tables"),
    "ec2:elastic-ip": ("address", "addresses"),
    "ec2:instance": ("machine", "machines"),
    "ec2:internet-gateway": ("internet gateway", "internet gateways"),
    "ec2:natgateway": ("NAT gateway", "NAT gateways"),
    "ec2:network-interface": ("network interface", "network interfaces"),
    "ec2:route-table": ("route table", "route tables"),
    "ec2:security-group": ("security group", "security groups"),
    "ec2:subnet": ("subnet", "subnets"),
    "ec2:volume": ("disk", "disks"),
    "ec2:vpc": ("VPC", "VPCs"),
    "ec2:vpc-endpoint": ("endpoint", "endpoints"),
    "ecs:cluster": ("cluster", "clusters"),
    "ecs:service": ("service", "services"),
    "ecs:task": ("task", "tasks"),
    "ecs:task-definition": ("revision", "revisions"),
    "elasticloadbalancing:listener": ("listener", "listeners"),
    "elasticloadbalancing:listener-rule": ("rule of a listener", "rules of listeners"),
    "elasticloadbalancing:loadbalancer": ("load balancer", "load balancers"),
    "elasticloadbalancing:targetgroup": ("target group", "target groups"),
    "iam:instance-profile": ("instance profile", "instance profiles"),
    "iam:policy": ("policy", "policies"),
    "iam:role": ("role in IAM", "roles in IAM"),
    "logs:log-group": ("log, with all its lines", "logs, with all their lines"),
    "rds:db": ("database", "databases"),
    "rds:pg": ("parameter group", "parameter groups"),
    "rds:snapshot": ("snapshot", "snapshots"),
    "rds:subgrp": ("subnet group", "subnet groups"),
    "s3:bucket": ("bucket, with all its files", "buckets, with all their files"),
    "ssm:parameter": ("secret", "secrets"),
}

# In these services' ARNs the name stands alone.
_TYPE_OF_NAME = {"s3": "bucket", "sns": "topic", "sqs": "queue"}


def type_of(arn: str) -> str:
    """The type that an ARN names, such as ec2:vpc."""
    _, _, service, _, _, resource = arn.split(":", 5)
    kind = _TYPE_OF_NAME.get(service) or resource.replace("/", ":").partition(":")[0]
    return f"{service}:{kind}"


def counted(arns: Iterable[str]) -> list[str]:
    """One line for each kind, in the order of their names."""
    counts = Counter(map(type_of, arns))
    named = [(WORDS.get(kind, (kind, kind)), count) for kind, count in counts.items()]
    width = max((len(str(count)) for count in counts.values()), default=0)
    return [
        f"{count:>{width}} {several if count > 1 else one}"
        for (one, several), count in sorted(named, key=lambda each: each[0][0].lower())
    ]
