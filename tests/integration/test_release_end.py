import time

import pytest
from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath.lock import new_lock

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
    dynamodb.put_release(client, name, {"number": 7, "started_at": "2026-01-01T12:00:00+00:00"}, "ann")
    dynamodb.take_lock(client, name, new_lock("ann", {}, time.time()))
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
    assert (again["changed"], again["outcome"], again["lost"]) == (False, "succeeded", True)
    assert "v7 was ended before as succeeded, and is left so." in again["msg"]


def test_who_lost_the_lock_fails_and_says_who_released_what_meanwhile(end, client, table):
    bob = new_lock("bob", {}, time.time())
    dynamodb.take_lock(client, table, bob, dynamodb.get_lock(client, table))
    dynamodb.end_release(client, table, 7, {"outcome": "stopped"})
    dynamodb.put_release(client, table, {"number": 8, "change": "deploy", "by": "bob"}, "bob")
    dynamodb.end_release(client, table, 8, {"outcome": "succeeded"}, "bob")
    late = end(release=7, outcome="succeeded")
    assert (late["failed"], late["lost"], late["outcome"]) == (True, True, "stopped")
    assert "lost its lock. Meanwhile v8 (deploy by bob) is succeeded. v7 was ended before as stopped" in late["msg"]
    assert dynamodb.get_lock(client, table)["token"] == "bob"


def test_a_lost_answer_to_the_freeing_of_the_lock_is_no_lost_lock(end, client, table):
    dynamodb.free_lock(client, table, "ann")
    ended = end(release=7, outcome="succeeded")
    assert (ended["changed"], ended["lost"], ended.get("failed", False)) == (True, False, False)


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
    assert end(token="bob", release=7, outcome="succeeded")["lost"]
    end(token="", release=7)
    assert dynamodb.get_lock(client, table)["token"] == "ann"


def test_check_mode_says_the_same_and_changes_nothing(end, client, table):
    checked = end(check_mode=True, release=7, outcome="succeeded")
    assert "outcome" not in dynamodb.get_release(client, table, 7)
    assert dynamodb.get_lock(client, table)["token"] == "ann"
    assert checked == end(release=7, outcome="succeeded") | {"invocation": checked["invocation"]}
