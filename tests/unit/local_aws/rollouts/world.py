"""A service with a clock of its own: what the scheduler decides is carried out at once, with made-up apps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from local_aws.rollouts import scheduler
from local_aws.rollouts.scheduler import HEALTHY, STARTING, UNHEALTHY, Health, Publish, Start, Stop
from local_aws.rollouts.time_scale import TimeScale

AWS = TimeScale(1)
STEP = 1.0
START_SECONDS = 3
DRAIN_SECONDS = 5

# How an app turns out, some seconds after it runs: what it is by then.
GOOD = ((2, HEALTHY),)
SICK = ((10, UNHEALTHY),)
CRASHES = ((0, "exited"),)
CRASHES_LATER = ((10, "exited"),)
NEVER_READY: tuple[tuple[float, str], ...] = ()


@dataclass
class World:
    desired: int = 2
    configuration: dict[str, Any] = field(default_factory=dict)
    breaker: dict[str, Any] = field(default_factory=lambda: {"enable": True, "rollback": True})
    now: float = 1000.0
    apps: dict[str, Sequence[tuple[float, str]]] = field(default_factory=dict)
    tasks: list[dict[str, Any]] = field(default_factory=list)
    published: list[tuple[str, str]] = field(default_factory=list)
    in_alarm: list[str] = field(default_factory=list)
    fewest_healthy: int = 1_000_000
    most_live: int = 0

    def __post_init__(self) -> None:
        self.service: dict[str, Any] = {
            "serviceArn": "arn:aws:ecs:us-east-1:123456789012:service/webapp/app",
            "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/webapp",
            "serviceName": "app",
            "status": "ACTIVE",
            "desiredCount": self.desired,
            "deploymentConfiguration": {"deploymentCircuitBreaker": self.breaker, **self.configuration},
            "loadBalancers": [{"targetGroupArn": "group", "containerName": "app", "containerPort": 3000}],
            "deployments": [],
        }

    def update(self, revision: str, app: Sequence[tuple[float, str]] = GOOD) -> str:
        """Point the service at a revision whose app turns out so; return the new deployment's id."""
        self.apps[revision] = app
        self.service["taskDefinition"] = revision
        for one in self.service["deployments"]:
            one["status"] = "ACTIVE"
        made = scheduler.new_deployment(self.service, f"{len(self.published)}-{revision}", self.now)
        self.service["deployments"].insert(0, made)
        self._publish(scheduler.begin(self.service, made, f"{len(self.published)}", self.in_alarm, self.now))
        return str(made["id"])

    def run(self, seconds: float = 300) -> World:
        end = self.now + seconds
        while self.now < end:
            self.step()
        return self

    def step(self) -> None:
        self.now += STEP
        for task in self.tasks:
            self._live(task)
        health = {task["taskArn"]: self._health(task) for task in self.tasks}
        healthy = sum(one.state == HEALTHY for one in health.values())
        self.fewest_healthy = min(self.fewest_healthy, healthy)
        for action in scheduler.step(self.service, self.tasks, health, self.now, AWS, self.in_alarm):
            if isinstance(action, Start):
                self._start(action)
            elif isinstance(action, Stop):
                self.stop(next(task for task in self.tasks if task["taskArn"] == action.task), action.reason)
            else:
                self._publish(action)
        live = [task for task in self.tasks if task["desiredStatus"] == "RUNNING"]
        self.most_live = max(self.most_live, len(live))

    def stop(self, task: dict[str, Any], reason: str, code: str = "ServiceSchedulerInitiated") -> None:
        if task["desiredStatus"] == "RUNNING":
            task.update(desiredStatus="STOPPED", lastStatus="DEACTIVATING", stopCode=code, stoppedReason=reason)
            task["_gone_at"] = self.now + (DRAIN_SECONDS if code == "ServiceSchedulerInitiated" else 0)

    def running(self) -> list[str]:
        """The revisions that run, one for each task."""
        return [task["taskDefinitionArn"] for task in self.tasks if task["lastStatus"] == "RUNNING"]

    def states(self) -> list[tuple[str, str, str]]:
        return [(one["status"], one["taskDefinition"], one["rolloutState"]) for one in self.service["deployments"]]

    def statuses(self) -> list[str]:
        """Of the service deployments, the newest first."""
        return [record["status"] for record in self.service["_records"]]

    def told(self) -> list[str]:
        return [event["message"] for event in self.service["_events"]]

    def started(self, revision: str) -> int:
        return sum(task["taskDefinitionArn"] == revision for task in self.tasks)

    def _start(self, action: Start) -> None:
        owner = next(one for one in self.service["deployments"] if one["id"] == action.deployment_id)
        for _ in range(action.count):
            task = {
                "taskArn": f"task/{len(self.tasks)}",
                "taskDefinitionArn": owner["taskDefinition"],
                "startedBy": action.deployment_id,
                "lastStatus": "PENDING",
                "desiredStatus": "RUNNING",
                "healthStatus": "UNKNOWN",
                "_created": self.now,
            }
            self.tasks.append(task)

    def _live(self, task: dict[str, Any]) -> None:
        if task["lastStatus"] == "PENDING" and self.now >= task["_created"] + START_SECONDS:
            task.update(lastStatus="RUNNING", _running_since=self.now)
        if task["lastStatus"] == "RUNNING" and self._is(task) == "exited":
            self.stop(task, "Essential container in task exited", "EssentialContainerExited")
        if task["lastStatus"] == "DEACTIVATING" and self.now >= task["_gone_at"]:
            task["lastStatus"] = "STOPPED"

    def _is(self, task: dict[str, Any]) -> str:
        ran = self.now - task["_running_since"]
        return next(
            (state for since, state in reversed(self.apps[task["taskDefinitionArn"]]) if ran >= since), STARTING
        )

    def _health(self, task: dict[str, Any]) -> Health:
        state = self._is(task) if task["lastStatus"] == "RUNNING" else STARTING
        return Health(state, "Task failed ELB health checks", "is unhealthy") if state == UNHEALTHY else Health(state)

    def _publish(self, told: Publish) -> None:
        self.published.append((told.event.removeprefix("SERVICE_DEPLOYMENT_"), told.deployment_id))
