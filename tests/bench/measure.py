"""Run one command and tell how long it took, what it cost, and which API calls it made."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Call:
    """One API call, as botocore's client-side monitoring reports it; retries are not counted apart."""

    name: str
    began: float


@dataclass(frozen=True)
class Run:
    began: float
    ended: float
    cpu_seconds: float
    """User and system time of the command and all its children."""
    calls: tuple[Call, ...]

    @property
    def seconds(self) -> float:
        return self.ended - self.began

    def first(self, name: str) -> float:
        """When the first call of this name began, in seconds since the command did."""
        return next(call.began for call in self.calls if call.name == name) - self.began


def run(command: Sequence[str | Path], environment: Mapping[str, str], *, log: Path) -> Run:
    with log.open("a") as output, _monitored() as (port, calls):
        monitored = {**environment, "AWS_CSM_ENABLED": "true", "AWS_CSM_PORT": str(port)}
        began = time.time()
        process = subprocess.Popen(command, env=monitored, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        _, status, used = os.wait4(process.pid, 0)
        ended = time.time()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(
            f"Expected {' '.join(map(str, command))} to end well, but it ended with {process.returncode}. "
            f"Next: read why at the end of {log}"
        )
    return Run(began, ended, used.ru_utime + used.ru_stime, tuple(sorted(calls, key=lambda call: call.began)))


@contextlib.contextmanager
def _monitored() -> Iterator[tuple[int, list[Call]]]:
    """Listen for what botocore reports of each call: one datagram, of every process that it runs in."""
    calls: list[Call] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.2)
        over = threading.Event()
        reader = threading.Thread(target=_read, args=(listener, calls, over))
        reader.start()
        try:
            yield listener.getsockname()[1], calls
        finally:
            over.set()
            reader.join()


def _read(listener: socket.socket, calls: list[Call], over: threading.Event) -> None:
    while True:
        try:
            event = json.loads(listener.recv(65536))
        except TimeoutError:
            if over.is_set():
                return
            continue
        if event["Type"] == "ApiCall":
            calls.append(Call(event["Api"], event["Timestamp"] / 1000))
