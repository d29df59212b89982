"""What CI may do, with IAM enforced: the roles are assumed with tokens as GitHub's, and the commands run with them."""

from __future__ import annotations

import base64
import copy
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.api_calls import recorded
from tests.e2e.account import Account, Done, Loop

REPOSITORY = "octo-org/webapp"
MAIN = f"repo:{REPOSITORY}:ref:refs/heads/main"
JOB_OF = "repo:{}:environment:{}"

# Granted, and in none of the commands below: why it is there nevertheless.
NEEDED_ELSEWHERE = {
    "iam:PassRole": "no call: AWS asks for it when a revision is registered and a task is run",
    "ecs:TagResource": "no call: AWS asks for it when something is made with tags",
    "ecs:StopServiceDeployment": "a rollout that takes too long is rolled back",
    "ecs:StopTask": "a command that takes too long is stopped",
    "application-autoscaling:ListTagsForResource": "the first release of an environment, which is behind us here",
    "application-autoscaling:RegisterScalableTarget": "the first release",
    "application-autoscaling:TagResource": "the first release",
    "ecr:BatchCheckLayerAvailability": "docker push asks the registry, which on AWS asks IAM",
    "ecr:CompleteLayerUpload": "docker push",
    "ecr:InitiateLayerUpload": "docker push",
    "ecr:UploadLayerPart": "docker push",
}
# AWS lets everybody ask who they are.
NEEDS_NO_PERMISSION = {"sts:GetCallerIdentity", "sts:AssumeRoleWithWebIdentity"}

# The emulator asks for these on "*", whatever the call names.
WITHOUT_A_RESOURCE_THERE = re.compile(
    r"ecs:(RegisterTaskDefinition|(Describe|Stop)Service(Deployment|Revision)s?)"
    r"|(rds|application-autoscaling):.*|iam:Simulate.*|ecr:DescribeRepositories"
)


@dataclass
class Ci:
    account: Account
    seen: Loop
    policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By environment, as the role made it."""
    called: dict[str, set[str]] = field(default_factory=dict)

    def granted(self, environment: str) -> set[str]:
        return actions_of(self.policies[environment])

    def assume(self, environment: str, subject: str, audience: str = "sts.amazonaws.com") -> dict[str, str]:
        """Change a token for credentials, as a job does."""
        sts = boto3.client(
            "sts", region_name="us-east-1", endpoint_url=self.account.url, config=Config(signature_version=UNSIGNED)
        )
        claims = {"iss": "https://token.actions.githubusercontent.com", "aud": audience, "sub": subject}
        got = sts.assume_role_with_web_identity(
            RoleArn=self.role(environment), RoleSessionName="job", WebIdentityToken=token(claims)
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": got["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": got["SecretAccessKey"],
            "AWS_SESSION_TOKEN": got["SessionToken"],
        }

    def role(self, environment: str) -> str:
        account_id = self.account.client("sts").get_caller_identity()["Account"]
        return f"arn:aws:iam::{account_id}:role/webapp-ci-deploy-{environment}"

    def job(self, environment: str, subject: str, more: dict[str, str] | None = None) -> Account:
        """The account, in the hands of a job."""
        job = copy.copy(self.account)
        job.environment = self.account.environment | self.assume(environment, subject) | (more or {})
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


@pytest.fixture(scope="module")
def ci(loop: Loop) -> Iterator[Ci]:
    """The roles, made by provision.yml, and what the commands called that a job runs."""
    ci = Ci(loop.account, loop)
    account = ci.account
    account.playbook("provision.yml", "--limit", "shared", "-e", f"ci_identity_repository={REPOSITORY}")
    iam = account.client("iam")
    for environment in ("staging", "prod"):
        arn = ci.role(environment).replace(":role/", ":policy/")
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        policy = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        ci.policies[environment] = policy
        document = json.dumps(as_the_emulator_asks(policy))
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
    with recorded() as recording:
        push_and_deploy(ci.job("staging", MAIN, recording.environment), loop)
    ci.called["staging"] = set(recording.actions)
    with recorded() as recording:
        promote_and_go_back(ci.job("prod", JOB_OF.format(REPOSITORY, "prod"), recording.environment))
    ci.called["prod"] = set(recording.actions)
    account.playbook("rollback.yml", "-e", "env=staging")
    yield ci


def push_and_deploy(job: Account, loop: Loop) -> None:
    """What CI does on a push to the branch, and what people do who come to look."""
    image = job.push("--build-arg", f"CREATED={time.time()}")["tag"]
    staging = ("-e", "env=staging")
    job.playbook("check.yml", *staging, "-e", f"image={image}")
    result = job.release("deploy.yml", *staging, "-e", f"image={image}")
    assert result["outcome"] == "succeeded"
    failed = job.failing_release("deploy.yml", *staging, "-e", f"image={loop.bad_image['digest']}")
    assert failed["outcome"] == "rolled_back"
    job.playbook("run.yml", *staging, "-e", "command=echo done")
    status = json.loads(job.playbook("status.yml", *staging, "-e", "output=json"))
    assert status["environments"]["staging"]["unknown"] == []
    assert "succeeded" in job.playbook("releases.yml", *staging, "-e", f"release={result['release']}")


def promote_and_go_back(job: Account) -> None:
    prod = ("-e", "env=prod")
    assert job.release("promote.yml", "-e", "yes=true")["outcome"] == "succeeded"
    job.playbook("check.yml", *prod)
    job.playbook("run.yml", *prod, "-e", "command=echo done")
    status = json.loads(job.playbook("status.yml", *prod, "-e", "output=json"))
    assert status["environments"]["prod"]["unknown"] == []
    job.playbook("releases.yml", *prod)
    assert job.release("rollback.yml", *prod)["outcome"] == "succeeded"


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_a_job_needs_no_permission_that_its_role_does_not_have(ci: Ci, environment: str):
    assert ci.called[environment] - ci.granted(environment) - NEEDS_NO_PERMISSION == set()


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_a_role_has_no_permission_that_no_job_needs(ci: Ci, environment: str):
    assert ci.granted(environment) - ci.called[environment] - NEEDED_ELSEWHERE.keys() == set()
    assert NEEDED_ELSEWHERE.keys() <= ci.granted("staging"), "a reason for what nobody is granted"


@pytest.mark.parametrize(("environment", "other"), [("staging", "prod"), ("prod", "staging")])
def test_a_role_may_change_its_own_environment_only(ci: Ci, environment: str, other: str):
    allowed = [(listed(one["Action"]), listed(one["Resource"])) for one in ci.policies[environment]["Statement"]]
    changing = [
        (action, resource)
        for actions, resources in allowed
        for action in actions
        for resource in resources
        if not re.match("(Describe|List|Get|Query)", action.partition(":")[2])
    ]
    assert changing
    assert [one for one in changing if one[1] == "*" or f"-{other}" in one[1]] == []
    # IAM takes no longer one, and counts no white space.
    assert len(json.dumps(ci.policies[environment], separators=(",", ":"))) <= 6144


@pytest.mark.parametrize(
    ("environment", "subject", "audience"),
    [
        pytest.param("staging", f"repo:{REPOSITORY}:pull_request", "sts.amazonaws.com", id="a pull request"),
        pytest.param("staging", f"repo:{REPOSITORY}:ref:refs/heads/feature", "sts.amazonaws.com", id="another branch"),
        pytest.param("staging", f"{MAIN}-2", "sts.amazonaws.com", id="a branch whose name begins alike"),
        pytest.param("staging", MAIN.replace("octo-org", "evil"), "sts.amazonaws.com", id="another repository"),
        pytest.param("staging", MAIN, "https://github.com/octo-org", id="a token for somebody else"),
        pytest.param("prod", MAIN, "sts.amazonaws.com", id="the branch without an approval"),
        pytest.param("prod", JOB_OF.format(REPOSITORY, "staging"), "sts.amazonaws.com", id="another environment"),
        pytest.param("prod", JOB_OF.format("evil/webapp", "prod"), "sts.amazonaws.com", id="another one's environment"),
    ],
)
def test_any_other_token_is_refused(ci: Ci, environment: str, subject: str, audience: str):
    with pytest.raises(ClientError, match="AccessDenied"):
        ci.assume(environment, subject, audience)


def test_the_job_of_one_environment_cannot_deploy_to_another(ci: Ci):
    job = ci.job("staging", MAIN)
    serving = ci.account.ask(ci.seen.results["prod"]["url"])
    done: Done = job.run(*job.command("deploy.yml", "-e", "env=prod", "-e", f"image={ci.seen.bad_image['digest']}"))
    assert done.returncode == 2
    assert "AccessDenied" in done.stdout + done.stderr
    assert ci.account.ask(ci.seen.results["prod"]["url"]) == serving


@pytest.mark.parametrize(
    ("service", "call", "request_"),
    [
        pytest.param("ssm", "get_parameters_by_path", {"Path": "/webapp/staging"}, id="read secrets"),
        pytest.param("iam", "list_roles", {}, id="IAM"),
        pytest.param("ecs", "delete_service", {"cluster": "webapp-staging", "service": "app"}, id="delete the service"),
        pytest.param(
            "ecr", "batch_delete_image", {"repositoryName": "webapp", "imageIds": [{"imageTag": "x"}]}, id="an image"
        ),
    ],
)
def test_a_job_may_do_nothing_else(ci: Ci, service: str, call: str, request_: dict[str, Any]):
    keys = ci.assume("staging", MAIN)
    client = boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=ci.account.url,
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(client, call)(**request_)
