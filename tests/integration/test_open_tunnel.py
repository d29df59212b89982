"""The action that keeps a tunnel open, with a stand-in for ssh: a program that listens until it is ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.integration.harness import ROOT, unused_port

LISTENER = "import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"


@pytest.fixture
def open_tunnel(tmp_path):
    """Starts a play with the one task, as somebody would in a terminal."""
    started = []

    def start(command, port):
        play = tmp_path / "play.yml"
        task = {"name": "Open the tunnel", "open_tunnel": {"command": command, "port": port}}
        play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
        process = subprocess.Popen(
            [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", play],
            cwd=ROOT,
            env=os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "COLUMNS": "1000"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def becomes(expected, port, seconds=60):
    end = time.monotonic() + seconds
    while listens(port) is not expected and time.monotonic() < end:
        time.sleep(0.1)
    return listens(port) is expected


def test_it_says_when_the_tunnel_is_open_and_ctrl_c_closes_it(open_tunnel):
    port = unused_port()
    process = open_tunnel([sys.executable, "-c", LISTENER.format(port=port)], port)
    assert becomes(True, port)
    for line in process.stdout:
        if "The tunnel is open" in line:
            break
    assert str(port) in line
    process.send_signal(signal.SIGINT)
    assert becomes(False, port), "the program goes on after Ctrl-C"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        pytest.param(["sh", "-c", "echo Permission denied >&2; exit 255"], "Permission denied", id="refused"),
        pytest.param(["no-such-command"], "There is no command no-such-command", id="no such command"),
    ],
)
def test_a_tunnel_that_does_not_open_fails_with_what_was_said(open_tunnel, command, said):
    process = open_tunnel(command, unused_port())
    output = process.communicate(timeout=60)[0]
    assert process.returncode == 2
    assert said in output


def test_a_port_that_is_taken_is_refused_with_what_to_type(open_tunnel):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        output = open_tunnel(["sleep", "60"], port).communicate(timeout=60)[0]
    assert f"port {port} already" in output
    assert "-e bastion_local_port=" in output
