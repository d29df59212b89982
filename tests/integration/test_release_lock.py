import contextlib
import functools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath.lock import ticks

from tests.integration.harness import ROOT, run_module
from tests.integration.ledger import new_table


@pytest.fixture
def client(aws):
    return aws.client("dynamodb")


@pytest.fixture
def table(aws):
    return new_table(aws)


@pytest.fixture
def lock(aws, table):
    return functools.partial(run_module, "release_lock", aws, table=table)


@pytest.fixture
def dead():
    """The id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_lock_is_taken_with_what_tells_who_holds_it(lock, client, table):
    taken = lock(command="deploy of 6b65b39", who="ann", pid=os.getpid())
    held = dynamodb.get_lock(client, table)
    assert (taken["changed"], taken["held_by_another"], taken["lost"]) == (False, False, False)
    assert (taken["lock"]["table"], taken["lock"]["token"]) == (table, held["token"])
    assert taken["lock"]["pid"] == os.getpid()
    assert taken["lock"]["confirmed_at"] == pytest.approx(ticks(), abs=30)
    assert {name: held["holder"][name] for name in ("who", "pid", "command")} == {
        "who": "ann",
        "pid": os.getpid(),
        "command": "deploy of 6b65b39",
    }
    assert held["expires_at"] == pytest.approx(time.time() + 90, abs=5)
    assert (taken["holder"], taken["since"]) == (held["holder"], held["since"])


def test_who_holds_the_lock_already_goes_on_holding_it(lock):
    taken = lock()
    assert lock(token=taken["lock"]["token"])["lock"]["token"] == taken["lock"]["token"]


def test_a_second_one_is_told_who_and_refused_when_its_time_is_up(lock):
    lock(command="deploy of 6b65b39", who="ann", pid=os.getpid())
    waiting = lock(who="bob", wait_seconds=10, waited_seconds=5)
    assert (waiting["held_by_another"], waiting["lock"]["token"], waiting["holder"]["who"]) == (True, "", "ann")
    assert waiting["msg"].startswith("A deploy of 6b65b39 by ann (")
    for options in ({"wait_seconds": 0}, {"wait_seconds": 10, "waited_seconds": 10}):
        refused = lock(who="bob", **options)
        assert refused["failed"]
        assert refused["held_by_another"]
        assert "Run the same command again when it is over" in refused["msg"]


def test_a_holder_of_this_machine_that_died_is_replaced_at_once(lock, dead):
    lock(who="ann", pid=dead)
    taken = lock(who="bob", pid=os.getpid(), wait_seconds=0)
    assert (taken["held_by_another"], taken["holder"]["who"]) == (False, "bob")


def test_a_renewed_lock_is_held_for_longer_and_a_freed_one_by_nobody(lock, client, table):
    taken = lock()["lock"]
    client.update_item(
        TableName=table,
        Key={"kind": {"S": "lock"}, "number": {"N": "0"}},
        UpdateExpression="SET expires_at = :soon",
        ExpressionAttributeValues={":soon": {"N": "1"}},
    )
    renewed = lock(state="renewed", token=taken["token"])
    assert renewed["lock"]["token"] == taken["token"]
    assert renewed["lock"]["confirmed_at"] > taken["confirmed_at"]
    assert dynamodb.get_lock(client, table)["expires_at"] == renewed["expires_at"] > time.time() + 60
    freed = lock(state="absent", token=taken["token"])
    assert (freed["lock"]["token"], freed["holder"]) == ("", {})
    assert dynamodb.get_lock(client, table) is None


def test_who_lost_the_lock_is_told_to_whom_and_cannot_free_it(lock, client, table, dead):
    lost = lock(who="ann", pid=dead)["lock"]
    lock(who="bob", command="rollback to v39", pid=os.getpid())
    renewed = lock(state="renewed", token=lost["token"])
    assert renewed["failed"]
    assert renewed["lost"]
    assert "lost its lock" in renewed["msg"]
    assert "A rollback to v39 by bob" in renewed["msg"]
    lock(state="absent", token=lost["token"])
    assert dynamodb.get_lock(client, table)["holder"]["who"] == "bob"


@pytest.mark.parametrize("seconds", [89, 90])
def test_a_lock_that_gave_no_sign_of_life_for_a_lease_is_taken_over(lock, seconds):
    lock(who="ann", pid=os.getpid())
    mark = lock(who="bob", wait_seconds=100)["mark"]
    taken = lock(who="bob", wait_seconds=100, seen={"mark": mark, "unchanged_seconds": seconds})
    assert taken["holder"]["who"] == ("bob" if seconds >= 90 else "ann")


@pytest.mark.parametrize("offset", [-600, 600], ids=["behind", "ahead"])
def test_a_clock_ten_minutes_off_takes_no_live_lock(lock, offset, monkeypatch):
    taken = lock(who="ann", pid=os.getpid())["lock"]
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + offset)
    mark = lock(who="bob", wait_seconds=100)["mark"]
    assert lock(state="renewed", token=taken["token"])["lost"] is False
    waits = lock(who="bob", wait_seconds=100, seen={"mark": mark, "unchanged_seconds": 95})
    assert (waits["held_by_another"], waits["holder"]["who"]) == (True, "ann")


def test_a_freed_lock_is_not_renewed(lock):
    taken = lock()["lock"]
    lock(state="absent", token=taken["token"])
    renewed = lock(state="renewed", token=taken["token"])
    assert (renewed["failed"], renewed["lost"]) == (True, True)
    assert "Nobody holds it now." in renewed["msg"]


@pytest.mark.parametrize("state", ["renewed", "absent"])
def test_a_token_is_needed_for_what_was_taken(lock, state):
    refused = lock(state=state)
    assert refused["failed"]
    assert refused["msg"].startswith(f"state is {state} without a token")


def test_check_mode_says_who_holds_it_and_takes_nothing(lock, client, table):
    checked = lock(check_mode=True)
    assert dynamodb.get_lock(client, table) is None
    taken = lock(who="ann")
    assert checked.keys() == taken.keys()
    seen = lock(check_mode=True, who="bob", wait_seconds=0)
    assert (seen["held_by_another"], seen["holder"]["who"]) == (True, "ann")
    token = taken["lock"]["token"]
    assert lock(check_mode=True, state="renewed", token=token).keys() == taken.keys()
    lock(check_mode=True, state="absent", token=token)
    assert dynamodb.get_lock(client, table)["token"] == token


def test_a_missing_table_says_what_to_run(aws):
    refused = run_module("release_lock", aws, table="none-releases")
    assert refused["failed"]
    assert refused["msg"].startswith("There is no table none-releases. Run ansible-playbook provision.yml")


@pytest.fixture
def play(ministack, table, tmp_path):
    """Starts ansible-playbook on a play that takes the lock, and goes on when a file of that name is there."""
    with contextlib.ExitStack() as stack:

        def start(name, **options):
            go_on = tmp_path / f"{name} may go on"
            tasks = [
                {"release_lock": {"table": table, "who": name, **options}, "register": "taken"},
                {"ansible.builtin.wait_for": {"path": str(go_on), "timeout": 60, "sleep": 1}},
                {"release_lock": {"table": table, "state": "absent", "token": "{{ taken.lock.token }}"}},
            ]
            file = tmp_path / f"{name}.yml"
            file.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
            command = [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", "-c", "local"]
            command += ["-e", f"ansible_python_interpreter={sys.executable}", file]
            environment = os.environ | dict(ministack.environment) | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
            output = stack.enter_context((tmp_path / f"{name}.txt").open("w"))
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
            stack.callback(process.wait)
            # What a killed play left running goes on then, too.
            stack.callback(go_on.touch)
            return process

        yield start


# A play's waiting is the same with either of the two.
only_once = pytest.mark.parametrize("aws", ["ministack"], indirect=True)


def until(true, what, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


@only_once
def test_a_play_that_finds_the_lock_taken_says_who_holds_it_waits_and_takes_it(play, client, table, tmp_path):
    def holder():
        held = dynamodb.get_lock(client, table)
        return held["holder"]["who"] if held else ""

    play("ann", command="deploy of 6b65b39")
    until(lambda: holder() == "ann", "ann takes the lock")
    bob = play("bob", wait_seconds=60)
    said = tmp_path / "bob.txt"
    until(lambda: "Waiting until it is over" in said.read_text(), "bob waits")
    assert "A deploy of 6b65b39 by ann" in said.read_text()
    (tmp_path / "ann may go on").touch()
    until(lambda: holder() == "bob", "bob takes the lock")
    (tmp_path / "bob may go on").touch()
    assert bob.wait(30) == 0
    assert said.read_text().count("Waiting until it is over") == 1
    assert holder() == ""


@only_once
def test_a_play_that_is_killed_leaves_the_lock_to_the_next_at_once(play, client, table, tmp_path):
    ann = play("ann")
    until(lambda: dynamodb.get_lock(client, table), "ann takes the lock")
    assert dynamodb.get_lock(client, table)["holder"]["pid"] == ann.pid
    ann.kill()
    ann.wait()
    bob = play("bob", wait_seconds=0)
    (tmp_path / "bob may go on").touch()
    assert bob.wait(30) == 0, (tmp_path / "bob.txt").read_text()
