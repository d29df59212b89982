# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""End ansible-playbook as a command ended that it ran, or hand its terminal over to a session.

Tasks run in processes that have no terminal and whose exit code nobody sees; only this one has both.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible.executor.task_result import CallbackTaskResult
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display

DOCUMENTATION = """
name: ends_as_told
type: aggregate
short_description: Exits as the command that was run, or opens a session
description:
  - C(ecs_task_run) with O(exit_as_command) makes C(ansible-playbook) exit with the command's own exit code.
  - C(ecs_shell) with O(open) opens its session when all else is over.
author: Contributors to Towpath
"""

display = Display()


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core ships no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "ends_as_told"

    def __init__(self) -> None:
        super().__init__()
        self._exit_with = 0
        self._hand_over_to: list[str] = []

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        if result.task.action == "ecs_shell":
            self._hand_over_to = result.result.get("hand_over_to", [])

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        if result.task.action == "ecs_task_run":
            self._exit_with = result.result.get("exit_with", 0)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        code = _open(self._hand_over_to) if self._hand_over_to else self._exit_with
        if code:
            raise SystemExit(code)


def _open(command: list[str]) -> int:
    """Run a command on the terminal, and return its exit code."""
    try:
        # Standard input may be a file or nothing, and the terminal still there.
        terminal = sys.stdin if sys.stdin.isatty() else Path("/dev/tty").open()  # noqa: SIM115
    except OSError:
        display.error("There is no terminal to open the session on. Type the command above where there is one.")
        return 2
    # Ctrl-C is meant for what runs in the session.
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    # What was said before stands before what the session says, through a pipe, too.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    try:
        # Ansible keeps its own from what it starts, so each is handed over by name.
        done = subprocess.run(command, stdin=terminal, stdout=sys.stdout, stderr=sys.stderr, check=False)  # noqa: S603
        return done.returncode
    finally:
        signal.signal(signal.SIGINT, before)
