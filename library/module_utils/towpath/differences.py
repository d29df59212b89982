"""What differs between what is and what is wanted: changed, diff and the sentence all come from one such list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Values = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """One thing that differs. A side that does not have it says None."""

    field: str
    before: Any
    after: Any


def differences(present: Values, wanted: Values) -> list[Difference]:
    """Name what of ``wanted`` is not so yet. What is not wanted is not looked at."""
    return [
        Difference(field, present.get(field), value)
        for field, value in sorted(wanted.items())
        if present.get(field) != value
    ]


def diff(found: list[Difference]) -> dict[str, Values]:
    """The differences as Ansible shows them with --diff."""
    return {"before": {one.field: one.before for one in found}, "after": {one.field: one.after for one in found}}


def sentence(found: list[Difference], most: int = 4) -> str:
    """Name what differs, the first few only: a long list is for the diff."""
    names = [one.field for one in found]
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def given(options: Values) -> Values:
    """The options that were given: one that was not is not touched."""
    return {name: value for name, value in options.items() if value is not None}


def own_tags(tags: list[dict[str, str]]) -> dict[str, str]:
    """Tags as a dict, without those that AWS itself sets and nobody else may."""
    return {tag["key"]: tag.get("value", "") for tag in tags if not tag["key"].startswith("aws:")}


def provider_strategy(items: list[Values], provider: str) -> list[Values]:
    """A capacity provider strategy in one order and with AWS's defaults, whichever way its ``provider`` is spelt."""
    strategy = [
        {"capacity_provider": one[provider], "base": int(one.get("base") or 0), "weight": int(one.get("weight") or 0)}
        for one in items
    ]
    return sorted(strategy, key=lambda one: str(one["capacity_provider"]))


def provider_strategy_request(strategy: list[Values]) -> list[Values]:
    return [
        {"capacityProvider": one["capacity_provider"], "base": one["base"], "weight": one["weight"]} for one in strategy
    ]


def tag_request(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
