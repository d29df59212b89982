"""Make a virtual environment from a lock file, once for each content of the lock file.

python3 -m local_aws.virtual_environment .venv requirements.lock
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from local_aws.commands import ask, run
from local_aws.emulator import HOME, LocalAwsError, alone


def ensure(folder: Path, lock_file: Path, *, log: Path) -> bool:
    """Install what ``lock_file`` pins into ``folder``, unless that was done before. Tell whether it had to be done."""
    with alone(log.with_name(f"{folder.name}.lock")):
        return _ensure(folder, lock_file, log)


def _ensure(folder: Path, lock_file: Path, log: Path) -> bool:
    wanted = hashlib.sha256(lock_file.read_bytes()).hexdigest()
    stamp = folder / "installed.json"
    python = folder / "bin" / "python"
    installed = _installed(stamp) if ask(str(python), "--version").code == 0 else {}
    if installed.get(lock_file.name) == wanted:
        return False
    # Several lock files may share a folder when one includes the other; a lock file that changed begins anew.
    anew = lock_file.name in installed or not python.is_file()
    if anew:
        _create(folder, log)
    run(
        [python, "-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", "-r", lock_file],
        log=log,
        expected=f"the packages of {lock_file.name} in {folder.name}",
        advice="see that pip reaches a package index, then run the same again",
        # Compiled once now, or by every command later.
        environment={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    )
    stamp.write_text(json.dumps(({} if anew else installed) | {lock_file.name: wanted}, indent=2) + "\n")
    return True


def _create(folder: Path, log: Path) -> None:
    if ask(sys.executable, "-c", "import ensurepip").code != 0:
        raise LocalAwsError(
            "Expected Python's venv with pip, but this Python has none.\n"
            "Next: type sudo apt-get install python3-venv, then run the same again"
        )
    run(
        [sys.executable, "-m", "venv", "--clear", folder],
        log=log,
        expected=f"a virtual environment in {folder}",
        advice="type sudo apt-get install python3-venv, then run the same again",
    )


def _installed(stamp: Path) -> dict[str, str]:
    return dict(json.loads(stamp.read_text())) if stamp.is_file() else {}


def main() -> None:
    folder, lock_file = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        made = ensure(folder, lock_file, log=HOME / "setup.log")
    except LocalAwsError as problem:
        sys.exit(str(problem))
    print(f"{folder}: {'installed' if made else 'has'} what {lock_file} pins")


if __name__ == "__main__":
    main()
