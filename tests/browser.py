"""A headless Chromium for tests: the installed one, else one from the distribution.

python3 -m tests.browser      make sure that there is one, and say which

It is driven by its DevTools protocol through a pipe, which needs neither a port nor a driver.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

from local_aws.commands import can_install_packages, install_packages
from local_aws.emulator import HOME, LocalAwsError

NAMES = ("chromium", "chromium-browser", "google-chrome")
HOW_TO_GET_ONE = "install Chromium, or run as root on Debian or Ubuntu"
OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    # As root, and in a container with little shared memory, it would not start otherwise.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    # What it would ask the network for of its own accord.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
)


def find() -> str:
    """The program; empty where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


def ensure() -> str:
    """Make sure that there is one where that is possible, and say what there is in one line."""
    if not find() and can_install_packages():
        try:
            install_packages("chromium", log=HOME / "chromium.log")
        except LocalAwsError as problem:
            return f"none. {problem}"
    return find() or f"none: {HOW_TO_GET_ONE}"


@dataclass
class Tab:
    """An open page. ``events`` are what it told while it was asked, the oldest first."""

    to: BinaryIO
    of: BinaryIO
    session: str = ""
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    events: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self.numbers)
        asked = {"id": number, "method": method, "params": parameters}
        self.to.write(json.dumps(asked | ({"sessionId": self.session} if self.session else {})).encode() + b"\0")
        self.to.flush()
        while (told := self._next()).get("id") != number:
            self.events.append(told)
        assert "error" not in told, told
        return dict(told["result"])

    def _next(self) -> dict[str, Any]:
        message = bytearray()
        while (byte := self.of.read(1)) != b"\0":
            assert byte, "the browser is gone"
            message += byte
        return dict(json.loads(message))

    def wait_for(self, method: str) -> None:
        while not any(one.get("method") == method for one in self.events):
            self.events.append(self._next())

    def run(self, expression: str) -> Any:
        """What an expression of JavaScript comes to, a promise's end included."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def told(self, method: str) -> list[dict[str, Any]]:
        return [one["params"] for one in self.events if one.get("method") == method]


@contextmanager
def open_tab() -> Iterator[Tab]:
    """An empty page in a browser of its own."""
    (its_input, to), (of, its_output) = os.pipe(), os.pipe()
    with TemporaryDirectory() as home:
        options = (*OPTIONS, f"--user-data-dir={home}")
        process = subprocess.Popen(
            # It reads from 3 and writes to 4; bash puts them there.
            ["bash", "-c", f'exec "$@" 3<&{its_input} 4>&{its_output}', "bash", find(), *options, "about:blank"],
            pass_fds=(its_input, its_output),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(its_input)
        os.close(its_output)
        with os.fdopen(to, "wb") as to_it, os.fdopen(of, "rb") as of_it:
            tab = Tab(to_it, of_it)
            target = tab.ask("Target.createTarget", url="about:blank")["targetId"]
            tab.session = tab.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                tab.ask(f"{domain}.enable")
            yield tab
            tab.session = ""
            tab.ask("Browser.close")
        process.wait(timeout=20)


def show(tab: Tab, page: Path) -> None:
    """Load a page; what was told of another before is forgotten."""
    tab.events.clear()
    tab.ask("Page.navigate", url=page.as_uri())
    tab.wait_for("Page.loadEventFired")


if __name__ == "__main__":
    print(f"Chromium: {ensure()}")
