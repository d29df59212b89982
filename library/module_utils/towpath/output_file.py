"""Whether a file that a command writes at its end can be written. No AWS, no Ansible: it looks at files alone."""

from __future__ import annotations

import os
import shlex
from pathlib import Path


def refusal(option: str, path: Path) -> str:
    """Why it cannot, and what to type; empty when it can."""
    folder, given = path.parent, f"{option} is {path}"
    if path.is_dir():
        return f"{given}, which is a folder, expected the name of a file, such as -e {option}={path / 'result'}."
    if not folder.is_dir():
        above = next((one for one in folder.parents if one.exists()), folder)
        if not above.is_dir():
            return f"{given}, but {above} is no folder, expected one. Run again with another {option}."
        return (
            f"{given}, but there is no folder {folder}. "
            f"Type mkdir -p {shlex.quote(str(folder))}; or run again with another {option}."
        )
    # A file is put in its place whole, so its folder is written to, too.
    for one in (folder, path):
        if one.exists() and not os.access(one, os.W_OK):
            return f"{given}, but {one} may not be written by you. Run again with another {option}."
    return ""
