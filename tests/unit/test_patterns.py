"""A pattern that says where a text ends says it with \\Z: Python's $ lets a newline through, and a name has none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_house import ansible_playbook

ROOT = Path(__file__).resolve().parents[2]
YAML = sorted(path for folder in ("roles", "playbooks", "group_vars") for path in (ROOT / folder).rglob("*.yml"))
PYTHON = sorted(
    path
    for folder in ("library", "playbooks", "roles", "ci", "examples", "local_aws")
    for path in (ROOT / folder).rglob("*.py")
    if not path.name.startswith("test_")
)
# Before whatever can follow the end of a text in a pattern: the end of the pattern, of a group or of an alternative.
LENIENT_END = r"(?<![\\\[])\$(?=['\"|)]|$)"


def patterns(source: str) -> Iterator[str]:
    """What the functions of re are given in Python, but where $ is to find the end of each line."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args]
    for call in calls:
        if ast.unparse(call.func).startswith("re.") and "re.MULTILINE" not in ast.unparse(call):
            texts = [part.value for part in ast.walk(call.args[0]) if isinstance(part, ast.Constant)]
            yield "".join(text for text in texts if isinstance(text, str))


def test_no_pattern_in_yaml_lets_a_newline_through_at_its_end():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in YAML
        for number, line in enumerate(path.read_text().split("\n"), 1)
        if re.search(LENIENT_END, line)
    ]
    assert found == []


def test_no_pattern_in_python_lets_a_newline_through_at_its_end():
    found = [
        f"{path.relative_to(ROOT)}: {pattern}"
        for path in PYTHON
        for pattern in patterns(path.read_text())
        if re.search(LENIENT_END, pattern)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        pytest.param("logs", r'{"env": "pr-12\n"}', "There is no environment called pr-12", id="an environment"),
        pytest.param("preview", r'{"pr": "12\n"}', "expected the number of a pull request", id="a pull request"),
        pytest.param("secrets", r'{"env": "staging", "set": "AB\n"}', "cannot name a secret", id="a secret"),
        pytest.param("scale", r'{"env": "staging", "count": "2\n"}', "expected a number of tasks", id="a number"),
    ],
)
def test_a_newline_at_the_end_of_a_name_is_refused_like_any_other_wrong_character(command, options, said):
    refused = ansible_playbook(f"{command}.yml", "-e", options)
    assert refused.returncode == 2
    assert said in " ".join(refused.stdout.split())
