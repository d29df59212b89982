"""A service of its own in a cluster of its own, on real containers, and what a test does with it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.integration.harness import ROOT, AwsEndpoint, run_module

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

    def a_revision(self, command: list[str] = SERVE, image: str | None = None, **fields: Any) -> str:
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
            **fields,
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

    @contextlib.contextmanager
    def refused(self, *actions: str) -> Iterator[None]:
        """Nobody may do these meanwhile."""

        def put(faults: list[dict[str, Any]]) -> None:
            body = json.dumps(faults).encode()
            asked = urllib.request.Request(f"{self.aws.url}/_local_aws/faults", data=body, method="PUT")
            urllib.request.urlopen(asked, timeout=10).close()

        put([{"action": action, "call": 0, "fault": "deny"} for action in actions])
        try:
            yield
        finally:
            put([])

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
        rollout = {**self.which, "task_definition": task_definition, "timeout_seconds": 120, **options}
        return self.play(tmp_path, "ecs_service_rollout", rollout)

    def play(self, tmp_path: Path, action: str, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """A play with a module and its action plugin: the result, and what it printed."""
        with self.begin(tmp_path, action, options) as playing:
            printed, _ = playing.communicate()
        assert playing.returncode == 0, printed
        return json.loads((tmp_path / "result.json").read_text()), printed

    def begin(self, tmp_path: Path, action: str, options: dict[str, Any]) -> subprocess.Popen[str]:
        """The same, not waited for, in a process group of its own."""
        register = {"content": "{{ done | to_json }}", "dest": str(tmp_path / "result.json"), "mode": "0600"}
        tasks = [
            {action: options, "register": "done", "ignore_errors": True},
            {"ansible.builtin.copy": register},
        ]
        play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
        (tmp_path / "play.yml").write_text(json.dumps(play))
        python = ["-e", f"ansible_python_interpreter={sys.executable}"]
        command = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", "localhost,", *python, "play.yml"]
        environment = os.environ | dict(self.aws.environment) | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
        return subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def running_revisions(self) -> list[str]:
        arns = self.ecs.list_tasks(cluster=self.cluster, serviceName="app")["taskArns"]
        tasks = self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)["tasks"] if arns else []
        return [task["taskDefinitionArn"] for task in tasks if task["lastStatus"] == "RUNNING"]
