"""What AWS or its SDK said in a failure, however a module words it. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re
from typing import NamedTuple

_TOLD = re.compile(r"An error occurred \((\w[\w.]*)\) when calling the (\w+) operation(?: \([^)]*\))?: (.*)", re.DOTALL)


class Cause(NamedTuple):
    """AWS's code (or the SDK's name of the error), its message, the action that was called, and all in a sentence."""

    code: str
    message: str
    operation: str
    sentence: str


def cause(error: BaseException | None) -> Cause | None:
    """The SDK's own error in a chain of exceptions; none when there is none.

    What was merely being handled meanwhile is no cause.
    """
    for _ in range(10):
        if error is None:
            return None
        if type(error).__module__ == "botocore.exceptions" or hasattr(error, "operation_name"):
            answer = getattr(error, "response", None) or {}
            told = answer.get("Error", {})
            return Cause(
                str(told.get("Code") or type(error).__name__),
                str(told.get("Message") or error),
                str(getattr(error, "operation_name", "")),
                str(error),
            )
        # The errors of amazon.aws keep what they were made from.
        inner = getattr(error, "exception", None)
        error = inner if isinstance(inner, BaseException) else error.__cause__
    return None


def told(message: str) -> Cause | None:
    """What a message repeats of the SDK's words."""
    found = _TOLD.search(message)
    return Cause(found[1], found[3].strip(), found[2], found[0].strip()) if found else None


def named(message: str, found: Cause) -> str:
    """The message, with the cause where it names none."""
    if found.message in message or found.sentence in message:
        return message
    return f"{message.rstrip().rstrip('.')}: {found.sentence}"
