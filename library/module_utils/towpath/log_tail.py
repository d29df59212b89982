"""The newest lines of a service's log: which they are, and how they are shown. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

Json = dict[str, Any]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}

SECONDS_BETWEEN_LOOKS = 2.0

# A line of another task may arrive later than one that is younger, so each look begins a little before the last.
OVERLAP_MILLISECONDS = 10_000


class Seen(NamedTuple):
    """What earlier looks showed: all lines before a moment, and these after it."""

    newest: int = 0
    event_ids: Sequence[str] = ()


def seconds_since(words: str) -> int | None:
    """The length that ``10m`` means, or None where it is not one."""
    found = re.fullmatch(r"(\d+)([smhdw])", words)
    return int(found[1]) * _UNITS[found[2]] if found else None


def command(group: str, region: str, since: str, pattern: str, follow: bool) -> str:
    """The AWS CLI's own way to the same lines."""
    words = ["aws", "logs", "tail", group, "--region", region, "--since", since]
    words += ["--filter-pattern", pattern] if pattern else []
    return shlex.join([*words, "--follow"] if follow else words)


def begin(seen: Seen, since_milliseconds: int) -> int:
    """From when on to ask for lines."""
    return max(since_milliseconds, seen.newest - OVERLAP_MILLISECONDS)


def unseen(events: Sequence[Json], seen: Seen) -> tuple[list[Json], Seen]:
    """The events that no earlier look showed, oldest first, and what to remember for the next."""
    known = set(seen.event_ids)
    new = sorted((one for one in events if one["eventId"] not in known), key=lambda one: one["timestamp"])
    newest = max([seen.newest, *(one["timestamp"] for one in events)])
    overlap = [one["eventId"] for one in events if one["timestamp"] >= newest - OVERLAP_MILLISECONDS]
    return new, Seen(newest, overlap)


def line(event: Json) -> str:
    """A line of the log, with its time and the task that wrote it."""
    when = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return f"{when:%H:%M:%S} {event['logStreamName'].rpartition('/')[2][:8]}  {event['message'].rstrip()}"
