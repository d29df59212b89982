"""What starts a release: it waits for the lock, says who has it, and hands the lock on whatever happens."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import action_loader

ROOT = Path(__file__).parents[3]
TABLE = "webapp-staging-releases"
PLAN = ["v7 of staging: deploy of 4f2c9d1a0b3e"]
WAITING = "  A deploy by ann is under way. Waiting until it is over, or gives no sign of life for 90 s."
HELD = {"held_by_another": True, "holder": {"who": "ann"}, "since": "12:00", "msg": "A deploy by ann is under way."}


class World:
    """Answers of the module, one after another, and what the action asked and printed."""

    def __init__(self, monkeypatch, *answers, check_mode=False, **args):
        self.answers, self.asked, self.printed, self.now = iter(answers), [], [], 0.0
        action_loader.add_directory(str(ROOT / "playbooks/action_plugins"))
        plugin = action_loader.get("release_start", class_only=True)
        clock = SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep)
        for name in ("release_lock", "release_start"):
            loaded = sys.modules[action_loader.get(name, class_only=True).__module__]
            monkeypatch.setattr(loaded, "display", SimpleNamespace(display=self.printed.append))
            monkeypatch.setattr(loaded, "time", clock, raising=False)
        monkeypatch.setattr(ActionBase, "run", lambda self, tmp, task_vars: None)
        monkeypatch.setattr(plugin, "_execute_module", self.execute)
        self.action = plugin.__new__(plugin)
        self.action._task = SimpleNamespace(args={"table": TABLE} | args, check_mode=check_mode)

    def sleep(self, seconds):
        self.now += seconds

    def execute(self, module_args, task_vars):
        self.asked.append(module_args)
        return dict(next(self.answers))

    def run(self):
        return self.action.run(None, {})


def started(token="as the module says", **more):
    return {"held_by_another": False, "plan": PLAN, "outcome": "", "lock": {"table": TABLE, "token": token}} | more


def test_a_plan_is_printed_and_the_lock_is_the_modules(monkeypatch):
    world = World(monkeypatch, started())
    assert world.run()["lock"] == {"table": TABLE, "token": "as the module says"}
    assert world.printed == [f"  {PLAN[0]}"]


@pytest.mark.parametrize(
    ("answer", "args"),
    [
        pytest.param({"outcome": "no_change"}, {}, id="nothing to release"),
        pytest.param({}, {"planned_on": "webapp-staging:7"}, id="a plan that was agreed to"),
    ],
)
def test_what_was_shown_or_is_nothing_is_not_printed(monkeypatch, answer, args):
    world = World(monkeypatch, started(**answer), **args)
    world.run()
    assert world.printed == []


def test_while_another_holds_the_lock_it_waits_and_says_so_once(monkeypatch):
    world = World(monkeypatch, HELD, HELD, started())
    assert world.run()["plan"] == PLAN
    assert world.printed == [WAITING, f"  {PLAN[0]}"]
    assert [asked["waited_seconds"] for asked in world.asked] == [0, 2, 4]
    assert len({asked["token"] for asked in world.asked}) == 1


def test_for_how_long_a_lock_has_not_changed_is_told_to_the_module(monkeypatch):
    marked = [HELD | {"mark": {"beat": beat}} for beat in ("a", "a", "b", "b")]
    world = World(monkeypatch, *marked, started())
    world.run()
    assert [asked["seen"] for asked in world.asked] == [
        {},
        {"mark": {"beat": "a"}, "unchanged_seconds": 2},
        {"mark": {"beat": "a"}, "unchanged_seconds": 4},
        {"mark": {"beat": "b"}, "unchanged_seconds": 2},
        {"mark": {"beat": "b"}, "unchanged_seconds": 4},
    ]


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param({"failed": True, "msg": "MODULE FAILURE"}, id="the module broke"),
        pytest.param({"failed": True, "msg": "There is no image", "held_by_another": False}, id="it was refused"),
    ],
)
def test_a_module_that_fails_may_have_the_lock_and_it_can_be_freed(monkeypatch, failure):
    world = World(monkeypatch, failure)
    assert world.run()["lock"] == {"table": TABLE, "token": world.asked[0]["token"]}
    assert world.asked[0]["token"]


def test_who_waited_long_enough_has_no_lock_to_free(monkeypatch):
    world = World(monkeypatch, HELD | {"failed": True, "lock": {"table": TABLE, "token": ""}})
    assert world.run()["lock"]["token"] == ""
