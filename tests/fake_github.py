"""The few answers of GitHub that ci/tell_github.py needs, and what it was asked."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "t"
REPOSITORY = "octo-org/webapp"


class FakeGitHub:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.commits: dict[str, str] = {}
        """What a commit may be called -> its full name."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                path = self.path.removeprefix(f"/repos/{REPOSITORY}/")
                fake.asked.append((self.command, path, body))
                code, told = fake.told(self.command, path)
                content = json.dumps(told).encode()
                self.send_response(code if self.headers["Authorization"] == f"Bearer {TOKEN}" else 401)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def told(self, method: str, path: str) -> tuple[int, Any]:
        if path.startswith("commits/"):
            sha = self.commits.get(path.removeprefix("commits/"))
            return (200, {"sha": sha}) if sha else (422, {"message": "No commit found for SHA"})
        if method == "GET":
            return 200, self.comments[:100] if path.endswith("page=1") else self.comments[100:]
        return 201, {"id": 5}

    def written(self) -> list[tuple[str, str, Any]]:
        return [one for one in self.asked if one[0] != "GET"]

    @property
    def environment(self) -> dict[str, str]:
        """Where a job finds it."""
        return {
            "GITHUB_API_URL": f"http://127.0.0.1:{self.server.server_port}",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "7",
        }


@contextlib.contextmanager
def fake_github() -> Iterator[FakeGitHub]:
    fake = FakeGitHub()
    thread = threading.Thread(target=fake.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        fake.server.shutdown()
        thread.join()
        fake.server.server_close()
