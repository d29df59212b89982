"""A file that a command cannot write at its end is refused at its beginning."""

from __future__ import annotations

import os

import pytest
from ansible.module_utils.towpath import output_file


def test_a_file_that_can_be_written_is_not_refused(tmp_path):
    (tmp_path / "old.json").touch()
    assert output_file.refusal("html", tmp_path / "old.json") == ""
    assert output_file.refusal("html", tmp_path / "new.json") == ""


def test_a_folder_that_is_not_there_is_named_with_what_to_type(tmp_path):
    told = output_file.refusal("result_file", tmp_path / "not here" / "x.json")
    assert told == (
        f"result_file is {tmp_path}/not here/x.json, but there is no folder {tmp_path}/not here. "
        f"Type mkdir -p '{tmp_path}/not here'; or run again with another result_file."
    )


def test_a_folder_is_no_file(tmp_path):
    assert f"result_file is {tmp_path}, which is a folder" in output_file.refusal("result_file", tmp_path)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    assert f"but {tmp_path}/file is no folder" in output_file.refusal("html", tmp_path / "file/deeper/x.html")


@pytest.mark.parametrize("closed", ["file.json", "."])
def test_what_may_not_be_written_is_named(tmp_path, monkeypatch, closed):
    (tmp_path / "file.json").touch()
    may_not = str(tmp_path / closed)
    # Root may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != may_not)
    assert f"but {may_not} may not be written by you" in output_file.refusal("html", tmp_path / "file.json")
