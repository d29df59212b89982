"""A small web app: a page, notes in a database, a health check, static assets. It starts without a database, too."""

from __future__ import annotations

import html
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from types import FrameType
from urllib.parse import parse_qs, urlsplit

import notes
from database import Database

HERE = Path(__file__).resolve().parent
ASSETS_PATH = "/_next/static/"
NO_DATABASE = "There is no database: DATABASE_URL is not set."
# A form with the longest note, each character of four bytes percent-encoded, and some room.
LONGEST_BODY = 8192
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
    headers: Mapping[str, str] = field(default_factory=dict)


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


def render_page(template: str, version: Version, assets: Mapping[str, Answer], **fragments: str) -> bytes:
    """Fill in a page. What the environment says is escaped; fragments are HTML already."""

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
            **fragments,
        )
        .encode()
    )


def text(status: HTTPStatus, words: str) -> Answer:
    return Answer(status, "text/plain; charset=utf-8", words.encode() + b"\n")


def page(content: bytes, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(status, "text/html; charset=utf-8", content)


def as_json(content: object, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    return Answer(status, "application/json", json.dumps(content, default=str).encode() + b"\n")


def form_and_list(written: Sequence[notes.Note]) -> str:
    items = "".join(
        f"<li>{html.escape(note.text)} <small>{note.written_at:%Y-%m-%d %H:%M}, "
        f"by version {html.escape(note.written_by)}</small></li>"
        for note in written
    )
    return (
        '<form method="post" action="/notes"><label for="text">Write one</label>'
        f'<input id="text" name="text" required maxlength="{notes.LONGEST}" autocomplete="off">'
        f"<button>Keep it</button></form>{f'<ol>{items}</ol>' if items else '<p>There are none yet.</p>'}"
    )


class App:
    """What this app answers. What never changes is made once, at the start."""

    def __init__(
        self,
        version: Version,
        templates: Mapping[str, str],
        assets: Mapping[str, Answer],
        database: notes.Database | None = None,
    ) -> None:
        self._version = version
        self._database = database
        has_notes = '<a href="/notes">notes</a>' if database else "none: DATABASE_URL is not set"
        self._fixed = {
            **assets,
            "/": page(render_page(templates["page.html"], version, assets, database=has_notes)),
            "/version": as_json(asdict(version)),
            # Without the database: a load balancer that asks every task at once must not stop them all when it is slow.
            "/healthz": text(HTTPStatus.OK, "ok"),
        }
        self._render_notes: Callable[[str], bytes] = lambda fragment: render_page(
            templates["notes.html"], version, assets, notes=fragment
        )

    def get(self, path: str) -> Answer:
        if path == "/notes":
            return self._get_notes()
        if path == "/notes.json":
            return self._get_notes_as_json()
        return self._fixed.get(path) or text(HTTPStatus.NOT_FOUND, "not found")

    def post(self, path: str, body: bytes) -> Answer:
        if path != "/notes":
            return text(HTTPStatus.NOT_FOUND, "not found")
        if not self._database:
            return text(HTTPStatus.SERVICE_UNAVAILABLE, NO_DATABASE)
        note = parse_qs(body.decode(errors="replace")).get("text", [""])[0].strip()
        if wrong := notes.refusal(note):
            return text(HTTPStatus.BAD_REQUEST, wrong)
        try:
            notes.add(self._database, note, self._version.version)
        except Exception as problem:
            return text(HTTPStatus.SERVICE_UNAVAILABLE, unreachable(problem))
        # To a page that may be loaded again without writing it twice.
        return Answer(HTTPStatus.SEE_OTHER, "text/plain; charset=utf-8", b"", headers={"Location": "/notes"})

    def _get_notes(self) -> Answer:
        if not self._database:
            return page(self._render_notes(f"<p>{NO_DATABASE}</p>"), HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            return page(self._render_notes(form_and_list(notes.latest(self._database))))
        except Exception as problem:
            return page(self._render_notes(f"<p>{unreachable(problem)}</p>"), HTTPStatus.SERVICE_UNAVAILABLE)

    def _get_notes_as_json(self) -> Answer:
        if not self._database:
            return as_json({"problem": NO_DATABASE}, HTTPStatus.SERVICE_UNAVAILABLE)
        try:
            return as_json([asdict(note) for note in notes.latest(self._database)])
        except Exception as problem:
            return as_json({"problem": unreachable(problem)}, HTTPStatus.SERVICE_UNAVAILABLE)


def unreachable(problem: Exception) -> str:
    """What visitors are told; what went wrong is in the log alone."""
    log("failed", problem=type(problem).__name__, message=str(problem))
    return "The database does not answer."


class Handler(BaseHTTPRequestHandler):
    server: Server
    # One request a connection: a load balancer cannot send one into a connection that is about to close.
    protocol_version = "HTTP/1.0"
    server_version = "webapp"
    sys_version = ""
    # A connection that says nothing must not keep the app from stopping.
    timeout = 5

    def do_GET(self) -> None:
        self._answer(self.server.app.get)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        self._answer(self._post)

    def _post(self, path: str) -> Answer:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            return text(HTTPStatus.LENGTH_REQUIRED, "expected Content-Length")
        if int(length) > LONGEST_BODY:
            return text(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"expected no more than {LONGEST_BODY} bytes")
        return self.server.app.post(path, self.rfile.read(int(length)))

    def _answer(self, work: Callable[[str], Answer]) -> None:
        started = time.monotonic()
        answer = work(urlsplit(self.path).path)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", answer.cache_control)
        self.send_header("X-Content-Type-Options", "nosniff")
        for name, value in answer.headers.items():
            self.send_header(name, value)
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

    def log_message(self, format: str, *args: object) -> None:
        """Log what the base class complains of, such as a malformed request, like everything else."""
        log("http", message=format % args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leave requests to _answer, which knows more about them."""


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
    templates = {path.name: path.read_text() for path in HERE.glob("*.html")}
    url = os.environ.get("DATABASE_URL", "")
    app = App(version, templates, load_assets(HERE / "static"), Database(url) if url else None)
    # S104: in a container, every address is the container's own.
    server = Server(("0.0.0.0", int(os.environ.get("PORT", "3000"))), app)  # noqa: S104

    def on_signal(number: int, _frame: FrameType | None) -> None:
        log("stopping", signal=signal.Signals(number).name)
        # From another thread, because the one that gets the signal is the one that serves.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    log("started", port=server.server_port, **asdict(version), database=bool(url))
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    log("stopped")


if __name__ == "__main__":
    main()
