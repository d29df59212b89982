"""The whole loop with real parts: an image is built and pushed, deployed to staging, promoted to prod; a bad one fails.

The loop runs once, and its commands once more; each test looks at what they left.
"""

from __future__ import annotations

import json

import pytest

from examples import demo
from tests.e2e.account import Again, Loop, go_through_again


@pytest.fixture(scope="module")
def again(loop: Loop) -> Again:
    return go_through_again(loop)


@pytest.mark.parametrize(("environment", "release", "tasks"), [("staging", "v1", 1), ("prod", "v2", 2)])
def test_the_image_that_was_pushed_runs_in_each_environment(loop: Loop, environment: str, release: str, tasks: int):
    result = loop.results[environment]
    assert result["outcome"] == "succeeded"
    assert (result["release"], result["digest"]) == (release, loop.image["digest"])
    assert (result["tasks_running"], result["tasks_desired"]) == (tasks, tasks)


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_a_request_through_the_load_balancer_shows_the_version(loop: Loop, environment: str):
    assert loop.shown[environment] == {
        "version": loop.image["tag"],
        "git_sha": loop.image["git_sha"],
        "environment": environment,
        "secret_key_base": True,
    }


def test_a_first_release_that_is_bad_ends_with_nothing_to_go_back_to_and_the_next_one_starts_all_tasks(loop: Loop):
    assert (loop.bad_first_release["outcome"], loop.bad_first_release["release"]) == ("stopped", "v1")
    assert "Nothing served before it" in loop.bad_first_release["reason"]
    assert loop.results["prod"]["release"] == "v2"


def test_promote_takes_the_digest_of_staging(loop: Loop):
    assert loop.results["prod"]["promoted_from"] == "staging"
    assert loop.results["prod"]["digest"] == loop.results["staging"]["digest"]


def test_provision_after_a_deploy_changes_nothing(again: Again):
    assert again.changes_of_the_second_provision == 0


def test_check_mode_on_what_is_right_shows_no_change(again: Again):
    assert demo.changes(again.checked) == 0, again.checked


def test_check_mode_shows_exactly_what_a_changed_variable_would_change(again: Again):
    assert demo.changes(again.checked_with_a_change) == 1, again.checked_with_a_change
    assert "would change" in again.checked_with_a_change
    assert "load balancer" in again.checked_with_a_change


def test_an_image_that_is_there_is_not_pushed_again(loop: Loop, again: Again):
    assert loop.image["pushed"]
    assert not again.pushed["pushed"]
    assert again.pushed["digest"] == loop.image["digest"]


def test_a_deploy_of_what_runs_already_makes_no_release(again: Again):
    assert (again.deployed["outcome"], again.deployed["release"]) == ("no_change", "v1")


def test_an_image_that_exits_at_once_fails_the_deploy_with_its_exit_code_and_last_words(again: Again):
    assert again.bad_deploy.returncode == 2
    said = " ".join((again.bad_deploy.stdout + again.bad_deploy.stderr).split())
    assert "exited with code 3" in said
    assert "this image was built to fail at its start" in said


def test_the_old_release_serves_every_request_during_a_bad_deploy(loop: Loop, again: Again):
    assert len(again.shown_during_the_bad_deploy) > 5
    versions = {shown.get("version", json.dumps(shown)) for shown in again.shown_during_the_bad_deploy}
    assert versions == {loop.image["tag"]}
