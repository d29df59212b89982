"""scale.yml and restart.yml, as users type them."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest

from examples import demo
from tests.e2e.account import Account, Loop


def a_service(account: Account, environment: str) -> dict[str, Any]:
    ecs = account.client("ecs")
    found: dict[str, Any] = ecs.describe_services(cluster=f"webapp-{environment}", services=["app"])["services"][0]
    return found


def tasks(account: Account, environment: str) -> set[str]:
    return set(account.client("ecs").list_tasks(cluster=f"webapp-{environment}", serviceName="app")["taskArns"])


def bounds(account: Account, environment: str) -> tuple[int, int]:
    found = account.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[f"service/webapp-{environment}/app"]
    )["ScalableTargets"][0]
    return found["MinCapacity"], found["MaxCapacity"]


def scale(account: Account, environment: str, **options: int) -> str:
    given = [word for name, value in options.items() for word in ("-e", f"{name}={value}")]
    return " ".join(account.playbook("scale.yml", "-e", f"env={environment}", *given).split())


@pytest.fixture
def scaled(account: Account):
    yield account
    scale(account, "prod", min=2, max=6, count=2)
    scale(account, "staging", min=1, max=1)


def test_the_first_release_begins_the_scaling(account: Account):
    assert (bounds(account, "staging"), bounds(account, "prod")) == ((1, 1), (2, 6))
    policies = {
        environment: account.client("application-autoscaling").describe_scaling_policies(
            ServiceNamespace="ecs", ResourceId=f"service/webapp-{environment}/app"
        )["ScalingPolicies"]
        for environment in ("staging", "prod")
    }
    assert {one["PolicyName"] for one in policies["prod"]} == {"cpu", "memory", "requests"}
    assert policies["staging"] == []


def test_a_count_is_run_and_scaling_goes_on_within_its_bounds(scaled: Account):
    said = scale(scaled, "prod", count=3)
    assert "prod wants 3 tasks, and 3 run." in said
    assert "Scaling keeps the app between 2 and 6 tasks" in said
    assert "-e min=3 -e max=3" in said
    assert len(tasks(scaled, "prod")) == 3
    assert bounds(scaled, "prod") == (2, 6)


def test_bounds_that_a_person_chose_outlive_the_next_provision(scaled: Account):
    said = scale(scaled, "prod", min=3, max=4)
    assert "prod wants 3 tasks, and 3 run." in said
    assert "group_vars say 2 to 6" in said
    provisioned = scaled.playbook("provision.yml", "-e", "env=prod")
    assert demo.changes(provisioned) == 0, provisioned
    assert bounds(scaled, "prod") == (3, 4)
    assert a_service(scaled, "prod")["desiredCount"] == 3


@pytest.mark.parametrize(
    ("options", "words", "command"),
    [
        pytest.param(
            ["count=8"], "count is 8, expected 2 to 6", "-e min=2 -e max=8 -e count=8", id="beyond the bounds"
        ),
        pytest.param(["min=7"], "min is 7 and max is 6", "-e min=7 -e max=7", id="min above max"),
        pytest.param(["count=two"], "count is two, expected a number", "-e count=3", id="no number"),
        pytest.param([], "Nothing to scale to was given", "-e count=3", id="nothing"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_type(account: Account, options, words, command):
    given = [word for option in options for word in ("-e", option)]
    said = account.refused("scale.yml", "-e", "env=prod", *given)
    assert words in said
    assert f"ansible-playbook scale.yml -e env=prod {command}" in said
    assert a_service(account, "prod")["desiredCount"] == 2


def test_an_app_is_stopped_stays_so_and_starts_again(scaled: Account, loop: Loop):
    said = scale(scaled, "staging", count=0)
    assert "The app is stopped: nobody is served" in said
    assert "ansible-playbook scale.yml -e env=staging -e count=1" in said
    url = loop.results["staging"]["url"]
    assert "problem" in scaled.ask(url)
    assert "Nothing runs in staging that could be restarted" in scaled.refused("restart.yml", "-e", "env=staging")

    assert "staging wants 1 task, and 1 runs." in scale(scaled, "staging", count=1)
    assert a_service(scaled, "staging")["runningCount"] == 1


def test_a_restart_replaces_every_task_and_loses_no_request(account: Account, loop: Loop):
    url, before = loop.results["prod"]["url"], tasks(account, "prod")
    serving = a_service(account, "prod")["taskDefinition"]
    shown: list[dict[str, Any]] = []
    over = threading.Event()

    def keep_asking() -> None:
        while not over.wait(0.05):
            shown.append(account.ask(url))

    visitor = threading.Thread(target=keep_asking)
    visitor.start()
    try:
        said = account.playbook("restart.yml", "-e", "env=prod")
    finally:
        over.set()
        visitor.join()
    # Other tests may have released to prod before.
    assert re.search(r"prod got new tasks of v\d+: 2 of 2 run\.", said), said
    assert len(shown) > 20
    assert [answer for answer in shown if "problem" in answer] == []
    after = tasks(account, "prod")
    assert len(after) == 2
    assert after.isdisjoint(before)
    assert a_service(account, "prod")["taskDefinition"] == serving

    # Who comes next need not wait: the lock is free again.
    again = account.playbook("restart.yml", "-e", "env=prod", "-e", "lock_wait_seconds=0", "--check")
    assert "prod would get new tasks" in again
