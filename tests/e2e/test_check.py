"""check.yml, and what a deploy refuses because of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.account import Account

LOG_GROUP = "/ecs/staging/app"


def checks(account: Account, *arguments: str) -> dict[str, dict[str, str]]:
    done = account.run(*account.command("check.yml", "-e", "env=staging", "-e", "output=json", *arguments))
    return {one["name"]: one for one in json.loads(done.stdout)}


def revisions(account: Account) -> list[str]:
    return list(account.client("ecs").list_task_definitions(familyPrefix="webapp-staging")["taskDefinitionArns"])


@pytest.fixture
def without_log_group(account: Account) -> Iterator[None]:
    logs = account.client("logs")
    logs.delete_log_group(logGroupName=LOG_GROUP)
    yield
    logs.create_log_group(logGroupName=LOG_GROUP)


def test_a_provisioned_environment_is_good_in_everything(account: Account, loop: Any):
    found = checks(account, "-e", f"image={loop.image['digest']}")
    assert {name: one["state"] for name, one in found.items()} == dict.fromkeys(found, "good")
    assert found["image"]["sentence"] == f"webapp:{loop.image['git_sha']} is there, X86_64 as the task definition"


def test_people_get_a_line_for_each_thing(account: Account):
    lines = account.playbook("check.yml", "-e", "env=staging").splitlines()
    assert [line.split()[0] for line in lines if line.startswith(("good", "bad", "unknown"))] == ["good"] * 11


def test_what_is_bad_ends_the_command_with_2_and_with_what_to_do(account: Account, without_log_group: None):
    told = account.refused("check.yml", "-e", "env=staging", "-e", "image=nowhere")
    assert "bad image There is no image nowhere in" in told
    assert f"bad log group there is no log group {LOG_GROUP}" in told
    assert "Run ansible-playbook provision.yml -e env=staging -t cluster" in told


def test_a_deploy_that_would_fail_is_refused_before_anything_is_touched(account: Account, without_log_group: None):
    before = revisions(account)
    told = account.refused("deploy.yml", "-e", "env=staging")
    assert f"there is no log group {LOG_GROUP}, and no task starts without" in told
    assert "force=true" in told
    assert revisions(account) == before


def test_credentials_that_are_not_there_are_named_with_what_to_type(account: Account):
    shell = {name: value for name, value in account.environment.items() if not name.startswith("AWS_")}
    nobody = shell | {"AWS_ENDPOINT_URL": account.url, "AWS_EC2_METADATA_DISABLED": "true"}
    done = account.run(*account.command("check.yml", "-e", "env=staging"), env=nobody)
    assert done.returncode == 2
    assert "this shell has no AWS credentials" in done.stdout
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
