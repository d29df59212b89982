"""The roles of CI as an account has them, and tokens as GitHub's."""

from __future__ import annotations

import base64
import copy
import json
import re
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from tests.e2e.account import Account

REPOSITORY = "octo-org/webapp"
MAIN = f"repo:{REPOSITORY}:ref:refs/heads/main"
JOB_OF = "repo:{}:environment:{}"

# AWS lets everybody ask who they are.
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity"}

# The emulator asks for these on "*", whatever the call names.
WITHOUT_A_RESOURCE_THERE = re.compile(
    r"ecs:(DescribeClusters|(Register|Delete)TaskDefinitions?|(Describe|Stop)Service(Deployment|Revision)s?)"
    r"|(rds|application-autoscaling|elasticloadbalancing):.*|iam:Simulate.*|ecr:DescribeRepositories|dynamodb:ListTagsOfResource"
)


@dataclass
class Ci:
    account: Account
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By role, such as deploy-staging, as provision.yml made it."""
    called: dict[str, set[str]] = field(default_factory=dict)

    def granted(self, role: str) -> set[str]:
        return actions_of(self.policies[role])

    def assume(self, role: str, subject: str, audience: str = "sts.amazonaws.com") -> dict[str, str]:
        """Change a token for credentials, as a job does."""
        sts = boto3.client(
            "sts", region_name="us-east-1", endpoint_url=self.account.url, config=Config(signature_version=UNSIGNED)
        )
        claims = {"iss": "https://token.actions.githubusercontent.com", "aud": audience, "sub": subject}
        got = sts.assume_role_with_web_identity(
            RoleArn=self.arn(role), RoleSessionName="job", WebIdentityToken=token(claims)
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": got["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": got["SecretAccessKey"],
            "AWS_SESSION_TOKEN": got["SessionToken"],
        }

    @property
    def arns(self) -> str:
        """What the ARNs of all of them begin with."""
        account_id = self.account.client("sts").get_caller_identity()["Account"]
        return f"arn:aws:iam::{account_id}:role/webapp-ci"

    def arn(self, role: str) -> str:
        return f"{self.arns}-{role}"

    def policy(self, role: str) -> dict[str, Any]:
        iam, arn = self.account.client("iam"), self.arn(role).replace(":role/", ":policy/")
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return dict(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])

    def allow(self, role: str, policy: dict[str, Any]) -> None:
        """Give the role this policy and no other."""
        iam, arn = self.account.client("iam"), self.arn(role).replace(":role/", ":policy/")
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
        document = json.dumps(as_the_emulator_asks(policy))
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)

    def job(self, role: str, subject: str, more: dict[str, str] | None = None) -> Account:
        """The account, in the hands of a job."""
        job = copy.copy(self.account)
        job.environment = self.account.environment | self.assume(role, subject) | (more or {})
        return job


def token(claims: dict[str, str]) -> str:
    """A token as GitHub's. The emulator looks at what it says, and not at who signed it."""
    parts = ({"alg": "RS256", "typ": "JWT"}, claims)
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJl"])


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def actions_of(policy: dict[str, Any]) -> set[str]:
    return {action for statement in policy["Statement"] for action in listed(statement["Action"])}


def clusters_of(statement: dict[str, Any]) -> list[str]:
    """The clusters of what a statement is about: the emulator asks for every ECS call on its cluster."""
    text = json.dumps([statement["Resource"], statement.get("Condition", {})])
    found = re.findall(r"(arn:aws:ecs:[^:]+:\d+:)(?:service|task|task-definition|cluster)/([^/:\"]+)", text)
    return sorted({f"{begin}cluster/{name}" for begin, name in found})


def as_the_emulator_asks(policy: dict[str, Any]) -> dict[str, Any]:
    """The same policy with the resources that the emulator asks for, and nothing more allowed than on AWS."""
    more: list[tuple[list[str], Any]] = []
    for one in policy["Statement"]:
        actions = listed(one["Action"])
        if clusters := clusters_of(one):
            more.append(([action for action in actions if action.startswith("ecs:")], clusters))
        # A log stream is asked for by its group.
        if ":log-stream:" in one["Resource"]:
            more.append((actions, one["Resource"].partition(":log-stream:")[0]))
        more.append(([action for action in actions if WITHOUT_A_RESOURCE_THERE.fullmatch(action)], "*"))
    added = [{"Effect": "Allow", "Action": actions, "Resource": resource} for actions, resource in more if actions]
    return {**policy, "Statement": [*policy["Statement"], *added]}


def let_ci_deploy(account: Account) -> Ci:
    """Make the roles with provision.yml, and let the emulator ask for what AWS would ask for."""
    ci = Ci(account)
    account.playbook("provision.yml", "--limit", "shared", "-e", f"ci_identity_repository={REPOSITORY}")
    for role in ("deploy-staging", "deploy-prod", "plan-prod", "preview", "preview-read"):
        ci.policies[role] = ci.policy(role)
        ci.allow(role, ci.policies[role])
    return ci
