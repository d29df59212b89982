"""Sends messages to Slack, by a bot's token or by an incoming webhook; what they say is decided elsewhere.

Addresses and tokens are secrets: they are in no exception's text and in no line of the log.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

from notifier import aws, log
from notifier.blocks import Message

Purpose = Literal["DEPLOYS", "ALERTS"]

_BOT = "SLACK_BOT_TOKEN_PARAMETER"
_SECONDS_TO_KEEP = 300

MOST_TRIES = 5
FIRST_WAIT_SECONDS = 0.5
TRY_SECONDS = 5.0
# What a function needs after the last try to say how it went.
RESERVED_SECONDS = 1.5

# What Slack answers with ok: false and means to be tried again, beside what its status says.
_PASSING = (
    "fatal_error",
    "internal_error",
    "ratelimited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
)

_SET_AGAIN = "Set it again: ansible-playbook slack.yml"
_ADVICE = {
    "channel_is_archived": "Unarchive the channel, or name another in group_vars/shared/notifier.yml and provision",
    "channel_not_found": "Name a channel that there is, by its id, in group_vars/shared/notifier.yml, provision, "
    "and invite the bot to it",
    "invalid_address": f"It is no address that begins with https://. {_SET_AGAIN}",
    "invalid_blocks": "Slack does not take the message as it is: a fault of Towpath's.",
    "invalid_blocks_format": "Slack does not take the message as it is: a fault of Towpath's.",
    "invalid_payload": "Slack does not take the message as it is: a fault of Towpath's.",
    "is_archived": "Unarchive the channel, or name another in group_vars/shared/notifier.yml and provision",
    "missing_scope": "Give the bot the scope chat:write and install it again, then: ansible-playbook slack.yml",
    "not_in_channel": "Invite the bot to the channel",
}


class Context(Protocol):
    """What Lambda tells a handler of its invocation; the part that is used."""

    def get_remaining_time_in_millis(self) -> int: ...


class SlackUnavailable(Exception):
    """Slack did not take a message in time. Trying the event again later may help."""


class SlackRefused(Exception):
    """Slack will not take a message. The text says what to do."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error


@dataclass(frozen=True)
class Way:
    """How messages get to one of the team's channels: a bot that is in it, or a webhook of it."""

    webhook: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    channel: str = ""

    @property
    def kind(self) -> str:
        return "bot" if self.token else "webhook"


class Posted(NamedTuple):
    """Where a message is, as Slack names it; by a webhook nothing comes back."""

    channel: str = ""
    ts: str = ""


class _Answer(NamedTuple):
    status: int = 0
    body: str = ""
    retry_after: float = 0.0
    trouble: str = ""
    """Why there is no answer at all."""


def deadline(context: Context) -> float:
    """Until when messages can be tried, by the clock of time.monotonic."""
    return time.monotonic() + context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS


def bot_may_be_used(purpose: Purpose) -> bool:
    """Whether a bot could post there as far as the settings say; asks nobody."""
    return bool(os.environ.get(_BOT) and os.environ.get(f"SLACK_{purpose}_CHANNEL"))


def way(purpose: Purpose, *, fresh: bool = False) -> Way | None:
    """How messages get there now: the bot goes before the webhook. None when neither is set, which is no fault.

    What was set is remembered for some minutes, unless asked for ``fresh``; that nothing is set is never remembered.
    """
    return _way(purpose, _secrets(fresh)) or _way(purpose, _secrets(fresh=True))


def _way(purpose: Purpose, secrets: dict[str, str]) -> Way | None:
    channel = os.environ.get(f"SLACK_{purpose}_CHANNEL", "")
    token = secrets.get(os.environ.get(_BOT, ""), "")
    if token and channel:
        return Way(token=token, channel=channel)
    webhook = secrets.get(os.environ.get(f"SLACK_{purpose}_WEBHOOK_PARAMETER", ""), "")
    return Way(webhook=webhook) if webhook else None


def post(way: Way, message: Message, until: float) -> Posted:
    """Send a new message."""
    content = {**message, "unfurl_links": False, "unfurl_media": False}
    if not way.token:
        _send(way, way.webhook, content, until)
        return Posted()
    answer = _send(way, _method("chat.postMessage"), {**content, "channel": way.channel}, until)
    return Posted(answer["channel"], answer["ts"])


def update(way: Way, posted: Posted, message: Message, until: float) -> None:
    """Replace a message that a bot posted."""
    _send(way, _method("chat.update"), {**message, "channel": posted.channel, "ts": posted.ts}, until)


def _method(name: str) -> str:
    return f"{os.environ.get('SLACK_API_URL', 'https://slack.com/api')}/{name}"


def _send(way: Way, url: str, content: dict[str, Any], until: float) -> dict[str, Any]:
    """Send until Slack takes it or the time is up.

    A try whose answer was lost may have been taken, and is made again all the same: told twice is better than never.
    """
    trouble = "there was no time left"
    for number in range(MOST_TRIES):
        left = until - time.monotonic()
        if left <= 0:
            break
        answer = _try(way, url, content, min(left, TRY_SECONDS))
        trouble = answer.trouble or _passing_trouble(answer)
        if not trouble:
            return _taken(way, answer)
        wait = max(answer.retry_after, FIRST_WAIT_SECONDS * 2**number)
        log.warning("slack_try_failed", by=way.kind, trouble=trouble, tries=number + 1)
        if number + 1 == MOST_TRIES or time.monotonic() + wait >= until:
            break
        time.sleep(wait)
    raise SlackUnavailable(f"Slack did not take the message: {trouble}. It will be tried again.")


def _passing_trouble(answer: _Answer) -> str:
    if answer.status == http.HTTPStatus.TOO_MANY_REQUESTS:
        return f"it asks to wait {answer.retry_after:g} s"
    if answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR:
        return f"it answered {answer.status}"
    error = _error(answer)
    return f"it answered {error}" if error in _PASSING else ""


def _taken(way: Way, answer: _Answer) -> dict[str, Any]:
    """What Slack answered to a message that it took; raises when it refused it for good."""
    content = _json(answer.body)
    if answer.status == http.HTTPStatus.OK and (content.get("ok") or not way.token):
        return content
    # Perhaps it was changed meanwhile: the next try shall see it.
    _kept.clear()
    error = _error(answer)
    what = f"the bot's message to {way.channel}" if way.token else "the message by the webhook"
    fallback = f"The {'bot token' if way.token else 'webhook'} may have been revoked. {_SET_AGAIN}"
    raise SlackRefused(error, f"Slack refused {what}: {error}. {_ADVICE.get(error, fallback)}")


def _error(answer: _Answer) -> str:
    """The error as Slack names it in one word, or the status: anything else may be some proxy's page."""
    word = str(_json(answer.body).get("error") or answer.body.strip())
    return word if re.fullmatch(r"[a-z_]{1,60}", word) else str(answer.status)


# Without urllib's other handlers no file is opened, and no redirect takes the token elsewhere.
_opener = urllib.request.OpenerDirector()
for _handler in (
    urllib.request.ProxyHandler(),
    urllib.request.HTTPHandler(),
    urllib.request.HTTPSHandler(),
    urllib.request.HTTPDefaultErrorHandler(),
    urllib.request.HTTPErrorProcessor(),
):
    _opener.add_handler(_handler)


def _try(way: Way, url: str, content: dict[str, Any], seconds: float) -> _Answer:
    if not url.startswith(("https://", "http://")):
        return _Answer(body="invalid_address")
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if way.token:
        headers["Authorization"] = f"Bearer {way.token}"
    try:
        # S310: the opener knows no schemes but http and https.
        request = urllib.request.Request(url, json.dumps(content).encode(), headers)  # noqa: S310
        with _opener.open(request, timeout=seconds) as answer:
            return _Answer(answer.status, answer.read().decode(errors="replace"))
    except urllib.error.HTTPError as error:
        with error:
            return _Answer(error.code, _read(error), _seconds(error.headers.get("Retry-After")))
    # Their own words may have the address in them.
    except TimeoutError:
        return _Answer(trouble="it did not answer in time")
    except (ValueError, http.client.InvalidURL):
        return _Answer(body="invalid_address")
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None)
        timed_out = isinstance(reason, TimeoutError)
        return _Answer(trouble="it did not answer in time" if timed_out else f"no connection ({type(error).__name__})")


def _read(error: urllib.error.HTTPError) -> str:
    try:
        return error.read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""


def _seconds(retry_after: str | None) -> float:
    try:
        return max(0.0, float(retry_after or 0))
    except ValueError:
        return 0.0


def _json(body: str) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


# The parameters' values and when they were read.
_kept: dict[str, Any] = {}


def _secrets(fresh: bool) -> dict[str, str]:
    """The values of the parameters that there are, by their names."""
    if not fresh and _kept and time.monotonic() - _kept["at"] < _SECONDS_TO_KEEP:
        secrets: dict[str, str] = _kept["secrets"]
        return secrets
    variables = (_BOT, "SLACK_DEPLOYS_WEBHOOK_PARAMETER", "SLACK_ALERTS_WEBHOOK_PARAMETER")
    names = sorted({os.environ[one] for one in variables if os.environ.get(one)})
    found = aws.client("ssm").get_parameters(Names=names, WithDecryption=True)["Parameters"] if names else []
    secrets = {one["Name"]: one["Value"].strip() for one in found}
    _kept.update(at=time.monotonic(), secrets=secrets)
    return secrets
