from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ci import tell_github

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


class FakeGitHub:
    """The few answers of GitHub that are needed, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.commits = {SHA[:12]: SHA}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                path = self.path.removeprefix("/repos/octo-org/webapp/")
                fake.asked.append((self.command, path, body))
                code, told = fake.told(self.command, path)
                content = json.dumps(told).encode()
                self.send_response(code if self.headers["Authorization"] == "Bearer t" else 401)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def told(self, method: str, path: str) -> tuple[int, Any]:
        if path.startswith("commits/"):
            sha = self.commits.get(path.removeprefix("commits/"))
            return (200, {"sha": sha}) if sha else (422, {"message": "No commit found for SHA"})
        if method == "GET":
            return 200, self.comments[:100] if path.endswith("page=1") else self.comments[100:]
        return 201, {"id": 5}

    def written(self) -> list[tuple[str, str, Any]]:
        return [one for one in self.asked if one[0] != "GET"]

    def run(self, way: str, given: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = {
            "GITHUB_API_URL": f"http://127.0.0.1:{self.server.server_port}",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "octo-org/webapp",
            "GITHUB_RUN_ID": "7",
            "GITHUB_TOKEN": "t",
        }
        return subprocess.run(
            [sys.executable, str(PROGRAM), way],
            env={**os.environ, **environment, **given},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    fake = FakeGitHub()
    thread = threading.Thread(target=fake.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield fake
    fake.server.shutdown()
    thread.join()
    fake.server.server_close()


def test_a_release_becomes_a_deployment_and_a_status_of_its_own_commit(github: FakeGitHub):
    done = github.run("deployment", RELEASED)
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
    done = github.run("deployment", {**RELEASED, **given})
    assert done.returncode == 0 and why in done.stdout
    assert github.written() == []


@pytest.mark.parametrize("before", [0, 3, 120])
def test_a_pull_request_has_one_comment_that_is_written_anew(github: FakeGitHub, before: int):
    github.comments = [{"id": number, "body": "nice"} for number in range(before)]
    given = {"PULL_REQUEST": "12", "TEXT": "### provision would change"}
    assert github.run("comment", given).returncode == 0
    github.comments.append({"id": 900, "body": github.written()[-1][2]["body"]})
    assert github.run("comment", given).returncode == 0
    assert [(method, path) for method, path, _ in github.written()] == [
        ("POST", "issues/12/comments"),
        ("PATCH", "issues/comments/900"),
    ]


def test_a_refusal_of_github_says_what_to_look_at(github: FakeGitHub):
    done = github.run("deployment", {**RELEASED, "GITHUB_TOKEN": "another"})
    assert done.returncode == 1
    assert "GitHub answered 401" in done.stderr and "see the job's permissions" in done.stderr
