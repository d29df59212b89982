"""A folder of Python files as one zip file, the same bytes wherever it is made. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

# The first moment that a zip file can say.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
# A plain file that everybody may read: Lambda runs it as somebody else.
_MODE = 0o100644 << 16


def python_files(folder: Path) -> dict[str, bytes]:
    """The Python files below a folder, by their paths within it. What Python compiles is no source."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*.py")
        if path.is_file() and "__pycache__" not in path.parts
    }


def archive(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip file that depends on nothing else: no moment, no user, no order of a folder.

    They are stored as they are, for what compresses to the same bytes is up to each machine's zlib.
    """
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=_MOMENT)
            entry.create_system, entry.external_attr = _UNIX, _MODE
            packed.writestr(entry, files[name])
    return content.getvalue()


def code_sha256(content: bytes) -> str:
    """The hash of a zip file as Lambda says it, in CodeSha256."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()
