# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read a secret in the terminal, from a file or from standard input, and have ssm_parameter keep it.

The value passes from here to the module and nowhere else: an argument or a result of a task could be printed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsiblePromptInterrupt, AnsiblePromptNoninteractive
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

# What a standard parameter holds.
MOST_BYTES = 4096
OTHER_WAYS = "a file with -e from_file=PATH, or a pipe with -e from_stdin=true"


class Refused(Exception):
    """A value that cannot be had or kept, with what to do about it."""


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships no types
    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _, given = self.validate_argument_spec(
            argument_spec={
                "name": {"type": "str", "required": True},
                "secret": {"type": "str", "required": True},
                "from_file": {"type": "str", "default": ""},
                "from_stdin": {"type": "bool", "default": False},
                "key_id": {"type": "str", "default": "alias/aws/ssm"},
                "tags": {"type": "dict"},
            }
        )
        if self._task.check_mode:
            return {"changed": True, "version": 0}
        try:
            value = text(read(given["secret"], given["from_file"], given["from_stdin"]))
        except Refused as refused:
            return {"failed": True, "msg": str(refused)}
        put: dict[str, Any] = self._execute_module(
            module_name="community.aws.ssm_parameter",
            module_args={
                "name": given["name"],
                "string_type": "SecureString",
                "value": value,
                "key_id": given["key_id"],
                "tags": given["tags"],
            },
            task_vars=task_vars,
        )
        if put.get("failed"):
            return {"failed": True, "msg": str(put.get("msg", "")).replace(value, "********")}
        return {"changed": put["changed"], "version": put["parameter_metadata"]["version"]}


def read(secret: str, from_file: str, from_stdin: bool) -> bytes:
    if from_file:
        try:
            return Path(from_file).expanduser().read_bytes()
        except OSError as error:
            raise Refused(f"The file {from_file} cannot be read: {error.strerror}. Name one that can.") from error
    return piped() if from_stdin else typed(secret)


def piped() -> bytes:
    """What is piped into ansible-playbook. Its workers have no standard input, but Linux lends them their parent's."""
    try:
        with Path(f"/proc/{os.getppid()}/fd/0").open("rb") as stdin:
            if not stdin.isatty():
                return stdin.read()
    except OSError as error:
        raise Refused(
            f"Standard input cannot be read here ({error.strerror}). Pass it on as a file: "
            "the same command with -e from_file=/dev/fd/3 instead of -e from_stdin=true, and 3<&0 at its end."
        ) from error
    raise Refused("Nothing is piped into standard input. Leave out -e from_stdin=true to be asked for the value.")


def typed(secret: str) -> bytes:
    try:
        answer = display.prompt_until(f"Value of {secret} (it is not shown): ", private=True)
    except AnsiblePromptNoninteractive as error:
        raise Refused(f"There is no terminal to ask for the value of {secret} in. Give it by {OTHER_WAYS}.") from error
    except AnsiblePromptInterrupt as error:
        raise Refused("Nothing was changed.") from error
    return bytes(answer)


def text(value: bytes) -> str:
    """The value as it is kept, without the newline that editors and echo put at the end."""
    value = value.removesuffix(b"\n").removesuffix(b"\r")
    if not value:
        raise Refused("The value is empty, expected one character at least.")
    if len(value) > MOST_BYTES:
        raise Refused(f"The value has {len(value)} bytes, expected {MOST_BYTES} at most: a standard parameter's size.")
    if b"{{" in value:
        raise Refused("The value has {{ in it, where the parameter store expects a parameter's name. Encode it first.")
    try:
        decoded = value.decode()
    except UnicodeDecodeError:
        raise Refused("The value is no text (UTF-8). Encode it first, for instance with base64.") from None
    if "\0" in decoded:
        raise Refused("The value has a NUL in it, which no environment variable can hold. Encode it first.")
    return decoded
