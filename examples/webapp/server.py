"""A small web app: a page, a health check, static assets. Python's standard library is all it needs."""

from __future__ import annotations

import html
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from types import FrameType
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ASSETS_PATH = "/_next/static/"
CONTENT_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Version:
    """What runs here. The image knows the first two, the environment tells the third."""

    version: str
    git_sha: str
    environment: str
    secret_key_base: bool
    """Whether a secret was given; its value is nobody's business."""


@dataclass(frozen=True)
class Answer:
    status: HTTPStatus
    content_type: str
    body: bytes
    cache_control: str = "no-store"


def version_from(environment: Mapping[str, str]) -> Version:
    return Version(
        version=environment.get("APP_VERSION") or "development",
        git_sha=environment.get("GIT_SHA") or "unknown",
        environment=environment.get("APP_ENVIRONMENT") or "development",
        secret_key_base=bool(environment.get("SECRET_KEY_BASE")),
    )


def load_assets(folder: Path) -> dict[str, Answer]:
    """Read every asset once. A name carries the hash of its content, so a browser may keep it for ever."""
    return {
        ASSETS_PATH + path.name: Answer(
            HTTPStatus.OK, CONTENT_TYPES[path.suffix], path.read_bytes(), "public, max-age=31536000, immutable"
        )
        for path in sorted(folder.iterdir())
        if path.suffix in CONTENT_TYPES
    }


def render_page(template: str, version: Version, assets: Mapping[str, Answer]) -> bytes:
    def address(name: str) -> str:
        stem, _, suffix = name.partition(".")
        return next((path for path in assets if Path(path).name.startswith(f"{stem}.") and path.endswith(suffix)), "")

    values = {name: html.escape(str(value)) for name, value in asdict(version).items()}
    return (
        Template(template)
        .substitute(
            values,
            secret="set" if version.secret_key_base else "not set",
            stylesheet=address("style.css"),
            icon=address("icon.svg"),
        )
        .encode()
    )


class App:
    """Every answer that this app can give, made once at the start."""

    def __init__(self, version: Version, template: str, assets: Mapping[str, Answer]) -> None:
        self._answers = {
            **assets,
            "/": Answer(HTTPStatus.OK, "text/html; charset=utf-8", render_page(template, version, assets)),
            "/version": Answer(HTTPStatus.OK, "application/json", json.dumps(asdict(version)).encode() + b"\n"),
            "/healthz": Answer(HTTPStatus.OK, "text/plain; charset=utf-8", b"ok\n"),
        }

    def answer(self, path: str) -> Answer:
        return self._answers.get(path) or Answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"not found\n")


class Handler(BaseHTTPRequestHandler):
    server: Server
    # One request a connection: a load balancer cannot send one into a connection that is about to close.
    protocol_version = "HTTP/1.0"
    server_version = "webapp"
    sys_version = ""
    # A connection that says nothing must not keep the app from stopping.
    timeout = 5

    def do_GET(self) -> None:
        started = time.monotonic()
        answer = self.server.app.answer(urlsplit(self.path).path)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", answer.cache_control)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        log(
            "request",
            method=self.command,
            path=self.path,
            status=int(answer.status),
            bytes=len(answer.body),
            milliseconds=round((time.monotonic() - started) * 1000, 1),
            client=self.headers.get("X-Forwarded-For") or self.client_address[0],
        )

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Log what the base class complains of, such as a malformed request, like everything else."""
        log("http", message=format % args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave requests to do_GET, which knows more about them."""


class Server(ThreadingHTTPServer):
    # Requests under way are finished before the process ends.
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], app: App) -> None:
        super().__init__(address, Handler)
        self.app = app


def log(event: str, **fields: object) -> None:
    """Write one line of JSON to standard output, where the platform collects it."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    sys.stdout.write(json.dumps({"time": now, "event": event, **fields}) + "\n")
    sys.stdout.flush()


def main() -> None:
    if os.environ.get("WEBAPP_FAIL") == "exit":
        log("failed", message="WEBAPP_FAIL=exit: this image was built to fail at its start")
        sys.exit(3)
    version = version_from(os.environ)
    app = App(version, (HERE / "page.html").read_text(), load_assets(HERE / "static"))
    # S104: in a container, every address is the container's own.
    server = Server(("0.0.0.0", int(os.environ.get("PORT", "3000"))), app)  # noqa: S104

    def on_signal(number: int, _frame: FrameType | None) -> None:
        log("stopping", signal=signal.Signals(number).name)
        # From another thread, because the one that gets the signal is the one that serves.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    log("started", port=server.server_port, **asdict(version))
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    log("stopped")


if __name__ == "__main__":
    main()
