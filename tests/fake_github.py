"""The few answers of GitHub that ci/tell_github.py needs, and what it was asked."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

TOKEN = "t"
REPOSITORY = "octo-org/webapp"


class FakeGitHub:
    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.deployments: list[dict[str, Any]] = []
        """The newest first, each with its statuses, as GitHub lists them."""
        self.commits: dict[str, str] = {}
        """What a commit may be called -> its full name."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                path = self.path.removeprefix(f"/repos/{REPOSITORY}/")
                fake.asked.append((self.command, path, body))
                code, told = fake.told(self.command, path, body)
                content = json.dumps(told).encode()
                self.send_response(code if self.headers["Authorization"] == f"Bearer {TOKEN}" else 401)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PATCH = answer

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def told(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if path.startswith("commits/"):
            sha = self.commits.get(path.removeprefix("commits/"))
            return (200, {"sha": sha}) if sha else (422, {"message": "No commit found for SHA"})
        if path.startswith("deployments"):
            return self.of_deployments(method, path, body)
        if method == "GET":
            where = path.partition("?")[0]
            comments = [one for one in self.comments if one.get("path", where) == where]
            return 200, comments[:100] if path.endswith("page=1") else comments[100:]
        if method == "POST" and path.endswith("/comments"):
            self.comments.append({"id": 900 + len(self.comments), "path": path, **body})
        return 201, {"id": 5}

    def of_deployments(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        name, _, query = path.partition("?")
        if name == "deployments" and method == "POST":
            self.deployments.insert(0, {**body, "id": 5 + len(self.deployments), "statuses": []})
            return 201, {"id": self.deployments[0]["id"]}
        if name == "deployments":
            wanted = {field: value for field, value in parse_qsl(query) if field in ("environment", "task")}
            return 200, [one for one in self.deployments if wanted.items() <= one.items()]
        (found,) = [one for one in self.deployments if name == f"deployments/{one['id']}/statuses"]
        if method == "POST":
            found["statuses"].insert(0, body)
        return (200, found["statuses"]) if method == "GET" else (201, {"id": 1})

    def states(self, environment: str) -> list[tuple[str, str]]:
        """The commit of each deployment, the newest first, and what was said of it last."""
        found = [one for one in self.deployments if one["environment"] == environment]
        return [(one["ref"], one["statuses"][0]["state"]) for one in found]

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
