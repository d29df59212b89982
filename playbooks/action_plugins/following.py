# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the actions share that start something on AWS and follow it to its end.

Modules cannot print while they run, so the waiting is here and nothing else: one module starts, another looks, decides
and words the lines, a third stops what the second says must not go on.
"""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

MOST_SECONDS_BETWEEN_LOOKS = 30.0
# A third of the time after which a lock that nobody renews is free.
SECONDS_BETWEEN_RENEWALS = 30.0
SECONDS_BEFORE_ANOTHER_TRY = 5.0
SECONDS_BETWEEN_STARTS = 2.0


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships no types
    _supports_check_mode = True
    _supports_diff = True
    # For forked_modules: it only waits for modules, and takes nothing from a worker.
    needs_no_worker = True

    # What the actions differ in.
    looks_with = ""
    stops_with = ""
    # The starting module's own options; all else, such as region and profile, goes to every module.
    own_options: tuple[str, ...] = ()
    seconds_to_first_look = 0.0
    seconds_of_silence = 30.0
    leaves_it_going = ""
    unseen = ""
    # What is said once the lock is another's.
    lost = ""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        self.task_vars = task_vars
        self.warnings: list[str] = []
        self.renew_at = time.monotonic() + SECONDS_BETWEEN_RENEWALS
        began = time.monotonic()
        started = self._start(began)
        follow = started.pop("follow", None)
        if started.get("failed") or follow is None:
            return started
        display.display(f"  {started['msg']} {self.leaves_it_going}".rstrip())
        result = started | self._follow(follow, began)
        if warnings := [*started.get("warnings", []), *self.warnings, *result.get("warnings", [])]:
            result["warnings"] = list(dict.fromkeys(warnings))
        return result

    def result(self, looked: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The result of the task, from the look that saw the end."""
        raise NotImplementedError

    def _run(self, module: str, options: dict[str, Any]) -> dict[str, Any]:
        everywhere = {name: value for name, value in self._task.args.items() if name not in self.own_options}
        done: dict[str, Any] = self._execute_module(
            module_name=module, module_args=everywhere | options, task_vars=self.task_vars
        )
        return done

    def _start(self, began: float) -> dict[str, Any]:
        """Start it, as soon as what may not run beside it is over."""
        told, give_up_at, printed = "", 0.0, began
        while True:
            self.tried_at = time.monotonic()
            started: dict[str, Any] = self._execute_module(task_vars=self.task_vars)
            waits = started.pop("waits_for", None)
            if started.get("failed") or waits is None:
                return started
            self.warnings += started.get("warnings", [])
            now = time.monotonic()
            lines = []
            if waits["words"] != told:
                told, give_up_at = waits["words"], now + waits["timeout_seconds"]
                lines = [f"  {line}" for line in (told, waits["advice"]) if line]
            elif now >= give_up_at:
                msg = f"{told} Nothing was started in {now - began:.0f} s. {waits['advice']}".rstrip()
                return started | {"failed": True, "changed": False, "outcome": "timed_out", "reason": msg, "msg": msg}
            elif now - printed >= self.seconds_of_silence:
                lines = [f"  {now - began:>5.0f} s  still {waits['state']}"]
            for line in lines:
                display.display(line)
                printed = now
            self._renew_lock()
            time.sleep(SECONDS_BETWEEN_STARTS)

    def _follow(self, options: dict[str, Any], began: float) -> dict[str, Any]:
        printed = time.monotonic()
        seen: dict[str, Any] = {}
        wait = 1.0
        time.sleep(self.seconds_to_first_look)
        while True:
            looking = time.monotonic()
            seconds = looking - began
            looked = self._run(self.looks_with, options | {"elapsed_seconds": seconds, "seen": seen})
            lines = [f"  {line}" for line in looked.get("lines", [])] + looked.get("new_log_lines", [])
            if looked.get("failed"):
                if not looked.get("transient") or seconds >= options["timeout_seconds"]:
                    return self._unknown(looked, seconds)
                wait = min(max(wait, 1.0) * 2, MOST_SECONDS_BETWEEN_LOOKS)
            else:
                seen, wait = looked["seen"], looked["seconds_to_next_look"]
            if not lines and time.monotonic() - printed >= self.seconds_of_silence:
                lines = [f"  {seconds:>5.0f} s  still {looked.get('state') or 'waiting: AWS does not answer'}"]
            for line in lines:
                display.display(line)
                printed = time.monotonic()
            if looked.get("finished"):
                return self._unless_lost(self.result(looked, seconds) | {"seconds": round(seconds, 1)})
            if looked.get("stop") and not self.lost:
                stopped = self._run(self.stops_with, looked["stop"])
                if stopped.get("failed"):
                    display.display(f"  {seconds:>5.0f} s  could not be stopped: {stopped['msg']}")
            self._renew_lock()
            # From look to look, however long one takes.
            time.sleep(max(0.0, looking + wait - time.monotonic()))

    def _renew_lock(self) -> None:
        lock = self._task.args.get("lock")
        if not lock or not lock.get("token") or self.lost or time.monotonic() < self.renew_at:
            return
        renewed = self._run("release_lock", {"table": lock["table"], "token": lock["token"], "state": "renewed"})
        pause = SECONDS_BEFORE_ANOTHER_TRY if renewed.get("failed") else SECONDS_BETWEEN_RENEWALS
        self.renew_at = time.monotonic() + pause
        if renewed.get("lost"):
            # What was started is followed to its end, but it is another's turn now: nothing more is begun or stopped.
            self.lost = renewed["msg"]
            display.display(f"  {self.lost}")
        elif renewed.get("failed"):
            self.warnings.append(f"The lock could not be renewed. {renewed['msg']}")

    def _unless_lost(self, result: dict[str, Any]) -> dict[str, Any]:
        """The result, which is no success where another released meanwhile."""
        if not self.lost:
            return result
        return result | {"failed": True, "lost": True, "msg": f"{self.lost}\n{result.get('msg', '')}".strip()}

    def _unknown(self, looked: dict[str, Any], seconds: float) -> dict[str, Any]:
        """The result when AWS does not let us look: it goes on, and its end is not known."""
        advice = "It goes on by itself. Run the same command again to follow it."
        return {
            "failed": True,
            # Refused for good, nobody knows how it ended, and that is none of the outcomes.
            "outcome": "timed_out" if looked.get("transient") else "",
            "reason": looked["msg"],
            "advice": advice,
            "access_advice": looked.get("access_advice", ""),
            "seconds": round(seconds, 1),
            "msg": f"{self.unseen} {looked['msg']}\n{advice}",
        }
