"""What a git checkout knows of the way from one commit to another. Pure but for the git that it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .image import commit_of

# Runs git with these words, and returns its exit code and what it prints.
Git = Callable[..., tuple[int, str]]

MOST_TITLES = 10


def git_in(folder: str, run_command: Callable[..., tuple[int, str, str]]) -> Git:
    """git in a checkout, run by a module's own ``run_command``."""

    def git(*words: str) -> tuple[int, str]:
        code, out, _ = run_command(["git", "-C", folder, *words])
        return code, out

    return git


def commits_between(git: Git, before: str, after: str) -> dict[str, Any]:
    """How many commits only ``after`` has and only ``before`` has, with the titles of the newest.

    Empty where the two are one commit, or where the checkout does not know both.
    """
    old, new = commit_of(before), commit_of(after)
    if not (old and new) or old.startswith(new) or new.startswith(old):
        return {}
    code, counted = git("rev-list", "--left-right", "--count", f"{old}...{new}")
    if code != 0:
        return {}
    behind, ahead = map(int, counted.split())
    span = f"{old}..{new}" if ahead else f"{new}..{old}"
    _, titles = git("log", "--format=%h %s", f"--max-count={MOST_TITLES}", span)
    return {"ahead": ahead, "behind": behind, "titles": titles.splitlines()}
