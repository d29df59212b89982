"""A playbook that is cut in half is refused, whatever is left out, the refusal's own task included."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from playbooks.callback_plugins import runs_whole

ROOT = Path(__file__).resolve().parents[3]
PLAYBOOKS = sorted(path.name for path in (ROOT / "playbooks").glob("*.yml") if (ROOT / path.name).is_file())
SELECTORS = [
    pytest.param(["--limit", "prod"], "--limit prod", id="limit"),
    pytest.param(["--tags", "app"], "--tags app", id="tags"),
    pytest.param(["--tags", "always"], "--tags always", id="tags of the guard"),
    pytest.param(["--skip-tags", "always"], "--skip-tags always", id="skip the guard"),
    pytest.param(["--start-at-task", "Release the image"], "--start-at-task Release the image", id="start later"),
    pytest.param(["--step"], "--step", id="step"),
]


def ansible_playbook(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
    return subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", *arguments],
        cwd=ROOT,
        env=inherited | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "COLUMNS": "1000"} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_there_are_playbooks_to_try():
    assert {"deploy.yml", "promote.yml", "provision.yml", "rollback.yml"} <= set(PLAYBOOKS)


# prod is no host of deploy.yml -e env=staging, so no task of it would run, and Ansible would be content.
@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_every_playbook_refuses_to_run_in_part_though_no_play_has_a_host(playbook):
    refused = ansible_playbook(playbook, "-e", "env=staging", "-e", "pr=12", "--limit", "prod")
    assert refused.returncode == 2
    assert f"{playbook} runs as a whole: --limit prod would leave out a part" in refused.stderr
    assert refused.stdout == "", "a play has begun"


@pytest.mark.parametrize(("selector", "told"), SELECTORS)
def test_each_way_to_leave_out_a_part_is_refused_with_what_to_type(selector, told):
    refused = ansible_playbook("playbooks/deploy.yml", "-e", "env=staging", *selector)
    assert refused.returncode == 2
    assert f"deploy.yml runs as a whole: {told} would leave out a part" in refused.stderr
    assert f"Run it again without {selector[0]}." in refused.stderr
    assert refused.stdout == ""


def test_what_the_shell_says_for_the_command_line_is_refused_too():
    refused = ansible_playbook("deploy.yml", "-e", "env=staging", ANSIBLE_SKIP_TAGS="always")
    assert (refused.returncode, "--skip-tags always" in refused.stderr) == (2, True)


def test_a_list_of_the_tasks_is_no_run():
    listed = ansible_playbook("deploy.yml", "-e", "env=staging", "--list-tasks", "--tags", "always")
    assert (listed.returncode, "Refuse all but a known environment" in listed.stdout) == (0, True)


@pytest.mark.parametrize(
    ("options", "given", "part"),
    [
        pytest.param({}, {}, "", id="all of it"),
        pytest.param({"tags": ["all"], "skip_tags": []}, {"env": "prod"}, "", id="all of it, as Ansible says it"),
        pytest.param({"skip_tags": ["bastion"]}, {"env": "prod"}, "", id="a role is left out"),
        pytest.param({"subset": "shared"}, {}, "", id="what is shared"),
        pytest.param({"subset": "shared"}, {"env": "prod"}, "--limit shared", id="what is shared, of one environment"),
        pytest.param({"subset": "prod"}, {}, "--limit prod", id="an environment by another way"),
        pytest.param({"tags": ["cluster", "alerts"]}, {}, "--tags alerts,cluster", id="roles by their tags"),
        pytest.param({"skip_tags": ["bastoin"]}, {}, "no part called bastoin", id="a role that there is not"),
        pytest.param({"skip_tags": ["always"]}, {}, "no part called always", id="the checks"),
    ],
)
def test_provision_takes_the_parts_that_stand_for_themselves(options, given, part):
    refused = runs_whole.refusal("provision.yml", options, {"bastion", "network"}, given)
    assert part in refused
    assert bool(refused) == bool(part)
