# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Start a rollout, then print its progress until it is over."""

from __future__ import annotations

from typing import Any

from ansible.plugins.loader import action_loader

# Python finds it by its name then; what is returned may be what a strategy such as mitogen's made of it.
action_loader.get("following", class_only=True)
from ansible.plugins.action.following import ActionModule as Following


class ActionModule(Following):  # type: ignore[misc]  # ansible-core ships no types
    looks_with = "ecs_service_rollout_info"
    stops_with = "ecs_service_rollout_stop"
    own_options = ("cluster", "service", "task_definition", "desired_count", "force", "timeout_seconds", "lock")
    # No task runs before, and on a small machine a look would only take the processor from what starts it.
    seconds_to_first_look = 1.0
    leaves_it_going = "Ctrl-C leaves it going."
    unseen = "Could not see how the rollout goes."

    def result(self, looked: dict[str, Any], seconds: float) -> dict[str, Any]:
        names = ("outcome", "reason", "evidence", "advice", "running", "desired", "phases")
        told = {name: looked[name] for name in names}
        paragraphs = [f"{looked['summary']} {looked['reason']}", *(f"  {line}" for line in looked["evidence"])]
        # Superseded it may have been for a good reason, but what was asked for does not serve.
        failed = looked["failed_rollout"] or looked["outcome"] == "superseded"
        return told | {"failed": failed, "msg": "\n".join([*paragraphs, looked["advice"]]).strip()}
