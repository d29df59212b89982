"""What follows something on AWS: when it looks, what it prints, and that it keeps the lock. On a clock of its own."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.plugins.loader import action_loader

ROOT = Path(__file__).parents[3]
PLUGINS = ROOT / "playbooks/action_plugins"


@pytest.fixture(scope="module", autouse=True)
def _found():
    action_loader.add_directory(str(PLUGINS))


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class World:
    """Modules that answer what they are told to, and the lines that were printed."""

    def __init__(self, monkeypatch, action: str, looks, starts=None, **args) -> None:
        self.plugin = action_loader.get(action, class_only=True)
        self.looks, self.called, self.printed, self.clock = iter(looks), [], [], Clock()
        self.starts = iter(starts or [{"msg": "Begin.", "changed": True, "follow": {"timeout_seconds": 60}}])
        self.renewals = iter([])
        following = sys.modules[action_loader.get("following", class_only=True).__module__]
        monkeypatch.setattr(following, "time", self.clock)
        monkeypatch.setattr(following, "display", SimpleNamespace(display=self.printed.append))
        monkeypatch.setattr(self.plugin, "_execute_module", self.execute)
        self.action = self.plugin.__new__(self.plugin)
        self.action._task = SimpleNamespace(args=args, async_val=0, action=action)

    def execute(self, module_name=None, module_args=None, task_vars=None):
        self.called.append((self.clock.now, module_name, module_args))
        if module_name is None:
            return dict(next(self.starts))
        if module_name == "release_lock":
            return next(self.renewals, {"changed": True})
        if module_name.endswith("_stop"):
            return {"changed": True}
        return next(self.looks)

    def follow(self):
        self.action.task_vars, self.action.warnings, self.action.renew_at = {}, [], 30.0
        started = self.action._start(0.0)
        if started.get("failed"):
            return started
        return self.action._follow(started["follow"], 0.0)

    def times_of(self, module: str) -> list[float]:
        return [when for when, name, _ in self.called if name == module]


def a_look(finished: bool = False, pause: float = 1.0, **fields):
    told = {"outcome": "succeeded", "exit_code": 0, "reason": "", "evidence": [], "advice": "", "log_lines": []}
    seen = {"seen": {"state": "running"}, "state": "running", "phases": {}}
    return {"finished": finished, "seconds_to_next_look": pause, "lines": []} | told | seen | fields


LOCK = {"table": "webapp-staging-releases", "token": "t"}


def test_the_lock_is_renewed_every_30_seconds_while_something_is_followed(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [a_look() for _ in range(100)] + [a_look(True)], lock=LOCK)
    assert world.follow()["outcome"] == "succeeded"
    assert world.times_of("release_lock") == [30.0, 60.0, 90.0]
    assert next(args for _, name, args in world.called if name == "release_lock") == LOCK | {"state": "renewed"}


def test_a_lock_that_cannot_be_renewed_is_tried_again_soon_and_said(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [a_look() for _ in range(40)] + [a_look(True)], lock=LOCK)
    world.renewals = iter([{"failed": True, "msg": "Somebody else holds it."}])
    assert world.follow()["outcome"] == "succeeded"
    assert world.times_of("release_lock") == [30.0, 35.0]
    assert world.action.warnings == ["The lock could not be renewed. Somebody else holds it."]


def test_who_loses_the_lock_sees_it_through_stops_nothing_more_and_fails(monkeypatch):
    looks = [a_look() for _ in range(40)] + [a_look(stop={"task_arn": "t"}), a_look(True, reason="It went well.")]
    world = World(monkeypatch, "ecs_task_run", looks, lock=LOCK)
    world.renewals = iter([{"failed": True, "lost": True, "msg": "A deploy by bob is under way."}])
    result = world.follow()
    assert (result["failed"], result["lost"], result["outcome"]) == (True, True, "succeeded")
    assert result["msg"] == "A deploy by bob is under way.\nIt went well."
    assert "  A deploy by bob is under way." in world.printed
    assert (world.times_of("release_lock"), world.times_of("ecs_task_stop")) == ([30.0], [])


def test_without_a_lock_none_is_renewed(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [a_look() for _ in range(100)] + [a_look(True)])
    world.follow()
    assert world.times_of("release_lock") == []


def test_nothing_new_is_a_sign_of_life_every_30_seconds(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [a_look() for _ in range(65)] + [a_look(True)])
    world.follow()
    assert world.printed == ["     30 s  still running", "     60 s  still running"]


def test_the_log_is_printed_as_it_was_written_and_progress_beside_it(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [a_look(True, lines=["    1 s  running"], new_log_lines=["  a", "b"])])
    world.follow()
    assert world.printed == ["      1 s  running", "  a", "b"]


def test_the_looks_come_as_often_as_the_last_one_said(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [a_look(), a_look(pause=0.5), a_look(pause=0.5), a_look(True)])
    world.follow()
    assert world.times_of("ecs_task_run_info") == [0, 1, 1.5, 2]


def test_what_must_not_go_on_is_stopped(monkeypatch):
    stop = {"cluster": "c", "task_arn": "t", "reason": "r"}
    world = World(monkeypatch, "ecs_task_run", [a_look(stop=stop), a_look(True)], region="us-east-1", cluster="own")
    world.follow()
    assert [args for _, name, args in world.called if name == "ecs_task_stop"] == [stop | {"region": "us-east-1"}]


def test_a_look_that_fails_in_passing_is_tried_again_ever_later(monkeypatch):
    trouble = {"failed": True, "transient": True, "msg": "Rate exceeded"}
    world = World(monkeypatch, "ecs_task_run", [a_look(), trouble, trouble, a_look(True)])
    assert world.follow()["outcome"] == "succeeded"
    assert world.times_of("ecs_task_run_info") == [0, 1, 3, 7]


def test_a_look_that_fails_for_good_ends_it_without_an_outcome(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [{"failed": True, "transient": False, "msg": "Not authorized."}])
    result = world.follow()
    assert (result["failed"], result["outcome"]) == (True, "")
    assert result["msg"].startswith("Could not see how the command goes. Not authorized.")


BEGINS = {"msg": "Begin.", "follow": {"timeout_seconds": 60}}


def waits(words: str = "Task 1 still runs.", timeout_seconds: float = 60, **fields):
    waiting = {"words": words, "advice": "To stop it now: …", "state": "waiting", "timeout_seconds": timeout_seconds}
    return {"waits_for": waiting} | fields


def test_what_may_not_run_beside_it_is_waited_for(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [a_look(True)], [waits(), waits(), waits(), BEGINS])
    assert world.follow()["outcome"] == "succeeded"
    assert world.printed == ["  Task 1 still runs.", "  To stop it now: …"]


def test_a_wait_is_never_silent_for_longer_than_30_seconds(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [a_look(True)], [waits(timeout_seconds=900)] * 36 + [BEGINS])
    world.follow()
    assert world.printed[2:] == ["     30 s  still waiting", "     60 s  still waiting"]


def test_what_does_not_end_is_not_waited_for_for_ever_and_told_with_what_to_type(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [], [waits() for _ in range(100)])
    result = world.follow()
    assert (result["failed"], result["outcome"], world.clock.now) == (True, "timed_out", 60)
    assert result["msg"] == "Task 1 still runs. Nothing was started in 60 s. To stop it now: …"


def test_what_comes_to_be_waited_for_next_gets_its_own_time(monkeypatch):
    first, then = [waits() for _ in range(20)], [waits("Task 1 is being stopped.") for _ in range(20)]
    world = World(monkeypatch, "ecs_task_run", [a_look(True)], [*first, *then, BEGINS])
    assert world.follow()["outcome"] == "succeeded"


def test_the_wait_for_another_is_not_the_time_of_the_command(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [a_look(), a_look(True)], [waits() for _ in range(20)] + [BEGINS])
    assert world.follow()["seconds"] == 1
    assert [args["elapsed_seconds"] for _, name, args in world.called if name == "ecs_task_run_info"] == [0, 1]


def test_what_is_warned_of_while_another_is_waited_for_is_not_lost(monkeypatch):
    world = World(monkeypatch, "ecs_task_run", [a_look(True)], [waits(warnings=["Task 2 is stopped."]), BEGINS])
    world.follow()
    assert world.action.warnings == ["Task 2 is stopped."]


@pytest.mark.parametrize("action", ["ecs_task_run", "ecs_service_rollout", "ecs_service_logs"])
def test_an_action_knows_the_options_of_its_module(action):
    source = (ROOT / "library" / f"{action}.py").read_text()
    documentation = yaml.safe_load(source.partition('DOCUMENTATION = r"""')[2].partition('"""')[0])
    assert set(action_loader.get(action, class_only=True).own_options) == documentation["options"].keys()
