"""The URL by which an app reaches its database. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit


class DatabaseUrl(NamedTuple):
    """What a URL such as ``postgres://user:password@host:5432/name?sslmode=require`` says."""

    username: str
    password: str
    address: str
    port: int
    name: str

    def __str__(self) -> str:
        user, password, name = (quote(part, safe="") for part in (self.username, self.password, self.name))
        # TLS always; to check the server's certificate as well, the app needs RDS's certificates in its image.
        return f"postgres://{user}:{password}@{self.address}:{self.port}/{name}?sslmode=require"


def parsed(url: str | None) -> DatabaseUrl | None:
    """What ``url`` says, or None when it is no URL with a user, a password and an address."""
    try:
        parts = urlsplit(url or "")
        port = parts.port or 5432
    except ValueError:
        return None
    if not (parts.scheme in ("postgres", "postgresql") and parts.username and parts.password and parts.hostname):
        return None
    return DatabaseUrl(
        unquote(parts.username), unquote(parts.password), parts.hostname, port, unquote(parts.path.lstrip("/"))
    )


def differing(before: DatabaseUrl | None, after: DatabaseUrl) -> dict[str, tuple[str, str]]:
    """Name what changes, with its value before and after; a password is only said to be new."""
    changes = {}
    for field in DatabaseUrl._fields:
        old, new = ("" if before is None else str(getattr(before, field))), str(getattr(after, field))
        if old != new:
            changes[field] = ("***" if before else "", "*** (new)") if field == "password" else (old, new)
    return changes
