"""ecs_service_rollout with its action plugin and its _info twin, on real containers of the local AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.ecs_app import CRASH, App
from tests.integration.harness import AwsEndpoint, run_module
from tests.integration.local_aws import conftest as images

image = images.image


def take_away(app: App) -> None:
    run_module("ecs_service", app.aws, cluster=app.cluster, name="app", state="absent")
    run_module("ecs_cluster", app.aws, name=app.cluster, state="absent")


@pytest.fixture
def empty(containers: AwsEndpoint, image: str) -> Iterator[App]:
    """A cluster without a service."""
    app = App(containers, image)
    yield app
    take_away(app)


@pytest.fixture(scope="module")
def shared(ministack: AwsEndpoint, image: str) -> Iterator[tuple[App, str]]:
    """A service that the tests share, and the revision that it began with."""
    app = App(ministack, image)
    revision = app.a_revision()
    app.create(revision)
    yield app, revision
    take_away(app)


@pytest.fixture
def app(containers: AwsEndpoint, shared: tuple[App, str]) -> App:
    return shared[0]


@pytest.fixture
def serving(app: App, shared: tuple[App, str]) -> str:
    """The revision that serves when a test begins, whatever the one before it left."""
    started = app.start(shared[1], desired_count=1)
    circuit_breaker(app, enable=True)
    assert app.follow(started)["outcome"] in ("succeeded", "no_change")
    assert app.running_revisions() == [shared[1]]
    return shared[1]


def circuit_breaker(app: App, *, enable: bool) -> None:
    """Without it ECS tries for ever, and goes back only when it is asked to."""
    breaker = {"enable": enable, "rollback": enable}
    run_module("ecs_service", app.aws, cluster=app.cluster, name="app", circuit_breaker=breaker)


def test_a_good_revision_succeeds_once(app: App, serving: str, tmp_path: Path):
    revision = app.a_revision()
    result, printed = app.roll_out(tmp_path, revision)
    assert result["outcome"] == "succeeded", printed
    assert result["changed"] is True
    assert (result["running"], result["desired"]) == (1, 1)
    assert (result["task_definition"], result["previous_task_definition"]) == (revision, serving)
    assert "1/1 running" in printed
    assert list(result["phases"]) == ["start", "healthy", "drain", "detection_lag"]
    assert sum(result["phases"].values()) - result["phases"]["detection_lag"] == pytest.approx(
        result["seconds"], abs=0.1
    )
    assert result["phases"]["detection_lag"] >= 0
    progress = re.findall(r"^ +(?:Start|\d+ s) .*", printed, re.MULTILINE)
    assert len(progress) >= 3
    assert max(map(len, progress)) <= 80
    assert app.running_revisions() == [revision]

    result, printed = app.roll_out(tmp_path, revision)
    assert result["outcome"] == "no_change", printed
    assert result["changed"] is False
    assert result["running"] == 1


def test_a_revision_that_crashes_is_rolled_back_and_explained(app: App, serving: str, tmp_path: Path):
    result, printed = app.roll_out(tmp_path, app.a_revision(CRASH))
    assert result["failed"], printed
    assert result["outcome"] == "rolled_back", printed
    assert result["reason"] == "The container app exited with code 3."
    assert "exited with code 3" in result["msg"]
    assert "DATABASE_URL is not set" in result["msg"]
    assert f"{serving.rpartition('/')[2]} goes on serving" in result["msg"]
    assert app.running_revisions() == [serving]


def test_a_rollout_whose_log_may_not_be_read_is_followed_to_its_end(app: App, serving: str):
    started = app.start(app.a_revision(CRASH))
    with app.refused("GetLogEvents", "DescribeTaskDefinition"):
        look = app.follow(started)
    assert look["outcome"] == "rolled_back"
    assert "is not authorized to perform: ecs:DescribeTaskDefinition" in " ".join(look["evidence"])


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param(
            {"image": "{registry}/none:1"},
            "The image does not exist: no such tag or digest in the repository.",
            id="the image",
        ),
        pytest.param(
            {"secrets": [{"name": "KEY", "valueFrom": "/none/KEY"}]},
            "A secret that the task definition names does not exist.",
            id="a secret",
        ),
        pytest.param(
            {"command": ["/bin/none"]},
            "The command that the container is to run is not in the image.",
            id="the command",
        ),
        pytest.param(
            {"command": ["/bin/none"], "linuxParameters": {"initProcessEnabled": True}},
            "The command that the container is to run is not in the image.",
            id="the command, told by the init process",
        ),
        pytest.param(
            {"command": ["/bin/other"]},
            "The program in the image is built for another processor architecture.",
            id="a program for this processor",
        ),
    ],
)
def test_what_no_other_try_can_heal_is_rolled_back_at_its_first_occurrence(
    app: App, serving: str, tmp_path: Path, options, reason
):
    circuit_breaker(app, enable=False)
    options = {"image": app.image} | options
    options["image"] = options["image"].format(registry=app.aws.url.removeprefix("http://"))
    result, printed = app.roll_out(tmp_path, app.a_revision(**options))
    assert result["outcome"] == "rolled_back", printed
    assert result["reason"] == reason, result["evidence"]
    assert "No other try can heal that: roll back now" in " ".join(printed.split())
    assert app.running_revisions() == [serving]


def test_a_first_revision_without_hope_stops_at_once(empty: App, tmp_path: Path):
    revision = empty.a_revision(image=empty.aws.url.removeprefix("http://") + "/none:1")
    empty.create(revision)
    circuit_breaker(empty, enable=False)
    result, printed = empty.roll_out(tmp_path, revision)
    assert result["outcome"] == "stopped", printed
    assert result["reason"].startswith("The image does not exist: no such tag or digest in the repository. Nothing")


def test_a_first_revision_that_crashes_stops_with_nothing_to_go_back_to(empty: App, tmp_path: Path):
    revision = empty.a_revision(CRASH)
    empty.create(revision)
    result, printed = empty.roll_out(tmp_path, revision)
    assert result["failed"], printed
    assert result["outcome"] == "stopped", printed
    assert result["reason"].startswith("The container app exited with code 3. Nothing served before it")


def test_a_rollout_that_a_newer_one_replaces_is_superseded(app: App, serving: str):
    started = app.start(app.a_revision())
    newer = app.start(app.a_revision())
    assert started["deployment_id"] != newer["deployment_id"]
    look = app.look(started)
    assert look["outcome"] == "superseded", look
    assert look["failed_rollout"] is False


def test_when_the_time_is_up_the_rollout_goes_on_and_can_be_followed_again(app: App, serving: str, tmp_path: Path):
    circuit_breaker(app, enable=False)
    revision = app.a_revision(CRASH)
    result, printed = app.roll_out(tmp_path, revision, timeout_seconds=3)
    assert result["failed"], printed
    assert result["outcome"] == "timed_out", printed
    assert result["reason"].startswith("The container app exited with code 3. It was not over after 3 s")
    assert "Run the same command again" in result["msg"]

    again = app.start(revision)
    assert not again["changed"]
    assert again["deployment_id"] == result["deployment_id"]
    assert app.look(again)["finished"] is False


def test_a_rollout_under_way_is_followed_and_not_started_again(app: App, serving: str):
    revision = app.a_revision()
    first = app.start(revision)
    second = app.start(revision)
    assert first["changed"]
    assert not second["changed"]
    assert second["follow"]["deployment_id"] == first["follow"]["deployment_id"]
    assert second["previous_task_definition"] == serving


def test_force_starts_the_same_revision_again(app: App, serving: str):
    result = app.start(serving, force=True)
    assert result["changed"]
    assert result["outcome"] == ""
    assert result["previous_task_definition"] == serving


def test_the_desired_count_is_touched_only_when_it_is_given(app: App, serving: str, tmp_path: Path):
    app.ecs.update_service(cluster=app.cluster, service="app", desiredCount=2)
    result, printed = app.roll_out(tmp_path, app.a_revision())
    assert (result["running"], result["desired"]) == (2, 2), printed
    assert app.start(result["task_definition"], desired_count=1)["desired"] == 1
    assert app.ecs.describe_services(cluster=app.cluster, services=["app"])["services"][0]["desiredCount"] == 1


def test_check_mode_says_what_it_would_roll_out(app: App, serving: str):
    revision = app.a_revision()
    planned = run_module("ecs_service_rollout", app.aws, check_mode=True, **app.which, task_definition=revision)
    assert planned["changed"]
    assert planned["diff"]["after"]["task_definition"] == revision.rpartition("/")[2]
    assert app.running_revisions() == [serving]
    done = app.start(revision)
    assert done.keys() - {"follow"} == planned.keys()
    assert not run_module("ecs_service_rollout", app.aws, check_mode=True, **app.which, task_definition=revision)[
        "changed"
    ]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param({"service": "none"}, "Run ansible-playbook provision.yml -e env=NAME", id="no_service"),
        pytest.param({"cluster": "none"}, "Run ansible-playbook provision.yml -e env=NAME", id="no_cluster"),
        pytest.param({"task_definition": "none:1"}, "Run ansible-playbook deploy.yml -e env=NAME", id="no_revision"),
        pytest.param({"task_definition": "none"}, "expected family:revision or an ARN", id="only_a_family"),
    ],
)
def test_what_is_missing_is_refused_with_what_to_type(app: App, serving: str, options, told):
    refused = run_module("ecs_service_rollout", app.aws, **app.which | {"task_definition": serving} | options)
    assert refused["failed"]
    assert told in refused["msg"]
