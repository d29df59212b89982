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
    github.comments.append({"id": 900, "body": github.written()[-1][2]["body"]})
    assert run(github, "comment", given).returncode == 0
    assert [(method, path) for method, path, _ in github.written()] == [
        ("POST", "issues/12/comments"),
        ("PATCH", "issues/comments/900"),
    ]


def test_a_refusal_of_github_says_what_to_look_at(github: FakeGitHub):
    done = run(github, "deployment", {**RELEASED, "GITHUB_TOKEN": "another"})
    assert done.returncode == 1
    assert "GitHub answered 401" in done.stderr and "see the job's permissions" in done.stderr
