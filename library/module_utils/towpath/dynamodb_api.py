"""The DynamoDB calls we make on a ledger, one function each: no decisions, only requests and named errors.

One table holds the releases, the lock and the settings of an environment. Every write has a condition that DynamoDB
checks in the same instant, and knows its own write again where botocore sent it twice because an answer was lost.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry

from .aws_tags import tag_list
from .ledger import Entry, deserialised, fit_to_keep, serialised
from .lock import is_dead, is_lost, mark

# boto3 builds its clients at run time, so there is no type to name.
DynamoDbClient = Any
P = ParamSpec("P")
R = TypeVar("R")

_RELEASE, _LOCK, _SETTINGS = "release", "lock", "settings"

# Several of the words are reserved in DynamoDB's expressions, so all go in by a name of their own.
_NOT_OVER = "(attribute_not_exists(#outcome) OR #outcome = :timed_out)"


class DynamoDbError(AnsibleAWSError):
    """A failed DynamoDB call, with the action that was being tried."""


class DynamoDbErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = DynamoDbError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        return is_boto3_error_code(["ResourceNotFoundException", "TableNotFoundException"])


def _on_table(
    action: str,
) -> Callable[[Callable[Concatenate[DynamoDbClient, str, P], R]], Callable[Concatenate[DynamoDbClient, str, P], R]]:
    """Name the failure of a call on a table by the action that was tried, and a table that is not there."""

    def decorate(
        function: Callable[Concatenate[DynamoDbClient, str, P], R],
    ) -> Callable[Concatenate[DynamoDbClient, str, P], R]:
        @functools.wraps(function)
        @DynamoDbErrorHandler.common_error_handler(action)
        def call(client: DynamoDbClient, table: str, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(client, table, *args, **kwargs)
            except DynamoDbErrorHandler._is_missing() as error:
                raise DynamoDbError(
                    f"There is no table {table}. Run ansible-playbook provision.yml -e env=NAME first."
                ) from error

        return call

    return decorate


def _key(kind: str, number: int = 0) -> dict[str, Any]:
    return serialised({"kind": kind, "number": number})


def _entry(item: dict[str, Any]) -> Entry:
    values = deserialised(item)
    # A number says something of a release alone, and the token under which it is made is our own affair.
    hidden = ("kind", "lock_token") if values.get("kind") == _RELEASE else ("kind", "number")
    return {name: value for name, value in values.items() if name not in hidden}


def _get(client: DynamoDbClient, table: str, kind: str, number: int = 0) -> Entry | None:
    answer = client.get_item(TableName=table, Key=_key(kind, number), ConsistentRead=True)
    return _entry(answer["Item"]) if "Item" in answer else None


@_on_table("read the releases in the ledger")
def query_releases(client: DynamoDbClient, table: str, limit: int | None = None) -> list[Entry]:
    """Return the entries of the releases, the newest first; all of them unless ``limit`` says how many."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="#kind = :kind",
        ExpressionAttributeNames={"#kind": "kind"},
        ExpressionAttributeValues=serialised({":kind": _RELEASE}),
        ScanIndexForward=False,
        ConsistentRead=True,
        PaginationConfig={"MaxItems": limit, "PageSize": limit},
    )
    return [_entry(item) for page in pages for item in page["Items"]]


@_on_table("read a release in the ledger")
def get_release(client: DynamoDbClient, table: str, number: int) -> Entry | None:
    """Return the entry of one release, or None when there is none."""
    return _get(client, table, _RELEASE, number)


@_on_table("write a release into the ledger")
def put_release(client: DynamoDbClient, table: str, entry: Entry, lock_token: str = "") -> bool:
    """Write a new entry, with its ``number``; False when the number is taken, and then nothing is written.

    Only the holder of ``lock_token`` writes into it from then on, until it hands the entry on or another ends it.
    """
    owner = {"lock_token": lock_token} if lock_token else {}
    item = serialised(fit_to_keep(entry) | owner) | _key(_RELEASE, entry["number"])
    try:
        client.put_item(
            TableName=table,
            Item=item,
            ConditionExpression="attribute_not_exists(#kind)",
            ExpressionAttributeNames={"#kind": "kind"},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except is_boto3_error_code("ConditionalCheckFailedException") as error:
        # Ours after all, when the answer to a first try was lost. The notifier may have noted its message in it since.
        return {name: value for name, value in error.response.get("Item", {}).items() if name != "slack"} == item
    return True


@_on_table("note in the ledger how a release goes")
def note_release(client: DynamoDbClient, table: str, number: int, fields: Entry, lock_token: str = "") -> None:
    """Write ``fields`` into the entry of a release that is not over. One that another ended or took over fails."""
    try:
        _update_release(client, table, number, fields, lock_token)
    except is_boto3_error_code("ConditionalCheckFailedException") as error:
        found = _entry(error.response.get("Item", {}))
        how = f"was ended as {found['outcome']}" if "outcome" in found else "is not in the ledger"
        how = "was taken over" if found and "outcome" not in found else how
        raise DynamoDbError(
            f"Release v{number} {how} meanwhile, expected to go on with it: somebody else took over. "
            "See ansible-playbook releases.yml -e env=NAME, then run the same command again."
        ) from error


@_on_table("take over a release in the ledger")
def adopt_release(client: DynamoDbClient, table: str, number: int, lock_token: str) -> None:
    """Make an entry that is not over, and whose holder is gone, that of the holder of ``lock_token``."""
    _update_release(client, table, number, {"lock_token": lock_token})


@_on_table("write the end of a release into the ledger")
def end_release(client: DynamoDbClient, table: str, number: int, fields: Entry, lock_token: str = "") -> bool:
    """Write ``outcome``, ``ended_at`` and the rest into an entry that is not over.

    False when it is over, missing or, where ``lock_token`` is given, another's.
    """
    try:
        _update_release(client, table, number, fields, lock_token)
    except is_boto3_error_code("ConditionalCheckFailedException") as error:
        found = error.response.get("Item", {})
        return bool(serialised(fit_to_keep(fields)).items() <= found.items()) if found else False
    return True


def _update_release(client: DynamoDbClient, table: str, number: int, fields: Entry, lock_token: str = "") -> None:
    values = serialised(fit_to_keep(fields))
    names = {f"#{place}": name for place, name in enumerate(values)}
    # One of a version before the token was kept has none.
    ours = " AND (attribute_not_exists(#lock_token) OR #lock_token = :lock_token)" if lock_token else ""
    client.update_item(
        TableName=table,
        Key=_key(_RELEASE, number),
        UpdateExpression="SET " + ", ".join(f"#{place} = :{place}" for place in range(len(values))),
        # Without the first condition an update would make an entry that is not there.
        ConditionExpression=f"attribute_exists(#kind) AND {_NOT_OVER}{ours}",
        ExpressionAttributeNames=names
        | {"#kind": "kind", "#outcome": "outcome"}
        | ({"#lock_token": "lock_token"} if ours else {}),
        ExpressionAttributeValues={f":{place}": value for place, value in enumerate(values.values())}
        | serialised({":timed_out": "timed_out"} | ({":lock_token": lock_token} if ours else {})),
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )


@_on_table("read the lock")
def get_lock(client: DynamoDbClient, table: str) -> Entry | None:
    """Return the lock as it was last taken, expired or not, or None when nobody holds it."""
    return _get(client, table, _LOCK)


@_on_table("take the lock")
def take_lock(client: DynamoDbClient, table: str, lock: Entry, lost: Entry | None = None) -> Entry | None:
    """Take the lock if it is free; return None when ``lock`` holds it now, else the lock that does.

    ``lock`` is as lock.new_lock makes it. ``lost`` is another's that may be replaced, as long as it is just as it was
    seen. Who holds the lock already holds it for longer.
    """
    item = serialised(lock) | _key(_LOCK)
    seen = mark(lost or {})
    same = [
        f"#{name} = :{name}" if name in seen else f"attribute_not_exists(#{name})" for name in ("beat", "expires_at")
    ]
    as_seen = f" OR #token = :token AND {' AND '.join(same)}" if lost else ""
    names = {"#kind": "kind", "#token": "token"} | ({"#beat": "beat", "#expires_at": "expires_at"} if lost else {})
    try:
        client.put_item(
            TableName=table,
            Item=item,
            ConditionExpression=f"attribute_not_exists(#kind) OR #token = :own{as_seen}",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=serialised(
                {":own": lock["token"]} | {f":{name}": value for name, value in seen.items()}
            ),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except is_boto3_error_code("ConditionalCheckFailedException") as error:
        return _entry(error.response["Item"])
    return None


def take_free_or_lost_lock(client: DynamoDbClient, table: str, lock: Entry, seen: Entry) -> Entry | None:
    """Do what take_lock does, and take over what its holder has lost: by its death, or a lease without a sign of life.

    Only a holder of this machine is known to be dead at once. ``seen`` is as for lock.is_lost.
    """
    held = take_lock(client, table, lock)
    if held and (is_dead(held["holder"], lock["holder"]["machine"]) or is_lost(held, seen)):
        held = take_lock(client, table, lock, held)
    return held


@_on_table("renew the lock")
def renew_lock(client: DynamoDbClient, table: str, token: str, fields: Entry) -> Entry | None:
    """Hold the lock for longer, by writing ``fields`` (lock.sign_of_life) into it, and return it.

    None when it was freed, or taken over by somebody else.
    """
    names = {f"#{name}": name for name in fields}
    try:
        answer = client.update_item(
            TableName=table,
            Key=_key(_LOCK),
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in fields),
            ConditionExpression="#token = :token",
            ExpressionAttributeNames=names | {"#token": "token"},
            ExpressionAttributeValues=serialised(
                {f":{name}": value for name, value in fields.items()} | {":token": token}
            ),
            ReturnValues="ALL_NEW",
        )
    except is_boto3_error_code("ConditionalCheckFailedException"):
        return None
    return _entry(answer["Attributes"])


@_on_table("free the lock")
def free_lock(client: DynamoDbClient, table: str, token: str) -> bool:
    """Free the lock if ``token`` holds it, and return whether it did; somebody else's is left alone."""
    try:
        client.delete_item(
            TableName=table,
            Key=_key(_LOCK),
            ConditionExpression="#token = :token",
            ExpressionAttributeNames={"#token": "token"},
            ExpressionAttributeValues=serialised({":token": token}),
        )
    except is_boto3_error_code("ConditionalCheckFailedException"):
        return False
    return True


@_on_table("read the settings in the ledger")
def get_settings(client: DynamoDbClient, table: str) -> Entry | None:
    """Return the service's settings as provision last wrote them, or None when it never did."""
    found = _get(client, table, _SETTINGS)
    return found["settings"] if found else None


@_on_table("write the settings into the ledger")
def put_settings(client: DynamoDbClient, table: str, settings: Entry) -> None:
    """Replace the service's settings."""
    client.put_item(TableName=table, Item=serialised({"settings": settings}) | _key(_SETTINGS))


@DynamoDbErrorHandler.list_error_handler("describe a table", default_value=None)
def describe_table(client: DynamoDbClient, table: str) -> dict[str, Any] | None:
    """Return what DynamoDB says of a table, or None when there is none."""
    return client.describe_table(TableName=table)["Table"]


@_on_table("describe the backups of a table")
def describe_backups(client: DynamoDbClient, table: str) -> dict[str, Any]:
    return client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]


@DynamoDbErrorHandler.common_error_handler("list the tags of a table")
def list_tags(client: DynamoDbClient, arn: str) -> list[dict[str, str]]:
    pages = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn)
    return [tag for page in pages for tag in page["Tags"]]


@DynamoDbErrorHandler.common_error_handler("create a table")
def create_table(client: DynamoDbClient, request: dict[str, Any]) -> dict[str, Any]:
    """Create a table and wait until it can be used."""
    client.create_table(**request)
    return _wait_until_usable(client, request["TableName"])


@_on_table("protect a table from deletion")
def set_deletion_protection(client: DynamoDbClient, table: str, on: bool) -> None:
    """Switch the protection, and wait: a table that is being changed takes no other change."""
    client.update_table(TableName=table, DeletionProtectionEnabled=on)
    _wait_until_usable(client, table)


@_on_table("set the stream of a table")
def set_stream(client: DynamoDbClient, table: str, specification: dict[str, Any]) -> dict[str, Any]:
    """Begin or end the stream, wait, and return the table: one that is being changed takes no other change."""
    client.update_table(TableName=table, StreamSpecification=specification)
    return _wait_until_usable(client, table)


# The backups of a new table are switched on after it is there.
@_on_table("set the point-in-time recovery of a table")
@AWSRetry.jittered_backoff(
    retries=20, delay=1, max_delay=15, catch_extra_error_codes=["ContinuousBackupsUnavailableException"]
)
def set_point_in_time_recovery(client: DynamoDbClient, table: str, on: bool) -> None:
    specification = {"PointInTimeRecoveryEnabled": on}
    client.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=specification)


@DynamoDbErrorHandler.common_error_handler("change the tags of a table")
def replace_tags(client: DynamoDbClient, arn: str, before: dict[str, str], after: dict[str, str]) -> None:
    if gone := [key for key in before if key not in after]:
        client.untag_resource(ResourceArn=arn, TagKeys=gone)
    if new := {key: value for key, value in after.items() if before.get(key) != value}:
        client.tag_resource(ResourceArn=arn, Tags=tag_list(new))


@DynamoDbErrorHandler.deletion_error_handler("delete a table")
def delete_table(client: DynamoDbClient, table: str) -> None:
    """Delete a table and wait until it is gone: until then its name is taken."""
    client.delete_table(TableName=table)
    wait_until_gone(client, table)


@DynamoDbErrorHandler.common_error_handler("wait until a table is gone")
def wait_until_gone(client: DynamoDbClient, table: str) -> None:
    client.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig=_EACH_SECOND)


# botocore's own waiters look every 20 seconds, and a table is there after a few.
_EACH_SECOND = {"Delay": 1, "MaxAttempts": 300}


def _wait_until_usable(client: DynamoDbClient, table: str) -> dict[str, Any]:
    client.get_waiter("table_exists").wait(TableName=table, WaiterConfig=_EACH_SECOND)
    return client.describe_table(TableName=table)["Table"]
