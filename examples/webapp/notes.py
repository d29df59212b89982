"""What visitors write down: the part of the app that reads and writes its database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

LONGEST = 500
SHOWN = 50


@dataclass(frozen=True)
class Note:
    text: str
    written_by: str
    written_at: datetime


class Database(Protocol):
    def run(self, statement: str, **values: object) -> list[list[Any]]: ...


def refusal(text: str) -> str:
    """Say what is wrong with a note; nothing when nothing is."""
    if not text:
        return "A note has something in it."
    if len(text) > LONGEST:
        return f"A note has no more than {LONGEST} characters, this one has {len(text)}."
    # Postgres has no place for it.
    return "A note is made of characters that can be read." if "\0" in text else ""


def latest(database: Database) -> list[Note]:
    rows = database.run("SELECT text, written_by, written_at FROM notes ORDER BY id DESC LIMIT :shown", shown=SHOWN)
    return [Note(*row) for row in rows]


def add(database: Database, text: str, version: str) -> None:
    database.run("INSERT INTO notes (text, written_by) VALUES (:text, :version)", text=text, version=version)
