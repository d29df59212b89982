"""How environments are, side by side, and in what two of them differ. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from .console import links
from .differences import Values, own_tags
from .drift import drift, puts_right
from .drift import lines as drift_lines
from .ledger import Entry, last_good, outcome_words
from .release import URL_TAG, release_of
from .release_plan import disagreements
from .task_definition import TaskDefinition, without_secrets
from .text_table import aligned

NONE, NOT_KNOWN = "none", "not known"
# What a terminal shows in one line, and a log of CI without a break.
WIDTH = 100
CONTAINER = "app"


class Looks(NamedTuple):
    """What AWS says of one environment.

    What it did not let us see is None, and named in ``unknown``. Empty means that there is none.
    """

    service: Values
    revision: TaskDefinition
    expected: TaskDefinition | None = None
    targets: Sequence[Values] | None = ()
    entries: Sequence[Entry] | None = ()
    settings: Values | None = None
    scalable_target: Values | None = {}  # noqa: RUF012 (nobody changes it)
    alarms: Sequence[str] | None = ()
    database: Values | None = {}  # noqa: RUF012
    maintenance: bool | None = False
    under_way: str = ""
    dashboard: str = ""
    unknown: Sequence[str] = ()


def not_provisioned(environment: str) -> Values:
    return {"environment": environment, "provisioned": False, "released": False}


def status(environment: str, looks: Looks) -> Values:
    """All that is told of an environment, for programs and for the tables below."""
    service = looks.service
    told = release_of(looks.revision, CONTAINER)
    entries = looks.entries or ()
    entry = next((one for one in entries if one["number"] == told["release"]), {})
    found = drift(looks.settings, service, looks.scalable_target or None, looks.expected, looks.revision)
    return {
        "environment": environment,
        "provisioned": True,
        "released": told["release"] is not None,
        "release": told["release_name"],
        "git_sha": told["git_sha"],
        "commit_title": entry.get("commit_title", ""),
        "digest": told["digest"],
        "image": told["image"],
        "promoted_from": told["promoted_from"],
        "by": entry.get("by") or re.split("[:/]", str(looks.revision.get("registeredBy", "")))[-1],
        "released_at": entry.get("ended_at") or entry.get("started_at") or _registered(looks.revision),
        "tasks": {
            "wanted": service.get("desiredCount", 0),
            "running": service.get("runningCount", 0),
            "healthy": _healthy(looks.targets),
        },
        "last_release": None if looks.entries is None else next((_last(one) for one in entries), {}),
        "alarms": None if looks.alarms is None else sorted(looks.alarms),
        "database": looks.database,
        "url": own_tags(service.get("tags", [])).get(URL_TAG, ""),
        "links": links(
            service.get("clusterArn", ""), service.get("serviceName", ""), _log_group(looks.revision), looks.dashboard
        ),
        "maintenance": looks.maintenance,
        "under_way": looks.under_way,
        "sizes": _sizes(looks),
        "settings": _variables(looks.revision, "environment", "value"),
        "secrets": _variables(looks.revision, "secrets", "valueFrom"),
        "drift": [{"path": one.field, "made": one.before, "found": one.after} for one in found],
        "drift_lines": drift_lines(found),
        "puts_right": puts_right(environment, found, list(entries)),
        "disagreements": disagreements(environment, looks.revision, entries),
        "last_good": (last_good(entries) or {}).get("number"),
        "unknown": [*looks.unknown, *_unknown_drift(environment, looks)],
    }


def _healthy(targets: Sequence[Values] | None) -> int | None:
    if targets is None:
        return None
    return len({one["Target"]["Id"] for one in targets if one["TargetHealth"]["State"] == "healthy"})


def _registered(revision: TaskDefinition) -> str:
    moment = revision.get("registeredAt")
    return moment.isoformat(timespec="seconds") if isinstance(moment, datetime) else ""


def _unknown_drift(environment: str, looks: Looks) -> list[str]:
    if looks.settings is not None or looks.unknown:
        return []
    return [
        "what was changed by hand, because the ledger does not remember the service's settings yet. "
        f"Run ansible-playbook provision.yml -e env={environment}"
    ]


def _log_group(revision: TaskDefinition) -> str:
    containers = [one for one in revision.get("containerDefinitions", []) if one["name"] == CONTAINER]
    return next((one.get("logConfiguration", {}).get("options", {}).get("awslogs-group", "") for one in containers), "")


def _last(entry: Entry) -> Values:
    names = ("number", "change", "outcome", "under_way", "started_at", "ended_at", "seconds", "by", "reason")
    return {name: entry[name] for name in names if name in entry}


def _sizes(looks: Looks) -> Values:
    count = looks.service.get("desiredCount", 0)
    target = looks.scalable_target or {"MinCapacity": count, "MaxCapacity": count}
    least, most = target["MinCapacity"], target["MaxCapacity"]
    tasks = str(least) if least == most else f"{least} to {most}"
    return {
        "cpu": looks.revision.get("cpu", ""),
        "memory": looks.revision.get("memory", ""),
        "tasks": None if looks.scalable_target is None else tasks,
    }


def _variables(revision: TaskDefinition, field: str, value: str) -> dict[str, str]:
    shown = without_secrets(revision)
    containers = [one for one in shown.get("containerDefinitions", []) if one["name"] == CONTAINER]
    return {one["name"]: str(one.get(value, "")) for container in containers for one in container.get(field, [])}


def compared(one: Values, other: Values, commits: Values | None = None) -> Values:
    """In what two environments differ that serve a release each; empty where one of them does not.

    ``commits`` is what a git checkout knows of the way from ``other``'s commit to ``one``'s.
    """
    if not (one["released"] and other["released"]):
        return {}
    return {
        "environments": [one["environment"], other["environment"]],
        "same_image": one["digest"] == other["digest"],
        "releases": [one["release"], other["release"]],
        "digests": [one["digest"], other["digest"]],
        "commits": commits or {},
        "settings": _by_name(one, other, "settings"),
        "secrets": _by_name(one, other, "secrets", values=False),
        "sizes": {
            name: [one["sizes"][name], other["sizes"][name]]
            for name in one["sizes"]
            if None not in (one["sizes"][name], other["sizes"][name]) and one["sizes"][name] != other["sizes"][name]
        },
    }


def _by_name(one: Values, other: Values, field: str, values: bool = True) -> Values:
    left, right = one[field], other[field]
    own = (one["environment"], other["environment"])
    found = {
        f"only_in_{own[0]}": sorted(left.keys() - right.keys()),
        f"only_in_{own[1]}": sorted(right.keys() - left.keys()),
        # That each is told its own name is no difference.
        "different": sorted(
            name
            for name in left.keys() & right.keys()
            if values and left[name] != right[name] and (left[name], right[name]) != own
        ),
    }
    return {name: names for name, names in found.items() if names}


def lines(statuses: Sequence[Values], difference: Values | None = None) -> list[str]:
    """All of it for people."""
    told = [*_serving(statuses), *_condition(statuses)]
    said = [line for one in statuses for each in one.get("disagreements", []) for line in wrapped(each)]
    told = [*said, "", *told] if said else told
    notes = [line for one in statuses for note in _notes(one) for line in wrapped(f"{one['environment']}: {note}")]
    told += ["", *notes] if notes else []
    if difference:
        told += ["", *difference_lines(difference)]
    for one in statuses:
        if one.get("drift_lines"):
            told += ["", *_drift(one)]
    return told


def _serving(statuses: Sequence[Values]) -> list[str]:
    headings = ("environment", "release", "commit", "image", "tasks", "healthy", "since (UTC)", "by")
    serving = [one for one in statuses if one["released"]]
    rows = [headings, *(_row(one) for one in serving)] if serving else []
    told = table(rows)
    for one in statuses:
        name = one["environment"]
        if not one["provisioned"]:
            told.append(f"{name} is not provisioned: ansible-playbook provision.yml -e env={name}")
        elif not one["released"]:
            told.append(_no_release(one))
    return told


def _no_release(one: Values) -> str:
    name = one["environment"]
    if one["last_good"] is None:
        return f"{name} has no release yet: ansible-playbook deploy.yml -e env={name}"
    last = f"v{one['last_good']}"
    return f"{name} serves no release; the last good one was {last}: ansible-playbook rollback.yml -e env={name}"


def _row(one: Values) -> tuple[str, ...]:
    return (
        one["environment"],
        one["release"],
        one["git_sha"][:7] or "-",
        one["digest"].removeprefix("sha256:")[:12] or "-",
        f"{one['tasks']['running']} of {one['tasks']['wanted']}",
        NOT_KNOWN if one["tasks"]["healthy"] is None else str(one["tasks"]["healthy"]),
        minute(one["released_at"]),
        one["by"] or "-",
    )


def _condition(statuses: Sequence[Values]) -> list[str]:
    there = [one for one in statuses if one["provisioned"]]
    if not there:
        return []
    rows = [
        (one["environment"], deployment(one["last_release"]), _alarms(one["alarms"]), _database(one["database"]))
        for one in there
    ]
    urls = [(one["environment"], one["url"] or "-") for one in there]
    return [
        "",
        *table([("environment", "last deployment", "alarms", "database"), *rows]),
        "",
        *table([("environment", "URL"), *urls]),
    ]


def deployment(last: Values | None) -> str:
    if not last:
        return nothing(last)
    seconds = f", {last['seconds']:.0f} s" if last.get("seconds") else ""
    when = minute(last.get("ended_at") or last["started_at"])
    return f"v{last['number']} {outcome_words(last)} {when}{seconds}"


def nothing(found: Any) -> str:
    """The word for what is empty, or not known."""
    return NOT_KNOWN if found is None else NONE


def _alarms(names: Sequence[str] | None) -> str:
    return f"{len(names)} in ALARM" if names else nothing(names)


def _database(database: Values | None) -> str:
    return f"{database['engine']} {database['version']} {database['status']}" if database else nothing(database)


def _notes(one: Values) -> list[str]:
    if not one["provisioned"]:
        return []
    told = [f"in ALARM: {', '.join(one['alarms'])}"] if one["alarms"] else []
    told += ["in maintenance: visitors see the page that says so"] if one["maintenance"] else []
    told += [one["under_way"]] if one["under_way"] else []
    return told + [f"not known: {what}" for what in one["unknown"]]


def difference_lines(difference: Values) -> list[str]:
    one, other = difference["environments"]
    told: list[str] = []
    if not difference["same_image"]:
        images = [digest.removeprefix("sha256:")[:12] or "no digest" for digest in difference["digests"]]
        left, right = (f"{release} {image}" for release, image in zip(difference["releases"], images, strict=True))
        told += [f"image: {left} in {one}, {right} in {other}", *_commits(difference["commits"], one, other)]
    told += settings_lines(difference)
    if not told:
        return [f"{one} and {other} run the same image, with the same settings and sizes."]
    same = ", which run the same image" if difference["same_image"] else ""
    return [
        f"Differences between {one} and {other}{same}",
        *(part for line in told for part in wrapped(f"  {line}")),
    ]


def settings_lines(difference: Values) -> list[str]:
    """What differs between two environments beside the image."""
    one, other = difference["environments"]
    return [
        *(
            f"{field} {key.replace('_', ' ')}: {', '.join(names)}"
            for field in ("settings", "secrets")
            for key, names in difference[field].items()
        ),
        *(f"{name}: {left} in {one}, {right} in {other}" for name, (left, right) in difference["sizes"].items()),
    ]


def _commits(commits: Mapping[str, Any], one: str, other: str) -> list[str]:
    counts = [
        f"{commits[side]} that only {name} has"
        for name, side in ((one, "ahead"), (other, "behind"))
        if commits.get(side)
    ]
    return [f"commits: {', '.join(counts)}", *(f"  {title}" for title in commits["titles"])] if counts else []


def _drift(one: Values) -> list[str]:
    name = one["environment"]
    return [
        f"Changed by hand in {name}; {one['puts_right']} puts it right",
        *(part for line in one["drift_lines"] for part in wrapped(f"  {line}")),
    ]


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows with their columns aligned, no line longer than it may be."""
    return [line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in aligned(rows)]


def wrapped(line: str) -> list[str]:
    """A line of text as lines that are not too long; what belongs to the first is indented."""
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.wrap(line, WIDTH, subsequent_indent=f"{indent}  ", break_on_hyphens=False)


def minute(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M") if moment else "-"
