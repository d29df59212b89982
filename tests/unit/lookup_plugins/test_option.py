"""What was given on the command line, with its spaces."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from ansible.errors import AnsibleLookupError

from tests.unit.test_house import ansible_playbook

PLUGIN = Path(__file__).parents[3] / "playbooks/lookup_plugins/option.py"


@pytest.fixture(scope="module")
def plugin():
    spec = importlib.util.spec_from_file_location("option", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("given", "whole"),
    [
        pytest.param([], "default", id="not given"),
        pytest.param(["env=staging"], "default", id="another was given"),
        pytest.param(["command="], "", id="empty"),
        pytest.param(["command=env"], "env", id="a word"),
        pytest.param(["command=env | sort"], "env | sort", id="several words"),
        pytest.param(["command='env | sort'"], "env | sort", id="quoted twice"),
        pytest.param(['command=echo "a  b" c'], 'echo "a  b" c', id="quotes within"),
        pytest.param(["command=A=1 rake x"], "A=1 rake x", id="begins with a variable"),
        pytest.param(["command=rake x --step=1"], "rake x --step=1", id="an option of its own"),
        pytest.param(["command='rake x STEP=1'"], "rake x STEP=1", id="a variable, quoted twice"),
        pytest.param(["command=a", "command=b"], "b", id="the last one counts"),
        pytest.param(['{"command": ["a", "b"]}', "@vars.yml"], "default", id="given otherwise"),
        pytest.param(["commands=x"], "default", id="a longer name"),
    ],
)
def test_an_option_is_read_whole(plugin, given, whole):
    assert plugin._whole("command", given, "default") == whole


@pytest.mark.parametrize("text", ["command=rake db:rollback STEP=2", "command=ls env=prod"])
def test_what_may_be_another_option_is_refused_with_what_to_type(plugin, text):
    with pytest.raises(AnsibleLookupError, match=f"-e 'command=\"{text.partition('=')[2]}\"'"):
        plugin._whole("command", [text], "")


@pytest.mark.parametrize(("command", "option"), [("run", "command"), ("logs", "filter"), ("deploy", "reason")])
def test_the_refusal_is_all_that_is_said(command, option):
    refused = ansible_playbook(f"{command}.yml", "-e", "env=staging", "-e", f"{option}=rake step=1")
    said = [line for line in refused.stdout.split("\n") if line and " : ok=" not in line]
    assert said == [
        f"It cannot be told whether step=1 belongs to {option} or is an option of its own. "
        f"Quote {option} twice: -e '{option}=\"rake step=1\"', or give each option a -e of its own."
    ]
