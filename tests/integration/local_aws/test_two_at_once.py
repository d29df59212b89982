"""Two local AWS of different homes may be started at the same moment."""

from __future__ import annotations

import subprocess
import sys

import boto3

from local_aws import emulator
from tests.integration.harness import ROOT


def test_two_that_start_at_once_get_ports_of_their_own(tmp_path):
    homes = [tmp_path / name for name in ("one", "two", "three")]
    command = [sys.executable, "-m", "local_aws", "--home"]
    starts = [subprocess.Popen([*command, str(home), "up", "--simulate"], cwd=ROOT) for home in homes]
    try:
        assert [start.wait(timeout=120) for start in starts] == [0, 0, 0]
        found = [emulator.find(home) for home in homes]
        assert len({one.port for one in found}) == 3
        for one in found:
            keys = {name.lower(): one.environment[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
            sts = boto3.client("sts", endpoint_url=one.url, region_name="us-east-1", **keys)
            assert sts.get_caller_identity()["Account"] == one.account_id
    finally:
        for home in homes:
            emulator.down(home)
