"""The functions' own log: one JSON object a line. What people or the app wrote, addresses and tokens stay out of it."""

from __future__ import annotations

import json
from typing import Any


def info(event: str, **facts: Any) -> None:
    _write("INFO", event, facts)


def warning(event: str, **facts: Any) -> None:
    _write("WARNING", event, facts)


def error(event: str, **facts: Any) -> None:
    _write("ERROR", event, facts)


def _write(level: str, event: str, facts: dict[str, Any]) -> None:
    print(json.dumps({"level": level, "event": event, **facts}, default=str), flush=True)
