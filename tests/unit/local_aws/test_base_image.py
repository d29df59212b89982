"""Which images a Dockerfile needs, and what happens where no registry has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_aws import base_image

ROOT = Path(__file__).parents[3]
DOCKERFILES = ["examples/webapp/Dockerfile", "tests/molecule/bastion-hardening/Dockerfile"]


@pytest.mark.parametrize(
    ("dockerfile", "images"),
    [
        pytest.param("FROM debian\n", ["debian"], id="one"),
        pytest.param("FROM debian AS a\nFROM a\n", ["debian"], id="a stage of its own"),
        pytest.param("FROM debian AS a\nFROM alpine\nCOPY --from=a x y\n", ["debian", "alpine"], id="two stages"),
        pytest.param("FROM debian AS a\nFROM debian\n", ["debian"], id="the same twice"),
        pytest.param("FROM --platform=linux/arm64 debian:12 as a\n", ["debian:12"], id="with a platform"),
        pytest.param("FROM scratch\n", [], id="scratch"),
        pytest.param("RUN echo FROM here\n# FROM there\n", [], id="the word elsewhere"),
    ],
)
def test_a_dockerfile_needs_the_images_it_starts_from(dockerfile, images):
    assert base_image.bases(dockerfile) == images


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_every_base_of_our_images_can_be_built_here(dockerfile):
    needed = base_image.bases((ROOT / dockerfile).read_text())
    assert needed
    assert set(needed) <= base_image.RECIPES.keys()


@pytest.fixture
def a_docker_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a docker command of our own first in the path."""

    def write(script: str) -> None:
        command = tmp_path / "docker"
        command.write_text(f"#!/bin/sh\n{script}\n")
        command.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    return write


def test_a_registry_that_answers_is_pulled_from(a_docker_that, tmp_path):
    a_docker_that('echo "pulling $2"')
    assert base_image.pull("debian", log=tmp_path / "log")
    assert "pulling debian" in (tmp_path / "log").read_text()


def test_a_registry_that_refuses_is_no_source(a_docker_that, tmp_path):
    a_docker_that("echo no such host >&2; exit 1")
    assert not base_image.pull("debian", log=tmp_path / "log")
    assert "no such host" in (tmp_path / "log").read_text()


def test_a_registry_that_says_nothing_is_given_up(a_docker_that, tmp_path, monkeypatch):
    monkeypatch.setattr(base_image, "ANSWER_SECONDS", 0.2)
    a_docker_that("exec sleep 60")
    assert not base_image.pull("debian", log=tmp_path / "log")


@pytest.mark.parametrize(
    ("image", "can_install", "advice"),
    [
        pytest.param("python:3.11-slim-bookworm", True, "", id="a recipe and root"),
        pytest.param("python:3.11-slim-bookworm", False, "run as root", id="a recipe without root"),
        pytest.param("node:22", True, "only debian:bookworm-slim, python:3.11-slim-bookworm", id="no recipe"),
    ],
)
def test_an_image_that_cannot_be_built_comes_with_what_to_do(monkeypatch, image, can_install, advice):
    monkeypatch.setattr(base_image, "can_install_packages", lambda: can_install)
    assert (base_image.why_not(image) == "") is (advice == "")
    assert advice in base_image.why_not(image)


def test_a_slimmed_system_keeps_its_licences(tmp_path):
    doc = tmp_path / "usr/share/doc/python3"
    doc.mkdir(parents=True)
    (doc / "copyright").write_text("PSF")
    (doc / "changelog.gz").write_text("long")
    (doc / "README").symlink_to("changelog.gz")
    base_image.slim(tmp_path)
    assert [path.name for path in doc.iterdir()] == ["copyright"]
    assert (tmp_path / "var/lib/apt/lists").is_dir()


PYTHON = "python:3.11-slim-bookworm"


@pytest.mark.parametrize(
    ("image", "labels", "outdated"),
    [
        pytest.param(PYTHON, {}, False, id="pulled"),
        pytest.param(PYTHON, {"towpath.built-with": "debootstrap"}, True, id="built before recipes had a digest"),
        pytest.param(PYTHON, {"towpath.built-with": "debootstrap", "towpath.recipe": "0"}, True, id="another recipe"),
        pytest.param(
            PYTHON,
            {"towpath.built-with": "debootstrap", "towpath.recipe": base_image.RECIPES[PYTHON].digest},
            False,
            id="today's recipe",
        ),
        pytest.param("app", {"towpath.built-with": "debootstrap"}, False, id="built on one of them"),
    ],
)
def test_what_was_built_here_from_another_recipe_is_outdated(image, labels, outdated):
    assert base_image.is_outdated(image, labels) is outdated


def test_a_changed_program_changes_the_recipe(monkeypatch, tmp_path):
    recipe = base_image.RECIPES[base_image.POSTGRES]
    before = recipe.digest
    for script in recipe.programs.values():
        (tmp_path / script).write_text("another")
    monkeypatch.setattr(base_image, "__file__", str(tmp_path / "base_image.py"))
    assert recipe.digest != before
