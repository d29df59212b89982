"""An environment's ledger of releases, as far as the notifier reads it and writes into it."""

from __future__ import annotations

from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError

from notifier import aws, names
from notifier.slack import Posted

Entry = dict[str, Any]

SUCCEEDED = "succeeded"

_read = TypeDeserializer().deserialize


def entry(image: dict[str, Any]) -> Entry:
    """An entry from what DynamoDB answers, or its stream brings."""
    return {name: _read(value) for name, value in image.items()}


def table_of(stream_arn: str) -> str:
    """arn:aws:dynamodb:REGION:ACCOUNT:table/TABLE/stream/LABEL"""
    return stream_arn.split("/")[1]


def table_name(environment: str) -> str:
    return f"{names.app()}-{environment}-releases"


def is_ended(entry: Entry) -> bool:
    return bool(entry.get("outcome"))


def message_of(entry: Entry) -> Posted | None:
    """Where the message of a release is, when a bot posted one."""
    found = entry.get("slack")
    return Posted(found["channel"], found["ts"]) if found else None


def get(environment: str, number: int) -> Entry | None:
    """The entry of a release as it is now."""
    answer = aws.client("dynamodb").get_item(TableName=table_name(environment), Key=_key(number), ConsistentRead=True)
    return entry(answer["Item"]) if "Item" in answer else None


def newest(environment: str) -> Entry | None:
    answer = aws.client("dynamodb").query(
        TableName=table_name(environment),
        KeyConditionExpression="#kind = :kind",
        ExpressionAttributeNames={"#kind": "kind"},
        ExpressionAttributeValues={":kind": {"S": "release"}},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=1,
    )
    return next((entry(item) for item in answer["Items"]), None)


def keep_message(environment: str, number: int, posted: Posted) -> bool:
    """Remember in a release's entry where its message is; False when there is one already, or no entry any more."""
    try:
        aws.client("dynamodb").update_item(
            TableName=table_name(environment),
            Key=_key(number),
            UpdateExpression="SET #slack = :slack",
            # Without the first condition an update would make an entry that is not there.
            ConditionExpression="attribute_exists(#kind) AND attribute_not_exists(#slack)",
            ExpressionAttributeNames={"#kind": "kind", "#slack": "slack"},
            ExpressionAttributeValues={
                ":slack": {"M": {"channel": {"S": posted.channel}, "ts": {"S": posted.ts}}},
            },
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return False
    return True


def _key(number: int) -> dict[str, Any]:
    return {"kind": {"S": "release"}, "number": {"N": str(number)}}
