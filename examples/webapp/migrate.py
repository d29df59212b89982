"""Bring the database to what this release needs: run each file of migrations/ that it has not had yet.

python3 migrate.py

All that is missing runs in one transaction, in the order of the names: in the end the database is as this release
needs it, or as it was. A line `-- breaking` in a file says that what ran before cannot run after it.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from database import connect

FOLDER = Path(__file__).resolve().parent / "migrations"
NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")
# Any number, as long as nothing else in this database locks with it.
LOCK = 20_010_817
# A table in use makes a migration fail, instead of every request wait behind it.
LOCK_SECONDS = 10


class Migration(NamedTuple):
    version: str
    statements: str


class Failed(Exception):
    """A migration did not run, and nothing was changed."""


def read(folder: Path) -> list[Migration]:
    """Return what there is, in its order."""
    paths = sorted(folder.glob("*.sql"))
    wrong = [path.name for path in paths if not NAME.fullmatch(path.name)]
    if wrong:
        raise Failed(f"Expected a name such as 0002_authors.sql, but {folder.name}/ has {', '.join(wrong)}.")
    numbers = [path.name[:4] for path in paths]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        raise Failed(f"Expected one file for each number, but {folder.name}/ has more for {', '.join(twice)}.")
    return [Migration(path.stem, path.read_text()) for path in paths]


def missing(known: Sequence[Migration], applied: Collection[str]) -> list[Migration]:
    """Return those that have not run. What ran and is not known came with a later release, and stays."""
    return [migration for migration in known if migration.version not in applied]


def migrate(connection: Any, known: Sequence[Migration]) -> list[str]:
    """Run what is missing, and return its versions."""
    connection.run("BEGIN")
    # One at a time, whoever else wants to migrate; held until the transaction ends.
    connection.run("SELECT pg_advisory_xact_lock(:lock)", lock=LOCK)
    connection.run(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
    connection.run("SET LOCAL client_min_messages = warning")
    connection.run(
        "CREATE TABLE IF NOT EXISTS applied_migrations ("
        "version text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
    )
    applied = {version for (version,) in connection.run("SELECT version FROM applied_migrations")}
    to_run = missing(known, applied)
    for version, statements in to_run:
        try:
            connection.run(statements)
        except Exception as problem:
            raise Failed(f"{version} failed: {words(problem)}") from problem
        connection.run("INSERT INTO applied_migrations (version) VALUES (:version)", version=version)
    connection.run("COMMIT")
    return [version for version, _ in to_run]


def words(problem: Exception) -> str:
    """What Postgres says, without the fields around it."""
    told = problem.args[0] if problem.args else ""
    return str(told.get("M", told) if isinstance(told, dict) else problem)


def sentence(known: Sequence[Migration], done: Sequence[str]) -> str:
    if not done:
        return f"Nothing to migrate: the database has all {len(known)} migrations."
    return f"Migrated: {', '.join(done)}. The database has all {len(known)} migrations."


def main() -> None:
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        sys.exit("Expected DATABASE_URL to name the database to migrate, but it is not set.")
    try:
        known = read(FOLDER)
        if os.environ.get("WEBAPP_FAIL") == "migration":
            known.append(Migration("9999_rehearsed_failure", "ALTER TABLE a_table_that_is_not_there ADD x int"))
        # No time limit: to fill a large table anew takes what it takes.
        connection = connect(url, timeout_seconds=None)
        try:
            print(sentence(known, migrate(connection, known)))
        finally:
            # Without a COMMIT everything is as it was.
            connection.close()
    except Failed as problem:
        sys.exit(f"{problem}\nNothing was changed.")
    except Exception as problem:
        sys.exit(f"The database could not be migrated: {words(problem)}\nNothing was changed.")


if __name__ == "__main__":
    main()
