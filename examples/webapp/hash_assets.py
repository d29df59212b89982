"""Copy assets under names that carry the hash of their content: style.css becomes style.0a1b2c3d4e5f.css.

python3 hash_assets.py assets static
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path


def hashed_name(name: str, content: bytes) -> str:
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}{dot}{suffix}"


def copy_hashed(source: Path, target: Path) -> list[str]:
    target.mkdir(parents=True, exist_ok=True)
    names = []
    for path in sorted(source.iterdir()):
        content = path.read_bytes()
        name = hashed_name(path.name, content)
        (target / name).write_bytes(content)
        names.append(name)
    return names


if __name__ == "__main__":
    print("\n".join(copy_hashed(Path(sys.argv[1]), Path(sys.argv[2]))))
