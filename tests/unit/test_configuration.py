"""Ansible leaves out ansible.cfg in some places where people work, and what is said then is what to type."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def writable(tmp_path_factory):
    """A checkout as GitLab's runner makes it, and as one is on a drive of Windows: everybody may write to it."""
    folder = tmp_path_factory.mktemp("checkout") / "towpath"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    before = os.umask(0)
    try:
        for name in filter(None, listed.stdout.split("\0")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, folder / name, follow_symlinks=False)
    finally:
        os.umask(before)
    return folder


def run(folder, *words, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "GITHUB_"))}
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        words, cwd=folder, env=kept | {"PATH": path} | environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_a_folder_that_everybody_may_write_to_is_named_with_what_to_type(writable):
    code, said = run(writable, "ansible-playbook", "deploy.yml", "-e", "env=staging")
    config = writable / "ansible.cfg"
    assert (code, said) == (
        2,
        f"Ansible does not read {config}, because everybody may write to its folder. "
        f"Type chmod o-w {writable}; or, where that changes nothing, export ANSIBLE_CONFIG={config}\n",
    )


def test_what_is_said_to_type_helps(writable):
    config = str(writable / "ansible.cfg")
    code, said = run(writable, "ansible-playbook", "deploy.yml", "-e", "env=stagign", ANSIBLE_CONFIG=config)
    assert (code, said.split("\n")[0]) == (2, "There is no environment called stagign.")


def test_a_ci_job_runs_there(writable):
    code, said = run(writable, sys.executable, "ci/command.py", "deploy", "--options", '{"env": "stagign"}')
    assert (code, said.split("\n")[0]) == (2, "There is no environment called stagign.")


def test_a_command_that_is_typed_elsewhere_says_where(tmp_path):
    code, said = run(tmp_path, "ansible-playbook", ROOT / "deploy.yml", "-e", "env=staging", HOME=str(tmp_path))
    assert (code, said.split(". Type ")[0]) == (2, f"Ansible reads no ansible.cfg in {tmp_path}")
    assert said.endswith(f"Type cd {ROOT}; or export ANSIBLE_CONFIG={ROOT / 'ansible.cfg'}\n")


def test_another_configuration_is_named(tmp_path):
    other = tmp_path / "other.cfg"
    other.write_text("[defaults]\n")
    code, said = run(ROOT, "ansible-playbook", "deploy.yml", "-e", "env=staging", ANSIBLE_CONFIG=str(other))
    assert (code, said) == (
        2,
        f"Ansible reads {other} and not {ROOT / 'ansible.cfg'}. Type export ANSIBLE_CONFIG={ROOT / 'ansible.cfg'}\n",
    )
