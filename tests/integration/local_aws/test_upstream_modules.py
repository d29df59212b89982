"""The upstream modules that the roles use, run as Ansible runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration import harness

PLAYBOOK = Path(__file__).with_name("upstream_modules.yml")


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """No containers: this is about what the modules ask and read back."""
    with harness.ministack(tmp_path_factory.mktemp("upstream"), simulate=True) as aws:
        yield aws


def results(aws, *options):
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            "localhost,",
            "-c",
            "local",
            *options,
            PLAYBOOK,
        ],
        env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        | dict(aws.environment)
        | {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_PYTHON_INTERPRETER": sys.executable},
        cwd=harness.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    tasks = json.loads(done.stdout)["plays"][0]["tasks"]
    return {task["task"]["name"]: task["hosts"]["localhost"] for task in tasks}


def named(found, word):
    return {name: result.get("msg") or word for name, result in found.items() if result.get(word)}


def test_a_second_run_of_the_upstream_modules_changes_nothing(simulated):
    first = results(simulated)
    assert named(first, "failed") == {}
    assert {name for name, result in first.items() if not result["changed"]} == set()
    second = results(simulated)
    assert named(second, "failed") == {}
    assert named(second, "changed") == {}
