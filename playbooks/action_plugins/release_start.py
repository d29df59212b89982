# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wait for the lock, start a release, and print what it changes: a module cannot print, and more tasks cost time."""

from __future__ import annotations

import uuid
from typing import Any

from ansible.plugins.loader import action_loader
from ansible.utils.display import Display

# Python finds it by its name then; what is returned may be what a strategy such as mitogen's made of it.
action_loader.get("release_lock", class_only=True)
from ansible.plugins.action.release_lock import ActionModule as ReleaseLock

display = Display()


class ActionModule(ReleaseLock):  # type: ignore[misc]  # ansible-core ships no types
    _supports_diff = True

    def run_when_free(self, task_vars: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
        token = str(uuid.uuid4())
        result: dict[str, Any] = super().run_when_free(task_vars, token=token, **more)
        # Whatever stopped the module, it may have taken the lock before; to free one that it has not does no harm.
        result.setdefault("lock", {"table": self._task.args.get("table", ""), "token": token})
        # What was agreed to has been shown.
        if not result.get("outcome") and not self._task.args.get("planned_on"):
            for line in result.get("plan", []):
                display.display(f"  {line}")
        return result
