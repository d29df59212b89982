"""The sample app's own tests: python3 -m unittest discover examples/webapp/tests, or pytest."""

# Tests assert, and make up secrets.
# ruff: noqa: S101, S106

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

WEBAPP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(WEBAPP))

import database  # noqa: E402 (found beside this folder, as in the image)
import hash_assets  # noqa: E402
import migrate  # noqa: E402
import notes  # noqa: E402
import server  # noqa: E402


class Assets(unittest.TestCase):
    def test_a_changed_asset_gets_another_name(self) -> None:
        first, second = (hash_assets.hashed_name("style.css", content) for content in (b"a", b"b"))
        self.assertNotEqual(first, second)
        self.assertRegex(first, r"^style\.[0-9a-f]{12}\.css$")

    def test_an_unchanged_asset_keeps_its_name(self) -> None:
        self.assertEqual(hash_assets.hashed_name("a.b.js", b"x"), hash_assets.hashed_name("a.b.js", b"x"))


class Page(unittest.TestCase):
    def test_what_the_environment_says_is_escaped(self) -> None:
        version = server.version_from({"APP_ENVIRONMENT": "<script>"})
        page = server.render_page("$environment $stylesheet $icon", version, {})
        self.assertEqual(page.split()[0], b"&lt;script&gt;")

    def test_a_secret_is_told_by_its_presence_alone(self) -> None:
        version = server.version_from({"SECRET_KEY_BASE": "hunter2"})
        self.assertTrue(version.secret_key_base)
        self.assertNotIn("hunter2", repr(version))


URL = "postgres://webapp:p%40ss@db.example:5433/notes?sslmode="


class DatabaseUrl(unittest.TestCase):
    def test_the_driver_gets_what_the_url_says(self) -> None:
        options = database.connection_options(URL + "require")
        self.assertEqual(
            {name: options[name] for name in ("user", "password", "host", "port", "database")},
            {"user": "webapp", "password": "p@ss", "host": "db.example", "port": 5433, "database": "notes"},
        )

    def test_a_short_url_means_the_usual_port_and_the_database_of_the_user(self) -> None:
        options = database.connection_options("postgresql://webapp@db.example")
        self.assertEqual((options["port"], options["database"]), (5432, "webapp"))

    def test_tls_is_as_the_url_asks(self) -> None:
        asked = {mode: database.connection_options(URL + mode)["ssl_context"] for mode in ("disable", "require")}
        self.assertEqual(asked, {"disable": False, "require": True})
        verifying = database.connection_options(URL + "verify-full")["ssl_context"]
        self.assertTrue(verifying.check_hostname)

    def test_a_url_that_cannot_be_meant_is_refused_without_showing_the_password(self) -> None:
        for wrong in ("mysql://u:hunter2@h/d", "hunter2", "postgres://:hunter2@h/d", URL + "hopefully"):
            with self.subTest(wrong), self.assertRaisesRegex(ValueError, "Expected") as refused:
                database.connection_options(wrong)
            self.assertNotIn("hunter2", str(refused.exception))


class Migrations(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_those_of_the_app_can_be_read(self) -> None:
        known = migrate.read(migrate.FOLDER)
        self.assertEqual(known[0].version, "0001_notes")

    def test_they_are_in_the_order_of_their_names(self) -> None:
        for name in ("0002_b.sql", "0010_c.sql", "0001_a.sql"):
            (self.folder / name).write_text("SELECT 1")
        self.assertEqual([one.version for one in migrate.read(self.folder)], ["0001_a", "0002_b", "0010_c"])

    def test_a_name_or_a_number_that_leaves_the_order_open_is_refused(self) -> None:
        for names, told in ((["2_b.sql"], "has 2_b.sql"), (["0001_a.sql", "0001_b.sql"], "more for 0001")):
            with self.subTest(told), tempfile.TemporaryDirectory() as folder:
                for name in names:
                    (Path(folder) / name).write_text("")
                with self.assertRaisesRegex(migrate.Failed, told):
                    migrate.read(Path(folder))

    def test_what_has_run_is_left_out_and_what_a_later_release_brought_stays(self) -> None:
        known = [migrate.Migration(version, "") for version in ("0001_a", "0002_b", "0003_c")]
        self.assertEqual(migrate.missing(known, {"0001_a", "0003_c", "0009_later"}), [known[1]])

    def test_the_sentence_names_what_was_done(self) -> None:
        known = [migrate.Migration("0001_a", "")]
        self.assertIn("Migrated: 0001_a.", migrate.sentence(known, ["0001_a"]))
        self.assertIn("Nothing to migrate", migrate.sentence(known, []))

    def test_without_a_database_it_says_what_it_expects(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        done = subprocess.run(
            [sys.executable, "migrate.py"], cwd=WEBAPP, env=environment, capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("Expected DATABASE_URL", done.stderr)


class Notes(unittest.TestCase):
    def test_a_note_that_cannot_be_kept_is_refused(self) -> None:
        for note in ("", "x" * (notes.LONGEST + 1), "a\0b"):
            with self.subTest(note[:3]):
                self.assertTrue(notes.refusal(note))
        self.assertEqual(notes.refusal("x" * notes.LONGEST), "")

    def test_what_somebody_wrote_is_escaped(self) -> None:
        written = [notes.Note("<script>", "<v>", datetime(2026, 1, 2, 3, 4, tzinfo=UTC))]
        shown = server.form_and_list(written)
        self.assertIn("<li>&lt;script&gt; <small>2026-01-02 03:04, by version &lt;v&gt;</small></li>", shown)

    def test_the_longest_note_fits_into_a_form(self) -> None:
        form = urllib.parse.urlencode({"text": "\U0001f6f6" * notes.LONGEST})
        self.assertLessEqual(len(form), server.LONGEST_BODY)


class Running(unittest.TestCase):
    """The app as a process, laid out as in its image."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for path in (*WEBAPP.glob("*.py"), *WEBAPP.glob("*.html")):
            (self.folder / path.name).write_bytes(path.read_bytes())
        self.assets = hash_assets.copy_hashed(WEBAPP / "assets", self.folder / "static")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def start(self, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "server.py"],
            cwd=self.folder,
            env={**os.environ, "DATABASE_URL": "", "PORT": str(self.port), **environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def start_and_wait(self, **environment: str) -> subprocess.Popen[str]:
        process = self.start(**environment)
        assert process.stdout is not None
        self.addCleanup(process.stdout.close)
        self.assertIn('"started"', process.stdout.readline())
        return process

    def get(self, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", body, timeout=5) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, dict(problem.headers), problem.read()

    def test_the_page_shows_version_commit_and_environment(self) -> None:
        self.start_and_wait(APP_VERSION="v-1", GIT_SHA="abc123", APP_ENVIRONMENT="staging", SECRET_KEY_BASE="hunter2")
        status, headers, body = self.get("/")
        self.assertEqual((status, headers["Cache-Control"]), (200, "no-store"))
        for shown in (b"v-1", b"abc123", b"staging"):
            self.assertIn(shown, body)
        self.assertNotIn(b"hunter2", body)
        self.assertEqual(
            json.loads(self.get("/version")[2]),
            {"version": "v-1", "git_sha": "abc123", "environment": "staging", "secret_key_base": True},
        )

    def test_the_page_links_assets_that_are_there_and_may_be_kept_for_a_year(self) -> None:
        self.start_and_wait()
        page = self.get("/")[2].decode()
        self.assertEqual(len(self.assets), 2)
        for name in self.assets:
            self.assertIn(f'href="/_next/static/{name}"', page)
            status, headers, _ = self.get(f"/_next/static/{name}")
            self.assertEqual((status, headers["Cache-Control"]), (200, "public, max-age=31536000, immutable"))

    def test_it_is_healthy_and_knows_what_is_not_there(self) -> None:
        self.start_and_wait()
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(self.get("/_next/static/../server.py")[0], 404)
        self.assertEqual(self.get("/nothing")[0], 404)

    def test_without_a_database_it_says_so_and_everything_else_works(self) -> None:
        self.start_and_wait()
        self.assertIn(b"none: DATABASE_URL is not set", self.get("/")[2])
        for path, body in (("/notes", None), ("/notes.json", None), ("/notes", b"text=x")):
            status, _, told = self.get(path, body)
            self.assertEqual(status, 503)
            self.assertIn(b"DATABASE_URL is not set", told)

    def test_a_database_that_does_not_answer_leaves_the_app_healthy_and_its_password_unsaid(self) -> None:
        process = self.start_and_wait(DATABASE_URL="postgres://webapp:hunter2@127.0.0.1:1/webapp?sslmode=require")
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertIn(b'href="/notes"', self.get("/")[2])
        for path, body in (("/notes", None), ("/notes.json", None), ("/notes", b"text=x")):
            status, _, told = self.get(path, body)
            self.assertEqual(status, 503)
            self.assertIn(b"The database does not answer.", told)
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        self.assertNotIn("hunter2", process.stdout.read())

    def test_a_note_that_is_refused_and_a_form_that_is_too_long_are_told(self) -> None:
        self.start_and_wait(DATABASE_URL="postgres://webapp@127.0.0.1:1/webapp")
        self.assertEqual(self.get("/notes", b"text=")[0], 400)
        self.assertEqual(self.get("/notes", b"text=" + b"x" * server.LONGEST_BODY)[0], 413)
        self.assertEqual(self.get("/elsewhere", b"text=x")[0], 404)

    def test_each_request_is_one_line_of_json(self) -> None:
        process = self.start_and_wait()
        self.get("/healthz?x=1")
        assert process.stdout is not None
        line = json.loads(process.stdout.readline())
        self.assertEqual((line["event"], line["path"], line["status"]), ("request", "/healthz?x=1", 200))

    def test_sigterm_ends_it_with_success(self) -> None:
        process = self.start_and_wait()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(5), 0)

    def test_a_request_under_way_is_finished_after_sigterm(self) -> None:
        process = self.start_and_wait()
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as slow:
            slow.sendall(b"GET /healthz HTTP/1.0\r\nHost: x\r\n")
            time.sleep(0.2)
            process.send_signal(signal.SIGTERM)
            assert process.stdout is not None
            self.assertIn('"stopping"', process.stdout.readline())
            slow.sendall(b"\r\n")
            with slow.makefile("rb") as answer:
                self.assertIn(b"200 OK", answer.readline())
        self.assertEqual(process.wait(5), 0)

    def test_a_rehearsed_failure_exits_with_code_3_and_says_why(self) -> None:
        process = self.start(WEBAPP_FAIL="exit")
        said, _ = process.communicate(timeout=5)
        self.assertEqual(process.returncode, 3)
        self.assertIn("WEBAPP_FAIL=exit", said)


if __name__ == "__main__":
    unittest.main()
