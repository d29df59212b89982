"""What a real git checkout knows of two commits."""

from __future__ import annotations

import subprocess

import pytest
from ansible.module_utils.towpath.checkout import MOST_TITLES, commits_between


@pytest.fixture
def git(tmp_path):
    identity = ["-c", "user.name=Jane", "-c", "user.email=jane@example.org"]

    def run(*words):
        command = ["git", "-C", str(tmp_path), *identity, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    run("init", "--quiet")
    return run


@pytest.fixture
def commit(git):
    def make(title):
        git("commit", "--quiet", "--allow-empty", "--message", title)
        return git("rev-parse", "HEAD")[1].strip()

    return make


def test_the_commits_that_came_are_counted_and_the_newest_named(git, commit):
    old = commit("begin")
    shas = [commit(f"step {number}") for number in range(MOST_TITLES + 2)]
    found = commits_between(git, old[:12], f"{shas[-1][:12]}-dirty")
    assert (found["ahead"], found["behind"]) == (MOST_TITLES + 2, 0)
    assert len(found["titles"]) == MOST_TITLES
    assert found["titles"][0].endswith(f"step {MOST_TITLES + 1}")


def test_going_back_names_what_is_taken_back(git, commit):
    old, new = commit("begin"), commit("more")
    found = commits_between(git, new, old)
    assert (found["ahead"], found["behind"]) == (0, 1)
    assert [title.partition(" ")[2] for title in found["titles"]] == ["more"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("", id="none"),
        pytest.param("unknown", id="no commit"),
        pytest.param("0123456789ab", id="a commit that the checkout does not know"),
        pytest.param("--output=x", id="an option"),
    ],
)
def test_what_the_checkout_does_not_know_is_not_told(git, commit, other):
    assert commits_between(git, commit("begin"), other) == {}


def test_the_same_commit_is_no_way(git, commit):
    sha = commit("begin")
    assert commits_between(git, sha[:7], sha) == {}
