"""How ansible-playbook ends: as a command that it ran, or with a session on its terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

# Answers what it is given, and fails where that says so.
MODULE = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
def main():
    module = AnsibleModule({"answer": {"type": "dict"}})
    module.exit_json(**module.params["answer"])
if __name__ == "__main__":
    main()
"""


@pytest.fixture
def play(tmp_path):
    """Runs a task that answers what is given, then a task that says so, and returns how the playbook ended."""

    def run(module, answer, **given):
        (tmp_path / "library").mkdir()
        (tmp_path / "library" / f"{module}.py").write_text(MODULE)
        tasks = [{module: {"answer": answer}}, {"ansible.builtin.debug": {"msg": "the next task"}}]
        plays = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
        (tmp_path / "play.yml").write_text(json.dumps(plays))
        program = str(Path(sys.executable).parent / "ansible-playbook")
        python = f"ansible_python_interpreter={sys.executable}"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        kept |= {"ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "playbooks/callback_plugins"), "ANSIBLE_LIBRARY": "library"}
        return subprocess.run(
            [program, "-i", "localhost,", "-e", python, "play.yml"],
            cwd=tmp_path,
            env=kept | {"ANSIBLE_STDOUT_CALLBACK": "plain"},
            capture_output=True,
            text=True,
            check=False,
            **given,
        )

    return run


@pytest.mark.parametrize(
    ("module", "answer", "code"),
    [
        pytest.param("ecs_task_run", {"failed": True, "msg": "bad", "exit_with": 7}, 7, id="as the command"),
        pytest.param("ecs_task_run", {"failed": True, "msg": "bad", "exit_code": 7}, 2, id="not asked to"),
        pytest.param("ecs_task_run", {"exit_code": 0}, 0, id="a good command"),
        pytest.param("another", {"failed": True, "msg": "bad", "exit_with": 7}, 2, id="another module's word"),
        pytest.param("another", {"hand_over_to": ["false"]}, 0, id="another module's session"),
    ],
)
def test_the_playbook_exits_as_the_command_that_it_ran(play, module, answer, code):
    done = play(module, answer, stdin=subprocess.DEVNULL)
    assert done.returncode == code, done.stdout + done.stderr
    assert ("bad" in done.stdout + done.stderr) == answer.get("failed", False), "all is told before"


def test_a_session_gets_the_terminal_when_all_else_is_over(play):
    ours, theirs = os.openpty()
    try:
        terminal = os.ttyname(theirs)
        done = play("ecs_shell", {"hand_over_to": ["sh", "-c", "echo opened on $(tty); exit 5"]}, stdin=theirs)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 5, done.stderr
    said = done.stdout.splitlines()
    assert said.index("the next task") < said.index(f"opened on {terminal}")


def test_without_a_terminal_no_session_is_opened(play):
    done = play("ecs_shell", {"hand_over_to": ["echo", "opened"]}, stdin=subprocess.DEVNULL, start_new_session=True)
    assert done.returncode == 2
    assert "There is no terminal to open the session on." in done.stderr
    assert "opened" not in done.stdout
