"""A virtual environment is made once for each content of its lock file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local_aws import commands, virtual_environment
from local_aws.emulator import LocalAwsError


@pytest.fixture
def lock_file(tmp_path: Path) -> Path:
    """A lock file that pins nothing, so that no package index is asked."""
    path = tmp_path / "requirements.lock"
    path.write_text("# nothing\n")
    return path


def test_it_is_made_once_and_made_anew_when_the_lock_file_changes(tmp_path, lock_file):
    folder, log = tmp_path / "venv", tmp_path / "log"

    def ensure() -> bool:
        return virtual_environment.ensure(folder, lock_file, log=log)

    assert ensure()
    (folder / "left-over").touch()
    assert not ensure()
    another = tmp_path / "requirements-dev.lock"
    another.write_text("# nothing more\n")
    assert virtual_environment.ensure(folder, another, log=log)
    assert (folder / "left-over").exists()
    assert not ensure()
    lock_file.write_text("# nothing at all\n")
    assert ensure()
    assert not (folder / "left-over").exists()


def test_of_several_that_want_it_at_once_one_makes_it(tmp_path, lock_file):
    folder, log = tmp_path / "venv", tmp_path / "log"
    with ThreadPoolExecutor() as pool:
        made = [pool.submit(virtual_environment.ensure, folder, lock_file, log=log) for _ in range(3)]
    assert sorted(one.result() for one in made) == [False, False, True]
    assert log.read_text().count("-m venv --clear") == 1


def test_a_failed_install_is_not_taken_for_done(tmp_path, lock_file, monkeypatch):
    def fail(command, **_options):
        raise LocalAwsError(f"{command[0]} failed")

    monkeypatch.setattr(virtual_environment, "run", fail)
    for _ in range(2):
        with pytest.raises(LocalAwsError):
            virtual_environment.ensure(tmp_path / "venv", lock_file, log=tmp_path / "log")


def test_a_python_without_venv_says_what_to_install(tmp_path, lock_file, monkeypatch):
    monkeypatch.setattr(virtual_environment, "ask", lambda *_command: commands.Answer(1, "", ""))
    with pytest.raises(LocalAwsError, match="apt-get install python3-venv"):
        virtual_environment.ensure(tmp_path / "venv", lock_file, log=tmp_path / "log")
