"""The message that somebody asks for to see whether messages arrive."""

from __future__ import annotations

from typing import Any

from notifier import log, names, slack
from notifier.blocks import escaped, message, section

_WHAT = {"DEPLOYS": "releases", "ALERTS": "alarms and lines of the app's log"}


def is_asked_for(event: dict[str, Any]) -> bool:
    return event.get("test") is True


def send(purpose: slack.Purpose, until: float) -> dict[str, str]:
    """Send it, and say how it went out: by a bot, by a webhook or, where neither is set, not at all."""
    # Somebody has just set it.
    way = slack.way(purpose, fresh=True)
    if way is None:
        log.info("nowhere_to_send", told="test")
        return {"sent_by": ""}
    words = f"Towpath's test message: {escaped(names.app())} tells of its {_WHAT[purpose]} here."
    slack.post(way, message(words, [section(words)]), until)
    log.info("sent", told="test", by=way.kind)
    return {"sent_by": way.kind}
