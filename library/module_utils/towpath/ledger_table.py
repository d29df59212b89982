"""The table of a ledger as our options say it, and as DynamoDB's requests do. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from .aws_tags import own_tags, tag_list
from .differences import Values

KEYS = {"kind": ("HASH", "S"), "number": ("RANGE", "N")}
# Whoever reads it sees what an entry was and what it became.
_WHOLE_ENTRIES = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


def comparable(table: Values, backups: Values, tags: list[dict[str, str]]) -> Values:
    """What DynamoDB says of a table, in our options' words."""
    recovery = backups.get("PointInTimeRecoveryDescription", {})
    return {
        "deletion_protection": table.get("DeletionProtectionEnabled", False),
        "point_in_time_recovery": recovery.get("PointInTimeRecoveryStatus") == "ENABLED",
        "stream": table.get("StreamSpecification") == _WHOLE_ENTRIES,
        "tags": own_tags(tags),
    }


def wrong_keys(table: Values) -> str:
    """The keys of a table that cannot be a ledger, or empty."""
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    keys = {one["AttributeName"]: (one["KeyType"], types.get(one["AttributeName"], "")) for one in table["KeySchema"]}
    return "" if keys == KEYS else ", ".join(f"{name} ({type_})" for name, (_, type_) in keys.items())


def stream_arn(table: Values) -> str:
    """The ARN of the stream that a table has now, or empty. DynamoDB names the last one for a while longer."""
    return str(table.get("LatestStreamArn", "")) if has_stream(table) else ""


def has_stream(table: Values) -> bool:
    """Whether a table has a stream of any kind."""
    return bool(table.get("StreamSpecification", {}).get("StreamEnabled"))


def stream_requests(table: Values, on: bool) -> list[Values]:
    """What UpdateTable is to be asked for, one after the other: a stream of another kind has to end first."""
    requests = [{"StreamEnabled": False}] if has_stream(table) else []
    return [*requests, _WHOLE_ENTRIES] if on else requests


def create_request(name: str, asked: Values) -> Values:
    request: Values = {
        "TableName": name,
        "KeySchema": [{"AttributeName": key, "KeyType": role} for key, (role, _) in KEYS.items()],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": type_} for key, (_, type_) in KEYS.items()],
        # A few writes a release: a fixed capacity would cost while nobody releases.
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": asked.get("deletion_protection", False),
    }
    if asked.get("stream"):
        request["StreamSpecification"] = _WHOLE_ENTRIES
    if asked.get("tags"):
        request["Tags"] = tag_list(asked["tags"])
    return request
