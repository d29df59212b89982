"""Which engine is used, and what is said where there is none."""

from __future__ import annotations

import os
import signal

import pytest

from local_aws import docker_engine
from local_aws.commands import Answer


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


@pytest.fixture
def commands_of_our_own(monkeypatch, tmp_path):
    """A machine whose docker command finds an engine once dockerd runs, and that has no service manager."""
    folder = tmp_path / "bin"
    folder.mkdir()
    scripts = {
        "docker": f'[ "$1" = --version ] || cat {tmp_path}/engine',
        "dockerd": f'[ "$1" = --version ] && exit; echo 27.1 > {tmp_path}/engine; while :; do sleep 0.1; done',
        "service": "exit 1",
    }
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.delenv("DOCKER", raising=False)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    return folder


def test_an_engine_that_is_installed_and_does_not_run_is_started_and_can_be_stopped(
    commands_of_our_own, tmp_path, nothing_may_be_installed
):
    engine = docker_engine.ensure(tmp_path)
    assert engine.sentence == "Docker 27.1 started"
    pid = int((tmp_path / "docker_engine.started").read_text())
    assert docker_engine.stop(tmp_path)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM
    assert not docker_engine.stop(tmp_path)


def test_an_engine_that_cannot_start_leaves_containers_simulated_and_says_why(
    commands_of_our_own, tmp_path, nothing_may_be_installed
):
    (commands_of_our_own / "dockerd").write_text('#!/bin/sh\n[ "$1" = --version ] && exit; echo no iptables; exit 1\n')
    engine = docker_engine.ensure(tmp_path)
    assert not engine.runs
    assert "no iptables" in engine.sentence
    assert not (tmp_path / "docker_engine.started").exists()


def test_a_machine_without_docker_gets_it_from_the_distribution(commands_of_our_own, tmp_path, monkeypatch):
    installed = []
    ask = docker_engine.ask

    def ask_without_dockerd(*command, **given):
        return Answer(127, "", "not found") if command[0] == "dockerd" else ask(*command, **given)

    def install(*packages, log):
        installed.extend(packages)
        (tmp_path / "engine").write_text("20.10\n")

    monkeypatch.setattr(docker_engine, "ask", ask_without_dockerd)
    monkeypatch.setattr(docker_engine, "can_install_packages", lambda: True)
    monkeypatch.setattr(docker_engine, "install_packages", install)
    assert docker_engine.ensure(tmp_path).sentence == "Docker 20.10 installed and started"
    assert installed == ["docker.io", "iptables"]


@pytest.mark.parametrize(
    "memory",
    [
        pytest.param(None, id="nothing was started"),
        pytest.param(str(os.getpid()), id="the pid is another program's now"),
        pytest.param("999999999", id="the process is gone"),
    ],
)
def test_an_engine_that_was_not_started_here_is_not_stopped(tmp_path, memory):
    if memory:
        (tmp_path / "docker_engine.started").write_text(f"{memory}\n")
    assert not docker_engine.stop(tmp_path)
