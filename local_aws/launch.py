"""Run MiniStack with the corrections. Started by emulator.py in MiniStack's own virtual environment."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Set
from importlib import metadata
from pathlib import Path

from local_aws.addresses import is_here


def main() -> None:
    refuse_another_version()
    # Only now: the corrections look into MiniStack when they are imported.
    from local_aws.corrections import CORRECTIONS

    left_out = set(os.environ.get("LOCAL_AWS_WITHOUT", "").split())
    refuse_unknown(left_out, known=CORRECTIONS.keys())
    for name, correct in CORRECTIONS.items():
        if name not in left_out:
            correct()
    asyncio.run(serve())


def refuse_another_version() -> None:
    """The corrections reach into the emulator's inside, so they fit the pinned version only."""
    lock = Path(__file__).with_name("requirements.lock").read_text()
    found = re.search(r"^ministack(?:\[full\])?==(\S+)", lock, re.MULTILINE)
    pinned, installed = found.group(1) if found else "nothing", metadata.version("ministack")
    if installed != pinned:
        sys.exit(
            f"MiniStack {installed} is installed, but the corrections are written for {pinned}. "
            f"Remove the virtual environment {sys.prefix} and run python3 -m local_aws up."
        )


def refuse_unknown(names: Set[str], known: Set[str]) -> None:
    unknown = sorted(names - known)
    if unknown:
        sys.exit(f"LOCAL_AWS_WITHOUT names no correction: {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")


async def serve() -> None:
    """Serve on several addresses at once, which MiniStack's own main cannot."""
    # hypercorn comes with MiniStack; the type checker looks at the project's own packages only.
    from hypercorn.asyncio import serve as serve_forever  # type: ignore[import-not-found]
    from hypercorn.config import Config  # type: ignore[import-not-found]
    from ministack.app import app

    config = Config()
    port = int(os.environ["GATEWAY_PORT"])
    config.bind = [f"{address}:{port}" for address in os.environ["LOCAL_AWS_ADDRESSES"].split() if is_here(address)]
    config.keep_alive_timeout = 75
    config.loglevel = "INFO"
    await serve_forever(app, config)


if __name__ == "__main__":
    main()
