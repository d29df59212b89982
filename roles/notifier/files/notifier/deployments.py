"""The handler that tells of releases: from the ledgers' streams and, with a bot's token, from the events of ECS.

With a bot a release has one message, which is edited as it goes on. The ledger's entry remembers where it is. With a
webhook there is one message at the start and one at the end.

Streams deliver in order and at least once. A record whose message was not taken raises, and Lambda brings the batch
again: with a batch of one record nothing but that record is repeated.
"""

from __future__ import annotations

from typing import Any

from notifier import aws, ledger, log, markers, names, progress, release_message, slack, trial
from notifier.blocks import Message
from notifier.ledger import Entry
from notifier.slack import Context, Posted, Way

Json = dict[str, Any]

# Slack's errors for a message that somebody deleted, or that may not be edited any more.
_CANNOT_BE_EDITED = ("message_not_found", "cant_update_message", "edit_window_closed")


def handler(event: Json, context: Context) -> Json | None:
    until = slack.deadline(context)
    if trial.is_asked_for(event):
        return trial.send("DEPLOYS", until)
    if event.get("source") == "aws.ecs":
        tell_progress(event, until)
    for record in event.get("Records", []):
        if record.get("eventSource") == "aws:dynamodb":
            tell_record(record, until)
    return None


def tell_record(record: Json, until: float) -> None:
    """Tell of a release's start or end, if that is what a record of a ledger's stream is."""
    changes = record["dynamodb"]
    new, old = (ledger.entry(changes.get(image, {})) for image in ("NewImage", "OldImage"))
    environment = names.environment_of(ledger.table_of(record["eventSourceARN"]), "-releases")
    if new.get("kind") != "release" or not environment:
        return
    if not old and not ledger.is_ended(new):
        tell_start(environment, new, until)
    elif ledger.is_ended(new) and new["outcome"] != old.get("outcome"):
        if new["outcome"] == ledger.SUCCEEDED:
            markers.mark(environment, int(new["number"]), str(new["ended_at"]))
        tell_end(environment, new, until)


def tell_start(environment: str, entry: Entry, until: float) -> None:
    facts = {"environment": environment, "release": int(entry["number"])}
    way = slack.way("DEPLOYS")
    if way is None:
        log.info("nowhere_to_send", told="start", **facts)
        return
    if way.token:
        # A record may come again, and late. Between Slack's answer and the note of it lie milliseconds: a function
        # that dies in them posts twice, where a note made before would have lost the message instead.
        now = ledger.get(environment, entry["number"])
        if now is None or ledger.is_ended(now) or ledger.message_of(now):
            log.info("start_told_already_or_over", **facts)
            return
    posted = slack.post(way, release_message.started(environment, entry), until)
    _keep(way, environment, entry, posted)
    log.info("sent", told="start", by=way.kind, ts=posted.ts, **facts)


def tell_end(environment: str, entry: Entry, until: float) -> None:
    facts = {"environment": environment, "release": int(entry["number"]), "outcome": entry["outcome"]}
    way = slack.way("DEPLOYS")
    if way is None:
        log.info("nowhere_to_send", told="end", **facts)
        return
    message = release_message.ended(environment, entry)
    if not way.token:
        slack.post(way, message, until)
        log.info("sent", told="end", by=way.kind, **facts)
        return
    # The record's image may be older than the start's message.
    known = ledger.message_of(ledger.get(environment, entry["number"]) or entry)
    if known and _edited(way, known, message, until):
        log.info("edited", told="end", ts=known.ts, **facts)
        return
    posted = slack.post(way, message, until)
    _keep(way, environment, entry, posted)
    log.info("sent", told="end", by=way.kind, ts=posted.ts, **facts)


def tell_progress(event: Json, until: float) -> None:
    """Edit the message of the release under way, if an event of ECS has news of it. Only a bot can edit."""
    found = progress.news(event)
    if found is None or not slack.bot_may_be_used("DEPLOYS"):
        return
    way = slack.way("DEPLOYS")
    if way is None or not way.token:
        return
    entry = ledger.newest(found.environment)
    if entry is None or ledger.is_ended(entry) or not ledger.message_of(entry):
        return
    revision = entry.get("task_definition", "")
    # Tasks of the release before it stop now, too.
    if found.revision and found.revision != revision:
        return
    words = found.words or progress.count_words(_service(found.environment), revision)
    if words:
        _show_progress(way, found.environment, entry["number"], words, until)


def _show_progress(way: Way, environment: str, number: int, words: str, until: float) -> None:
    facts = {"environment": environment, "release": int(number)}
    entry = ledger.get(environment, number)
    known = ledger.message_of(entry) if entry else None
    if entry is None or known is None or ledger.is_ended(entry):
        return
    try:
        slack.update(way, known, release_message.started(environment, entry, words), until)
    except (slack.SlackUnavailable, slack.SlackRefused) as error:
        # Not worth another try: later it would be old news over newer.
        log.warning("progress_not_told", why=str(error), **facts)
        return
    log.info("edited", told="progress", ts=known.ts, **facts)
    # Whoever tells the end may have edited in between. What is left is that this function dies right here.
    now = ledger.get(environment, number)
    if now and ledger.is_ended(now):
        tell_end(environment, now, until)


def _edited(way: Way, known: Posted, message: Message, until: float) -> bool:
    """Edit a message; False when it cannot be edited any more."""
    try:
        slack.update(way, known, message, until)
    except slack.SlackRefused as error:
        if error.error not in _CANNOT_BE_EDITED:
            raise
        return False
    return True


def _keep(way: Way, environment: str, entry: Entry, posted: Posted) -> None:
    if way.token and not ledger.keep_message(environment, entry["number"], posted):
        log.warning("message_not_kept", environment=environment, release=int(entry["number"]), ts=posted.ts)


def _service(environment: str) -> Json | None:
    cluster = f"{names.app()}-{environment}"
    answer = aws.client("ecs").describe_services(cluster=cluster, services=[progress.SERVICE])
    return next(iter(answer["services"]), None)
