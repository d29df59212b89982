# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Take the lock, and while another holds it print who and wait.

Modules cannot print while they run, so the waiting is here and nothing else: the module tries, decides and words.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

SECONDS_BETWEEN_TRIES = 2.0
SECONDS_OF_SILENCE = 30.0


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships no types
    _supports_check_mode = True
    # For forked_modules: it only waits for modules, and takes nothing from a worker.
    needs_no_worker = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        return self.run_when_free(task_vars)

    def run_when_free(self, task_vars: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
        """Run the module until no other holds the lock, or until it says that it waited long enough."""
        begun = time.monotonic()
        # It is ansible-playbook, not a worker of it, whose end means that nobody holds the lock.
        playbook = multiprocessing.parent_process()
        options = {"pid": playbook.pid if playbook else os.getpid()} | more | self._task.args
        printed, told = begun, None
        mark, since = None, begun
        while True:
            waited = time.monotonic() - begun
            seen: dict[str, Any] = {"mark": mark, "unchanged_seconds": time.monotonic() - since} if mark else {}
            tried: dict[str, Any] = self._execute_module(
                module_args=options | {"waited_seconds": waited, "seen": seen}, task_vars=task_vars
            )
            if tried.get("mark") != mark:
                mark, since = tried.get("mark"), time.monotonic()
            if tried.get("failed") or not tried["held_by_another"] or self._task.check_mode:
                return tried
            holder = tried["holder"], tried["since"]
            if holder != told or time.monotonic() - printed >= SECONDS_OF_SILENCE:
                display.display(f"  {tried['msg']} Waiting until it is over, or gives no sign of life for 90 s.")
                told, printed = holder, time.monotonic()
            time.sleep(SECONDS_BETWEEN_TRIES)
