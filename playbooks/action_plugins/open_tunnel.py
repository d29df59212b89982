# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Open a tunnel and keep it open until Ctrl-C, which ends whatever this process has started."""

from __future__ import annotations

import shlex
import socket
import subprocess
import tempfile
import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

SECONDS_TO_OPEN = 30.0


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships no types
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        _, options = self.validate_argument_spec(
            {
                "command": {"type": "list", "elements": "str", "required": True},
                "port": {"type": "int", "required": True},
            }
        )
        command, port = options["command"], options["port"]
        if self._task.check_mode:
            return {"changed": False, "skipped": True, "msg": "In check mode no tunnel is opened."}
        if listens(port):
            return failed(
                f"Something listens on port {port} already. Close it, or run again with -e bastion_local_port=PORT."
            )
        with tempfile.TemporaryFile() as said:
            try:
                # S603: the role's own words; ssh or aws is looked up as the user's shell would.
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)  # noqa: S603
            except FileNotFoundError:
                return failed(
                    f"There is no command {command[0]} on this machine, expected it for {shlex.join(command)}."
                )
            try:
                if wait_until_open(process, port):
                    display.display(
                        f"  The tunnel is open: port {port} of this machine is the database. Ctrl-C closes it."
                    )
                    process.wait()
                    ended = "The tunnel was closed from the other end"
                else:
                    ended = f"No tunnel opened in {SECONDS_TO_OPEN:.0f} s"
            finally:
                process.kill()
                process.wait()
            said.seek(0)
            words = said.read().decode(errors="replace").strip()
        # Nobody can be asked for a passphrase here: the worker has no terminal.
        return failed(f"{ended}. {words}\nIs the key in your agent (ssh-add -l)? Try the line above by hand.")


def wait_until_open(process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + SECONDS_TO_OPEN
    while process.poll() is None and time.monotonic() < end:
        if listens(port):
            return True
        time.sleep(0.2)
    return False


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def failed(msg: str) -> dict[str, Any]:
    return {"failed": True, "msg": msg}
