"""What others wrote is printed as it is: neither a terminal nor GitHub obeys it, wherever in a playbook it is told."""

from __future__ import annotations

import json

import pytest

from tests.unit.callback_plugins.test_plain import prints

__all__ = ["prints"]

# Colour, bell, title of the window, C1's own CSI, DEL, backwards, and back to the beginning of the line.
HOSTILE = "a\x1b[31mb\x07c\x1b]0;d\x9b2Je\x7ff\u202eg\u2066h\ri"
SEEN = r"a\u001b[31mb\u0007c\u001b]0;d\u009b2Je\u007ff\u202eg\u2066h\u000di"
SPEAKS = """
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        Display().display(self._task.args["text"])
        return {"warnings": [self._task.args["text"]], "changed": True}
"""
# Each tells it once, on a line that it has to itself or not.
TOLD = """
- ansible.builtin.debug: {msg: $}
- ansible.builtin.debug: {msg: [one, $]}
- speaks: {text: $}
- name: Change
  ansible.builtin.assert: {that: true}
  changed_when: true
  loop: [$]
- ansible.builtin.copy: {content: $, dest: "{{ playbook_dir }}/file", mode: "0600"}
- ansible.builtin.fail: {msg: $}
"""
# The message, the messages, the log, its warning, the label, the difference, and the failure.
TIMES = 7


@pytest.fixture
def printed(prints, tmp_path):
    """All that tasks print that tell a text in every way that a playbook has."""

    def run(text, *arguments, **environment):
        (tmp_path / "action_plugins").mkdir()
        (tmp_path / "action_plugins" / "speaks.py").write_text(SPEAKS)
        with prints.start(TOLD.replace("$", json.dumps(text)), "--diff", *arguments, **environment) as process:
            return "".join(process.communicate(timeout=60))

    return run


@pytest.mark.parametrize("environment", [{}, {"ANSIBLE_FORCE_COLOR": "1"}], ids=["plain", "in colour"])
def test_a_terminal_shows_what_others_wrote_and_does_not_obey_it(printed, environment):
    out = printed(HOSTILE, **environment)
    assert out.count(SEEN) == TIMES
    assert ({*HOSTILE} - {*SEEN} - {"\x1b"}) & {*out} == set()
    assert "\x1b[31mb" not in out


def test_with_all_words_only_colours_are_left(printed):
    out = printed(HOSTILE, "-v", ANSIBLE_FORCE_COLOR="1")
    assert ({*HOSTILE} - {*SEEN} - {"\x1b"}) & {*out} == set()
    assert "\x1b]" not in out


def test_json_stays_json(prints):
    text = "- ansible.builtin.debug: {msg: '{{ {\"a\": text} | to_nice_json }}'}\n  vars: {text: $}"
    out, _ = prints(text.replace("$", json.dumps(HOSTILE + "\n##[x]")), "-e", "output=json", GITHUB_ACTIONS="true")
    assert json.loads(out) == {"a": HOSTILE + "\n##[x]"}
    assert "\x7f" not in out
    assert "##[" not in out


COMMANDS = "::add-mask::a\n  ::set-output name=url::b\n##[error]c\nd ##[add-mask]e\r::stop-commands::f"


@pytest.mark.parametrize("verbose", [[], ["-v"]], ids=["few words", "all words"])
def test_github_shows_the_commands_that_others_wrote_and_does_not_obey_them(printed, verbose):
    out = printed(COMMANDS, *verbose, GITHUB_ACTIONS="true")
    lines = [line.strip() for line in out.replace("\r", "\n").split("\n")]
    given = {line[2:].partition("::")[0] for line in lines if line.startswith("::")}
    assert given <= {"group", "endgroup", "error"}
    assert "##[" not in out
    assert r"\u003a:add-mask::a" in out
