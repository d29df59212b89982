"""What integration tests share: an AWS endpoint to talk to, and a way to run one of our modules against it."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import runpy
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import botocore.session
from ansible.module_utils.testing import patch_module_args

from local_aws import emulator
from tests import refused

ROOT = Path(__file__).resolve().parents[2]
# Each module that runs makes a session of its own. What all of them read of AWS's services is read once in a process:
# reading it was two thirds of a test.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


@dataclass(frozen=True)
class AwsEndpoint:
    """One emulator of AWS, as a test sees it."""

    name: str
    url: str
    account_id: str
    environment: Mapping[str, str] = field(repr=False)
    containers: bool = False
    """Whether its tasks run as real containers."""

    def client(self, service: str, **options: Any) -> Any:
        """Return a boto3 client that talks to this endpoint, whatever the shell's own variables say."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
            **options,
        )


@contextlib.contextmanager
def ministack(
    home: Path, *, simulate: bool = False, without: str = "", settings: Mapping[str, str] | None = None
) -> Iterator[AwsEndpoint]:
    """Run the local AWS in ``home``, if asked without one of its corrections, and take all away at the end."""
    emulator.ensure_venv()
    # Its state is thrown away, so it need not be written at the end.
    extra = {"LOCAL_AWS_WITHOUT": without, "PERSIST_STATE": "0", "RDS_PERSIST": "0", "S3_PERSIST": "0"}
    extra |= settings or {}
    local_aws, _ = emulator.up(home, simulate=simulate, port=unused_port(), extra=extra)
    try:
        with refused.watched(local_aws.url):
            yield AwsEndpoint(
                "ministack", local_aws.url, local_aws.account_id, local_aws.environment, containers=local_aws.containers
            )
    finally:
        emulator.down(home)


@contextlib.contextmanager
def moto(account_id: str) -> Iterator[AwsEndpoint]:
    """Run moto's server, the second opinion: only its answers, nothing behind them."""
    port = unused_port()
    local_aws = emulator.LocalAws(port=port, account_id=account_id, containers=False)
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=os.environ | {"MOTO_ACCOUNT_ID": account_id, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(f"{local_aws.url}/moto-api/", server)
        yield AwsEndpoint("moto", local_aws.url, account_id, local_aws.environment)
    finally:
        server.terminate()
        server.wait(timeout=10)


def run_module(
    module: str, endpoint: AwsEndpoint, /, *, check_mode: bool = False, diff: bool = False, **options: Any
) -> dict[str, Any]:
    """Run library/<module>.py in this process, as Ansible would, and return its result."""
    arguments = options | {"_ansible_check_mode": check_mode, "_ansible_diff": diff}
    # A developer's own profile or session must not decide whom the module talks to.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    printed = io.StringIO()
    with (
        patch_module_args(arguments),
        mock.patch.dict(os.environ, inherited | dict(endpoint.environment), clear=True),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        runpy.run_path(str(ROOT / "library" / f"{module}.py"), run_name="__main__")
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: subprocess.Popen[bytes], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.05)
    raise RuntimeError(f"Nothing answers at {url} (exit code {server.poll()}).")
