"""What CI may do, with IAM enforced: the roles are assumed with tokens as GitHub's, and the commands run with them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests import policies
from tests.api_calls import recorded
from tests.e2e.account import Account, Done, Loop
from tests.e2e.ci_roles import JOB_OF, MAIN, NEEDS_NO_PERMISSION, REPOSITORY, Ci, let_ci_deploy, listed

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
# The same for the role that shows what would change.
NEEDED_FOR_A_PLAN_ELSEWHERE = {
    "ecs:DescribeServiceRevisions": "after a release that was interrupted: what became of it",
    "ecs:ListServiceDeployments": "after a release that was interrupted",
}


@pytest.fixture(scope="module")
def ci(loop: Loop) -> Iterator[Ci]:
    """The roles, made by provision.yml, and what the commands called that a job runs."""
    ci = let_ci_deploy(loop.account)
    with recorded() as recording:
        push_and_deploy(ci.job("deploy-staging", MAIN, recording.environment), loop)
    ci.called["deploy-staging"] = set(recording.actions)
    with recorded() as planned, recorded() as done:
        planning = ci.job("plan-prod", MAIN, planned.environment)
        promote_and_go_back(ci.job("deploy-prod", JOB_OF.format(REPOSITORY, "prod"), done.environment), planning)
    ci.called |= {"plan-prod": set(planned.actions), "deploy-prod": set(done.actions)}
    loop.account.playbook("deploy.yml", "-e", "env=staging", "-e", f"image={loop.image['digest']}")
    yield ci


def test_aws_knows_all_that_the_policies_of_the_account_allow(ci, loop):
    made = policies.of_account(loop.account.client("iam"))
    # Those that were changed for the emulator, as they were.
    made |= {f"webapp-ci-{role}": policy for role, policy in ci.policies.items()}
    assert {"webapp-ci-deploy-staging", "webapp-notifier-alarms", "webapp-prod-task"} <= made.keys()
    assert {name: found for name, policy in made.items() if (found := policies.faults(policy))} == {}


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


def promote_and_go_back(job: Account, planning: Account) -> None:
    """What a job does that was approved, and before it the one of the branch that shows what would change."""
    prod = ("-e", "env=prod")
    assert "prod would run" in planning.playbook("promote.yml", "--check", "--diff", "-e", "yes=true")
    assert job.release("promote.yml", "-e", "yes=true")["outcome"] == "succeeded"
    job.playbook("check.yml", *prod)
    job.playbook("run.yml", *prod, "-e", "command=echo done")
    status = json.loads(job.playbook("status.yml", *prod, "-e", "output=json"))
    assert status["environments"]["prod"]["unknown"] == []
    job.playbook("releases.yml", *prod)
    assert "prod would run" in planning.playbook("rollback.yml", *prod, "--check", "--diff")
    assert job.release("rollback.yml", *prod)["outcome"] == "succeeded"


ROLES = ["deploy-staging", "deploy-prod", "plan-prod"]


@pytest.mark.parametrize("role", ROLES)
def test_a_job_needs_no_permission_that_its_role_does_not_have(ci: Ci, role: str):
    assert ci.called[role] - ci.granted(role) - NEEDS_NO_PERMISSION == set()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_no_permission_that_no_job_needs(ci: Ci, role: str):
    elsewhere = NEEDED_FOR_A_PLAN_ELSEWHERE if role == "plan-prod" else NEEDED_ELSEWHERE
    assert ci.granted(role) - ci.called[role] - elsewhere.keys() == set()
    assert NEEDED_ELSEWHERE.keys() <= ci.granted("deploy-staging"), "a reason for what nobody is granted"


READS = re.compile("(BatchGet|Describe|List|Get|Query)")


def test_what_shows_a_change_can_make_none(ci: Ci):
    assert [action for action in ci.granted("plan-prod") if not READS.match(action.partition(":")[2])] == []


@pytest.mark.parametrize(("environment", "other"), [("staging", "prod"), ("prod", "staging")])
def test_a_role_may_change_its_own_environment_only(ci: Ci, environment: str, other: str):
    allowed = [
        (listed(one["Action"]), listed(one["Resource"])) for one in ci.policies[f"deploy-{environment}"]["Statement"]
    ]
    changing = [
        (action, resource)
        for actions, resources in allowed
        for action in actions
        for resource in resources
        if not READS.match(action.partition(":")[2])
    ]
    assert changing
    assert [one for one in changing if one[1] == "*" or f"-{other}" in one[1]] == []
    # IAM takes no longer one, and counts no white space.
    assert len(json.dumps(ci.policies[f"deploy-{environment}"], separators=(",", ":"))) <= 6144


@pytest.mark.parametrize(
    ("role", "subject", "audience"),
    [
        pytest.param("deploy-staging", f"repo:{REPOSITORY}:pull_request", "sts.amazonaws.com", id="a pull request"),
        pytest.param(
            "deploy-staging", f"repo:{REPOSITORY}:ref:refs/heads/feature", "sts.amazonaws.com", id="another branch"
        ),
        pytest.param("deploy-staging", f"{MAIN}-2", "sts.amazonaws.com", id="a branch whose name begins alike"),
        pytest.param("deploy-staging", MAIN.replace("octo-org", "evil"), "sts.amazonaws.com", id="another repository"),
        pytest.param("deploy-staging", MAIN, "https://github.com/octo-org", id="a token for somebody else"),
        pytest.param("deploy-prod", MAIN, "sts.amazonaws.com", id="the branch without an approval"),
        pytest.param(
            "deploy-prod", JOB_OF.format(REPOSITORY, "staging"), "sts.amazonaws.com", id="another environment"
        ),
        pytest.param(
            "deploy-prod", JOB_OF.format("evil/webapp", "prod"), "sts.amazonaws.com", id="another one's environment"
        ),
        pytest.param("plan-prod", f"repo:{REPOSITORY}:pull_request", "sts.amazonaws.com", id="a pull request's plan"),
        pytest.param("plan-prod", JOB_OF.format(REPOSITORY, "prod"), "sts.amazonaws.com", id="a plan after approval"),
        pytest.param("preview", f"repo:{REPOSITORY}:pull_request", "sts.amazonaws.com", id="a pull request's preview"),
        pytest.param(
            "preview", JOB_OF.format("evil/webapp", "preview"), "sts.amazonaws.com", id="another one's preview"
        ),
        pytest.param(
            "preview", f"repo:{REPOSITORY}:ref:refs/heads/feature", "sts.amazonaws.com", id="another branch's preview"
        ),
        pytest.param(
            "deploy-staging", JOB_OF.format(REPOSITORY, "preview"), "sts.amazonaws.com", id="a preview that deploys"
        ),
    ],
)
def test_any_other_token_is_refused(ci: Ci, role: str, subject: str, audience: str):
    with pytest.raises(ClientError, match="AccessDenied"):
        ci.assume(role, subject, audience)


def test_the_job_of_one_environment_cannot_deploy_to_another(ci: Ci, loop: Loop):
    job = ci.job("deploy-staging", MAIN)
    serving = ci.account.ask(loop.results["prod"]["url"])
    done: Done = job.run(*job.command("deploy.yml", "-e", "env=prod", "-e", f"image={loop.bad_image['digest']}"))
    assert done.returncode == 2
    assert "AccessDenied" in done.stdout + done.stderr
    assert ci.account.ask(loop.results["prod"]["url"]) == serving


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
    keys = ci.assume("deploy-staging", MAIN)
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
