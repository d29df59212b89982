"""The sample app's migrations and notes on a real Postgres, with the driver that its image has."""

from __future__ import annotations

import importlib
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from examples import push
from local_aws import emulator
from tests.integration import postgres
from tests.integration.harness import ROOT

WEBAPP = ROOT / "examples" / "webapp"
LOG = emulator.HOME / "setup.log"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A Postgres, by its URL without the database's name."""
    with postgres.running() as (_, port):
        yield f"postgres://webapp:p%40ss@127.0.0.1:{port}"


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    """The app's modules, with the packages that it requires."""
    push.fetch_packages(WEBAPP, log=LOG)
    with pytest.MonkeyPatch.context() as patch:
        # Pure Python, so they work from their wheels.
        for wheel in (WEBAPP / "packages").glob("*.whl"):
            patch.syspath_prepend(wheel)
        patch.syspath_prepend(WEBAPP)
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in ("database", "migrate", "notes")})


@pytest.fixture
def url(app: Any, server: str) -> str:
    """An empty database of its own."""
    name, end = f"test_{uuid.uuid4().hex[:8]}", time.monotonic() + 30
    while True:
        try:
            connection = app.database.connect(f"{server}/webapp")
            break
        except Exception:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
    connection.run(f"CREATE DATABASE {name}")
    connection.close()
    return f"{server}/{name}"


@pytest.fixture
def migrated(app: Any, url: str) -> Callable[..., list[str]]:
    """Migrate with these migrations, as a connection of its own."""

    def run(*known: tuple[str, str]) -> list[str]:
        connection = app.database.connect(url)
        try:
            return list(app.migrate.migrate(connection, [app.migrate.Migration(*one) for one in known]))
        finally:
            connection.close()

    return run


def tables(app: Any, url: str) -> list[str]:
    rows = app.database.Database(url).run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [name for (name,) in rows]


A, B = ("0001_a", "CREATE TABLE a (x int); INSERT INTO a VALUES (1);"), ("0002_b", "CREATE TABLE b (x int)")
BAD = ("0003_bad", "ALTER TABLE nowhere ADD x int")


def test_each_migration_runs_once_and_what_a_later_release_brought_is_no_hindrance(app, url, migrated):
    assert migrated(A) == ["0001_a"]
    assert migrated(A, B) == ["0002_b"]
    assert migrated(A, B) == []
    assert migrated(A) == []
    assert tables(app, url) == ["a", "applied_migrations", "b"]


def test_a_failure_names_the_migration_and_leaves_everything_as_it_was(app, url, migrated):
    with pytest.raises(app.migrate.Failed, match=r'^0003_bad failed: relation "nowhere" does not exist$'):
        migrated(A, BAD)
    assert tables(app, url) == []
    assert migrated(A, B) == ["0001_a", "0002_b"]


def test_two_at_once_run_each_migration_once(migrated):
    slow = ("0001_slow", "CREATE TABLE slow (x int); SELECT pg_sleep(0.5)")
    with ThreadPoolExecutor() as pool:
        done = [pool.submit(migrated, slow) for _ in range(2)]
        assert sorted(one.result() for one in done) == [[], ["0001_slow"]]


def test_a_table_in_use_makes_a_migration_fail_instead_of_every_request_wait(app, url, migrated, monkeypatch):
    monkeypatch.setattr(app.migrate, "LOCK_SECONDS", 1)
    migrated(A)
    reader = app.database.connect(url)
    reader.run("BEGIN")
    reader.run("SELECT * FROM a")
    with pytest.raises(app.migrate.Failed, match="lock timeout"):
        migrated(A, ("0002_change", "ALTER TABLE a ADD y int"))
    reader.close()


def test_a_note_comes_back_as_it_was_written_the_newest_first(app, url, migrated):
    migrated(*app.migrate.read(app.migrate.FOLDER))
    database = app.database.Database(url)
    for text in ("plain", "Robert'); DROP TABLE notes;--", "a barge :name \N{SHIP} 100 %"):
        assert app.notes.refusal(text) == ""
        app.notes.add(database, text, "v-1")
    found = app.notes.latest(database)
    assert [note.text for note in found] == ["a barge :name \N{SHIP} 100 %", "Robert'); DROP TABLE notes;--", "plain"]
    assert {note.written_by for note in found} == {"v-1"}


def test_a_lost_connection_is_made_again(app, url):
    database = app.database.Database(url, connections=1)
    (first,) = database.run("SELECT pg_backend_pid()")
    other = app.database.connect(url)
    other.run("SELECT pg_terminate_backend(:pid)", pid=first[0])
    other.close()
    (second,) = database.run("SELECT pg_backend_pid()")
    assert second != first
    assert database.run("SELECT pg_backend_pid()") == [second]


def test_after_a_failed_statement_the_next_one_works(app, url):
    database = app.database.Database(url, connections=1)
    with pytest.raises(Exception, match="nowhere"):
        database.run("SELECT * FROM nowhere")
    assert database.run("SELECT 1") == [[1]]


def test_many_at_once_share_a_few_connections(app, url):
    database = app.database.Database(url, connections=2)
    with ThreadPoolExecutor(8) as pool:
        pids = list(pool.map(lambda _: database.run("SELECT pg_backend_pid(), pg_sleep(0.05)")[0][0], range(16)))
    assert len(set(pids)) == 2


def test_a_server_without_tls_is_refused_where_tls_is_required(app, url):
    with pytest.raises(Exception, match="refuses SSL"):
        app.database.connect(f"{url}?sslmode=require")
