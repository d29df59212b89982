"""What a task-definition revision says of the release that it carries. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from typing import Any

from .differences import own_tags

RELEASE_TAG = "towpath:release"
# On a revision that is no release: the number of the last one before it, so that none is given twice.
AFTER_TAG = "towpath:after-release"
GIT_SHA_TAG = "towpath:git-sha"
PROMOTED_FROM_TAG = "towpath:promoted-from"
# On the service: where the app answers.
URL_TAG = "towpath:url"


def release_number(revision: dict[str, Any] | None) -> int | None:
    """The number of the release that a revision (with its ``tags``) carries, or None when it is not a release."""
    number = own_tags((revision or {}).get("tags", [])).get(RELEASE_TAG, "")
    return int(number) if number.isdecimal() else None


def last_release(revision: dict[str, Any] | None) -> int:
    """The number of the newest release up to a revision, or 0 when there was none."""
    after = own_tags((revision or {}).get("tags", [])).get(AFTER_TAG, "")
    return release_number(revision) or (int(after) if after.isdecimal() else 0)


def release_of(revision: dict[str, Any], container: str) -> dict[str, Any]:
    """The release that ``revision`` (as ECS describes it, with its ``tags``) carries in ``container``."""
    tags = own_tags(revision.get("tags", []))
    number = release_number(revision)
    images = {one["name"]: one["image"] for one in revision["containerDefinitions"]}
    image = images.get(container, "")
    return {
        "task_definition_arn": revision["taskDefinitionArn"],
        "release": number,
        "release_name": "" if number is None else f"v{number}",
        "image": image,
        "digest": image.partition("@")[2],
        "git_sha": tags.get(GIT_SHA_TAG, ""),
        "promoted_from": tags.get(PROMOTED_FROM_TAG, ""),
    }
