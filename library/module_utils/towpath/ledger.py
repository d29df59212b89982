"""The ledger of releases: what an entry says, how one ended that nobody ended, and where to go back to.

Pure functions: no AWS, no Ansible.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from .release import release_number
from .rollout import NOTHING_BEFORE, ROLLED_BACK, STOPPED, SUCCEEDED, SUPERSEDED, TIMED_OUT, short
from .rollout_cause import masked
from .text_table import aligned

Entry = dict[str, Any]

# DynamoDB takes items of up to 400 KB, and one line of a log may be larger than half of that.
MOST_CHARACTERS = 1000
MOST_LINES = 60

# What ECS says of a deployment that goes on.
_UNDER_WAY = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")


def serialised(values: Entry) -> dict[str, Any]:
    """A dict as DynamoDB's requests have it. What is None is left out."""
    return {name: _attribute(value) for name, value in values.items() if value is not None}


def deserialised(item: dict[str, Any]) -> Entry:
    """A dict from what DynamoDB answers."""
    return {name: _value(attribute) for name, attribute in item.items()}


def _attribute(value: Any) -> dict[str, Any]:
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float)):
        return {"N": str(value)}
    if isinstance(value, dict):
        return {"M": serialised(value)}
    if isinstance(value, (list, tuple)):
        return {"L": [_attribute(one) for one in value]}
    return {"S": str(value)}


def _value(attribute: dict[str, Any]) -> Any:
    ((kind, value),) = attribute.items()
    if kind == "NULL":
        return None
    if kind == "N":
        number = Decimal(value)
        return int(number) if number == number.to_integral_value() else float(number)
    if kind == "M":
        return deserialised(value)
    if kind == "L":
        return [_value(one) for one in value]
    return value


def fit_to_keep(value: Any) -> Any:
    """What goes into an entry: without secrets, and short enough for one item."""
    if isinstance(value, str):
        # Cut twice: a secret must not be cut before it is known for one, and megabytes take seconds to look through.
        return masked(value[: 10 * MOST_CHARACTERS])[:MOST_CHARACTERS]
    if isinstance(value, dict):
        return {name: fit_to_keep(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [fit_to_keep(one) for one in value[:MOST_LINES]]
    return value


_BEFORE_ITS_REVISION = "It was interrupted before its revision was registered."
_BEFORE_ITS_ROLLOUT = "It was interrupted before its rollout began: ECS has no record of one."


def is_over(entry: Entry) -> bool:
    """Whether an entry was ended. One that was only followed for too long may still be ended."""
    outcome: str = entry.get("outcome", TIMED_OUT)
    return outcome != TIMED_OUT


def settled(entry: Entry, service: Entry | None, records: list[Entry], now: datetime) -> Entry:
    """How an entry ended that is not over and whose holder is gone, as fields to end it with; empty while it goes on.

    ``service`` is what ECS says of the service, None when there is none. ``records`` are its service deployments, each
    with ``taskDefinition`` added, the ARN of the revision that it rolled out.
    """
    if is_over(entry):
        return {}
    revision = entry.get("task_definition")
    if not revision:
        return _end(STOPPED, _BEFORE_ITS_REVISION, now)
    # Told by its revision alone, which no other release has: the clock of whoever began it may be wrong.
    ours = [one for one in records if one.get("taskDefinition") == revision]
    if ours:
        return _settled_by_records(entry, ours, records, now)
    deployments = [] if service is None else service["deployments"]
    if not any(one["taskDefinition"] == revision for one in deployments) and _is_younger(service, entry):
        return _end(STOPPED, "The service was deleted since, and what ECS knew of the rollout with it.", now)
    return _settled_by_deployments(entry, deployments, now)


def _is_younger(service: Entry | None, entry: Entry) -> bool:
    """Whether the service is not the one that a release was made for. A clock may be wrong, but hardly by a day."""
    if service is None:
        return True
    created = service.get("createdAt")
    return created is not None and created - timedelta(days=1) > datetime.fromisoformat(entry["started_at"])


def touched_nothing(end: Entry) -> bool:
    """Whether what :func:`settled` found is that a release never got as far as the service, so it can still go on."""
    return end["verdict"]["reason"] in (_BEFORE_ITS_REVISION, _BEFORE_ITS_ROLLOUT)


def _settled_by_records(entry: Entry, ours: list[Entry], records: list[Entry], now: datetime) -> Entry:
    # A release that was interrupted and tried again has several. A restart that failed later takes nothing back.
    good = [one for one in ours if one["status"] == "SUCCESSFUL"]
    record = max(good or ours, key=_created)
    told = record.get("rollback", {}).get("reason") or record.get("statusReason", "")
    at = record.get("finishedAt", now)
    if good:
        return _end(SUCCEEDED, "ECS completed the deployment.", at)
    if record["status"] in _UNDER_WAY:
        return {}
    if record["status"].startswith("ROLLBACK"):
        if "previous_release" not in entry:
            return _end(STOPPED, f"{NOTHING_BEFORE}.", at, told)
        if record["status"] == "ROLLBACK_SUCCESSFUL":
            return _end(ROLLED_BACK, "ECS rolled the service back.", at, told)
        return _end(STOPPED, "ECS gave the deployment up, and its rollback failed too.", at, told)
    newer = [one for one in records if one["createdAt"] > record["createdAt"]]
    if newer:
        name = short(min(newer, key=_created).get("taskDefinition", "another revision"))
        return _end(SUPERSEDED, f"A newer deployment, of {name}, took its place before it was complete.", at, told)
    return _end(STOPPED, "ECS stopped the deployment.", at, told)


def _settled_by_deployments(entry: Entry, deployments: list[Entry], now: datetime) -> Entry:
    ours = next((one for one in deployments if one["taskDefinition"] == entry["task_definition"]), None)
    if ours is None:
        return _end(STOPPED, _BEFORE_ITS_ROLLOUT, now)
    state = ours.get("rolloutState", "COMPLETED" if len(deployments) == 1 else "IN_PROGRESS")
    if state == "COMPLETED":
        return _end(SUCCEEDED, "ECS completed the deployment.", now)
    if state == "IN_PROGRESS":
        return {}
    told = ours.get("rolloutStateReason", "")
    if ours["status"] != "PRIMARY" and "previous_release" in entry:
        return _end(ROLLED_BACK, "ECS gave the deployment up, and another has taken its place.", now, told)
    return _end(STOPPED, "ECS gave the deployment up and did not roll it back.", now, told)


def _created(record: Entry) -> datetime:
    created: datetime = record["createdAt"]
    return created


def _end(outcome: str, reason: str, at: datetime, told: str = "") -> Entry:
    verdict = {
        "summary": "Whoever made this release did not see its end; what ECS keeps of it tells how it ended.",
        "reason": reason,
        "evidence": [told] if told else [],
        "advice": "",
    }
    return {"outcome": outcome, "ended_at": at.isoformat(timespec="seconds"), "verdict": verdict}


def to_go_back_to(entries: Iterable[Entry], serving_number: int) -> list[Entry]:
    """The good releases before the one that serves, the last first: each once, as the one whose content it has.

    A rollback's entry stands for the release that it restores, so going back again and again never comes round.
    A release that somebody rolled back from is not good, unless somebody went back to it later.
    """
    by_number = {entry["number"]: entry for entry in entries}
    bad: set[int] = set()
    for number in sorted(by_number):
        entry = by_number[number]
        if "rolled_back_from" in entry:
            bad.add(stands_for(entry["rolled_back_from"], by_number))
            bad.discard(stands_for(number, by_number))
    serving = stands_for(serving_number, by_number)
    found: dict[int, Entry] = {}
    for number in sorted((one for one in by_number if one < serving_number), reverse=True):
        original = stands_for(number, by_number)
        if by_number[number].get("outcome") == SUCCEEDED and original < serving and original not in bad:
            found.setdefault(original, by_number.get(original, by_number[number]))
    return list(found.values())


def stands_for(number: int, by_number: dict[int, Entry]) -> int:
    """The release whose content a release has: itself, what a rollback restored, or what only got new secrets."""
    while True:
        entry = by_number.get(number, {})
        origin: int = entry.get("restores") or entry.get("same_as") or number
        if origin >= number:
            return number
        number = origin


def last_good(entries: Iterable[Entry]) -> Entry | None:
    """The newest release that was good, or None when none was."""
    good = [one for one in entries if one.get("outcome") == SUCCEEDED]
    return max(good, key=_number) if good else None


def _number(entry: Entry) -> int:
    number: int = entry["number"]
    return number


def release_that_is(revision: Entry | None, entries: Iterable[Entry]) -> int | None:
    """The number of the release that a revision carries; None when it is none, or only has the tags of one.

    Who registers a revision by hand may copy the tags of another with the rest.
    """
    number = release_number(revision)
    entry = next((one for one in entries if one["number"] == number), {})
    recorded = entry.get("task_definition", "")
    return number if revision and recorded in ("", revision["taskDefinitionArn"]) else None


_HEADINGS = ("release", "outcome", "when", "by", "commit", "image", "what")


def table_lines(entries: list[Entry]) -> list[str]:
    """The entries as a table, one line each in the order given, below a line of headings."""
    if not entries:
        return ["Nothing was released yet."]
    return aligned([_HEADINGS, *(_row(entry) for entry in entries)])


def _row(entry: Entry) -> tuple[str, ...]:
    why = entry.get("reason") or entry.get("commit_title", "")
    what = ": ".join(part for part in (change_words(entry), why) if part)
    return (
        f"v{entry['number']}",
        outcome_words(entry),
        _minute(entry["started_at"]),
        entry.get("by", "") or "-",
        entry.get("git_sha", "")[:7] or "-",
        entry.get("digest", "").removeprefix("sha256:")[:12] or "-",
        _in_one_line(what),
    )


def outcome_words(entry: Entry) -> str:
    return "under way" if entry.get("under_way") else str(entry.get("outcome") or "not over").replace("_", " ")


def _minute(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _in_one_line(text: str, most: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def change_words(entry: Entry) -> str:
    """What kind of release it is, with where it comes from."""
    change: str = entry.get("change", "")
    if "promoted_from" in entry:
        source = entry["promoted_from"]
        return f"{change} of {source['environment']} v{source['release']}"
    if "restores" in entry:
        return f"{change} {ways_words(entry)}"
    return change


def ways_words(entry: Entry) -> str:
    """Which way a rollback goes. What was changed by hand has no number to go back from."""
    start = f"from v{entry['rolled_back_from']} " if "rolled_back_from" in entry else ""
    return f"{start}to v{entry['restores']}"


def release_lines(entry: Entry) -> list[str]:
    """All that an entry says, with its whole verdict, for people."""
    verdict = entry.get("verdict", {})
    tasks = entry.get("tasks", {})
    told = {
        "what": change_words(entry),
        "reason": entry.get("reason", ""),
        "by": ", as ".join(part for part in (entry.get("by", ""), entry.get("registered_by", "")) if part),
        "started": entry["started_at"],
        "ended": entry.get("ended_at", ""),
        "commit": " ".join(part for part in (entry.get("git_sha", ""), entry.get("commit_title", "")) if part),
        "image": entry.get("image", "") or entry.get("digest", ""),
        "revision": short(entry.get("task_definition", "")),
        "before it": f"v{entry['previous_release']}" if "previous_release" in entry else "",
        "migrations": entry.get("migrations", ""),
        "tasks": f"{tasks.get('running', 0)} of {tasks.get('desired', 0)} run" if tasks else "",
        "seconds": ", ".join(f"{name} {seconds:g}" for name, seconds in _seconds(entry).items()),
    }
    lines = [f"v{entry['number']} {outcome_words(entry)}"]
    lines += [f"  {name:<10}  {_in_one_line(text, 200)}" for name, text in told.items() if text]
    sentences = " ".join(part for part in (verdict.get("summary", ""), verdict.get("reason", "")) if part)
    evidence = [f"  {line}" for line in verdict.get("evidence", [])]
    return [*lines, *(line for line in (sentences, *evidence, verdict.get("advice", "")) if line)]


def _seconds(entry: Entry) -> dict[str, float]:
    phases: dict[str, float] = entry.get("phases", {})
    return {"whole": entry["seconds"]} | phases if "seconds" in entry else phases
