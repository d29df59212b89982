import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible.module_utils.towpath import dynamodb_api as dynamodb

from tests.integration.ledger import new_table

NOW = 1_800_000_000


@pytest.fixture
def client(aws):
    return aws.client("dynamodb")


@pytest.fixture
def table(aws):
    return new_table(aws)


def a_lock(token, beat="first", expires_at=NOW + 90):
    holder = {"who": f"ann {token}", "host": "desk", "pid": 4711, "command": "deploy of 6b65b39"}
    return {
        "token": token,
        "holder": holder,
        "since": "2027-01-15T08:00:00+00:00",
        "beat": beat,
        "expires_at": expires_at,
    }


def old(lock):
    """The lock as a version before the beat wrote it."""
    return {name: value for name, value in lock.items() if name != "beat"}


def an_entry(number, **fields):
    return {"number": number, "change": "deploy", "started_at": "2026-01-01T12:00:00+00:00", "by": "ann", **fields}


def all_at_once(function, tokens):
    """Call ``function`` with each token in a thread of its own, as close together as threads get."""
    barrier = threading.Barrier(len(tokens))

    def call(token):
        barrier.wait()
        return function(token)

    with ThreadPoolExecutor(len(tokens)) as pool:
        return dict(zip(tokens, pool.map(call, tokens), strict=True))


TOKENS = [f"token-{number}" for number in range(16)]


# moto checks a condition and writes without a lock around both, so there two may win: seen 4 times in 60.
atomic = pytest.mark.parametrize("aws", ["ministack"], indirect=True)


@pytest.fixture
def clients(aws):
    return {token: aws.client("dynamodb") for token in TOKENS}


@atomic
@pytest.mark.parametrize("round_", range(5))
@pytest.mark.parametrize("lost", [None, a_lock("dead")], ids=["free", "lost"])
def test_of_many_who_take_the_lock_at_once_exactly_one_holds_it(client, clients, table, lost, round_):
    if lost:
        dynamodb.take_lock(client, table, lost)
    got = all_at_once(lambda token: dynamodb.take_lock(clients[token], table, a_lock(token), lost), TOKENS)
    winners = [token for token, holding in got.items() if holding is None]
    assert [dynamodb.get_lock(client, table)["token"]] == winners
    assert {holding["token"] for holding in got.values() if holding} == set(winners)


@atomic
def test_of_many_who_write_the_same_release_exactly_one_gets_the_number(client, clients, table):
    got = all_at_once(lambda token: dynamodb.put_release(clients[token], table, an_entry(7, by=token)), TOKENS)
    winners = [token for token, written in got.items() if written]
    assert winners == [dynamodb.get_release(client, table, 7)["by"]]


def test_a_lock_is_held_until_it_is_freed_and_taking_it_twice_is_holding_it(client, table):
    assert dynamodb.take_lock(client, table, a_lock("ann")) is None
    assert dynamodb.take_lock(client, table, a_lock("ann")) is None
    assert dynamodb.take_lock(client, table, a_lock("bob")) == a_lock("ann")
    dynamodb.free_lock(client, table, "ann")
    assert dynamodb.get_lock(client, table) is None
    assert dynamodb.take_lock(client, table, a_lock("bob")) is None


@pytest.mark.parametrize(
    ("holding", "seen", "taken"),
    [
        pytest.param(a_lock("ann"), None, False, id="not seen to be lost"),
        pytest.param(a_lock("ann"), a_lock("ann"), True, id="just as it was seen"),
        pytest.param(a_lock("ann", "second"), a_lock("ann"), False, id="written since"),
        pytest.param(a_lock("ann", expires_at=NOW + 120), a_lock("ann"), False, id="written since by an older version"),
        pytest.param(a_lock("eve"), a_lock("ann"), False, id="another's since"),
        pytest.param(old(a_lock("ann")), old(a_lock("ann")), True, id="an older version's"),
        pytest.param(a_lock("ann"), old(a_lock("ann")), False, id="written by a newer version since"),
    ],
)
def test_a_lost_lock_is_taken_over_only_as_it_was_seen(client, table, holding, seen, taken):
    dynamodb.take_lock(client, table, holding)
    assert dynamodb.take_lock(client, table, a_lock("bob"), seen) == (None if taken else holding)


def test_who_lost_the_lock_can_neither_renew_nor_free_it(client, table):
    dynamodb.take_lock(client, table, a_lock("ann"))
    dynamodb.take_lock(client, table, a_lock("bob"), a_lock("ann"))
    assert dynamodb.renew_lock(client, table, "ann", {"beat": "second"}) is None
    assert not dynamodb.free_lock(client, table, "ann")
    assert dynamodb.get_lock(client, table) == a_lock("bob")
    assert dynamodb.free_lock(client, table, "bob")


def test_a_lock_that_nobody_holds_is_not_made_by_renewing_it(client, table):
    assert dynamodb.renew_lock(client, table, "ann", {"beat": "second"}) is None
    dynamodb.free_lock(client, table, "ann")
    assert dynamodb.get_lock(client, table) is None


def test_a_renewed_lease_is_held_for_longer(client, table):
    dynamodb.take_lock(client, table, a_lock("ann"))
    assert dynamodb.renew_lock(client, table, "ann", {"beat": "second"}) == a_lock("ann", "second")
    assert dynamodb.take_lock(client, table, a_lock("bob"), a_lock("ann")) == a_lock("ann", "second")


def test_releases_are_listed_newest_first_beyond_one_page_and_without_lock_and_settings(client, table):
    dynamodb.take_lock(client, table, a_lock("ann"))
    dynamodb.put_settings(client, table, {"cpu": "256"})
    for number in (1, 3, 2, 10):
        assert dynamodb.put_release(client, table, an_entry(number))
    assert [entry["number"] for entry in dynamodb.query_releases(client, table)] == [10, 3, 2, 1]
    assert dynamodb.query_releases(client, table, limit=2) == [an_entry(10), an_entry(3)]
    assert dynamodb.get_release(client, table, 3) == an_entry(3)
    assert dynamodb.get_release(client, table, 4) is None


def test_more_than_dynamodb_gives_in_one_answer_is_read_to_the_end(client, table):
    # An answer ends at 1 MB.
    long = {"evidence": ["x" * 1000] * 60}
    for number in range(1, 25):
        dynamodb.put_release(client, table, an_entry(number, verdict=long))
    assert [entry["number"] for entry in dynamodb.query_releases(client, table)] == list(range(24, 0, -1))


def test_a_number_is_given_once_and_a_write_whose_answer_was_lost_is_known_again(client, table):
    entry = an_entry(7, seconds=1.5, promoted_from={"environment": "staging", "release": 4}, nothing=None)
    assert dynamodb.put_release(client, table, entry)
    assert dynamodb.put_release(client, table, entry)
    # The notifier may be faster than the second try.
    dynamodb.note_release(client, table, 7, {"slack": {"channel": "C1", "ts": "1700000000.000001"}})
    assert dynamodb.put_release(client, table, entry)
    assert not dynamodb.put_release(client, table, an_entry(7, by="bob"))
    assert dynamodb.get_release(client, table, 7)["by"] == "ann"


def test_a_release_is_ended_once(client, table):
    dynamodb.put_release(client, table, an_entry(7))
    dynamodb.note_release(client, table, 7, {"task_definition": "webapp:7"})
    end = {"outcome": "succeeded", "seconds": 41.5, "phases": {"start": 12.25}}
    assert dynamodb.end_release(client, table, 7, end)
    assert dynamodb.end_release(client, table, 7, end), "the same again is our own write, whose answer was lost"
    assert not dynamodb.end_release(client, table, 7, {"outcome": "stopped"})
    assert dynamodb.get_release(client, table, 7) == an_entry(7, task_definition="webapp:7", **end)


def test_a_release_that_timed_out_may_still_be_ended(client, table):
    dynamodb.put_release(client, table, an_entry(7))
    assert dynamodb.end_release(client, table, 7, {"outcome": "timed_out"})
    assert dynamodb.end_release(client, table, 7, {"outcome": "rolled_back"})
    assert dynamodb.get_release(client, table, 7)["outcome"] == "rolled_back"


def test_a_release_that_is_not_there_is_neither_noted_nor_ended(client, table):
    assert not dynamodb.end_release(client, table, 7, {"outcome": "succeeded"})
    with pytest.raises(dynamodb.DynamoDbError, match="Release v7 is not in the ledger"):
        dynamodb.note_release(client, table, 7, {"task_definition": "webapp:7"})
    assert dynamodb.query_releases(client, table) == []


def test_nothing_is_noted_of_a_release_that_somebody_else_ended(client, table):
    dynamodb.put_release(client, table, an_entry(7))
    dynamodb.end_release(client, table, 7, {"outcome": "stopped"})
    with pytest.raises(dynamodb.DynamoDbError, match="Release v7 was ended as stopped meanwhile"):
        dynamodb.note_release(client, table, 7, {"task_definition": "webapp:7"})
    assert "task_definition" not in dynamodb.get_release(client, table, 7)


def test_no_secret_gets_into_an_entry(client, table):
    dynamodb.put_release(client, table, an_entry(7, reason="try PASSWORD=hunter2"))
    dynamodb.end_release(client, table, 7, {"outcome": "stopped", "verdict": {"evidence": ["log: token: hunter2"]}})
    assert "hunter2" not in str(client.scan(TableName=table)["Items"])


def test_settings_are_replaced_whole(client, table):
    assert dynamodb.get_settings(client, table) is None
    dynamodb.put_settings(client, table, {"cpu": "256", "subnets": ["a", "b"], "percent": None})
    dynamodb.put_settings(client, table, {"cpu": "512"})
    assert dynamodb.get_settings(client, table) == {"cpu": "512"}


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda client: dynamodb.query_releases(client, "none-releases"), id="query_releases"),
        pytest.param(lambda client: dynamodb.get_release(client, "none-releases", 1), id="get_release"),
        pytest.param(lambda client: dynamodb.put_release(client, "none-releases", an_entry(1)), id="put_release"),
        pytest.param(lambda client: dynamodb.note_release(client, "none-releases", 1, {"by": "a"}), id="note_release"),
        pytest.param(lambda client: dynamodb.end_release(client, "none-releases", 1, {"by": "a"}), id="end_release"),
        pytest.param(lambda client: dynamodb.take_lock(client, "none-releases", a_lock("a")), id="take_lock"),
        pytest.param(lambda client: dynamodb.renew_lock(client, "none-releases", "a", {"beat": "b"}), id="renew_lock"),
        pytest.param(lambda client: dynamodb.free_lock(client, "none-releases", "a"), id="free_lock"),
        pytest.param(lambda client: dynamodb.get_settings(client, "none-releases"), id="get_settings"),
    ],
)
def test_a_missing_table_says_what_to_run(client, call):
    with pytest.raises(dynamodb.DynamoDbError) as refused:
        call(client)
    assert str(refused.value) == (
        "There is no table none-releases. Run ansible-playbook provision.yml -e env=NAME first."
    )


def test_only_who_holds_a_release_writes_into_its_entry(client, table):
    dynamodb.put_release(client, table, an_entry(7), "ann's")
    dynamodb.note_release(client, table, 7, {"task_definition": "webapp:8"}, "ann's")
    dynamodb.adopt_release(client, table, 7, "bob's")
    with pytest.raises(dynamodb.DynamoDbError, match="v7 was taken over meanwhile"):
        dynamodb.note_release(client, table, 7, {"task_definition": "webapp:9"}, "ann's")
    assert not dynamodb.end_release(client, table, 7, {"outcome": "succeeded"}, "ann's")
    assert dynamodb.end_release(client, table, 7, {"outcome": "stopped"}, "bob's")
    assert dynamodb.get_release(client, table, 7) == an_entry(7, task_definition="webapp:8", outcome="stopped")


def test_an_entry_of_an_older_version_is_ended_by_whoever_holds_the_lock(client, table):
    dynamodb.put_release(client, table, an_entry(7))
    assert dynamodb.end_release(client, table, 7, {"outcome": "succeeded"}, "ann's")
