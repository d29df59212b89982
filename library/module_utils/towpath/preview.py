"""Previews of pull requests: which there are, and how they are told. Pure functions: no AWS, no Ansible.

A preview's target group is the first that is made and the last that goes, so it stands for all of it. It is named
APP-pr-12, and its tags know what nothing else says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from .release import URL_TAG
from .text_table import aligned

Json = dict[str, Any]

EXPIRES_TAG = "towpath:expires"


def name_in(target_group: str, app: str) -> str:
    """The preview that a target group is of, such as pr-12; empty when it is of none."""
    found = re.fullmatch(re.escape(app) + r"-(pr-[1-9][0-9]*)", target_group)
    return found[1] if found else ""


def is_expired(tags: Mapping[str, str], today: date) -> bool:
    """Whether the last day on which it stays is over. One that does not say its last day never expires."""
    try:
        return date.fromisoformat(tags.get(EXPIRES_TAG, "")) < today
    except ValueError:
        return False


def preview(name: str, tags: Mapping[str, str], service: Json, serving: Json, today: date) -> Json:
    """All that is told of one preview, for programs and for the table below.

    ``service`` as ECS describes it, ``serving`` the release that it is pointed at; both empty where it has not got
    so far.
    """
    return {
        "name": name,
        "pr": int(name.removeprefix("pr-")),
        "release": serving.get("release_name", ""),
        "git_sha": serving.get("git_sha", ""),
        "tasks": {"running": service.get("runningCount", 0), "wanted": service.get("desiredCount", 0)},
        "url": tags.get(URL_TAG, ""),
        "expires_on": tags.get(EXPIRES_TAG, ""),
        "expired": is_expired(tags, today),
    }


def lines(previews: Iterable[Json]) -> list[str]:
    """A table of them."""
    rows = [
        (
            one["name"],
            one["release"] or "no release",
            one["git_sha"][:12],
            f"{one['tasks']['running']} of {one['tasks']['wanted']} tasks",
            f"{'expired on' if one['expired'] else 'until'} {one['expires_on']}" if one["expires_on"] else "",
            one["url"],
        )
        for one in sorted(previews, key=lambda one: one["pr"])
    ]
    if not rows:
        return ["There are no previews. One is made with: ansible-playbook preview.yml -e pr=NUMBER"]
    return aligned(rows)
