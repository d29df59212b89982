"""Ctrl-C ends a command, wherever Python is when it comes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.harness import ROOT

HERE = Path(__file__).parent / "ctrl_c"


@pytest.mark.parametrize("forked_modules", ["true", "false"])
@pytest.mark.parametrize("where", ["while_an_object_is_tidied_up", "while_a_reference_is_tidied_up", "around_a_fork"])
def test_a_ctrl_c_that_python_drops_ends_the_command(where, forked_modules):
    own = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", "play.yml"],
        cwd=HERE,
        env=own
        | {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_CALLBACK_PLUGINS": f"{ROOT / 'playbooks/callback_plugins'}:{HERE / 'callback_plugins'}",
            "TOWPATH_FORKED_MODULES": forked_modules,
            "DROP_IT": where,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "User interrupted execution" in done.stderr
    assert "nobody heard it" not in done.stdout
    assert done.returncode == 99
