"""What an image's ENTRYPOINT makes of a command. Pure functions: no AWS, no Ansible.

ECS replaces the CMD of an image and leaves its ENTRYPOINT, which gets the command as arguments: the ECS API reference,
ContainerOverride.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

# They run the app that they name, and hand what follows to it as arguments. Of scripts nobody can say what they do.
_RUN_AN_APP = (
    *("bun", "deno", "dotnet", "gunicorn", "hypercorn", "java", "node", "npm", "npx", "perl", "php", "pnpm", "puma"),
    *("python", "python3", "rackup", "rails", "ruby", "uvicorn", "uwsgi", "yarn"),
)


def entry_point_of(config: dict[str, Any]) -> tuple[str, ...]:
    """The ENTRYPOINT in an image's configuration; empty where it has none."""
    return tuple(str(word) for word in (config.get("config") or {}).get("Entrypoint") or ())


def swallows_commands(entry_point: Sequence[str]) -> bool:
    """Whether it is known to start the app, with a command as arguments, in place of the command."""
    return bool(entry_point) and entry_point[0].rpartition("/")[2] in _RUN_AN_APP


def refusal(entry_point: Sequence[str], command: str) -> str:
    """Why the release command would never run, or empty."""
    if not command or not swallows_commands(entry_point):
        return ""
    written = json.dumps(list(entry_point), ensure_ascii=False)
    return (
        f"The image has ENTRYPOINT {written}, which gets every command as its arguments: the release command would "
        f"start the app a second time, and never run. In the Dockerfile write CMD {written} in its place, or an "
        'ENTRYPOINT script that ends with exec "$@"; or take app_service_release_command out of group_vars. '
        "To deploy it all the same: add -e force=true."
    )
