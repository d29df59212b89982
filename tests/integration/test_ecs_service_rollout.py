"""ecs_service_rollout with its action plugin and its _info twin, on real containers of the local AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.integration.harness import ROOT, AwsEndpoint, run_module
from tests.integration.local_aws import conftest as images

image = images.image

# A process that is the first of its container has to listen to SIGTERM, or it is stopped after 30 seconds.
SERVE = ["/bin/sh", "-c", 'trap "exit 0" TERM; sleep 1000 & wait']
CRASH = ["/bin/sh", "-c", "echo DATABASE_URL is not set; exit 3"]
BREAKER = {"enable": True, "rollback": True}


class App:
    """A service of its own in a cluster of its own, and what a test does with it."""

    def __init__(self, aws: AwsEndpoint, image: str) -> None:
        self.aws, self.image = aws, image
        self.ecs = aws.client("ecs")
        self.cluster = f"rollout-{uuid.uuid4().hex[:8]}"
        self.ecs.create_cluster(clusterName=self.cluster)
        aws.client("logs").create_log_group(logGroupName=f"/ecs/{self.cluster}")

    @property
    def which(self) -> dict[str, str]:
        return {"cluster": self.cluster, "service": "app"}

    def a_revision(self, command: list[str] = SERVE, image: str | None = None) -> str:
        logging = {
            "awslogs-group": f"/ecs/{self.cluster}",
            "awslogs-region": self.aws.environment["AWS_REGION"],
            "awslogs-stream-prefix": "app",
        }
        container = {
            "name": "app",
            "image": image or self.image,
            "command": command,
            "essential": True,
            "logConfiguration": {"logDriver": "awslogs", "options": logging},
        }
        answer = self.ecs.register_task_definition(
            family=self.cluster,
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            containerDefinitions=[container],
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def create(self, task_definition: str) -> None:
        made = run_module(
            "ecs_service",
            self.aws,
            cluster=self.cluster,
            name="app",
            task_definition=task_definition,
            desired_count=1,
            launch_type="FARGATE",
            subnets=["subnet-1"],
            circuit_breaker=BREAKER,
        )
        assert made["changed"], made

    def start(self, task_definition: str, **options: Any) -> dict[str, Any]:
        """The module alone: it starts and does not wait."""
        return run_module("ecs_service_rollout", self.aws, **self.which, task_definition=task_definition, **options)

    def look(self, started: dict[str, Any], **options: Any) -> dict[str, Any]:
        return run_module("ecs_service_rollout_info", self.aws, **started["follow"] | options)

    def follow(self, started: dict[str, Any], seconds: float = 60) -> dict[str, Any]:
        """Look until the rollout is over, as the action plugin does."""
        began = time.monotonic()
        while "follow" in started:
            look = self.look(started, elapsed_seconds=time.monotonic() - began, timeout_seconds=seconds)
            if look["finished"]:
                return look
            time.sleep(0.3)
        return started

    def roll_out(self, tmp_path: Path, task_definition: str, **options: Any) -> tuple[dict[str, Any], str]:
        """A play with the module and its action plugin: the result, and what it printed."""
        rollout = {**self.which, "task_definition": task_definition, "timeout_seconds": 120, **options}
        register = {"content": "{{ rollout | to_json }}", "dest": str(tmp_path / "result.json"), "mode": "0600"}
        tasks = [
            {"ecs_service_rollout": rollout, "register": "rollout", "ignore_errors": True},
            {"ansible.builtin.copy": register},
        ]
        play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
        (tmp_path / "play.yml").write_text(json.dumps(play))
        python = ["-e", f"ansible_python_interpreter={sys.executable}"]
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", *python, "play.yml"]
        environment = os.environ | dict(self.aws.environment) | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads((tmp_path / "result.json").read_text()), done.stdout + done.stderr

    def running_revisions(self) -> list[str]:
        arns = self.ecs.list_tasks(cluster=self.cluster, serviceName="app")["taskArns"]
        tasks = self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"] if arns else []
        return [task["taskDefinitionArn"] for task in tasks if task["lastStatus"] == "RUNNING"]


@pytest.fixture
def app(containers: AwsEndpoint, image: str):
    app = App(containers, image)
    yield app
    run_module("ecs_service", containers, cluster=app.cluster, name="app", state="absent")
    run_module("ecs_cluster", containers, name=app.cluster, state="absent")


@pytest.fixture
def serving(app: App) -> str:
    """The revision that serves when a test begins."""
    revision = app.a_revision()
    app.create(revision)
    assert app.follow(app.start(revision))["outcome"] in ("succeeded", "no_change")
    assert app.running_revisions() == [revision]
    return revision


def test_a_good_revision_succeeds_once(app: App, serving: str, tmp_path: Path):
    revision = app.a_revision()
    result, printed = app.roll_out(tmp_path, revision)
    assert result["outcome"] == "succeeded", printed
    assert result["changed"] is True
    assert (result["running"], result["desired"]) == (1, 1)
    assert (result["task_definition"], result["previous_task_definition"]) == (revision, serving)
    assert "1/1 running" in printed
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


def test_an_image_that_does_not_exist_is_rolled_back_and_named(app: App, serving: str, tmp_path: Path):
    result, printed = app.roll_out(tmp_path, app.a_revision(image=app.aws.url.removeprefix("http://") + "/none:1"))
    assert result["outcome"] == "rolled_back", printed
    assert result["reason"] == "The image does not exist: no such tag or digest in the repository.", result["evidence"]
    assert app.running_revisions() == [serving]


def test_a_first_revision_that_crashes_stops_with_nothing_to_go_back_to(app: App, tmp_path: Path):
    revision = app.a_revision(CRASH)
    app.create(revision)
    result, printed = app.roll_out(tmp_path, revision)
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
    # Without the circuit breaker ECS tries for ever.
    never = {"circuit_breaker": {"enable": False, "rollback": False}}
    run_module("ecs_service", app.aws, cluster=app.cluster, name="app", **never)
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
    assert done.keys() - {"follow", "seconds_between_looks"} == planned.keys()
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
