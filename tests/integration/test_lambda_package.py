"""lambda_package: what it packs is what Lambda gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.harness import AwsEndpoint, run_module
from tests.integration.lambda_function import a_function


@pytest.fixture
def src(tmp_path: Path):
    folder = tmp_path / "files"
    (folder / "notifier").mkdir(parents=True)
    (folder / "notifier/alarms.py").write_text("def handler(event, context):\n    return event\n")
    return folder


def test_lambda_says_the_hash_that_the_module_says(aws: AwsEndpoint, src: Path, tmp_path: Path):
    packed = run_module("lambda_package", aws, src=str(src), dest=str(tmp_path / "code.zip"))
    with a_function(aws, "packed", {"notifier/alarms.py": (src / "notifier/alarms.py").read_bytes()}) as function:
        assert function["CodeSha256"] == packed["code_sha256"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_file_is_written_when_the_source_is_another(moto: AwsEndpoint, src: Path, tmp_path: Path, check_mode):
    dest = tmp_path / "code.zip"

    def pack():
        return run_module("lambda_package", moto, check_mode=check_mode, src=str(src), dest=str(dest))

    first = pack()
    assert (first["changed"], first["path"], first["files"]) == (True, str(dest), ["notifier/alarms.py"])
    assert dest.is_file()
    again = pack()
    assert (again["changed"], again["code_sha256"]) == (False, first["code_sha256"])
    (src / "notifier/alarms.py").write_text("")
    other = pack()
    assert other["changed"]
    assert other["code_sha256"] != first["code_sha256"]


def test_what_cannot_be_packed_says_why(moto: AwsEndpoint, src: Path, tmp_path: Path):
    nowhere = run_module("lambda_package", moto, src=str(src), dest=str(tmp_path / "no/code.zip"))
    assert "There is no folder" in nowhere["msg"]
    nothing = run_module("lambda_package", moto, src=str(tmp_path / "empty"), dest=str(tmp_path / "code.zip"))
    assert "There are no *.py below" in nothing["msg"]
