"""From the names of resources to the environments that they belong to. Pure functions."""

from __future__ import annotations

import os
import re


def app() -> str:
    return os.environ["APP_NAME"]


def environment_of(name: str, ending: str = "") -> str:
    """The environment in a name as APP-ENVIRONMENT, with an ending or without; empty for anything else's name."""
    match = re.fullmatch(rf"{re.escape(app())}-(.+){re.escape(ending)}", name)
    return match[1] if match else ""
