"""What a local AWS of a test refused, because it breaks the model of its service: on AWS it would fail for a user."""

from __future__ import annotations

import contextlib
import json
import urllib.request
from collections.abc import Iterator

PATH = "/_local_aws/refused"
_watched: list[str] = []
_gathered: list[str] = []


@contextlib.contextmanager
def watched(url: str) -> Iterator[None]:
    """Keep what the local AWS refuses until somebody asks, though it be gone by then."""
    _watched.append(url)
    try:
        yield
    finally:
        _gathered.extend(_ask(url))
        _watched.remove(url)


def since_the_last_time() -> list[str]:
    for url in _watched:
        _gathered.extend(_ask(url))
    found = list(_gathered)
    _gathered.clear()
    return found


def _ask(url: str) -> list[str]:
    request = urllib.request.Request(url + PATH, method="DELETE")
    # One that was left without the correction answers otherwise, and one that was killed in a test not at all.
    with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(request, timeout=10) as answer:
        return [f"{one['action']}, {one['code']}: {one['message']} ({one['agent']})" for one in json.load(answer)]
    return []
