# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a command as a task, and print its log until it is over."""

from __future__ import annotations

from typing import Any

from ansible.plugins.loader import action_loader

# Python finds it by its name then; what is returned may be what a strategy such as mitogen's made of it.
action_loader.get("following", class_only=True)
from ansible.plugins.action.following import ActionModule as Following


class ActionModule(Following):  # type: ignore[misc]  # ansible-core ships no types
    looks_with = "ecs_task_run_info"
    stops_with = "ecs_task_stop"
    own_options = (
        "cluster",
        "service",
        "task_definition",
        "container",
        "command",
        "environment",
        "started_by",
        "timeout_seconds",
        "on_timeout",
        "environment_name",
        "lock",
        "exit_as_command",
    )
    leaves_it_going = "Ctrl-C leaves it going."
    unseen = "Could not see how the command goes."

    def _follow(self, options: dict[str, Any], began: float) -> dict[str, Any]:
        # The wait for another task is not the command's own time.
        followed: dict[str, Any] = super()._follow(options, self.tried_at)
        return followed

    def result(self, looked: dict[str, Any], seconds: float) -> dict[str, Any]:
        names = ("outcome", "exit_code", "reason", "evidence", "advice", "log_lines", "phases")
        result = {name: looked[name] for name in names}
        # The log has just been printed.
        evidence = [f"  {line}" for line in looked["evidence"] if not line.startswith("log: ")]
        paragraphs = [looked["reason"], *evidence, looked["advice"]]
        result |= {"failed": looked["outcome"] != "succeeded", "msg": "\n".join(filter(None, paragraphs))}
        if self._task.args.get("exit_as_command") and looked["exit_code"]:
            # For the callback ends_as_told.
            result["exit_with"] = looked["exit_code"]
        return result
