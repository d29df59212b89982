"""Interrupts ansible-playbook, as Ctrl-C would, where Python cannot raise what that raises."""

from __future__ import annotations

import os
import signal
import weakref
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: drop
type: aggregate
short_description: Interrupts the second task
description:
  - Interrupts the second task.
author: Contributors to Towpath
"""


def interrupt(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)


class Thing:
    pass


class Tidied:
    __del__ = interrupt


def while_an_object_is_tidied_up() -> None:
    Tidied()


def while_a_reference_is_tidied_up() -> None:
    thing = Thing()
    thing.reference = weakref.ref(thing, interrupt)  # type: ignore[attr-defined]
    kept.append(thing.reference)  # type: ignore[attr-defined]
    del thing


def around_a_fork() -> None:
    first = os.getpid()
    once = [True]

    def after() -> None:
        if os.getpid() == first and once:
            once.clear()
            interrupt()

    os.register_at_fork(after_in_parent=after)


kept: list[Any] = []


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core ships no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "drop"

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        if task.name == "Interrupt":
            globals()[os.environ["DROP_IT"]]()
