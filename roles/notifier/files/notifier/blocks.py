"""Slack's Block Kit: its limits, and texts of others in a form that Slack shows and does not act on. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

Block = dict[str, Any]

# Block Kit's limits: https://docs.slack.dev/reference/block-kit/blocks
MOST_BLOCKS = 50
MOST_CHARACTERS = 3000
_FENCE = "```"


class Message(TypedDict):
    text: str
    """What a notification shows, and a screen reader reads."""
    blocks: list[Block]


def message(text: str, blocks: Iterable[Block]) -> Message:
    """A message. ``text`` is escaped already, as the blocks' are."""
    return {"text": _cut(text, MOST_CHARACTERS), "blocks": list(blocks)[:MOST_BLOCKS]}


def escaped(text: str, most: int = 300) -> str:
    """Somebody else's text in one line, in which <!channel>, <@U123> and &lt; are just what they look like."""
    return _cut(_entities(" ".join(text.split())), most)


def code(text: str, most: int = 100) -> str:
    """A short text of somebody else's, shown as code; nothing for nothing."""
    return f"`{escaped(text.replace('`', chr(39)), most)}`" if text.strip() else ""


def code_block(lines: Sequence[str], most_in_a_line: int = 500) -> str:
    """Lines of somebody else's as they are, as many as fit."""
    shown = [_cut(_entities(_without_fences(line.rstrip())), most_in_a_line) for line in lines]
    content = _cut("\n".join(shown), MOST_CHARACTERS - 2 * len(_FENCE) - 2)
    return f"{_FENCE}\n{content}\n{_FENCE}"


def section(text: str) -> Block:
    return {"type": "section", "text": _markdown(text)}


def context(text: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [_markdown(text)]}


def link(url: str, words: str) -> str:
    return f"<{_entities(url)}|{words}>"


def _markdown(text: str) -> Block:
    # verbatim: Slack makes no links and no mentions (@here, #general) of plain words.
    return {"type": "mrkdwn", "text": _cut(text, MOST_CHARACTERS), "verbatim": True}


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _without_fences(line: str) -> str:
    # A space without width between the backticks: three in a row would end the block.
    return re.sub("`(?=`)", "`\u200b", line)


def _cut(text: str, most: int) -> str:
    """At most so many characters, with no half of an entity at the end."""
    if len(text) <= most:
        return text
    return re.sub(r"&[a-z]{0,3}\Z", "", text[: most - 1]) + "…"
