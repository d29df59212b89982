"""The app's Postgres, which DATABASE_URL names: postgres://user:password@host:5432/name?sslmode=require."""

from __future__ import annotations

import contextlib
import queue
import ssl
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

# Each connection takes some megabytes of the server's memory, and a smallest RDS instance has about 80 of them.
CONNECTIONS = 4
# What takes longer is over for whoever asked: browsers and load balancers give up, too.
SECONDS = 10


def connection_options(url: str) -> dict[str, Any]:
    """The driver's words for what the URL says; sslmode means what it means to libpq."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.hostname or not parts.username:
        # Without the URL itself: it holds the password.
        raise ValueError("Expected DATABASE_URL to be as postgres://user:password@host:5432/name?sslmode=require")
    mode = parse_qs(parts.query).get("sslmode", ["prefer"])[-1]
    tls = {"disable": False, "prefer": None, "require": True, "verify-full": ssl.create_default_context()}
    if mode not in tls:
        raise ValueError(f"Expected sslmode in DATABASE_URL to be one of {', '.join(tls)}, but it is {mode}")
    return {
        "user": unquote(parts.username),
        "password": unquote(parts.password or ""),
        "host": parts.hostname,
        "port": parts.port or 5432,
        "database": unquote(parts.path.lstrip("/")) or unquote(parts.username),
        "ssl_context": tls[mode],
        "application_name": "webapp",
    }


def connect(url: str, timeout_seconds: float | None = SECONDS) -> Any:
    # Here, because the app starts without a database, too, and then needs no driver.
    from pg8000.native import Connection

    return Connection(**connection_options(url), timeout=timeout_seconds)


class Database:
    """A few connections: made when they are needed, and made again when they were lost."""

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        connection_options(url)  # A wrong URL is told at the start, not at the first request.
        self._url = url
        # The one used last is used first, so that as few as possible are made; None has yet to be.
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(connections):
            self._idle.put(None)

    def run(self, statement: str, **values: object) -> list[list[Any]]:
        """Run one statement, in a transaction of its own, and return its rows."""
        connection = self._idle.get(timeout=SECONDS)
        try:
            # Asked before and not tried again after: a statement whose answer was lost may have been done.
            if not answers(connection):
                connection = connect(self._url)
            rows: list[list[Any]] = connection.run(statement, **values) or []
        except Exception:
            close(connection)
            connection = None
            raise
        finally:
            self._idle.put(connection)
        return rows

    def close(self) -> None:
        while not self._idle.empty():
            close(self._idle.get())


def answers(connection: Any) -> bool:
    if connection is None:
        return False
    try:
        connection.run("SELECT 1")
    except Exception:
        close(connection)
        return False
    return True


def close(connection: Any) -> None:
    # One that was lost cannot say goodbye.
    with contextlib.suppress(Exception):
        if connection is not None:
            connection.close()
