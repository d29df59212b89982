"""docs/adding-an-environment.md is all that a third environment takes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.harness import ROOT, AwsEndpoint

PAGE = (ROOT / "docs/adding-an-environment.md").read_text()
# "… as `FILE`", some words, and what is in it.
FILES = {
    name: content for name, content in re.findall(r"as\s`([\w/]+\.yml)`[^`]*?:\n\n```yaml\n(.*?)```", PAGE, re.DOTALL)
}
COMMANDS = re.findall(r"^ansible-playbook .*", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this checkout with the files of the page."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    )
    copy = tmp_path_factory.mktemp("checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    (copy / "inventories/group_vars").symlink_to("../group_vars")
    for name, content in FILES.items():
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text(content)
    return copy


def run(checkout: Path, aws: AwsEndpoint, command: str) -> tuple[int, str]:
    program, *arguments = shlex.split(command)
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))}
    done = subprocess.run(
        [Path(sys.executable).parent / program, *arguments],
        cwd=checkout,
        env=inherited | dict(aws.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def test_the_page_has_one_inventory_file_and_one_folder_of_settings():
    assert [name for name in FILES if name.startswith("inventories/")] == ["inventories/qa.yml"]
    assert {str(Path(name).parent) for name in FILES} == {"inventories", "group_vars/qa"}


def test_it_can_be_looked_at_before_it_is_there(checkout: Path, ministack: AwsEndpoint):
    code, told = run(checkout, ministack, COMMANDS[0])
    assert COMMANDS[0].endswith("--check --diff")
    assert code == 0, told
    assert "webapp-qa" in told
    vpcs = ministack.client("ec2").describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["webapp-qa"]}])["Vpcs"]
    assert vpcs == []


def test_a_release_may_be_promoted_to_it(checkout: Path, ministack: AwsEndpoint):
    code, told = run(checkout, ministack, COMMANDS[2])
    assert code == 2
    # The guard let both names pass; the account is empty.
    assert "There is no environment" not in told
    assert "Found no service app in the cluster webapp-staging." in told


def test_each_other_environment_is_as_it_was(checkout: Path, ministack: AwsEndpoint):
    _, told = run(checkout, ministack, "ansible-playbook promote.yml -e from=staging -e to=qaa")
    assert "where NAME is one of: prod, qa, staging." in told


def test_ci_gets_a_role_for_it(checkout: Path, ministack: AwsEndpoint):
    look = "ansible-playbook provision.yml --limit shared --check -e ci_identity_repository=octo-org/webapp"
    code, told = run(checkout, ministack, look)
    assert code == 0, told
    assert "Create the roles that deploy: qa" in told
