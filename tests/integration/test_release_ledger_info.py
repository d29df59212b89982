import functools
import time
from datetime import UTC, datetime

import pytest
from ansible.module_utils.towpath import dynamodb_api as dynamodb

from tests.integration.ecs_app import CRASH, SERVE, App
from tests.integration.harness import run_module
from tests.integration.ledger import new_table
from tests.integration.local_aws import conftest as images

image = images.image

STARTED = "2026-01-01T12:00:00+00:00"


@pytest.fixture
def client(aws):
    return aws.client("dynamodb")


@pytest.fixture
def table(aws):
    return new_table(aws)


@pytest.fixture
def info(aws, table):
    return functools.partial(run_module, "release_ledger_info", aws, table=table, cluster="webapp-none", service="app")


@pytest.fixture
def write(client, table):
    def run(number, **fields):
        dynamodb.put_release(client, table, {"number": number, "started_at": STARTED, "change": "deploy"} | fields)

    return run


def test_an_empty_ledger_has_no_releases(info):
    result = info()
    assert (result["changed"], result["releases"], result["lock"]) == (False, [], {})
    assert result["lines"] == ["Nothing was released yet."]


def test_releases_are_told_newest_first_up_to_the_limit(info, write):
    for number in (1, 2, 3):
        write(number, outcome="succeeded")
    assert [one["number"] for one in info()["releases"]] == [3, 2, 1]
    limited = info(limit=2)
    assert [one["number"] for one in limited["releases"]] == [3, 2]
    assert [line.split()[0] for line in limited["lines"]] == ["release", "v3", "v2"]


@pytest.mark.parametrize("name", ["v2", "2"])
def test_one_release_is_told_whole(info, write, name):
    verdict = {"summary": "ECS rolled app back.", "reason": "It crashed.", "evidence": ["exit 3"], "advice": "Look."}
    write(2, outcome="rolled_back", verdict=verdict)
    result = info(release=name)
    assert [one["verdict"] for one in result["releases"]] == [verdict]
    assert result["lines"][0] == "v2 rolled back"
    assert result["lines"][-3:] == ["ECS rolled app back. It crashed.", "  exit 3", "Look."]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"release": "v9"}, "There is no release v9 in", id="not there"),
        pytest.param({"release": "newest"}, "release is newest, expected a number", id="no number"),
        pytest.param({"release": "v"}, "release is v, expected a number", id="no digits"),
        pytest.param({"limit": -1}, "limit is -1, expected", id="limit"),
    ],
)
def test_what_is_not_there_is_refused(info, write, options, said):
    write(2, outcome="succeeded")
    refused = info(**options)
    assert refused["failed"]
    assert said in refused["msg"]


def test_the_release_that_is_being_made_is_under_way(info, write, client, table):
    write(1, outcome="succeeded")
    write(2)
    holder = {"who": "ann", "host": "desk", "command": "deploy of 6b65b39"}
    lock = {"token": "ann", "holder": holder, "since": STARTED, "expires_at": int(time.time()) + 90}
    dynamodb.take_lock(client, table, lock)
    result = info()
    assert [one["under_way"] for one in result["releases"]] == [True, False]
    assert "outcome" not in result["releases"][0]
    assert result["lines"][1].startswith("v2       under way")
    assert result["lines"][-1].startswith(
        "A deploy of 6b65b39 by ann (desk) is under way since 2026-01-01 12:00:00 UTC"
    )
    assert result["lock"] == lock


def test_an_expired_lock_is_nobodys(info, write, client, table):
    write(2, outcome="succeeded")
    lock = {"token": "ann", "holder": {}, "since": STARTED, "expires_at": 1}
    dynamodb.take_lock(client, table, lock)
    assert info()["lock"] == {}


@pytest.fixture
def app(containers, image):
    app = App(containers, image)
    app.create(app.a_revision())
    app.follow(app.start(app.a_revision()))
    yield app
    run_module("ecs_service", containers, cluster=app.cluster, name="app", state="absent")
    run_module("ecs_cluster", containers, name=app.cluster, state="absent")


class TestAnInterruptedRelease:
    """Only the local AWS keeps the records by which it is settled."""

    @pytest.fixture
    def aws(self, ministack):
        return ministack

    def test_that_registered_nothing_is_told_as_stopped_and_not_written(self, info, write, client, table):
        write(2)
        (told,) = info()["releases"]
        assert told["outcome"] == "stopped"
        assert "interrupted before its revision was registered" in told["verdict"]["reason"]
        assert "outcome" not in dynamodb.get_release(client, table, 2)

    def test_whose_service_is_gone_is_told_as_stopped(self, info, write):
        write(2, task_definition="arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-none:1")
        assert info(release="v2")["lines"][0] == "v2 stopped"

    @pytest.mark.parametrize(("command", "outcome"), [(SERVE, "succeeded"), (CRASH, "rolled_back")])
    def test_whose_rollout_goes_on_without_it_is_told_as_ecs_ends_it(self, info, write, app, command, outcome):
        revision = app.a_revision(command)
        write(2, started_at=datetime.now(UTC).isoformat(), task_definition=revision, previous_release=1)
        assert info(**app.which)["releases"][0]["outcome"] == "stopped", "it was registered and not rolled out"
        started = app.start(revision)
        # A crash may be over before anybody looks.
        assert info(**app.which)["releases"][0].get("outcome") in (None, outcome)
        app.follow(started)
        assert info(**app.which)["releases"][0]["outcome"] == outcome


def test_a_missing_table_says_what_to_run(aws):
    refused = run_module("release_ledger_info", aws, table="none-releases", cluster="webapp-none", service="app")
    assert refused["failed"]
    assert refused["msg"].startswith("There is no table none-releases. Run ansible-playbook provision.yml")
