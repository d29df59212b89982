"""Two operators release at once, stop, are killed and have wrong clocks: ledger, ECS and exit codes agree at the end.

Each history is decided by its seed. Time is a clock of the test's own, so that a lease passes in no time. Where an
operator stops, before a request of its command, the other one does whatever it likes until the first one goes on.
"""

from __future__ import annotations

import datetime
import itertools
import random
import threading
import time
import uuid

import botocore.endpoint
import pytest
from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath import ecs_api, lock, release_plan
from ansible.module_utils.towpath.ledger import is_over

from tests.integration.ecr_repository import new_repository, push
from tests.integration.harness import run_module
from tests.integration.test_release_start import Environment

SEEDS = range(60)
IMAGES = ("one", "two", "three")
READS = ("Describe", "List", "Get", "Batch", "Query")


class Killed(BaseException):
    """SIGKILL: nothing of the command runs any more."""


class World:
    """The environment, the clock that everybody's lease goes by, and what is to happen before which request."""

    def __init__(self, environment, monkeypatch):
        self.environment, self.now, self.events, self.depth = environment, 1000.0, [], 0
        real_time, real_datetime, world = time.time, datetime.datetime, self
        self.offset = 0

        class Clock(real_datetime):
            @classmethod
            def now(cls, tz=None):
                return real_datetime.now(tz) + datetime.timedelta(seconds=world.offset)

        monkeypatch.setattr(lock, "ticks", lambda: self.now)
        monkeypatch.setattr(time, "time", lambda: real_time() + self.offset)
        monkeypatch.setattr(datetime, "datetime", Clock)
        send = botocore.endpoint.Endpoint.make_request

        def make_request(endpoint, operation, request):
            monkeypatch.setattr(datetime, "datetime", real_datetime)
            try:
                if threading.current_thread() is threading.main_thread() and not operation.name.startswith(READS):
                    self.before_request()
                return send(endpoint, operation, request)
            finally:
                monkeypatch.setattr(datetime, "datetime", Clock)

        monkeypatch.setattr(botocore.endpoint.Endpoint, "make_request", make_request)

    def before_request(self):
        self.now += 0.1
        if self.events and self.events[-1]:
            self.events[-1].pop(0)()

    def run(self, module, **options):
        return run_module(module, self.environment.aws, **options)


class Operator:
    def __init__(self, world, name, offset):
        self.world, self.name, self.offset = world, name, offset

    def command(self, change, events, **options):
        """Run a release as the playbook does; True for exit 0, None where it was killed."""
        world, before = self.world, self.world.offset
        world.offset = self.offset
        world.events.append(events)
        try:
            return self._command(change, **options)
        except Killed:
            return None
        finally:
            world.events.pop()
            world.offset = before

    def _command(self, change, **options):
        world, place = self.world, self.world.environment
        started = self.start(change, **options)
        if started.get("failed") or started["held_by_another"]:
            self.end(started, "stopped" if started.get("release") else "")
            return False
        if started["outcome"] == "no_change":
            self.end(started, "no_change")
            return True
        rolled = world.run(
            "ecs_service_rollout",
            cluster=place.cluster,
            service="app",
            task_definition=started["task_definition_arn"],
            lock=started["lock"],
        )
        outcome = rolled.get("outcome", "") if rolled.get("failed") else self.follow(started)
        ended = self.end(started, outcome)
        exit_0 = outcome in ("succeeded", "no_change") and not ended.get("failed", False)
        self.agree(started, outcome, exit_0, ended.get("lost", False))
        return exit_0

    def agree(self, started, outcome, exit_0, lost):
        """Nobody else does anything at the end of a command: what it says must be true there and then."""
        place = self.world.environment
        serves = place.deployments()[0]["taskDefinition"] == started["task_definition_arn"]
        written = dynamodb.get_release(place.dynamodb, place.table, started["release"])
        assert serves or not exit_0, (started["msg"], outcome)
        assert (written.get("outcome") == "succeeded") or not exit_0, (started["msg"], outcome, written)
        # One that was lost may have been gone on with by the other.
        assert exit_0 or lost or written.get("outcome") != "succeeded", (started["msg"], outcome, written)

    def start(self, change, **options):
        """Wait for the lock as the action plugin does: two seconds between two tries."""
        world, token = self.world, str(uuid.uuid4())
        mark, since, begun = None, world.now, world.now
        while True:
            seen = {"mark": mark, "unchanged_seconds": world.now - since} if mark else {}
            tried = world.environment.start(
                change, by=self.name, token=token, seen=seen, waited_seconds=world.now - begun, **options
            )
            tried.setdefault("lock", {"table": world.environment.table, "token": token})
            if tried.get("failed") or not tried["held_by_another"]:
                return tried
            if tried["mark"] != mark:
                mark, since = tried["mark"], world.now
            world.now += 46

    def follow(self, started):
        """The outcome by the service itself, looked at until it is known."""
        place = self.world.environment
        end = time.monotonic() + 30
        while time.monotonic() < end:
            newest = place.deployments()[0]
            if newest["taskDefinition"] != started["task_definition_arn"]:
                return "superseded"
            if newest["rolloutState"] == "COMPLETED":
                return "succeeded"
            time.sleep(0.05)
        raise AssertionError(place.deployments())

    def end(self, started, outcome):
        return self.world.run(
            "release_end",
            lock={"table": self.world.environment.table, "token": started["lock"]["token"]},
            release=started.get("release", 0),
            outcome=outcome,
        )


def options_of(change, chance):
    return {"image": chance.choice(IMAGES)} if change == "deploy" else {}


def events_of(world, other, chance, log):
    """What happens to a command before each of its requests: mostly nothing."""

    def stop():
        world.now += chance.choice([10, 100, 400])
        for _ in range(chance.randint(1, 2)):
            change = chance.choice(["deploy", "deploy", "rollback", "secrets"])
            log.append((other.name, change, other.command(change, [], **options_of(change, chance))))

    def kill():
        raise Killed

    moment, what = chance.randint(0, 12), chance.choice([stop, stop, stop, kill, None])
    return [*itertools.repeat(lambda: None, moment), what] if what else []


@pytest.fixture(scope="module")
def repository(ministack):
    name = new_repository(ministack)
    for image in IMAGES:
        push(ministack, name, image)
    return name


@pytest.mark.parametrize("seed", SEEDS)
def test_ledger_ecs_and_exit_codes_agree_whatever_happens(ministack, repository, monkeypatch, seed):
    chance = random.Random(seed)
    environment = Environment(ministack, repository)
    world, log = World(environment, monkeypatch), []
    ann = Operator(world, "ann", chance.choice([-600, 0, 600]))
    bob = Operator(world, "bob", chance.choice([-600, 0, 600]))
    for one, other in ((ann, bob), (bob, ann), (ann, bob)):
        change = chance.choice(["deploy", "deploy", "rollback", "secrets"]) if log else "deploy"
        exit_0 = one.command(change, events_of(world, other, chance, log), **options_of(change, chance))
        log.append((one.name, change, exit_0))
    # The next command finds out what nobody ended.
    last = bob.command("deploy", [], image="one")
    entries = environment.entries()
    pointed = ecs_api.describe_service(environment.ecs, environment.cluster, "app")["taskDefinition"]
    revision = ecs_api.describe_task_definition(environment.ecs, pointed)
    said = (log, [(one["number"], one["by"], one["change"], one.get("outcome")) for one in entries])
    assert last is True, said
    assert all(is_over(one) for one in entries), said
    assert release_plan.disagreements("staging", revision, entries) == [], said
    assert dynamodb.get_lock(environment.dynamodb, environment.table) is None, said
    assert [one["number"] for one in reversed(entries)] == list(range(1, len(entries) + 1)), said
