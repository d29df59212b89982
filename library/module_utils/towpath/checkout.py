"""What a git checkout knows of the way from one commit to another. Pure but for the git that it is given."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# Runs git with these words, and returns its exit code and what it prints.
Git = Callable[..., tuple[int, str]]

MOST_TITLES = 10
# An image may say more than its commit, as in 4f2c9d1a0b3e-dirty.
_COMMIT = re.compile(r"([0-9a-f]{7,40})(-.*)?")


def commits_between(git: Git, before: str, after: str) -> dict[str, Any]:
    """How many commits only ``after`` has and only ``before`` has, with the titles of the newest.

    Empty where the two are one commit, or where the checkout does not know both.
    """
    found = [_COMMIT.fullmatch(sha) for sha in (before, after)]
    old, new = (match[1] if match else "" for match in found)
    if not (old and new) or old.startswith(new) or new.startswith(old):
        return {}
    code, counted = git("rev-list", "--left-right", "--count", f"{old}...{new}")
    if code != 0:
        return {}
    behind, ahead = map(int, counted.split())
    span = f"{old}..{new}" if ahead else f"{new}..{old}"
    _, titles = git("log", "--format=%h %s", f"--max-count={MOST_TITLES}", span)
    return {"ahead": ahead, "behind": behind, "titles": titles.splitlines()}
