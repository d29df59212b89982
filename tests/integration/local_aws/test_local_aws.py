"""The local AWS as a user starts, restarts and stops it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from local_aws import emulator
from local_aws.emulator import LocalAwsError
from tests.integration import harness
from tests.integration.harness import ROOT, AwsEndpoint
from tests.integration.local_aws.facts import FACTS, a_service
from tests.integration.local_aws.facts_of_rollouts import (
    SERVE,
    a_database,
    available,
    described,
    make_database,
    sql,
    wait_for,
)


@pytest.fixture
def home(tmp_path, monkeypatch):
    # Ports that no local AWS of a user takes.
    first = harness.unused_port()
    monkeypatch.setattr(emulator, "PORTS", range(first, first + 50))
    yield tmp_path / "home"
    emulator.down(tmp_path / "home")


def endpoint(local_aws: emulator.LocalAws) -> AwsEndpoint:
    return AwsEndpoint("ministack", local_aws.url, local_aws.account_id, local_aws.environment)


def repositories(local_aws: emulator.LocalAws) -> list[str]:
    found = endpoint(local_aws).client("ecr").describe_repositories()["repositories"]
    return [repository["repositoryName"] for repository in found]


def end(local_aws: emulator.LocalAws, home, sign: signal.Signals) -> None:
    os.kill(local_aws.pid, sign)
    while emulator.find(home):
        time.sleep(0.05)


def test_a_second_start_finds_the_first(home):
    first, started = emulator.up(home, simulate=True)
    assert started
    assert emulator.up(home, simulate=True) == (first, False)
    assert emulator.find(home) == first


def test_what_was_made_is_there_after_a_restart_on_the_same_port(home):
    before, _ = emulator.up(home, simulate=True)
    endpoint(before).client("ecr").create_repository(repositoryName="kept")
    end(before, home, signal.SIGTERM)
    after, started = emulator.up(home, simulate=True)
    assert (started, after.url, repositories(after)) == (True, before.url, ["kept"])


def test_after_a_kill_it_starts_again(home):
    before, _ = emulator.up(home, simulate=True)
    end(before, home, signal.SIGKILL)
    after, started = emulator.up(home, simulate=True)
    assert (started, after.url, after.pid != before.pid) == (True, before.url, True)


def test_taken_down_it_forgets_everything(home):
    before, _ = emulator.up(home, simulate=True)
    endpoint(before).client("ecr").create_repository(repositoryName="gone")
    assert emulator.down(home) is True
    assert list(home.iterdir()) == []
    assert repositories(emulator.up(home, simulate=True)[0]) == []


def test_two_of_them_do_not_disturb_each_other(home, tmp_path):
    one, _ = emulator.up(home, simulate=True)
    other, _ = emulator.up(tmp_path / "other", simulate=True)
    try:
        assert (one.port != other.port, one.account_id != other.account_id) == (True, True)
        endpoint(other).client("ecr").create_repository(repositoryName="theirs")
        assert repositories(one) == []
    finally:
        emulator.down(tmp_path / "other")
    assert emulator.find(home) == one


def test_without_containers_a_standalone_task_ends_well(home):
    local_aws, _ = emulator.up(home, simulate=True)
    FACTS["a_standalone_task_ends"](endpoint(local_aws))


def test_a_correction_that_does_not_exist_stops_the_start(home):
    with pytest.raises(LocalAwsError, match="names no correction: none"):
        emulator.up(home, simulate=True, extra={"LOCAL_AWS_WITHOUT": "none"})


def test_the_commands_say_in_one_line_what_they_did(home):
    def say(*command: str) -> str:
        words = [sys.executable, "-m", "local_aws", "--home", str(home), *command]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        return done.stdout

    try:
        assert "started at http://127.0.0.1:" in (up := say("up", "--simulate"))
        assert "containers are simulated" in up
        assert "runs at http://127.0.0.1:" in say("up", "--simulate")
        url = emulator.find(home).url
        assert url in say("status")
        assert f"export AWS_ENDPOINT_URL={url}\n" in say("env")
    finally:
        assert say("down") == "Local AWS: stopped and taken away\n"
    assert say("down") == "Local AWS: there was none\n"


def test_containers_reach_it_and_the_world_does_not(containers):
    port = int(containers.url.rpartition(":")[2])
    addresses = emulator._addresses("the engine")
    assert len(addresses) == 2
    for address in addresses:
        socket.create_connection((address, port), timeout=2).close()
    # Any other address of this machine stands for the world: 127.0.0.2 answers too if all addresses are bound.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=2)


def test_a_service_runs_again_after_a_restart_and_goes_with_the_rest(containers, pushed_image, home):
    before, _ = emulator.up(home)
    name = a_service(endpoint(before), pushed_image(endpoint(before)), command=SERVE)["serviceName"]
    wait_for("COMPLETED", endpoint(before), name)
    end(before, home, signal.SIGTERM)
    after, _ = emulator.up(home)
    stop = time.monotonic() + 30
    # The count is the one of before the restart at first, and a container runs before its task counts as RUNNING.
    while (len(running_containers(after)), described(endpoint(after), name)["runningCount"]) != (1, 1):
        assert time.monotonic() < stop, "The task does not run again after 30 s"
        time.sleep(0.2)
    end(after, home, signal.SIGKILL)
    assert len(running_containers(after)) == 1
    emulator.down(home)
    assert running_containers(after) == []
    assert f"127.0.0.1:{after.port}/" not in emulator.docker("images")


def test_a_database_that_a_kill_left_does_not_keep_its_successor_from_its_password(containers, home):
    before, _ = emulator.up(home)
    with a_database(endpoint(before), "left", password="of-yesterday") as (_, database):
        end(before, home, signal.SIGKILL)
        after, _ = emulator.up(home)
        rds = endpoint(after).client("rds")
        assert rds.describe_db_instances()["DBInstances"] == []
        make_database(rds, database["DBInstanceIdentifier"], password="of-today")
        assert "1" in sql(available(rds, database["DBInstanceIdentifier"]), "SELECT 1", password="of-today")


def test_a_database_keeps_what_is_in_it_over_a_restart(containers, home):
    before, _ = emulator.up(home)
    with a_database(endpoint(before), "kept") as (_, database):
        sql(database, "CREATE TABLE kept AS SELECT 42 AS number")
        end(before, home, signal.SIGTERM)
        after, _ = emulator.up(home)
        found = available(endpoint(after).client("rds"), database["DBInstanceIdentifier"])
        assert sql(found, "SELECT number FROM kept") == "42"


def running_containers(local_aws: emulator.LocalAws) -> list[str]:
    return emulator.docker("ps", "--quiet", "--filter", f"label=ministack.instance={local_aws.instance}").split()
