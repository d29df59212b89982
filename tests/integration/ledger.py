"""What tests of the ledger share: a table of its own for each test, as the role makes it."""

from __future__ import annotations

import uuid

from tests.integration.harness import AwsEndpoint

KEYS = {
    "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "kind", "AttributeType": "S"},
        {"AttributeName": "number", "AttributeType": "N"},
    ],
}


def new_table(aws: AwsEndpoint) -> str:
    name = f"webapp-{uuid.uuid4().hex[:8]}-releases"
    client = aws.client("dynamodb")
    client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **KEYS)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    return name
