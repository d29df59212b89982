"""status.yml: the environments side by side, one that is missing, and what was changed by hand."""

from __future__ import annotations

import html
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.account import ROOT, Account

SERVICE = {"cluster": "webapp-staging", "service": "app"}


def status(account: Account, *arguments: str) -> dict[str, Any]:
    return dict(json.loads(account.playbook("status.yml", "-e", "output=json", *arguments)))


def drift(account: Account) -> dict[str, tuple[Any, Any]]:
    found = status(account, "-e", "env=staging")["environments"]["staging"]["drift"]
    return {one["path"]: (one["made"], one["found"]) for one in found}


def deployments(account: Account) -> list[dict[str, Any]]:
    found = account.client("ecs").describe_services(cluster=SERVICE["cluster"], services=[SERVICE["service"]])
    return list(found["services"][0]["deployments"])


@pytest.fixture
def staging(account: Account) -> Iterator[Any]:
    """ECS, for hand edits of the service of staging, which is afterwards as it was made."""
    ecs = account.client("ecs")
    made = ecs.describe_services(cluster=SERVICE["cluster"], services=[SERVICE["service"]])["services"][0]
    yield ecs
    ecs.update_service(
        **SERVICE,
        taskDefinition=made["taskDefinition"],
        deploymentConfiguration=made["deploymentConfiguration"],
    )
    end = time.monotonic() + 60
    while [one["rolloutState"] for one in deployments(account)] != ["COMPLETED"] and time.monotonic() < end:
        time.sleep(0.5)


def test_all_environments_stand_side_by_side_in_lines_that_fit(account: Account):
    told = account.playbook("status.yml")
    lines = told.splitlines()
    rows = [line.split() for line in lines]
    release = {row[0]: row[1] for row in rows[1:3]}
    assert rows[0][:2] == ["environment", "release"]
    assert list(release) == ["staging", "prod"]
    assert any(line.startswith(("Differences between staging and prod", "staging and prod run")) for line in lines)
    # The last lines are Ansible's own.
    assert max(len(line) for line in lines if " : ok=" not in line) <= 100


def test_json_tells_the_same_to_programs(account: Account):
    found = status(account)
    assert set(found["environments"]) == {"staging", "prod"}
    for name, tasks in (("staging", 1), ("prod", 2)):
        one = found["environments"][name]
        assert (one["provisioned"], one["released"], one["drift"], one["unknown"]) == (True, True, [], [])
        assert one["tasks"] == {"wanted": tasks, "running": tasks, "healthy": tasks}
    assert found["differences"]["environments"] == ["staging", "prod"]


@pytest.fixture
def hostile_title(account: Account) -> Iterator[str]:
    """A commit title in the entry of the release that staging serves, which is afterwards as it was."""
    title = "<script>alert('{{ 6 * 7 }}')</script>"
    number = status(account, "-e", "env=staging")["environments"]["staging"]["release"].removeprefix("v")
    table, key = "webapp-staging-releases", {"kind": {"S": "release"}, "number": {"N": number}}
    dynamodb = account.client("dynamodb")
    before = dynamodb.get_item(TableName=table, Key=key)["Item"]
    dynamodb.put_item(TableName=table, Item=before | {"commit_title": {"S": title}})
    yield title
    dynamodb.put_item(TableName=table, Item=before)


def test_the_page_tells_it_to_a_browser_and_what_others_wrote_is_text(
    account: Account, tmp_path: Path, hostile_title: str
):
    file = tmp_path / "status.html"
    told = account.playbook("status.yml", "-e", f"html={os.path.relpath(file, ROOT)}")
    assert [line for line in told.splitlines() if line and " : ok=" not in line][-1] == f"The page is in {file}"
    shown = file.read_text()
    assert hostile_title in html.unescape(shown)
    assert "<script" not in shown
    for environment in ("staging", "prod"):
        one = status(account)["environments"][environment]
        assert f'<span class="number">{one["release"]}</span>' in shown
        assert f'href="{one["url"]}"' in shown
        assert f"<summary>What {environment} pays for</summary>" in shown
    # The first release of prod was a bad one.
    assert "<summary>Why v1 stopped</summary>" in shown


def test_check_mode_writes_no_page_and_json_stays_json_beside_one(account: Account, tmp_path: Path):
    file = tmp_path / "status.html"
    told = account.playbook("status.yml", "--check", "-e", f"html={file}", "-e", "env=prod")
    assert f"Would write the page to {file}" in told
    assert not file.exists()
    found = status(account, "-e", f"html={file}", "-e", "env=prod")
    assert list(found["environments"]) == ["prod"]
    assert file.read_text().startswith("<!DOCTYPE html>")


def test_an_environment_that_is_not_provisioned_is_said_to_be_so_beside_the_others(account: Account, tmp_path):
    inventory = tmp_path / "demo.yml"
    inventory.write_text("environments: {children: {demo: {hosts: {aws-demo: }}}}\n")
    told = account.playbook("status.yml", "-i", "inventories", "-i", str(inventory))
    assert "demo is not provisioned: ansible-playbook provision.yml -e env=demo" in told
    assert "\nstaging " in f"\n{told}"


def test_an_unknown_environment_is_refused(account: Account):
    assert "There is no environment called stagign." in account.refused("status.yml", "-e", "env=stagign")


def test_an_unknown_output_is_refused(account: Account):
    assert "output" in account.refused("status.yml", "-e", "output=xml")


def test_a_hand_edit_of_the_service_is_told_with_old_and_new_value(account: Account, staging: Any):
    staging.update_service(**SERVICE, deploymentConfiguration={"maximumPercent": 150, "minimumHealthyPercent": 100})
    assert drift(account)["service.maximum_percent"] == (200, 150)
    told = account.playbook("status.yml")
    assert "Changed by hand in staging; ansible-playbook provision.yml -e env=staging puts it right" in told
    assert "service.maximum_percent: 200 -> 150" in told


def test_a_revision_rolled_out_by_hand_is_told_with_what_differs_in_it(account: Account, staging: Any):
    serving = staging.describe_services(cluster=SERVICE["cluster"], services=["app"])["services"][0]["taskDefinition"]
    made = staging.describe_task_definition(taskDefinition=serving)["taskDefinition"]
    container = made["containerDefinitions"][0]
    container["environment"] = [*container["environment"], {"name": "BY_HAND", "value": "1"}]
    names = ("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "executionRoleArn", "taskRoleArn")
    other = staging.register_task_definition(
        containerDefinitions=[container],
        runtimePlatform=made["runtimePlatform"],
        **{name: made[name] for name in names},
    )["taskDefinition"]["taskDefinitionArn"]
    staging.update_service(**SERVICE, taskDefinition=other)
    assert drift(account) == {
        "service.task_definition": (serving.rpartition("/")[2], other.rpartition("/")[2]),
        "containerDefinitions[app].environment[BY_HAND]": (None, "1"),
    }
