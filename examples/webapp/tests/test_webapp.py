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
import urllib.request
from pathlib import Path

WEBAPP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(WEBAPP))

import hash_assets  # noqa: E402 (found beside this folder, as in the image)
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


class Running(unittest.TestCase):
    """The app as a process, laid out as in its image."""

    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in ("server.py", "page.html"):
            (self.folder / name).write_bytes((WEBAPP / name).read_bytes())
        self.assets = hash_assets.copy_hashed(WEBAPP / "assets", self.folder / "static")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    def start(self, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "server.py"],
            cwd=self.folder,
            env={**os.environ, "PORT": str(self.port), **environment},
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

    def get(self, path: str) -> tuple[int, dict[str, str], bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
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
