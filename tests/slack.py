"""A Slack on loopback that remembers what it was sent."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Slack:
    """What a Slack answers, and what it was sent. Answers that are lined up come before the good ones."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sent: list[dict[str, Any]] = []
        self.authorizations: list[str | None] = []
        self.answers: list[tuple[int, Any, dict[str, str]]] = []
        self.seconds_to_answer = 0.0

    def answer(self, status: int, body: Any = "", **headers: str) -> None:
        self.answers.append((status, body, {name.replace("_", "-"): value for name, value in headers.items()}))


@contextlib.contextmanager
def listening() -> Iterator[Slack]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            way = self.path.removeprefix("/api/").strip("/").partition("/")[0]
            seen.sent.append({"by": way, "body": body})
            seen.authorizations.append(self.headers["Authorization"])
            time.sleep(seen.seconds_to_answer)
            good = "ok" if way == "services" else {"ok": True, "channel": "C1", "ts": f"1700000000.{len(seen.sent):06}"}
            status, content, headers = seen.answers.pop(0) if seen.answers else (200, good, {})
            text = content if isinstance(content, str) else json.dumps(content)
            # Who has no patience is gone by now.
            with contextlib.suppress(BrokenPipeError):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        seen = Slack(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield seen
        server.shutdown()
        thread.join()
