"""What a git checkout knows of the way from one commit to another. Pure but for the git that it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .image import commit_of

# Runs git with these words, and returns its exit code, what it prints and what it says is wrong.
Git = Callable[..., tuple[int, str, str]]

MOST_TITLES = 10
NOT_FOUND = 127
# A hook of git sets these for a repository of its own.
OF_ANOTHER_CHECKOUT = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")
# Whoever looks at signatures in the log has them in its output, too.
OURS = ("-c", "log.showSignature=false", "-c", "i18n.logOutputEncoding=UTF-8")


def git_in(folder: str, run_command: Callable[..., tuple[int, str, str]]) -> Git:
    """git in a checkout, run by a module's own ``run_command``."""
    alone = ["env", *(word for name in OF_ANOTHER_CHECKOUT for word in ("-u", name)), "LC_ALL=C"]

    def git(*words: str) -> tuple[int, str, str]:
        return run_command([*alone, "git", "-C", folder, *OURS, *words], errors="replace")

    return git


def commits_between(git: Git, before: str, after: str) -> dict[str, Any]:
    """How many commits only ``after`` has and only ``before`` has, with the titles of the newest.

    Empty where the two are one commit, or where the checkout does not know the way between them.
    """
    old, new = commit_of(before), commit_of(after)
    if not (old and new) or _are_one(old, new):
        return {}
    code, counted, _ = git("rev-list", "--left-right", "--count", f"{old}...{new}")
    if code != 0:
        return {}
    behind, ahead = map(int, counted.split())
    if behind and ahead and _is_shallow(git):
        # One may well come after the other, over commits that are not there.
        return {}
    span = f"{old}..{new}" if ahead else f"{new}..{old}"
    _, titles, _ = git("log", "-z", "--format=%h %s", f"--max-count={MOST_TITLES}", span)
    return {"ahead": ahead, "behind": behind, "titles": [title for title in titles.split("\0") if title]}


def why_unknown(git: Git, folder: str, before: str, after: str) -> str:
    """Why the order of two commits that ``commits_between`` does not know is not known, and what to type.

    Empty where they are one commit.
    """
    old, new = commit_of(before), commit_of(after)
    if old and new and _are_one(old, new):
        return ""
    if not (old and new):
        which = "what runs" if new else "the image"
        return f"{which} does not say of which commit it is: tag an image with its commit"
    return what_is_missing(git, folder, old, new)


def what_is_missing(git: Git, folder: str, *commits: str) -> str:
    """What keeps a checkout from telling an older commit from a newer one, and what to type; empty if nothing does."""
    code, _, wrong = git("rev-parse", "--git-dir")
    if code == NOT_FOUND:
        return "git is not installed here: install it"
    if "dubious ownership" in wrong:
        return f"{folder} belongs to another user: git config --global --add safe.directory {folder}"
    if code != 0:
        return f"{folder} is no git checkout: run the command in a clone"
    if _is_shallow(git):
        return "the checkout has not all commits: git fetch --unshallow; in CI fetch-depth: 0, or GIT_DEPTH: 0"
    unknown = next((one for one in commits if git("rev-parse", "--verify", "--quiet", f"{one}^{{commit}}")[0]), "")
    return f"the checkout does not have {unknown[:12]}: git fetch --all" if unknown else ""


def _is_shallow(git: Git) -> bool:
    return git("rev-parse", "--is-shallow-repository")[1].strip() == "true"


def _are_one(old: str, new: str) -> bool:
    return old.startswith(new) or new.startswith(old)
