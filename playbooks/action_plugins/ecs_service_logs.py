# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print the newest lines of a service's log, and go on with them as they come."""

from __future__ import annotations

from typing import Any

from ansible.plugins.loader import action_loader

# Python finds it by its name then; what is returned may be what a strategy such as mitogen's made of it.
action_loader.get("following", class_only=True)
from ansible.plugins.action.following import ActionModule as Following


class ActionModule(Following):  # type: ignore[misc]  # ansible-core ships no types
    looks_with = "ecs_service_logs_info"
    own_options = ("cluster", "service", "container", "since", "filter", "limit", "follow")
    # An app that writes nothing is no news.
    seconds_of_silence = float("inf")
    unseen = "Could not read the log."

    def result(self, looked: dict[str, Any], seconds: float) -> dict[str, Any]:
        return {}
