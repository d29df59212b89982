"""What moto can hold of an environment is provisioned there too, twice: the second time changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from examples import demo
from tests.api_calls import recorded
from tests.integration.harness import ROOT, AwsEndpoint

# moto tags NAT gateways under a name of its own, knows no parameter groups of RDS, and its load balancers lack
# attributes that AWS always lists: what stands on these is not made there.
BEYOND_MOTO = (
    "network,database,bastion,certificate,load_balancer,app_service,cdn,dns,dns_zone,ci_identity,alerts,dashboard"
)


@pytest.fixture(scope="module")
def provision(moto: AwsEndpoint):
    def run(*arguments: str, code: int = 0, more: Mapping[str, str] = MappingProxyType({})) -> str:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))}
        command = ["ansible-playbook", "provision.yml", "-e", "env=staging", "--skip-tags", BEYOND_MOTO, *arguments]
        done = subprocess.run(
            [Path(sys.executable).parent / command[0], *command[1:]],
            cwd=ROOT,
            env=inherited | dict(moto.environment) | dict(more),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout[-3000:] + done.stderr[-1000:]
        return done.stdout

    return run


def test_check_mode_provisioning_and_provisioning_again_agree(provision, moto: AwsEndpoint):
    would_change = demo.changes(provision("--check"))
    assert moto.client("ecs").describe_clusters(clusters=["webapp-staging"])["clusters"] == []
    assert would_change == demo.changes(provision()) > 5
    # moto forgets where a function leaves what it could not do, so the notifier's are changed each time.
    assert demo.changes(provision("--skip-tags", "notifier")) == 0


def test_a_secret_without_a_value_is_missed_before_anything_is_made(provision):
    with recorded() as recording:
        told = provision("-e", '{"secrets_required": ["STRIPE_KEY"]}', code=2, more=recording.environment)
    assert "staging has no value for STRIPE_KEY, which secrets_required names." in told
    assert "read -rs SECRET_STRIPE_KEY && export SECRET_STRIPE_KEY" in told
    assert set(recording.actions) == {"ssm:DescribeParameters"}
    assert demo.changes(told) == 0
