"""A folder of Python files in a zip file: what is in it, and that nothing but the files decides its bytes."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
import zipfile

import pytest
from ansible.module_utils.towpath.python_archive import archive, code_sha256, python_files

SOURCE = {"notifier/__init__.py": b"", "notifier/alarms.py": b"def handler():\n    return 'rung'\n"}
BESIDE = {"notifier/__pycache__/alarms.cpython-312.py": b"", "notifier/README.md": b"", "notifier/alarms.pyc": b""}


@pytest.fixture
def folder(tmp_path):
    for name, content in (SOURCE | BESIDE).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path


def test_only_sources_are_packed_by_their_paths_within_the_folder(folder):
    assert python_files(folder) == SOURCE


def test_python_imports_from_it(tmp_path):
    path = tmp_path / "code.zip"
    path.write_bytes(archive(SOURCE))
    command = [sys.executable, "-c", "from notifier import alarms; print(alarms.handler())"]
    done = subprocess.run(command, env={"PYTHONPATH": str(path)}, capture_output=True, text=True, check=True)
    assert done.stdout == "rung\n"


def test_neither_the_moment_nor_the_mode_nor_the_order_of_files_decides(folder):
    before = archive(python_files(folder))
    for path in folder.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    assert archive(python_files(folder)) == archive(dict(reversed(SOURCE.items()))) == before


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(SOURCE | {"notifier/alarms.py": b""}, id="content"),
        pytest.param(SOURCE | {"notifier/log_lines.py": b""}, id="a file more"),
        pytest.param({"notifier/__init__.py": b""}, id="a file less"),
    ],
)
def test_every_file_decides(other):
    assert archive(other) != archive(SOURCE)


def test_lambda_may_read_every_file():
    with zipfile.ZipFile(io.BytesIO(archive(SOURCE))) as packed:
        assert {stat.filemode(one.external_attr >> 16) for one in packed.infolist()} == {"-rw-r--r--"}


def test_its_hash_is_as_lambda_says_it():
    # What `printf '' | openssl dgst -sha256 -binary | base64` prints.
    assert code_sha256(b"") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_its_bytes_are_the_same_on_every_machine():
    assert code_sha256(archive({"a.py": b"print()\n"})) == "z7TznE9gVy1fd8/k7GUO3Zg+GSTq7Bvtz4eQLVmhHn0="
