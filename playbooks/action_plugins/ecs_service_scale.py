# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Change the number of tasks, then print how many run until all do."""

from __future__ import annotations

from typing import Any

from ansible.plugins.loader import action_loader

# Python finds it by its name then; what is returned may be what a strategy such as mitogen's made of it.
action_loader.get("following", class_only=True)
from ansible.plugins.action.following import ActionModule as Following


class ActionModule(Following):  # type: ignore[misc]  # ansible-core ships no types
    looks_with = "ecs_service_scale_info"
    own_options = (
        "cluster",
        "service",
        "count",
        "minimum",
        "maximum",
        "configured_minimum",
        "configured_maximum",
        "environment_name",
        "timeout_seconds",
    )
    leaves_it_going = "Ctrl-C leaves it going."
    unseen = "Could not see how many tasks run."

    def result(self, looked: dict[str, Any], seconds: float) -> dict[str, Any]:
        counts = {name: looked[name] for name in ("running", "desired")}
        if not looked["timed_out"]:
            return counts
        msg = f"{looked['running']} of {looked['desired']} tasks run after {seconds:.0f} s. ECS goes on trying."
        return counts | {"failed": True, "msg": "\n".join([msg, *(f"  {line}" for line in looked["troubles"])])}
