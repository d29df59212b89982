"""What a value may be, and where it is read from."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[3] / "playbooks/action_plugins/secret_parameter.py"


@pytest.fixture(scope="module")
def plugin():
    spec = importlib.util.spec_from_file_location("secret_parameter", PLUGIN)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param(b"a", "a", id="plain"),
        pytest.param(b"a\n", "a", id="the newline of an editor"),
        pytest.param(b"a\r\n", "a", id="the newline of another editor"),
        pytest.param(b" a \n\n", " a \n", id="all other white space is part of it"),
        pytest.param(b"-----BEGIN-----\nxyz\n-----END-----\n", "-----BEGIN-----\nxyz\n-----END-----", id="lines"),
        pytest.param("ä€".encode(), "ä€", id="beyond ASCII"),
        pytest.param(b"{% x %} {a} $x", "{% x %} {a} $x", id="nothing is a template"),
        pytest.param(b"x" * 4096, "x" * 4096, id="the largest"),
    ],
)
def test_a_value_is_kept_as_it_is_without_one_newline_at_its_end(plugin, given, kept):
    assert plugin.text(given) == kept


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(b"", "is empty", id="nothing"),
        pytest.param(b"\n", "is empty", id="a newline"),
        pytest.param(b"x" * 4097, "has 4097 bytes, expected 4096 at most", id="too large"),
        pytest.param(b"\xff\xfe", "is no text (UTF-8)", id="binary"),
        pytest.param(b"a\0b", "has a NUL", id="NUL"),
        pytest.param(b"x {{ssm:other}}", "has {{ in it", id="the name of another parameter"),
    ],
)
def test_a_value_that_cannot_be_kept_is_refused_without_being_shown(plugin, given, told):
    with pytest.raises(plugin.Refused) as refused:
        plugin.text(given)
    assert told in str(refused.value)
    assert "other" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused_by_its_name(plugin, tmp_path):
    with pytest.raises(plugin.Refused, match="none cannot be read: No such file"):
        plugin.read("KEY", str(tmp_path / "none"), False)


def test_a_system_that_does_not_lend_its_standard_input_says_how_to_pass_it_on(plugin, monkeypatch):
    monkeypatch.setattr(os, "getppid", lambda: 2**30)
    with pytest.raises(plugin.Refused, match="from_file=/dev/fd/3 instead of -e from_stdin=true, and 3<&0 at its end"):
        plugin.piped()
