"""check.yml, and what a deploy refuses because of it."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from tests.e2e.account import Account, Loop

LOG_GROUP = "/ecs/staging/app"
MENDS = ("provision.yml", "-e", "env=staging")


def checks(account: Account, *arguments: str) -> dict[str, dict[str, str]]:
    done = account.run(*account.command("check.yml", "-e", "env=staging", "-e", "output=json", *arguments))
    return {one["name"]: one for one in json.loads(done.stdout)}


def revisions(account: Account) -> list[str]:
    return list(account.client("ecs").list_task_definitions(familyPrefix="webapp-staging")["taskDefinitionArns"])


def log_group(account: Account) -> list[Any]:
    """How long the group keeps its lines, its tags, and who hears of them."""
    logs = account.client("logs")
    (found,) = logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP)["logGroups"]
    filters = logs.describe_subscription_filters(logGroupName=LOG_GROUP)["subscriptionFilters"]
    heard = [(one["filterName"], one["filterPattern"], one["destinationArn"]) for one in filters]
    return [found.get("retentionInDays"), logs.list_tags_log_group(logGroupName=LOG_GROUP)["tags"], heard]


class Without(NamedTuple):
    """What two commands said while there was no log group, and what differed before and after them."""

    check: str
    deploy: str
    revisions: tuple[list[str], list[str]]
    log_group: tuple[list[Any], list[Any]]


@pytest.fixture(scope="module")
def without_log_group(loop: Loop) -> Without:
    account = loop.account
    was, revised = log_group(account), revisions(account)
    account.client("logs").delete_log_group(logGroupName=LOG_GROUP)
    check = account.refused("check.yml", "-e", "env=staging", "-e", "image=nowhere")
    deploy = account.refused("deploy.yml", "-e", "env=staging")
    account.playbook(*MENDS)
    return Without(check, deploy, (revised, revisions(account)), (was, log_group(account)))


def test_a_provisioned_environment_is_good_in_everything(account: Account, loop: Loop):
    found = checks(account, "-e", f"image={loop.image['digest']}")
    assert {name: one["state"] for name, one in found.items()} == dict.fromkeys(found, "good")
    assert found["image"]["sentence"] == f"webapp:{loop.image['git_sha']} is there, X86_64 as the task definition"


def test_people_get_a_line_for_each_thing(account: Account):
    lines = account.playbook("check.yml", "-e", "env=staging").splitlines()
    assert [line.split()[0] for line in lines if line.startswith(("good", "bad", "unknown"))] == ["good"] * 12


def test_what_is_bad_ends_the_command_with_2_and_with_what_to_do(without_log_group: Without):
    told = without_log_group.check
    assert "bad image There is no image nowhere in" in told
    assert f"bad log group there is no log group {LOG_GROUP}" in told
    assert f"Run ansible-playbook {' '.join(MENDS)}, which makes it." in told


def test_what_to_do_brings_the_log_group_back_as_it_was(without_log_group: Without):
    before, after = without_log_group.log_group
    assert after == before


def test_a_deploy_that_would_fail_is_refused_before_anything_is_touched(without_log_group: Without):
    told = without_log_group.deploy
    assert f"there is no log group {LOG_GROUP}, and no task starts without" in told
    assert "force=true" in told
    before, after = without_log_group.revisions
    assert after == before


def test_credentials_that_are_not_there_are_named_with_what_to_type(account: Account):
    shell = {name: value for name, value in account.environment.items() if not name.startswith("AWS_")}
    nobody = shell | {"AWS_ENDPOINT_URL": account.url, "AWS_EC2_METADATA_DISABLED": "true"}
    done = account.run(*account.command("check.yml", "-e", "env=staging"), env=nobody)
    assert done.returncode == 2
    assert "This shell has no AWS credentials" in done.stdout
    assert "aws sso login" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param([], "No environment was given.", id="no environment"),
        pytest.param(["-e", "env=staging", "-e", "output=yaml"], "must be one of: text, json", id="no such output"),
    ],
)
def test_a_wrong_option_is_refused(account: Account, arguments: list[str], words: str):
    assert words in account.refused("check.yml", *arguments)
