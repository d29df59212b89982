# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Start a rollout, then print its progress until it is over.

Modules cannot print while they run, so the waiting is here and nothing else: ecs_service_rollout starts,
ecs_service_rollout_info looks, decides and words the lines.
"""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

MOST_SECONDS_BETWEEN_LOOKS = 30.0
SECONDS_OF_SILENCE = 30.0

# What the two modules do not share; all else, such as region and profile, goes to both.
ONLY_FOR_STARTING = ("task_definition", "desired_count", "force", "timeout_seconds", "seconds_between_looks")


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships no types
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        started: dict[str, Any] = self._execute_module(task_vars=task_vars)
        follow = started.pop("follow", None)
        if started.get("failed") or follow is None:
            return started
        shared = {name: value for name, value in self._task.args.items() if name not in ONLY_FOR_STARTING}
        display.display(f"  {started['msg']} Ctrl-C leaves it going; the same command then follows it again.")
        return started | self._follow(shared | follow, started.pop("seconds_between_looks"), task_vars)

    def _follow(self, options: dict[str, Any], pause: float, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        begun = printed = time.monotonic()
        seen: dict[str, Any] = {}
        wait = pause
        while True:
            looking = time.monotonic()
            seconds = looking - begun
            looked: dict[str, Any] = self._execute_module(
                module_name="ecs_service_rollout_info",
                module_args=options | {"elapsed_seconds": seconds, "seen": seen},
                task_vars=task_vars,
            )
            lines: list[str] = looked.get("lines", [])
            if looked.get("failed"):
                if not looked.get("transient") or seconds >= options["timeout_seconds"]:
                    return _unknown(looked, seconds)
                wait = min(max(wait, 1.0) * 2, MOST_SECONDS_BETWEEN_LOOKS)
            else:
                seen, wait = looked["seen"], pause
            if not lines and time.monotonic() - printed >= SECONDS_OF_SILENCE:
                lines = [f"{seconds:>5.0f} s  still {looked.get('state') or 'waiting: AWS does not answer'}"]
            for line in lines:
                display.display(f"  {line}")
                printed = time.monotonic()
            if looked.get("finished"):
                return _result(looked, seconds)
            # From look to look, however long one takes.
            time.sleep(max(0.0, looking + wait - time.monotonic()))


def _result(looked: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The result of the task, from the look that ended the rollout."""
    told = {name: looked[name] for name in ("outcome", "reason", "evidence", "advice", "running", "desired")}
    paragraphs = [f"{looked['summary']} {looked['reason']}", *(f"  {line}" for line in looked["evidence"])]
    result = told | {
        "failed": looked["failed_rollout"],
        "seconds": round(seconds, 1),
        "msg": "\n".join([*paragraphs, looked["advice"]]).strip(),
    }
    if looked["outcome"] == "superseded":
        result["warnings"] = [result["msg"]]
    return result


def _unknown(looked: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The result when AWS does not let us look: the rollout goes on, and its end is not known."""
    advice = "The rollout goes on by itself. Run the same command again to follow it."
    return {
        "failed": True,
        # Refused for good, nobody knows how it ended, and that is none of the outcomes.
        "outcome": "timed_out" if looked.get("transient") else "",
        "reason": looked["msg"],
        "advice": advice,
        "seconds": round(seconds, 1),
        "msg": f"Could not see how the rollout goes. {looked['msg']}\n{advice}",
    }
