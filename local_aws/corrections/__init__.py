"""What AWS does and the emulator does not, one correction each, in the order in which they are applied."""

from __future__ import annotations

from collections.abc import Callable

CORRECTIONS: dict[str, Callable[[], None]] = {}
