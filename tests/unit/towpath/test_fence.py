"""Nothing is sent under a lock that is lost, at any try of any request."""

import os
import subprocess
import sys

import boto3
import pytest
from ansible.module_utils.towpath import fence, lock
from botocore.awsrequest import AWSResponse


class Raw:
    """The body of an answer, as botocore reads it."""

    def __init__(self, body):
        self.body = body

    def stream(self, **_):
        yield self.body


class World:
    """A clock, a lock that is ours until it is lost, and what was sent."""

    def __init__(self, monkeypatch, confirmed_at=1000.0, pid=0):
        self.now, self.ours, self.renewed, self.sent = 1000.0, True, [], []
        monkeypatch.setattr(lock, "ticks", lambda: self.now)
        self.lease = fence.Lease({"pid": pid, "confirmed_at": confirmed_at}, self.renew, lambda: "Bob holds it.")

    def renew(self):
        self.renewed.append(self.now)
        return {"token": "ours"} if self.ours else None


def test_what_was_confirmed_a_moment_ago_is_sent_without_asking(monkeypatch):
    world = World(monkeypatch)
    world.now += lock.FRESH_SECONDS - 0.1
    world.lease.ensure("UpdateService")
    assert world.renewed == []


def test_after_a_while_the_lock_is_renewed_first(monkeypatch):
    world = World(monkeypatch)
    world.now += lock.FRESH_SECONDS
    world.lease.ensure("UpdateService")
    world.now += lock.FRESH_SECONDS - 0.1
    world.lease.ensure("UpdateService")
    assert world.renewed == [1030.0]


def test_an_answer_that_took_too_long_is_no_confirmation(monkeypatch):
    world = World(monkeypatch, confirmed_at=0.0)
    renew, slow = world.lease._renew, iter([200.0, 0.1])

    def late():
        held = renew()
        world.now += next(slow)
        return held

    world.lease._renew = late
    world.lease.ensure("UpdateService")
    assert world.renewed == [1000.0, 1200.0]


def test_a_lost_lock_says_who_holds_it_and_what_was_not_sent(monkeypatch):
    world = World(monkeypatch, confirmed_at=0.0)
    world.ours = False
    with pytest.raises(fence.LockLost) as lost:
        world.lease.ensure("UpdateService")
    assert lost.value.message == "This command lost its lock, so UpdateService was not sent. Bob holds it."


def test_what_a_killed_command_left_running_sends_nothing(monkeypatch):
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    with pytest.raises(fence.LockLost, match="has ended, so RunTask was not sent"):
        World(monkeypatch, pid=process.pid).lease.ensure("RunTask")
    World(monkeypatch, pid=os.getpid()).lease.ensure("RunTask")


@pytest.fixture
def ecs(monkeypatch):
    """A client whose first answer is a 500, with what it sent, and the world it is fenced by."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("time.sleep", lambda _: None)
    world = World(monkeypatch)
    client = boto3.client("ecs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="s")

    def answer(event_name, **_):
        world.sent.append(event_name.rpartition(".")[2])
        first = len(world.sent) == 1
        # The network stands still until the first answer, and another releases meanwhile.
        world.now += 100 if first else 0
        world.ours = world.ours and not first
        return AWSResponse("https://ecs", 500 if first else 200, {}, Raw(b"{}"))

    client.meta.events.register_last("before-send.ecs", answer)
    return fence.fenced(client, world.lease), world


def test_a_second_try_is_looked_at_as_the_first_one_was(ecs):
    client, world = ecs
    with pytest.raises(fence.LockLost, match="UpdateService was not sent"):
        client.update_service(service="app")
    assert world.sent == ["UpdateService"]


def test_reading_needs_no_lock(ecs):
    client, world = ecs
    world.ours = False
    client.describe_services(services=["app"])
    assert world.sent == ["DescribeServices", "DescribeServices"]
