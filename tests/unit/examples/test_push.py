"""What an image is called, and what counts as its content."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from examples import push
from local_aws.emulator import LocalAwsError

SHA = "0123456789ab"


def test_an_unchanged_app_is_named_after_its_commit_alone():
    assert push.tag_for(SHA, {}) == SHA


@pytest.mark.parametrize(
    ("changed", "build_args"),
    [
        pytest.param({"server.py": b"2"}, [], id="content"),
        pytest.param({"other.py": b"1"}, [], id="name"),
        pytest.param({"server.py": b"1", "new.py": b""}, [], id="a file more"),
        pytest.param({"server.py": b"1"}, ["WEBAPP_FAIL=exit"], id="build argument"),
        pytest.param({}, ["WEBAPP_FAIL=exit"], id="build argument of a clean checkout"),
    ],
)
def test_what_makes_another_image_makes_another_tag(changed, build_args):
    tag = push.tag_for(SHA, changed, build_args)
    assert tag != push.tag_for(SHA, {"server.py": b"1"})
    assert tag.startswith(f"{SHA}-")
    assert len(tag) == len(SHA) + 9


def test_the_order_of_files_and_arguments_makes_no_difference():
    one = push.tag_for(SHA, {"a": b"1", "b": b"2"}, ["X=1", "Y=2"])
    other = push.tag_for(SHA, {"b": b"2", "a": b"1"}, ["Y=2", "X=1"])
    assert one == other


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A folder called app inside a checkout with one commit."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "server.py").write_text("one")
    (folder / ".gitignore").write_text("*.pyc\n")
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "one"]):
        subprocess.run([*git, *command], check=True)
    return folder


def test_a_clean_folder_has_no_changed_content(context):
    (context.parent / "elsewhere.txt").write_text("not the app's")
    assert push.changed_content(context) == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [pytest.param("server.py", "two", id="changed"), pytest.param("new.py", "", id="new")],
)
def test_a_changed_folder_gives_all_its_files(context, name, content):
    (context / name).write_text(content)
    found = push.changed_content(context)
    assert found[name] == content.encode()
    assert {"server.py", ".gitignore"} <= found.keys()


def test_a_removed_file_is_a_change(context):
    (context / "server.py").unlink()
    assert push.changed_content(context).keys() == {".gitignore"}


def test_ignored_files_are_no_content(context):
    (context / "server.pyc").write_bytes(b"x")
    assert push.changed_content(context) == {}


@pytest.mark.parametrize("endpoint", ["", "https://ecr.us-east-1.amazonaws.com", "http://10.0.0.1:4566"])
def test_a_simulated_image_is_refused_everywhere_but_on_the_local_aws(monkeypatch, endpoint):
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    with pytest.raises(LocalAwsError, match="local AWS"):
        push.put_simulated(None, "webapp", SHA)


@pytest.mark.parametrize(
    ("migration", "is_breaking"),
    [
        pytest.param("-- breaking\nDROP TABLE notes;\n", True, id="marked"),
        pytest.param("DROP TABLE notes;\n  --  breaking\n", True, id="marked further down"),
        pytest.param("CREATE TABLE notes ();\n", False, id="not marked"),
        pytest.param("-- not breaking\nCREATE TABLE breaking ();\n", False, id="the word elsewhere"),
    ],
)
def test_the_image_is_marked_when_a_migration_is(tmp_path, migration, is_breaking):
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "0001_first.sql").write_text("CREATE TABLE first ();\n")
    (tmp_path / "migrations" / "0002_second.sql").write_text(migration)
    assert ("--label=towpath.migrations=breaking" in push.labels(tmp_path)) is is_breaking


def test_an_app_that_requires_nothing_gets_nothing(tmp_path):
    assert push.fetch_packages(tmp_path, log=tmp_path / "log") == []
    assert list(tmp_path.iterdir()) == []


def test_packages_that_were_fetched_for_these_requirements_are_not_fetched_again(tmp_path):
    (tmp_path / "packages").mkdir()
    for folder in (tmp_path, tmp_path / "packages"):
        (folder / "requirements.txt").write_text("no-such-package==0\n")
    assert push.fetch_packages(tmp_path, log=tmp_path / "log") == ["--build-arg=PIP_NO_INDEX=1"]


def test_packages_that_cannot_be_fetched_are_told_and_fetched_the_next_time(tmp_path):
    (tmp_path / "requirements.txt").write_text("not a requirement\n")
    for _ in range(2):
        with pytest.raises(LocalAwsError, match="pip reaches a package index"):
            push.fetch_packages(tmp_path, log=tmp_path / "log")
