"""Lines of the app's log: from what CloudWatch brings to what is queued, and from that to a message. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypedDict

from notifier import console
from notifier.blocks import Message, code_block, context, escaped, link, message, section
from notifier.masking import masked

Json = dict[str, Any]

MOST_CHARACTERS = 500
# Looked through for secrets before it is cut: a secret must not be cut before it is known for one.
_MOST_LOOKED_AT = 10 * MOST_CHARACTERS
MOST_QUEUED = 20
MOST_TOLD = 5
# Five such lines, with all else that stands beside them, are within one section.
_MOST_IN_A_LINE = 550

# Colours, and whatever else a terminal would act on.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


class Line(TypedDict):
    at: int
    """When it was written first, in milliseconds."""
    text: str
    count: int


class Batch(TypedDict):
    """What is queued of one delivery, and stays far below the 256 KiB of a message in SQS."""

    log_group: str
    log_stream: str
    lines: list[Line]
    more: int
    """How many further lines there were."""


def batch(data: Json) -> Batch:
    """What is kept of the lines that CloudWatch brings: masked, cut, and each once with how often it came."""
    lines = collapsed(
        {"at": one["timestamp"], "text": _readable(one["message"]), "count": 1} for one in data["logEvents"]
    )
    kept = lines[:MOST_QUEUED]
    return {
        "log_group": data["logGroup"],
        "log_stream": data["logStream"],
        "lines": kept,
        "more": sum(one["count"] for one in lines[MOST_QUEUED:]),
    }


def _readable(text: str) -> str:
    return masked(_CONTROL.sub("", text[:_MOST_LOOKED_AT])).strip()[:MOST_CHARACTERS]


def collapsed(lines: Iterable[Line]) -> list[Line]:
    """Each text once, in the order in which it came first."""
    found: dict[str, Line] = {}
    for one in lines:
        known = found.setdefault(one["text"], {"at": one["at"], "text": one["text"], "count": 0})
        known["count"] += one["count"]
    return list(found.values())


class Told(NamedTuple):
    message: Message
    last: str
    """The last line that stands in it, or stood in the one before."""


def tell(batches: Sequence[Batch], region: str, last_told: str = "") -> Told:
    """One message for all that came of one log group. A line that was the last one told is only counted."""
    start, log_stream = min((line["at"], one["log_stream"]) for one in batches for line in one["lines"])
    lines = collapsed(sorted((line for one in batches for line in one["lines"]), key=lambda line: line["at"]))
    again = sum(line["count"] for line in lines if line["text"] == last_told)
    news = [line for line in lines if line["text"] != last_told]
    shown = news[:MOST_TOLD]
    more = sum(line["count"] for line in news[MOST_TOLD:]) + sum(one["more"] for one in batches)

    log_group = batches[0]["log_group"]
    total = again + more + sum(line["count"] for line in shown)
    title = f"{total} {'line' if total == 1 else 'lines'} in the log of {escaped(_name(log_group))}"
    blocks = [section(f"🪵 *{title}*")]
    if shown:
        blocks.append(section(code_block([_words(line) for line in shown], _MOST_IN_A_LINE)))
    rest = [f"the line told last came {_times(again)} more"] if again else []
    rest += [f"and {more} more since {_time(start)}"] if more else []
    url = console.log_events(region, log_group, log_stream, start)
    blocks.append(context(" · ".join([*rest, link(url, f"Look at the log at {_time(start)}")])))
    return Told(message(title, blocks), shown[-1]["text"] if shown else last_told)


def _words(line: Line) -> str:
    text = line["text"].replace("\n", "\n  ")
    # In front, because the end may be cut off.
    return f"\N{MULTIPLICATION SIGN} {line['count']}  {text}" if line["count"] > 1 else text


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%H:%M:%S UTC")


def _name(log_group: str) -> str:
    """The environment, where the group is an app's: /ecs/ENVIRONMENT/app."""
    match = re.fullmatch(r"/ecs/(.+)/app", log_group)
    return match[1] if match else log_group
