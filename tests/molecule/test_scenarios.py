"""Each scenario of molecule, with an account of its own to itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.integration import harness

HERE = Path(__file__).parent
SCENARIOS = sorted(path.parent.name for path in HERE.glob("*/molecule.yml"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_scenario_goes_through(name: str, tmp_path: Path):
    with harness.ministack(tmp_path) as aws:
        if name == "bastion-hardening" and not aws.containers:
            pytest.skip("No Docker engine answers, so there are no machines to harden: start one and run again.")
        done = subprocess.run(
            [HERE / "run", name],
            env=os.environ | dict(aws.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    print(done.stdout)
    assert done.returncode == 0
