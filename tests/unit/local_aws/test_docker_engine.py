"""Which engine is used, and what is said where there is none."""

from __future__ import annotations

import os

import pytest

from local_aws import docker_engine


@pytest.mark.parametrize(
    ("code", "output", "error", "runs", "forbidden", "said"),
    [
        pytest.param(0, "27.1", "", True, False, "Docker 27.1 runs", id="runs"),
        pytest.param(1, "", "Cannot connect to the Docker daemon", False, False, "start a Docker engine", id="stopped"),
        pytest.param(127, "", "docker: not found", False, False, "run as root", id="absent"),
        pytest.param(1, "", "Got permission denied while", False, True, "usermod -aG docker", id="not for this user"),
        pytest.param(0, "", "", False, False, "simulated", id="a client alone"),
    ],
)
def test_what_docker_version_says_is_told_in_one_line(code, output, error, runs, forbidden, said):
    engine = docker_engine.judge(code, output, error)
    assert (engine.runs, engine.forbidden) == (runs, forbidden)
    assert said in engine.sentence
    assert "\n" not in engine.sentence


@pytest.fixture
def nothing_may_be_installed(monkeypatch):
    def refuse(*_packages, **_options):
        pytest.fail("a package would have been installed")

    monkeypatch.setattr(docker_engine, "install_packages", refuse)
    monkeypatch.setattr(docker_engine, "can_install_packages", lambda: True)


def test_docker_never_uses_none_and_installs_none(monkeypatch, tmp_path, nothing_may_be_installed):
    monkeypatch.setenv("DOCKER", "never")
    engine = docker_engine.ensure(tmp_path)
    assert not engine.runs
    assert "DOCKER=never" in engine.sentence


def test_an_engine_elsewhere_that_does_not_answer_is_not_replaced(monkeypatch, tmp_path, nothing_may_be_installed):
    monkeypatch.delenv("DOCKER", raising=False)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing")
    assert not docker_engine.ensure(tmp_path).runs


@pytest.mark.parametrize("memory", [None, str(os.getpid()), "999999999"])
def test_an_engine_that_was_not_started_here_is_not_stopped(tmp_path, memory):
    if memory:
        (tmp_path / "docker_engine.started").write_text(f"{memory}\n")
    assert not docker_engine.stop(tmp_path)
