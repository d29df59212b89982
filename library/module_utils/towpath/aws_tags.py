"""What AWS takes as a tag. Pure functions: no AWS, no Ansible.

Limits: the shapes TagKey and TagValue of the ECS API, and AWS's "Tag naming limits and requirements".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

MOST_TAGS = 50
LONGEST_KEY = 128
LONGEST_VALUE = 256


def tag_problems(tags: Mapping[str, str]) -> list[str]:
    """What is wrong with the tags, a sentence each. Empty means AWS takes them."""
    problems = [f"There are {len(tags)} tags, expected {MOST_TAGS} at most."] if len(tags) > MOST_TAGS else []
    for key, value in tags.items():
        if not 1 <= len(key) <= LONGEST_KEY:
            problems.append(f"The tag key {key!r} has {len(key)} characters, expected 1 to {LONGEST_KEY}.")
        if key.lower().startswith("aws:"):
            problems.append(f"The tag key {key} begins with aws:, which AWS keeps for itself.")
        if len(value) > LONGEST_VALUE:
            problems.append(f"The tag {key} has {len(value)} characters, expected {LONGEST_VALUE} at most.")
        if wrong := sorted({one for one in key + value if not _is_allowed(one)}):
            problems.append(
                f"The tag {key} has {' '.join(map(repr, wrong))}, expected letters, digits, spaces and _ . : / = + - @."
            )
    return problems


def _is_allowed(character: str) -> bool:
    return character in "_.:/=+-@" or unicodedata.category(character)[0] in "LZN"


def own_tags(listed: list[dict[str, str]]) -> dict[str, str]:
    """Tags that AWS lists as Key and Value, without those that it sets itself and nobody else may."""
    return {tag["Key"]: tag.get("Value", "") for tag in listed if not tag["Key"].startswith("aws:")}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
