import time

import pytest
from ansible.module_utils.towpath import dynamodb_api as dynamodb

from tests.integration.harness import run_module
from tests.integration.ledger import new_table

VERDICT = {
    "summary": "ECS rolled app back.",
    "reason": "The app crashed.",
    "evidence": ["app exited with code 3", "log: DATABASE_PASSWORD=hunter2"],
    "advice": "Look at its log.",
}


@pytest.fixture
def client(aws):
    return aws.client("dynamodb")


@pytest.fixture
def table(aws, client):
    name = new_table(aws)
    dynamodb.put_release(client, name, {"number": 7, "started_at": "2026-01-01T12:00:00+00:00"})
    lock = {"token": "ann", "holder": {}, "since": "", "expires_at": int(time.time()) + 90}
    dynamodb.take_lock(client, name, lock, time.time())
    return name


@pytest.fixture
def end(aws, table):
    def run(token="ann", check_mode=False, **options):
        return run_module("release_end", aws, check_mode=check_mode, lock={"table": table, "token": token}, **options)

    return run


def test_a_release_is_ended_with_its_verdict_and_without_secrets(end, client, table):
    result = end(
        release=7,
        outcome="rolled_back",
        verdict=VERDICT,
        seconds=41.5,
        tasks={"running": 1, "desired": 2},
        phases={"start": 10.5},
    )
    entry = dynamodb.get_release(client, table, 7)
    assert (result["changed"], result["outcome"], result["msg"]) == (True, "rolled_back", "v7 rolled back.")
    assert entry.pop("ended_at") > entry.pop("started_at")
    assert entry == {
        "number": 7,
        "outcome": "rolled_back",
        "verdict": VERDICT | {"evidence": ["app exited with code 3", "log: DATABASE_PASSWORD=***"]},
        "seconds": 41.5,
        "tasks": {"running": 1, "desired": 2},
        "phases": {"start": 10.5},
    }
    assert dynamodb.get_lock(client, table) is None


def test_a_release_is_ended_once(end, client, table):
    end(release=7, outcome="succeeded")
    again = end(release=7, outcome="stopped")
    assert (again["changed"], again["outcome"]) == (False, "succeeded")
    assert again["msg"] == "v7 was ended before as succeeded, and is left so."


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="nothing was released"),
        pytest.param({"release": 7}, id="nobody knows how it ended"),
        pytest.param({"release": 7, "outcome": "no_change"}, id="nothing changed"),
    ],
)
def test_the_lock_is_freed_also_when_there_is_nothing_to_write(end, client, table, options):
    assert not end(**options)["changed"]
    assert "outcome" not in dynamodb.get_release(client, table, 7)
    assert dynamodb.get_lock(client, table) is None


def test_the_lock_is_freed_also_when_writing_fails(end, client, table):
    result = end(release=8, outcome="succeeded")
    assert result["failed"]
    assert result["msg"].startswith(f"There is no release v8 in {table}")
    assert dynamodb.get_lock(client, table) is None


def test_the_lock_of_another_is_left_alone(end, client, table):
    end(token="bob", release=7, outcome="succeeded")
    end(token="", release=7)
    assert dynamodb.get_lock(client, table)["token"] == "ann"


def test_check_mode_says_the_same_and_changes_nothing(end, client, table):
    checked = end(check_mode=True, release=7, outcome="succeeded")
    assert "outcome" not in dynamodb.get_release(client, table, 7)
    assert dynamodb.get_lock(client, table)["token"] == "ann"
    assert checked == end(release=7, outcome="succeeded") | {"invocation": checked["invocation"]}
