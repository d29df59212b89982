"""The handler that tells of lines in the app's log, in two steps with a queue between them.

A subscription filter brings lines as they come; what is kept of them is queued. The queue brings many of these at a
time, after it waited for some seconds, and they become one message for each log group. So a burst of a thousand lines
is one message, whichever functions heard of them.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
from typing import Any

from notifier import aws, log, log_batch, names, slack, trial
from notifier.log_batch import Batch
from notifier.slack import Context, SlackRefused, SlackUnavailable, Way

Json = dict[str, Any]

# The last line told of each log group. Another process of the function has its own: it may then tell a line again.
_last_told: dict[str, str] = {}


def handler(event: Json, context: Context) -> Json | None:
    until = slack.deadline(context)
    if trial.is_asked_for(event):
        return trial.send("ALERTS", until)
    if "awslogs" in event:
        queue(json.loads(gzip.decompress(base64.b64decode(event["awslogs"]["data"]))))
        return None
    return {"batchItemFailures": [{"itemIdentifier": one} for one in tell(event.get("Records", []), until)]}


def queue(data: Json) -> None:
    """Queue what is kept of the lines that a subscription filter brought."""
    # CloudWatch also asks now and then whether anybody is there.
    if data["messageType"] != "DATA_MESSAGE" or not data["logEvents"]:
        return
    facts = {"log_group": data["logGroup"], "lines": len(data["logEvents"])}
    # What the notifier says of its own lines would be lines again.
    if data["logGroup"].startswith(f"/aws/lambda/{names.app()}-notifier-"):
        log.info("own_lines_dropped", **facts)
        return
    body = json.dumps(log_batch.batch(data))
    answer = aws.client("sqs").send_message(QueueUrl=os.environ["LOG_LINES_QUEUE_URL"], MessageBody=body)
    log.info("queued", message_id=answer["MessageId"], bytes=len(body), **facts)


def tell(records: list[Json], until: float) -> list[str]:
    """Send one message for each log group; return the ids of the records that are to come again."""
    groups: dict[str, list[tuple[str, Batch]]] = {}
    failed = []
    for record in records:
        try:
            batch = _batch(record["body"])
            groups.setdefault(batch["log_group"], []).append((record["messageId"], batch))
        except ValueError:
            log.error("not_a_batch_of_lines", message_id=record["messageId"])
            failed.append(record["messageId"])
    way = slack.way("ALERTS") if groups else None
    for log_group, entries in groups.items():
        if way is None:
            log.info("nowhere_to_send", told="log_lines", log_group=log_group)
        elif not _told(way, log_group, [batch for _, batch in entries], until):
            failed += [message_id for message_id, _ in entries]
    return failed


def _batch(body: str) -> Batch:
    batch: Batch = json.loads(body)
    if not isinstance(batch, dict) or not batch.keys() >= Batch.__required_keys__ or not batch["lines"]:
        raise ValueError("It is not what this function queues.")
    return batch


def _told(way: Way, log_group: str, batches: list[Batch], until: float) -> bool:
    told = log_batch.tell(batches, os.environ["AWS_REGION"], _last_told.get(log_group, ""))
    try:
        slack.post(way, told.message, until)
    except (SlackUnavailable, SlackRefused) as error:
        log.error("not_sent", log_group=log_group, records=len(batches), why=str(error))
        return False
    _last_told[log_group] = told.last
    log.info("sent", told="log_lines", by=way.kind, log_group=log_group, records=len(batches))
    return True
