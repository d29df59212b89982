"""What a real git checkout knows of two commits."""

from __future__ import annotations

import subprocess

import pytest
from ansible.module_utils.towpath.checkout import MOST_TITLES, commits_between, git_in, why_unknown

IDENTITY = ("-c", "user.name=Jane", "-c", "user.email=jane@example.org")


def run_command(command, errors="strict"):
    """As a module runs it."""
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors=errors, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def git(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    own = git_in(str(tmp_path), run_command)
    own("init", "--quiet")
    return lambda *words: own(*IDENTITY, *words)


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


@pytest.mark.parametrize(
    "title",
    ["two\u2028lines", "two\x85lines", "two\x0clines", "two\x0blines", "ship it \U0001f680"],
    ids=ascii,
)
def test_a_title_is_one_whatever_is_in_it(git, commit, title):
    found = commits_between(git, commit("begin"), commit(title))
    assert [one.partition(" ")[2] for one in found["titles"]] == [title]


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("log.showSignature", "true"),
        ("i18n.logOutputEncoding", "latin1"),
        ("color.ui", "always"),
        ("log.decorate", "full"),
    ],
)
def test_the_settings_of_who_types_the_command_change_nothing(git, commit, tmp_path, setting, value):
    # A program that says what gpg says, as no key is needed to see that it is asked.
    gpg = tmp_path / "gpg"
    gpg.write_text("#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho signature\n")
    gpg.chmod(0o755)
    git("config", "gpg.program", str(gpg))
    old = commit("begin")
    git("commit", "--quiet", "--allow-empty", "-S", "--message", "café")
    new = git("rev-parse", "HEAD")[1].strip()
    plain = commits_between(git, old, new)
    git("config", setting, value)
    assert commits_between(git, old, new) == plain
    assert [one.partition(" ")[2] for one in plain["titles"]] == ["café"]


def test_a_hook_of_another_repository_changes_nothing(git, commit, monkeypatch):
    old, new = commit("begin"), commit("more")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert commits_between(git, old, new)["ahead"] == 1


def a_clone(tmp_path, *words):
    """A clone of the checkout, as CI makes one."""
    folder = str(tmp_path / "clone")
    subprocess.run(["git", "clone", "--quiet", *words, f"file://{tmp_path}", folder], check=True)
    return folder, git_in(folder, run_command)


def test_a_shallow_clone_says_that_it_does_not_know_and_what_to_type(tmp_path, git, commit):
    old, new = commit("begin"), commit("more")
    folder, cloned = a_clone(tmp_path, "--depth=1")
    assert commits_between(cloned, new, old) == {}
    said = why_unknown(cloned, folder, new, old)
    assert said == "the checkout has not all commits: git fetch --unshallow; in CI fetch-depth: 0, or GIT_DEPTH: 0"


def test_two_ends_without_what_lies_between_are_not_taken_for_two_branches(tmp_path, git, commit):
    old = commit("begin")
    git("branch", "old")
    commit("between")
    new = commit("more")
    folder, cloned = a_clone(tmp_path, "--depth=1", "--no-single-branch")
    assert commits_between(cloned, new, old) == {}
    assert "has not all commits" in why_unknown(cloned, folder, new, old)


def test_a_checkout_of_another_user_says_so(tmp_path, git, commit, monkeypatch):
    old, new = commit("begin"), commit("more")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert commits_between(git, new, old) == {}
    assert why_unknown(git, str(tmp_path), new, old) == (
        f"{tmp_path} belongs to another user: git config --global --add safe.directory {tmp_path}"
    )


def test_a_folder_that_is_no_checkout_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    git = git_in(str(tmp_path), run_command)
    said = why_unknown(git, str(tmp_path), "0123456789ab", "ba9876543210")
    assert said == f"{tmp_path} is no git checkout: run the command in a clone"


def test_a_machine_without_git_says_so(tmp_path, git, commit, monkeypatch):
    old, new = commit("begin"), commit("more")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "env").symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert commits_between(git, new, old) == {}
    assert why_unknown(git, str(tmp_path), new, old) == "git is not installed here: install it"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        pytest.param(
            "", "HEAD", "what runs does not say of which commit it is: tag an image with its commit", id="a tag"
        ),
        pytest.param(
            "HEAD", "", "the image does not say of which commit it is: tag an image with its commit", id="none"
        ),
        pytest.param(
            "0123456789abcd", "HEAD", "the checkout does not have 0123456789ab: git fetch --all", id="unknown"
        ),
        pytest.param("HEAD", "HEAD", "", id="the same"),
    ],
)
def test_commits_that_nothing_is_known_of_are_named(tmp_path, git, commit, before, after, said):
    head = commit("begin")
    assert why_unknown(git, str(tmp_path), before.replace("HEAD", head), after.replace("HEAD", head)) == said


def test_the_same_commit_is_no_way(git, commit):
    sha = commit("begin")
    assert commits_between(git, sha[:7], sha) == {}
