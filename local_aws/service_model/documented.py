"""Rules that stand in AWS's documentation and not in its service models, each with the page that says so."""

from __future__ import annotations

from dataclasses import dataclass, replace

PAGES = {
    "ec2": "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_",
    "elbv2": "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_",
    "rds": "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_",
    "ecs": "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_",
    "sns": "https://docs.aws.amazon.com/sns/latest/api/API_",
    "sqs": "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_",
    "cloudwatch": "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_",
    "cloudfront": "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_",
    "route53": "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat",
    "tags": "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats",
}


@dataclass(frozen=True)
class Rule:
    says: str
    page: str
    pattern: str = ""
    """What a whole text, or each of several, is like: as in AWS's models in the words of Java."""
    numbers: range = range(0)
    others: tuple[int, ...] = ()


def text(pattern: str, says: str) -> Rule:
    return Rule(f"Member must {says}", "", pattern=f"^{pattern}$")


def up_to(longest: int) -> Rule:
    return text(rf"[\s\S]{{0,{longest}}}", f"have length less than or equal to {longest}")


def between(first: int, last: int) -> Rule:
    return Rule(f"Member must have value between {first} and {last}", "", numbers=range(first, last + 1))


def identifier(longest: int) -> Rule:
    return text(
        rf"(?!.*--)(?=.{{1,{longest}}}$)[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?",
        f"be 1 to {longest} letters, digits and hyphens, begin with a letter, and not end with a hyphen or have two "
        "in a row",
    )


SPOKEN = text(
    r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}", "be up to 255 of a-zA-Z0-9, space and ._-:/()#,@[]+=&;{}!$*"
)
SPOKEN_OF_A_RULE = text(
    r"[A-Za-z0-9 ._\-:/()#,@\[\]+=;{}!$*]{0,255}", "be up to 255 of a-zA-Z0-9, space and ._-:/()#,@[]+=;{}!$*"
)
GROUP_NAME = text(
    r"(?!sg-)[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}",
    f"not begin with sg-, and {SPOKEN.says.partition('must ')[2]}",
)
ELB_NAME = text(
    "(?!-)(?!internal-)[A-Za-z0-9-]{1,32}(?<!-)",
    "be up to 32 letters, digits and hyphens, and not begin with internal- or begin or end with a hyphen",
)
TARGET_GROUP_NAME = text(
    "(?!-)[A-Za-z0-9-]{1,32}(?<!-)", "be up to 32 letters, digits and hyphens, and not begin or end with a hyphen"
)
ECS_NAME = text("[A-Za-z0-9_-]{1,255}", "be up to 255 letters, digits, underscores and hyphens")
RDS_TAG = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]"
RDS_TAG_SAYS = "letters, digits, spaces and _.:/=+-@, and not begin with aws: or rds:"
# PostgreSQL's own, and those that RDS keeps for itself.
RESERVED = (
    "all|analyse|analyze|and|any|array|as|asc|asymmetric|authorization|binary|both|case|cast|check|collate|collation|"
    "column|concurrently|constraint|create|cross|current_catalog|current_date|current_role|current_schema|current_time|"
    "current_timestamp|current_user|default|deferrable|desc|distinct|do|else|end|except|false|fetch|for|foreign|freeze|"
    "from|full|grant|group|having|ilike|in|initially|inner|intersect|into|is|isnull|join|lateral|leading|left|like|"
    "limit|localtime|localtimestamp|natural|not|notnull|null|offset|on|only|or|order|outer|overlaps|placing|primary|"
    "references|returning|right|select|session_user|similar|some|symmetric|system_user|table|tablesample|then|to|"
    "trailing|true|union|unique|user|using|variadic|verbose|when|where|window|with|db|rdsadmin"
)
DATABASE = text(
    rf"(?!(?i:{RESERVED})$)[A-Za-z][A-Za-z0-9_]{{0,62}}",
    "be 1 to 63 letters, digits and underscores, begin with a letter, and be no word that PostgreSQL reserves",
)
MASTER = text(
    rf"(?!(?i:{RESERVED}|admin)$)[A-Za-z][A-Za-z0-9_]{{0,62}}",
    "be 1 to 63 letters, digits and underscores, begin with a letter, and be no word that PostgreSQL or RDS reserves",
)
PASSWORD = text(r"[!#-.0-?A-~]{8,128}", 'be 8 to 128 printable ASCII characters, without /, ", @ and space')
DAY, TIME = "(?i:mon|tue|wed|thu|fri|sat|sun)", r"(?:[01]\d|2[0-3]):[0-5]\d"
BACKUP_WINDOW = text(f"{TIME}-{TIME}", "be in the format hh24:mi-hh24:mi")
MAINTENANCE_WINDOW = text(f"{DAY}:{TIME}-{DAY}:{TIME}", "be in the format ddd:hh24:mi-ddd:hh24:mi")
# A label has no dot and no space; a code such as \052 stands for what cannot be written.
DOMAIN = text(
    r"(?=.{1,255}$)(?:[^.\s]{1,63}\.)*[^.\s]{1,63}\.?",
    "be labels of 1 to 63 characters, with dots between them and 255 characters in all",
)
TOPIC = text(r"(?=.{1,256}$)[A-Za-z0-9_-]+(\.fifo)?", "be up to 256 letters, digits, underscores and hyphens")
QUEUE = text(r"(?=.{1,80}$)[A-Za-z0-9_-]+(\.fifo)?", "be up to 80 letters, digits, underscores and hyphens")
PERIOD = Rule("Member must be 10, 20, 30 or a multiple of 60", "", numbers=range(60, 604801, 60), others=(10, 20, 30))

# Service, page of its API reference and shape in botocore's model, if that is another name -> member -> rule.
TABLE: dict[tuple[str, str, str], dict[str, Rule]] = {
    ("ec2", "CreateSecurityGroup", "CreateSecurityGroupRequest"): {"GroupName": GROUP_NAME, "Description": SPOKEN},
    ("ec2", "IpRange", ""): {"Description": SPOKEN},
    ("ec2", "Ipv6Range", ""): {"Description": SPOKEN},
    ("ec2", "PrefixListId", ""): {"Description": SPOKEN_OF_A_RULE},
    ("ec2", "UserIdGroupPair", ""): {"Description": SPOKEN_OF_A_RULE},
    ("ec2", "Tag", ""): {
        "Key": text(r"(?!(?i:aws:))[\s\S]{1,127}", "be 1 to 127 characters and not begin with aws:"),
        "Value": up_to(256),
    },
    ("ec2", "CreateKeyPair", "CreateKeyPairRequest"): {
        "KeyName": text(r"[\x00-\x7F]{1,255}", "be up to 255 ASCII characters")
    },
    ("ec2", "RunInstances", "RunInstancesRequest"): {
        "ClientToken": text(r"[\x00-\x7F]{0,64}", "be up to 64 ASCII characters")
    },
    ("elbv2", "CreateLoadBalancer", "CreateLoadBalancerInput"): {"Name": ELB_NAME},
    ("elbv2", "CreateTargetGroup", "CreateTargetGroupInput"): {"Name": TARGET_GROUP_NAME},
    ("elbv2", "HostHeaderConditionConfig", ""): {"Values": up_to(128)},
    ("elbv2", "PathPatternConditionConfig", ""): {"Values": up_to(128)},
    ("elbv2", "HttpHeaderConditionConfig", ""): {"HttpHeaderName": up_to(40), "Values": up_to(128)},
    ("rds", "CreateDBInstance", "CreateDBInstanceMessage"): {
        "DBInstanceIdentifier": identifier(63),
        "DBName": DATABASE,
        "MasterUsername": MASTER,
        "MasterUserPassword": PASSWORD,
        "BackupRetentionPeriod": between(0, 35),
        "Port": between(1150, 65535),
        "PreferredBackupWindow": BACKUP_WINDOW,
        "PreferredMaintenanceWindow": MAINTENANCE_WINDOW,
    },
    ("rds", "ModifyDBInstance", "ModifyDBInstanceMessage"): {
        "NewDBInstanceIdentifier": identifier(63),
        "MasterUserPassword": PASSWORD,
        "BackupRetentionPeriod": between(0, 35),
        "PreferredBackupWindow": BACKUP_WINDOW,
        "PreferredMaintenanceWindow": MAINTENANCE_WINDOW,
    },
    ("rds", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceFromDBSnapshotMessage"): {
        "DBInstanceIdentifier": identifier(63)
    },
    ("rds", "RestoreDBInstanceToPointInTime", "RestoreDBInstanceToPointInTimeMessage"): {
        "TargetDBInstanceIdentifier": identifier(63)
    },
    ("rds", "CreateDBSnapshot", "CreateDBSnapshotMessage"): {"DBSnapshotIdentifier": identifier(255)},
    ("rds", "DeleteDBInstance", "DeleteDBInstanceMessage"): {"FinalDBSnapshotIdentifier": identifier(255)},
    ("rds", "CreateDBParameterGroup", "CreateDBParameterGroupMessage"): {"DBParameterGroupName": identifier(255)},
    ("rds", "CreateDBSubnetGroup", "CreateDBSubnetGroupMessage"): {
        "DBSubnetGroupName": text(
            "(?!(?i:default)$)[A-Za-z][A-Za-z0-9._ -]{0,254}",
            "be up to 255 letters, digits, spaces and ._-, begin with a letter, and not be default",
        )
    },
    ("rds", "Tag", ""): {
        "Key": text(rf"(?!aws:|rds:){RDS_TAG}{{1,128}}", f"be 1 to 128 {RDS_TAG_SAYS}"),
        "Value": text(rf"(?!aws:|rds:){RDS_TAG}{{0,256}}", f"be up to 256 {RDS_TAG_SAYS}"),
    },
    ("ecs", "CreateCluster", "CreateClusterRequest"): {"clusterName": ECS_NAME},
    ("ecs", "CreateService", "CreateServiceRequest"): {"serviceName": ECS_NAME},
    ("ecs", "RegisterTaskDefinition", "RegisterTaskDefinitionRequest"): {"family": ECS_NAME},
    ("ecs", "ContainerDefinition", ""): {"name": ECS_NAME},
    ("ecs", "HealthCheck", ""): {
        "interval": between(5, 300),
        "timeout": between(2, 60),
        "retries": between(1, 10),
        "startPeriod": between(0, 300),
    },
    ("ecs", "RunTask", "RunTaskRequest"): {
        "count": between(1, 10),
        "startedBy": text("[A-Za-z0-9/_-]{0,128}", "be up to 128 letters, digits, hyphens, slashes and underscores"),
    },
    ("route53", "", "CreateHostedZoneRequest"): {"Name": DOMAIN},
    ("route53", "", "ResourceRecordSet"): {"Name": DOMAIN},
    ("sns", "CreateTopic", "CreateTopicInput"): {"Name": TOPIC},
    ("sns", "Publish", "PublishInput"): {
        "Subject": text(r"[^\x00-\x1F\x7F]{1,100}", "be up to 100 characters on one line")
    },
    ("sqs", "CreateQueue", "CreateQueueRequest"): {"QueueName": QUEUE},
    ("cloudwatch", "PutDashboard", "PutDashboardInput"): {
        "DashboardName": text("[A-Za-z0-9_-]{1,255}", "be up to 255 letters, digits, underscores and hyphens")
    },
    ("cloudwatch", "PutMetricAlarm", "PutMetricAlarmInput"): {"Period": PERIOD},
    ("cloudfront", "DistributionConfig", ""): {"Comment": up_to(128)},
}
RULES: dict[tuple[str, str, str], Rule] = {
    (service, shape or page, member): replace(rule, page=f"{PAGES[service]}{page}.html")
    for (service, page, shape), members in TABLE.items()
    for member, rule in members.items()
}
# Of every service; a structure Tag, or a map whose keys are a TagKey.
NO_TAG_OF_AWS = replace(
    text(r"(?!(?i:aws:))[\s\S]*", "not begin with aws:, which AWS keeps for itself"), page=f"{PAGES['tags']}.html"
)
