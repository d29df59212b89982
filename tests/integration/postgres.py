"""A Postgres in a container of its own."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local_aws import base_image, docker_engine, emulator
from tests.integration.harness import unused_port


@contextmanager
def running() -> Iterator[tuple[str, int]]:
    """Its container and its port on this machine; its superuser is webapp with the password p@ss."""
    engine = docker_engine.look()
    if not engine.runs:
        pytest.skip(f"needs a real Postgres. Docker engine: {engine.sentence}")
    base_image.ensure(base_image.POSTGRES, home=emulator.HOME, log=emulator.HOME / "setup.log")
    name, port = f"towpath-test-{uuid.uuid4().hex[:8]}", unused_port()
    options = ["--rm", "--detach", "--name", name, "--publish", f"127.0.0.1:{port}:5432"]
    words = ["docker", "run", *options, "--env", "POSTGRES_USER=webapp", "--env", "POSTGRES_PASSWORD=p@ss"]
    subprocess.run([*words, base_image.POSTGRES], check=True, capture_output=True)
    try:
        yield name, port
    finally:
        subprocess.run(["docker", "rm", "--force", name], check=True, capture_output=True)
