"""The script that makes and drops a preview's database, on a real Postgres, as a user who may what RDS's own may."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration import postgres
from tests.integration.harness import ROOT

SCRIPT = (ROOT / "roles/preview/files/database.sh").read_text()
# What is in an address must be encoded in a URL.
PASSWORD, ENCODED = "p@:/%s w", "p%40%3A%2F%25s%20w"
ENVIRONMENT_URL = f"postgres://master:{ENCODED}@127.0.0.1:5432/webapp?sslmode=disable"


class Server:
    def __init__(self, container: str) -> None:
        self.container = container

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        given = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        command = ["docker", "exec", "--interactive", *given, self.container, *words]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    def sql(self, statement: str, url: str = "postgres://webapp:p%40ss@127.0.0.1/webapp") -> str:
        answer = self.run("psql", url, "--tuples-only", "--no-align", "--command", statement)
        return (answer.stdout + answer.stderr).strip()

    def script(self, *words: str, **variables: str) -> Any:
        given = {"ENVIRONMENT_URL": ENVIRONMENT_URL} | variables
        return self.run("sh", "-c", SCRIPT, "database.sh", *words, **given)

    def create(self, name: str, password: str = "first") -> Any:
        return self.script(
            "create", name, NEW_URL=f"postgres://{name}:{password}@127.0.0.1:5432/{name}?sslmode=disable"
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres.running() as (container, _):
        server, end = Server(container), time.monotonic() + 30
        while server.sql("SELECT 'ready'") != "ready":
            assert time.monotonic() < end, server.sql("SELECT 'ready'")
            time.sleep(0.2)
        server.sql(f"CREATE ROLE master LOGIN CREATEDB CREATEROLE PASSWORD '{PASSWORD}'")
        server.sql("ALTER DATABASE webapp OWNER TO master")
        yield server


def own(name: str, password: str = "first") -> str:
    return f"postgres://{name}:{password}@127.0.0.1/{name}"


def test_a_preview_gets_a_database_that_is_its_own(server):
    made = server.create("pr_1")
    assert (made.returncode, made.stdout, made.stderr) == (0, "Made the database pr_1 and its user.\n", "")
    assert server.sql("CREATE TABLE public.notes (id int); SELECT current_user", own("pr_1")).split()[-1] == "pr_1"


def test_another_preview_cannot_reach_it(server):
    server.create("pr_2")
    server.create("pr_3")
    assert "permission denied for database" in server.sql("SELECT 1", own("pr_3").removesuffix("pr_3") + "pr_2")


def test_what_was_interrupted_is_gone_on_with_under_the_new_password(server):
    server.create("pr_4", "lost")
    assert server.create("pr_4", "second").returncode == 0
    assert server.sql("SELECT 1", own("pr_4", "second")) == "1"


def test_it_is_dropped_while_the_app_is_still_connected(server):
    server.create("pr_5")
    held = ["docker", "exec", server.container, "psql", own("pr_5"), "--command", "SELECT pg_sleep(30)"]
    with subprocess.Popen(held, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as session:
        end = time.monotonic() + 30
        while server.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'pr_5'") != "1":
            assert time.monotonic() < end
            time.sleep(0.1)
        dropped = server.script("drop", "pr_5")
        assert session.wait(timeout=10) != 0
    assert (dropped.returncode, dropped.stdout, dropped.stderr) == (0, "Dropped the database pr_5 and its user.\n", "")
    assert server.sql("SELECT count(*) FROM pg_database WHERE datname = 'pr_5'") == "0"
    assert server.sql("SELECT count(*) FROM pg_roles WHERE rolname = 'pr_5'") == "0"


def test_dropping_what_is_not_there_is_no_error(server):
    assert server.script("drop", "pr_6").returncode == 0


def test_an_environment_that_lets_nobody_in_is_an_error_without_its_password(server):
    refused = server.script("drop", "pr_7", ENVIRONMENT_URL=ENVIRONMENT_URL.replace(ENCODED, "wrong-password"))
    assert refused.returncode != 0
    assert "password authentication failed" in refused.stderr
    assert "wrong-password" not in refused.stdout + refused.stderr
