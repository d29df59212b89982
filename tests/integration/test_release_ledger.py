import functools
import uuid

import pytest
from ansible.module_utils.towpath import dynamodb_api as dynamodb

from tests.integration.harness import run_module

WANTED = {
    "deletion_protection": True,
    "point_in_time_recovery": True,
    "stream": True,
    "tags": {"towpath:app": "webapp", "towpath:environment": "staging"},
}


@pytest.fixture
def name():
    return f"webapp-{uuid.uuid4().hex[:8]}-releases"


@pytest.fixture
def ledger(aws, name):
    return functools.partial(run_module, "release_ledger", aws, name=name)


@pytest.fixture
def client(aws):
    return aws.client("dynamodb")


def test_a_ledger_is_created_once(ledger, client, name):
    first, second = ledger(**WANTED), ledger(**WANTED)
    table = client.describe_table(TableName=name)["Table"]
    assert (first["changed"], first["msg"]) == (True, f"Created the ledger {name}.")
    facts = {"arn": table["TableArn"], "name": name, "stream_arn": table["LatestStreamArn"], **WANTED}
    assert first["ledger"] == second["ledger"] == facts
    assert not second["changed"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert table["DeletionProtectionEnabled"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("deletion_protection", False, id="deletion_protection"),
        pytest.param("point_in_time_recovery", False, id="point_in_time_recovery"),
        pytest.param("stream", False, id="stream"),
        pytest.param("tags", {"towpath:app": "other", "owner": "ann"}, id="tags"),
    ],
)
def test_one_change_changes_one_thing(ledger, field, value):
    ledger(**WANTED)
    changed = ledger(**{field: value})
    assert changed["diff"] == {"before": {field: WANTED[field]}, "after": {field: value}}
    again = ledger(**WANTED | {field: value})
    assert not again["changed"]
    assert again["ledger"][field] == value


def test_an_older_ledger_gets_a_stream(ledger, client, name):
    ledger()
    assert ledger()["ledger"]["stream_arn"] == ""
    begun = ledger(stream=True)
    assert (begun["changed"], begun["msg"]) == (True, f"Changed stream of the ledger {name}.")
    assert begun["ledger"]["stream_arn"] == client.describe_table(TableName=name)["Table"]["LatestStreamArn"]


def test_a_stream_of_another_kind_is_replaced(ministack, name):
    # moto refuses a second stream, even after the first one has ended.
    ledger, client = functools.partial(run_module, "release_ledger", ministack, name=name), ministack.client("dynamodb")
    ledger()
    keys_only = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
    client.update_table(TableName=name, StreamSpecification=keys_only)
    former = client.describe_table(TableName=name)["Table"]["LatestStreamArn"]
    replaced = ledger(stream=True)
    table = client.describe_table(TableName=name)["Table"]
    assert replaced["changed"]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert replaced["ledger"]["stream_arn"] == table["LatestStreamArn"] != former


@pytest.mark.parametrize("there", [False, True])
def test_check_mode_says_what_a_run_would_say_and_changes_nothing(ledger, client, name, there):
    if there:
        ledger(point_in_time_recovery=False)
    checked = ledger(check_mode=True, **WANTED)
    after_check = dynamodb.describe_table(client, name)
    assert (after_check is not None) == there
    assert not (after_check or {}).get("DeletionProtectionEnabled")
    real = ledger(**WANTED)
    assert checked.keys() == real.keys()
    assert (checked["changed"], checked["diff"], checked["msg"]) == (True, real["diff"], real["msg"])


def test_a_protected_ledger_without_releases_is_deleted_once(ledger, client, name):
    ledger(**WANTED)
    assert ledger(check_mode=True, state="absent")["changed"]
    assert dynamodb.describe_table(client, name)["DeletionProtectionEnabled"]
    assert ledger(state="absent")["changed"]
    assert dynamodb.describe_table(client, name) is None
    assert not ledger(state="absent")["changed"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_ledger_that_holds_releases_is_deleted_by_force_alone(ledger, client, name, check_mode):
    ledger(**WANTED)
    dynamodb.put_release(client, name, {"number": 42})
    refused = ledger(check_mode=check_mode, state="absent")
    assert refused["failed"]
    assert refused["msg"].startswith(f"The ledger {name} holds releases up to v42, expected none.")
    assert ledger(state="absent", force=True)["changed"]
    assert dynamodb.describe_table(client, name) is None


def test_a_table_that_is_no_ledger_is_refused(ledger, client, name):
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    refused = ledger(**WANTED)
    assert refused["failed"]
    assert f"The table {name} has the keys id (S), expected kind (S), number (N)" in refused["msg"]


@pytest.mark.parametrize("check_mode", [False, True])
def test_what_aws_would_refuse_is_refused_before_anything_is_made(ledger, client, name, check_mode):
    refused = ledger(check_mode=check_mode, tags={"aws:a": "b"})
    assert refused["failed"]
    assert "begins with aws:" in refused["msg"]
    assert dynamodb.describe_table(client, name) is None
