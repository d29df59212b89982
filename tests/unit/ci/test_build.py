from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ci import build
from examples import push

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path("app")


def test_the_image_carries_what_the_ledger_reads():
    commit = build.Commit("0123456789abcdef0123456789abcdef01234567", "Faster search", "Ada")
    assert commit.tag == "0123456789ab"
    assert commit.labels(datetime(2026, 3, 1, 12, tzinfo=UTC)) == {
        "org.opencontainers.image.revision": "0123456789abcdef0123456789abcdef01234567",
        "org.opencontainers.image.created": "2026-03-01T12:00:00Z",
        "towpath.commit-title": "Faster search",
        "towpath.commit-author": "Ada",
    }


def test_what_is_foreign_stays_one_word():
    words = build.Build(FOLDER, labels={"towpath.commit-title": 'a "b" $(c) --push'}).words()
    assert '--label=towpath.commit-title=a "b" $(c) --push' in words


@pytest.mark.parametrize(
    ("branch", "tag"),
    [
        pytest.param("main", "main-amd64", id="main"),
        pytest.param("feature/search", "feature-search-amd64", id="a slash"),
        pytest.param("-.x", "x-amd64", id="what a tag may not begin with"),
        pytest.param("ü" * 200, "-" * 0 + "amd64", id="nothing that a tag may have"),
        pytest.param("b" * 200, "b" * 128, id="too long"),
    ],
)
def test_the_cache_of_a_branch_has_a_tag_of_its_own(branch, tag):
    assert build.cache_tag(branch, "linux/amd64") == tag


@pytest.mark.parametrize(
    ("branch", "read"),
    [
        pytest.param("main", ["r:main-amd64"], id="main reads its own"),
        pytest.param("topic", ["r:topic-amd64", "r:main-amd64"], id="another branch reads main's, too"),
    ],
)
def test_a_branch_reads_its_own_cache_first_and_writes_no_other(branch, read):
    sources, kept = build.registry_cache("r", branch, "main", "linux/amd64", "zstd")
    assert sources == [f"--cache-from=type=registry,ref={ref}" for ref in read]
    assert kept == [
        f"--cache-to=type=registry,ref=r:{branch}-amd64,mode=max,image-manifest=true,oci-mediatypes=true,"
        "compression=zstd,force-compression=true,ignore-error=true"
    ]


def test_a_pull_request_reads_the_cache_of_main_and_writes_none_that_main_reads():
    assert build.preview_cache("r", "main", "linux/amd64") == ["--cache-from=type=registry,ref=r:main-amd64"]


@pytest.mark.parametrize(
    ("preview", "place"),
    [
        pytest.param(0, ("webapp", "0123456789ab"), id="a commit of a branch"),
        pytest.param(12, ("webapp-previews", "pr-12-0123456789ab"), id="a pull request's"),
    ],
)
def test_an_image_of_a_pull_request_is_kept_apart(preview, place):
    commit = build.Commit("0123456789abcdef0123456789abcdef01234567", "Faster search", "Ada")
    assert build.destination("webapp", preview, commit) == place


@pytest.mark.parametrize("way", ["load", "push"])
@pytest.mark.parametrize("has_it", [False, True])
def test_a_pull_request_is_built_once_and_leaves_the_cache_alone(monkeypatch, tmp_path, way, has_it):
    """The commands of a build, in a checkout, at an account whose repository has the image or has it not."""
    as_ada = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for words in (("init", "--quiet"), (*as_ada, "commit", "--quiet", "--allow-empty", "--message", "One")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    tag = f"pr-12-{build.commit_in(tmp_path).tag}"
    asked, ran = [], []
    monkeypatch.setattr(build, "log_in", lambda *place: asked.append(place) or build.Registry("r/p", "r", "d" * has_it))
    monkeypatch.setattr(build, "pushed_digest", lambda *place: asked.append(place) or "d")
    monkeypatch.setattr(build, "run", ran.append)
    image = ["--image", "x"] if way == "load" else []
    given = [way, *image, "--repository", "webapp", "--preview", "12", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["build.py", *given])
    build.main()
    assert set(asked) == {("webapp-previews", tag)}
    assert len(ran) == (not has_it)
    for words in ran:
        assert [word for word in words if "cache" in word] == [
            "--cache-from=type=registry,ref=r/webapp-cache:main-amd64"
        ]
        assert [word for word in words if "r/p" in word] == (
            [f"--output=type=image,name=r/p:{tag},push=true,{build.compressed('zstd')}"] if way == "push" else []
        )


def test_a_cache_in_a_folder_is_read_only_where_there_is_one(tmp_path):
    kept, fresh = tmp_path / "kept", tmp_path / "fresh"
    assert build.folder_cache(kept, fresh) == [f"--cache-to=type=local,dest={fresh},mode=max"]
    kept.mkdir()
    (kept / "index.json").write_text("{}")
    assert build.folder_cache(kept, fresh)[0] == f"--cache-from=type=local,src={kept}"


def test_what_is_pushed_is_built_as_what_was_tested():
    image = build.Build(FOLDER, "Dockerfile.prod", "linux/arm64", {"A": "1"}, {"b": "2"})
    load = build.load_command(image, "webapp:test", [])
    push = build.push_command(image, "r:tag", ["--cache-to=x"], "gzip")
    shared = ["--platform=linux/arm64", "--file=Dockerfile.prod", "--build-arg=A=1", "--label=b=2", "app"]
    assert [word for word in load if word in push] == ["docker", "buildx", "build", *shared]
    assert "--load" in load and "--load" not in push
    assert (
        "--output=type=image,name=r:tag,push=true,oci-mediatypes=true,compression=gzip,force-compression=true" in push
    )


def test_a_build_argument_is_a_name_and_a_value():
    assert build.named(["A=1", "B=x=y", "C="]) == {"A": "1", "B": "x=y", "C": ""}
    with pytest.raises(SystemExit, match="Expected NAME=VALUE, but was given 'A'"):
        build.named(["A"])


def test_the_commit_is_that_of_the_checkout(tmp_path):
    with pytest.raises(SystemExit, match="in a git checkout: an image is named after its commit"):
        build.commit_in(tmp_path)
    as_ada = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for words in (("init", "--quiet"), (*as_ada, "commit", "--quiet", "--allow-empty", "--message", "One `two`")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    commit = build.commit_in(tmp_path)
    assert (commit.title, commit.author, len(commit.sha)) == ("One `two`", "Ada", 40)


ODD_TITLES = ["two\u2028lines", "two\x85lines", "two\x0clines", "two\x0blines", "two\x1clines", "ship it \U0001f680"]


@pytest.fixture
def signed(tmp_path, monkeypatch):
    """Makes a signed commit with a title, in a checkout whose owner looks at signatures."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder, gpg = tmp_path / "app", tmp_path / "gpg"
    gpg.write_text("#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\necho signature\n")
    gpg.chmod(0o755)
    settings = {
        **{"user.name": "Ada", "user.email": "ada@example.org", "gpg.program": str(gpg)},
        **{"log.showSignature": "true", "color.ui": "always", "i18n.logOutputEncoding": "latin1"},
    }

    def commit(title: str) -> Path:
        git = ["git", "-C", str(folder), *(word for one in settings.items() for word in ("-c", "=".join(one)))]
        subprocess.run(["git", "init", "--quiet", folder], check=True)
        for name, value in settings.items():
            subprocess.run(["git", "-C", folder, "config", name, value], check=True)
        subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-S", "--message", title], check=True)
        return folder

    return commit


@pytest.mark.parametrize("title", ODD_TITLES, ids=ascii)
def test_a_title_is_one_whatever_is_in_it_and_whatever_git_is_told_to_show(signed, monkeypatch, title):
    folder = signed(title)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    commit = build.commit_in(folder)
    assert (commit.title, commit.author, len(commit.sha)) == (title, "Ada", 40)
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.setattr(push, "ROOT", folder)
    assert push.labels(folder)[1:] == [f"--label=towpath.commit-title={title}", "--label=towpath.commit-author=Ada"]


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB=\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        pytest.param("", {}, id="none"),
        pytest.param("A=1\n\nB=x=y\r\nC=", {"A": "1", "B": "x=y", "C": ""}, id="lines"),
        pytest.param("A=one\u2028two", {"A": "one\u2028two"}, id="a line is what ends with a newline"),
        pytest.param(json.dumps({"CA": CERTIFICATE, "B": "{"}), {"CA": CERTIFICATE, "B": "{"}, id="a certificate"),
    ],
)
def test_build_arguments_are_lines_or_json(text, arguments):
    assert build.build_arguments(text) == arguments


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("{", "Expected BUILD_ARGUMENTS as a JSON object", id="no JSON"),
        pytest.param('{"A": 1}', "Expected text as the build argument A", id="a number"),
        pytest.param('{"A B": "1"}', "Expected NAME=VALUE", id="no name"),
    ],
)
def test_build_arguments_that_are_none_are_refused(text, said):
    with pytest.raises(SystemExit, match=said):
        build.build_arguments(text)


@pytest.mark.parametrize("folder", ["ci", "examples", "library", "playbooks"])
def test_nothing_is_cut_where_python_sees_a_line_and_nobody_else_does(folder):
    found = [str(path) for path in (ROOT / folder).rglob("*.py") if "splitlines(" in path.read_text()]
    assert found == []
