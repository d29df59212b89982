from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci import tell_github
from tests.fake_github import TOKEN, FakeGitHub, fake_github

PROGRAM = Path(__file__).parents[3] / "ci" / "tell_github.py"
SHA = "0123456789abcdef0123456789abcdef01234567"
JOB = "https://github.com/octo-org/webapp/actions/runs/7"
RELEASED = {
    "ENVIRONMENT": "staging",
    "OUTCOME": "succeeded",
    "RELEASE": "v12",
    "GIT_SHA": SHA[:12],
    "URL": "https://staging.example.com",
}


def run(github: FakeGitHub, way: str, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **github.environment, "GITHUB_TOKEN": TOKEN, **given}
    return subprocess.run(
        [sys.executable, str(PROGRAM), way], env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with fake_github() as fake:
        fake.commits[SHA[:12]] = SHA
        yield fake


def test_a_release_becomes_a_deployment_and_a_status_of_its_own_commit(github: FakeGitHub):
    done = run(github, "deployment", RELEASED)
    assert (done.returncode, done.stdout) == (0, "staging runs v12\n"), done.stderr
    (_, _, deployment), (_, path, status), (_, commit, of_commit) = github.written()
    assert (deployment["ref"], deployment["environment"], deployment["required_contexts"]) == (SHA, "staging", [])
    assert path == "deployments/5/statuses"
    assert (status["state"], status["environment_url"], status["log_url"]) == ("success", RELEASED["URL"], JOB)
    assert commit == f"statuses/{SHA}"
    assert of_commit == {
        "state": "success",
        "context": "towpath/staging",
        "description": "staging runs v12",
        "target_url": JOB,
    }


@pytest.mark.parametrize(
    ("outcome", "states"),
    [
        ("succeeded", ("success", "success")),
        ("rolled_back", ("failure", "failure")),
        ("timed_out", ("failure", "failure")),
        ("superseded", ("inactive", "success")),
    ],
)
def test_the_states_are_those_that_the_outcome_means(outcome, states):
    of_deployment, of_commit = tell_github.statuses({**RELEASED, "OUTCOME": outcome}, JOB)
    assert (of_deployment["state"], of_commit["state"]) == states
    assert ("environment_url" in of_deployment) == (outcome == "succeeded")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param({"OUTCOME": "no_change"}, "Nothing was released.", id="no change"),
        pytest.param({"RELEASE": ""}, "Nothing was released.", id="no release"),
        pytest.param({"GIT_SHA": "beef"}, "is no commit of this repository", id="a commit from elsewhere"),
    ],
)
def test_what_is_no_release_of_this_repository_is_not_told(github: FakeGitHub, given, why):
    done = run(github, "deployment", {**RELEASED, **given})
    assert done.returncode == 0 and why in done.stdout
    assert github.written() == []


@pytest.mark.parametrize("before", [0, 3, 120])
def test_a_pull_request_has_one_comment_that_is_written_anew(github: FakeGitHub, before: int):
    github.comments = [{"id": number, "body": "nice"} for number in range(before)]
    given = {"PULL_REQUEST": "12", "TEXT": "### provision would change"}
    assert run(github, "comment", given).returncode == 0
    assert run(github, "comment", given).returncode == 0
    assert [(method, path) for method, path, _ in github.written()] == [
        ("POST", "issues/12/comments"),
        ("PATCH", f"issues/comments/{900 + before}"),
    ]


OF_A_PREVIEW = {
    "PULL_REQUEST": "12",
    "STATE": "present",
    "RESULT": "success",
    "OUTCOME": "succeeded",
    "RELEASE": "v1",
    "GIT_SHA": SHA,
    "URL": "https://pr-12.staging.example.com/",
    "EXPIRES_ON": "2026-03-08",
}
FAILED = {**OF_A_PREVIEW, "RESULT": "failure", "OUTCOME": "rolled_back", "RELEASE": "v2", "GIT_SHA": "f" * 40}
GONE = {"PULL_REQUEST": "12", "STATE": "absent", "RESULT": "success"}
EXPIRED = {"PULL_REQUEST": "0", "STATE": "expired", "RESULT": "success", "EXPIRED": "pr-7 pr-12"}


def preview(github: FakeGitHub, *days: dict[str, str]) -> str:
    """What the last of these days left in the pull request."""
    for given in days:
        done = run(github, "preview", given)
        assert done.returncode == 0, done.stderr
    return str(github.written()[-1][2]["body"])


def test_a_preview_is_told_in_one_comment_and_a_deployment(github: FakeGitHub):
    told = preview(github, OF_A_PREVIEW)
    assert told.startswith("<!-- towpath preview -->\n### Preview: https://pr-12.staging.example.com/\n")
    assert f"| release | v1 |\n| commit | {SHA[:12]} |\n| stays until | 2026-03-08 |" in told
    assert "ansible-playbook preview.yml -e pr=12 -e state=absent" in told
    (deployment,) = github.deployments
    assert (deployment["ref"], deployment["environment"], deployment["task"]) == (SHA, "preview", "preview:pr-12")
    assert deployment["transient_environment"] and not deployment["production_environment"]
    (status,) = deployment["statuses"]
    assert (status["state"], status["environment_url"]) == ("success", OF_A_PREVIEW["URL"])


def test_of_several_pushes_the_newest_is_what_runs(github: FakeGitHub):
    preview(github, OF_A_PREVIEW, {**OF_A_PREVIEW, "GIT_SHA": "a" * 40}, {**OF_A_PREVIEW, "GIT_SHA": "b" * 40})
    assert github.states("preview") == [("b" * 40, "success"), ("a" * 40, "inactive"), (SHA, "inactive")]
    assert len(github.comments) == 1


def test_after_a_failure_what_ran_before_still_runs(github: FakeGitHub):
    told = preview(github, OF_A_PREVIEW, FAILED)
    assert "### Preview: failed: rolled back" in told and f"[The job]({JOB}) of ffffffffffff" in told
    assert github.states("preview") == [("f" * 40, "failure"), (SHA, "success")]
    preview(github, {**OF_A_PREVIEW, "GIT_SHA": "b" * 40})
    assert github.states("preview") == [("b" * 40, "success"), ("f" * 40, "failure"), (SHA, "inactive")]


def test_what_was_never_released_is_no_deployment(github: FakeGitHub):
    told = preview(github, {**FAILED, "OUTCOME": "", "RELEASE": ""})
    assert "### Preview: failed\n" in told
    assert github.deployments == []


def test_a_preview_that_is_gone_is_told_and_no_deployment_any_more(github: FakeGitHub):
    others = {**OF_A_PREVIEW, "PULL_REQUEST": "7", "GIT_SHA": "7" * 40}
    told = preview(github, others, OF_A_PREVIEW, GONE)
    assert "### Preview: gone" in told
    assert github.states("preview") == [(SHA, "inactive"), ("7" * 40, "success")]


def test_a_preview_that_did_not_go_is_told_with_what_to_do(github: FakeGitHub):
    told = preview(github, OF_A_PREVIEW, {**GONE, "RESULT": "failure"})
    assert "### Preview: not taken away" in told and "-e pr=12 -e state=absent" in told
    assert github.states("preview") == [(SHA, "success")]


def test_each_pull_request_whose_preview_was_too_old_is_told(github: FakeGitHub):
    told = preview(github, {**OF_A_PREVIEW, "PULL_REQUEST": "7"}, OF_A_PREVIEW, EXPIRED)
    assert "Its age limit was over." in told
    assert {state for _, state in github.states("preview")} == {"inactive"}
    github.asked.clear()
    assert run(github, "preview", {**EXPIRED, "EXPIRED": ""}).stdout == "Nobody is told.\n"
    assert run(github, "preview", {**EXPIRED, "RESULT": "failure"}).stdout == "Nobody is told.\n"
    assert github.asked == []


def test_the_comment_of_a_preview_is_not_that_of_provisioning(github: FakeGitHub):
    run(github, "comment", {"PULL_REQUEST": "12", "TEXT": "### provision would change"})
    preview(github, OF_A_PREVIEW)
    assert [method for method, path, _ in github.written() if "comments" in path] == ["POST", "POST"]


def test_a_refusal_of_github_says_what_to_look_at(github: FakeGitHub):
    done = run(github, "deployment", {**RELEASED, "GITHUB_TOKEN": "another"})
    assert done.returncode == 1
    assert "GitHub answered 401" in done.stderr and "see the job's permissions" in done.stderr
