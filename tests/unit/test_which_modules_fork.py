"""Which modules run in a fork, and what must hold of ansible-core for it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible import constants
from ansible.module_utils._internal._ansiballz import _loader

ROOT = Path(__file__).parents[2]

MODULE = b"""#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
def main():
    AnsibleModule({}).exit_json()
if __name__ == "__main__":
    main()
"""


@pytest.fixture(scope="module")
def plugin():
    path = ROOT / "playbooks/vars_plugins/forked_modules.py"
    spec = importlib.util.spec_from_file_location("forked_modules", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_this_ansible_core_is_as_expected(plugin):
    assert plugin.broken_assumptions() == []


def test_what_an_ansible_core_lacks_is_named(plugin, monkeypatch):
    monkeypatch.delattr(_loader, "run_module")
    assert plugin.broken_assumptions() == ["there is no ansible.module_utils._internal._ansiballz._loader:run_module"]


def test_an_argument_that_an_ansible_core_lacks_is_named(plugin, monkeypatch):
    monkeypatch.setattr(_loader, "run_module", lambda *, json_params, module_fqn, modlib_path, extensions: None)
    assert plugin.broken_assumptions() == [
        "ansible.module_utils._internal._ansiballz._loader:run_module does not take profile"
    ]


def test_a_module_of_an_aws_collection_runs_in_a_fork(plugin):
    module = plugin._find("amazon.aws.ec2_vpc_net")
    assert module.name == "ansible_collections.amazon.aws.plugins.modules.ec2_vpc_net"


def test_a_module_that_moved_is_found_where_it_is(plugin):
    module = plugin._find("community.aws.elb_classic_lb")
    assert module.name == "ansible_collections.amazon.aws.plugins.modules.elb_classic_lb"


@pytest.mark.parametrize("action", ["ansible.builtin.ping", "ansible.builtin.debug", "no.such.module", "no_such"])
def test_another_module_starts_a_python(plugin, action):
    assert plugin._find(action) is None


@pytest.fixture
def library(plugin, tmp_path, monkeypatch):
    """A folder that ansible.cfg names for modules."""
    monkeypatch.setattr(constants, "DEFAULT_MODULE_PATH", [str(tmp_path)])
    monkeypatch.setattr(plugin.module_loader, "_extra_dirs", [str(tmp_path)])
    monkeypatch.setattr(plugin.module_loader, "_paths", None)
    plugin._find.cache_clear()
    yield tmp_path
    plugin._find.cache_clear()


def test_a_module_of_our_own_runs_in_a_fork(plugin, library):
    (library / "ours.py").write_bytes(MODULE)
    assert plugin._find("ours") == ("ansible.legacy.ours", library / "ours.py")


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        pytest.param(b"#!/usr/bin/python\n", b"#!/usr/bin/python3\n", id="another interpreter"),
        pytest.param(b"#!/usr/bin/python\n", b"#!/bin/sh\n", id="no Python"),
        pytest.param(b"ansible.module_utils.basic", b"ours.basic", id="not a module as Ansible knows them"),
        pytest.param(b'if __name__ == "__main__":', b"if True:", id="one that would run when imported"),
    ],
)
def test_an_unusual_module_of_our_own_starts_a_python(plugin, library, was, becomes):
    assert was in MODULE
    (library / "ours.py").write_bytes(MODULE.replace(was, becomes))
    assert plugin._find("ours") is None


def an_action(**different):
    settings = {"transport": "local", "become": None, "async_val": 0, "delegate_to": None} | different
    return SimpleNamespace(
        _connection=SimpleNamespace(transport=settings["transport"], become=settings["become"]),
        _task=SimpleNamespace(async_val=settings["async_val"], delegate_to=settings["delegate_to"]),
        _templar=SimpleNamespace(template=lambda value: value),
    )


THIS_PYTHON = {"ansible_python_interpreter": sys.executable}
ANOTHER_PYTHON = {"ansible_python_interpreter": "/usr/bin/another"}


@pytest.mark.parametrize(
    ("different", "task_vars", "here"),
    [
        pytest.param({}, THIS_PYTHON, True, id="this machine, user and Python"),
        pytest.param({"transport": "ssh"}, THIS_PYTHON, False, id="another machine"),
        pytest.param({"become": object()}, THIS_PYTHON, False, id="another user"),
        pytest.param({"async_val": 30}, THIS_PYTHON, False, id="not waited for"),
        pytest.param({}, ANOTHER_PYTHON, False, id="another Python"),
        pytest.param({}, {}, False, id="a Python to be discovered"),
        pytest.param(
            {"delegate_to": "b"}, THIS_PYTHON | {"ansible_delegated_vars": {"b": ANOTHER_PYTHON}}, False, id="delegated"
        ),
        pytest.param(
            {"delegate_to": "b"}, {"ansible_delegated_vars": {"b": THIS_PYTHON}}, True, id="delegated to this Python"
        ),
    ],
)
def test_a_module_runs_in_a_fork_only_where_it_would_run_anyway(plugin, different, task_vars, here):
    assert plugin._is_here(an_action(**different), task_vars) is here
