# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hear a Ctrl-C that Python drops.

Python raises KeyboardInterrupt wherever it is. Where nobody can catch it, in what tidies up an object, an import lock
or the logging module around a fork, it prints "Exception ignored in" and goes on, and a deploy would go on to its end.
So it is raised again a moment later, outside of that, until somebody hears it.

Why it is a vars plugin, though it gives no variables. Ansible loads those before any other code of ours, as soon as it
has read the inventory, and this one before forked_modules, which imports much. What is dropped earlier, while Ansible
itself is imported, nobody hears.
"""

from __future__ import annotations

import atexit
import signal
import sys
from types import FrameType
from typing import Any

from ansible.plugins.vars import BaseVarsPlugin

DOCUMENTATION = """
name: ctrl_c
short_description: Hears a Ctrl-C that Python drops
description:
  - A command that is interrupted ends, wherever Python was just then.
author: Contributors to Towpath
"""

SECONDS_UNTIL_AGAIN = 0.02


class VarsModule(BaseVarsPlugin):  # type: ignore[misc]  # ansible-core ships no types
    is_stateless = True

    def get_vars(self, loader: object, path: object, entities: object) -> dict[str, Any]:
        return {}


def listen() -> None:
    """Have a KeyboardInterrupt that is dropped raised again, in this process and those that it forks."""
    before = sys.unraisablehook
    if getattr(before, "hears_ctrl_c", False):
        return

    def hook(dropped: sys.UnraisableHookArgs) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            before(dropped)
            return
        if signal.getsignal(signal.SIGALRM) is signal.SIG_IGN:
            return
        # A timer of the process, because to start a thread or to send a signal is not safe here.
        signal.signal(signal.SIGALRM, _again)
        signal.setitimer(signal.ITIMER_REAL, SECONDS_UNTIL_AGAIN)

    hook.hears_ctrl_c = True  # type: ignore[attr-defined]
    sys.unraisablehook = hook
    atexit.register(_listen_no_more)


def _listen_no_more() -> None:
    """Python gives every signal its own way back at its end, and this one's would kill the process."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)


def _again(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


listen()
