"""The lock that lets one release at a time into an environment: who holds it, and whether they still live.

Two machines' clocks need not agree. Whoever waits watches the lock: its holder writes it anew every 30 seconds, and one
that has not changed for a lease, by the clock of the one who waits, has been lost. Its holder measures its own time
since it last wrote the lock, and touches nothing once that is too long ago (see fence.py).
"""

from __future__ import annotations

import getpass
import os
import socket
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Lock = dict[str, Any]

# Renewed every 30 s, a lease this long outlives a lost renewal.
LEASE_SECONDS = 90
# So long after it wrote the lock a holder may send a request. What is left of the lease is for the request to arrive:
# botocore gives up after 60 s.
FRESH_SECONDS = 30
# Longer than a dead holder's lease, so that only a live one is ever in the way for so long.
WAIT_SECONDS = 100

# What every write of the lock changes. One of a version before Towpath kept a beat has none.
_MARKS = ("token", "beat", "expires_at")

_ACTORS = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER")


def new_lock(token: str, holder: Mapping[str, Any], now: float) -> Lock:
    return {
        "token": token or str(uuid.uuid4()),
        "holder": dict(holder),
        "since": datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds"),
        **sign_of_life(now),
    }


def sign_of_life(now: float) -> dict[str, Any]:
    """What a holder writes into its lock each time. ``expires_at`` is for versions before the beat, and for people."""
    return {"beat": uuid.uuid4().hex, "expires_at": int(now) + LEASE_SECONDS}


def mark(lock: Mapping[str, Any]) -> dict[str, Any]:
    """What tells whether a lock has been written since it was last seen."""
    return {name: lock[name] for name in _MARKS if name in lock}


def is_lost(lock: Mapping[str, Any], seen: Mapping[str, Any]) -> bool:
    """Whether a lock has not changed for a lease, as ``seen`` by one who waits: its ``mark``, and since how long."""
    return seen.get("mark") == mark(lock) and float(seen.get("unchanged_seconds") or 0) >= LEASE_SECONDS


def ticks() -> float:
    """Seconds by a clock that nobody sets, and that goes on while the machine sleeps: the same in every process."""
    # On macOS it is CLOCK_MONOTONIC that does.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def holder(environment: Mapping[str, str], who: str, pid: int, command: str) -> dict[str, Any]:
    """What the lock says of who takes it; ``who`` is found out when it is empty."""
    return {
        "who": who or caller(environment),
        **this_machine(),
        "job": job_url(environment),
        "pid": pid,
        "command": command,
    }


def caller(environment: Mapping[str, str]) -> str:
    """Who runs this: the person that a CI job runs for, else the user of this machine."""
    named = next((environment[name] for name in _ACTORS if environment.get(name)), "")
    if named:
        return named
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def job_url(environment: Mapping[str, str]) -> str:
    """The page of the CI job that runs this, or empty."""
    if environment.get("GITHUB_RUN_ID"):
        server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
        return f"{server}/{repository}/actions/runs/{environment['GITHUB_RUN_ID']}"
    return environment.get("CI_JOB_URL", "")


def this_machine() -> dict[str, str]:
    """The machine's name for people, and what tells it from any other that has the same.

    A process id means something in one boot and one pid namespace only: two containers may both be called runner.
    """
    host = socket.gethostname()
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return {"host": host, "machine": f"{boot} {Path('/proc/self/ns/pid').readlink()}"}
    except OSError:
        return {"host": host, "machine": f"{host} {uuid.getnode():x}"}


def is_dead(holder: Mapping[str, Any], machine: str) -> bool:
    """Whether a holder is known to be dead: only one of this very machine can be, by its process."""
    return bool(machine) and holder.get("machine") == machine and is_gone(holder.get("pid") or 0)


def is_gone(pid: int) -> bool:
    """Whether a process of this machine has ended; of 0, which stands for none that is known, nobody can say so."""
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        # Another user's, so it lives.
        return False
    return _is_zombie(pid)


def is_live(lock: Lock, machine: str, now: float) -> bool:
    """Whether a lock seems to keep others out, for people: only who waits for a lease knows it."""
    return bool(lock["expires_at"] >= now) and not is_dead(lock["holder"], machine)


def _is_zombie(pid: int) -> bool:
    """Whether a process has ended and its parent has not asked how, as under a container's first process."""
    try:
        # The name, in brackets, may hold anything, so the state is looked for behind the last one.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False


def held_words(lock: Lock, now: float) -> str:
    """Who holds a lock, for what and since when, in a sentence."""
    holder = lock["holder"]
    since = datetime.fromisoformat(lock["since"])
    what = holder.get("command") or "release"
    where = holder.get("job") or holder.get("host", "")
    by = holder.get("who", "somebody") + (f" ({where})" if where else "")
    return f"A {what} by {by} is under way since {since:%Y-%m-%d %H:%M:%S} UTC, {_ago(now - since.timestamp())}."


def _ago(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"


def refusal(lock: Lock, now: float, waited_seconds: float) -> str:
    waited = f"Waited {waited_seconds:.0f} s for its end. " if waited_seconds >= 1 else ""
    return (
        f"{held_words(lock, now)} {waited}Expected to be the only one. "
        "Run the same command again when it is over, or wait longer for it with -e lock_wait_seconds=900."
    )


def told(table: str, held: Lock | None, token: str, msg: str, confirmed_at: float = 0.0, **more: Any) -> dict[str, Any]:
    """What a module returns of the lock. ``held`` is None when nobody holds it, and ``token`` is the caller's own.

    ``confirmed_at`` is what :func:`ticks` said before the lock was last written.
    """
    ours = held is not None and held["token"] == token
    return {
        "changed": False,
        "lock": handed_on(table, token if ours else "", held["holder"] if held and ours else {}, confirmed_at),
        "mark": mark(held) if held else {},
        "holder": held["holder"] if held else {},
        "since": held["since"] if held else "",
        "expires_at": held["expires_at"] if held else 0,
        "held_by_another": held is not None and not ours,
        "lost": False,
        "msg": msg,
    } | more


def handed_on(table: str, token: str, holder: Mapping[str, Any], confirmed_at: float) -> dict[str, Any]:
    """What the tasks that work under the lock need of it: the option ``lock`` of their modules."""
    return {"table": table, "token": token, "pid": holder.get("pid") or 0, "confirmed_at": confirmed_at}


def told_to_wait(table: str, held: Lock, now: float, waited_seconds: float, wait_seconds: float) -> dict[str, Any]:
    """What a module returns while another holds the lock: who does, and failed when it was waited for long enough."""
    if waited_seconds < wait_seconds:
        return told(table, held, "", held_words(held, now))
    return told(table, held, "", refusal(held, now, waited_seconds), failed=True)
