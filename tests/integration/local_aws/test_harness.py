"""The harness itself: two emulators that answer, and a module that runs as Ansible would run it."""

from __future__ import annotations

import pytest

from tests.integration import harness


def test_each_emulator_answers_with_the_account_of_its_own(aws):
    assert aws.client("sts").get_caller_identity()["Account"] == aws.account_id


def test_an_exported_shell_does_not_decide_where_a_client_goes(aws, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert aws.client("sts").get_caller_identity()["Account"] == aws.account_id


A_MODULE = """
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
module = AnsibleAWSModule(argument_spec={"name": {"required": True}}, supports_check_mode=True)
identity = module.client("sts").get_caller_identity()
module.exit_json(changed=not module.check_mode, account=identity["Account"], name=module.params["name"])
"""


@pytest.fixture
def a_module(tmp_path, monkeypatch):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "who_am_i.py").write_text(A_MODULE)
    monkeypatch.setattr(harness, "ROOT", tmp_path)
    return "who_am_i"


def test_a_module_talks_to_the_endpoint_it_is_given(aws, a_module):
    result = harness.run_module(a_module, aws, name="x")
    assert (result["account"], result["name"], result["changed"]) == (aws.account_id, "x", True)


def test_a_module_learns_that_it_is_in_check_mode(ministack, a_module):
    assert harness.run_module(a_module, ministack, check_mode=True, name="x")["changed"] is False


def test_a_module_that_fails_says_so(ministack, a_module):
    result = harness.run_module(a_module, ministack)
    assert (result["failed"], result["msg"]) == (True, "missing required arguments: name")
