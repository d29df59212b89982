"""A provision that is killed, or whose answers are lost, is finished by the next one, and nothing is there twice."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.api_calls import recorded
from tests.integration import harness
from tests.integration.harness import ROOT, AwsEndpoint

KINDS = {
    "describe_vpcs": ("Vpcs", "VpcId"),
    "describe_subnets": ("Subnets", "SubnetId"),
    "describe_internet_gateways": ("InternetGateways", "InternetGatewayId"),
    "describe_addresses": ("Addresses", "AllocationId"),
    "describe_nat_gateways": ("NatGateways", "NatGatewayId"),
    "describe_route_tables": ("RouteTables", "RouteTableId"),
    "describe_security_groups": ("SecurityGroups", "GroupId"),
    "describe_vpc_endpoints": ("VpcEndpoints", "VpcEndpointId"),
}


@dataclass(frozen=True)
class Interruption:
    """What goes wrong with one run: first calls whose answers are lost, and the call after which it is killed."""

    lost: tuple[str, ...] = ()
    killed_after: str = ""
    time: int = 1
    """The how manieth such call it is."""


# One after another, each where the one before had not yet come; the last run is left alone.
INTERRUPTIONS = [
    # The VPC is found again at once. The gateway has none yet, so the run ends, and the next one finds it by its name.
    Interruption(lost=("CreateVpc", "CreateInternetGateway")),
    # Half of the routes.
    Interruption(
        lost=("AllocateAddress", "CreateNatGateway", "CreateRouteTable"), killed_after="ec2:CreateRouteTable", time=2
    ),
    # Its password dies with the run.
    Interruption(lost=("CreateVpcEndpoint",), killed_after="rds:CreateDBInstance"),
]


# What comes after the last interruption, or has nothing of EC2, would only take its time.
LEFT_OUT = "--skip-tags=secrets,cluster,load_balancer,ledger,alerts,app_service,cdn,dns,dashboard"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEndpoint]:
    """An account of its own, without containers."""
    with harness.ministack(tmp_path_factory.mktemp("local_aws"), simulate=True) as aws:
        yield aws


def found(aws: AwsEndpoint) -> dict[tuple[str, str], str]:
    """What EC2 has, by its id: the name that it carries."""
    ec2 = aws.client("ec2")
    return {
        (kind, one[key]): next((tag["Value"] for tag in one.get("Tags", []) if tag["Key"] == "Name"), "")
        for call, (kind, key) in KINDS.items()
        for one in getattr(ec2, call)()[kind]
    }


def lose(aws: AwsEndpoint, actions: tuple[str, ...]) -> None:
    """Carry out the next call of each action, and lose its answer."""
    faults = json.dumps([{"action": action, "call": 1, "fault": "lose"} for action in actions]).encode()
    urllib.request.urlopen(urllib.request.Request(f"{aws.url}/_local_aws/faults", data=faults, method="PUT")).close()


def kill(pid: int) -> None:
    """Kill a process and all below it: Ansible's workers lead sessions of their own."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    below = [child for child, parent in parents.items() if parent == pid]
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    for child in below:
        kill(child)


def provision(aws: AwsEndpoint, interruption: Interruption) -> tuple[int, str]:
    lose(aws, interruption.lost)
    running: list[subprocess.Popen[str]] = []
    heard: list[str] = []

    def count(action: str) -> None:
        heard.append(action)
        if action == interruption.killed_after and heard.count(action) == interruption.time:
            kill(running[0].pid)

    with recorded(count) as recording:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))}
        words = [str(Path(sys.executable).parent / "ansible-playbook"), "provision.yml", "-e", "env=staging", LEFT_OUT]
        process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=inherited | dict(aws.environment) | recording.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        told = process.communicate(timeout=300)[0]
    return process.returncode, told


def test_an_interrupted_provision_is_finished_by_the_next_one(empty: AwsEndpoint):
    before = found(empty)
    for interruption in INTERRUPTIONS:
        code, told = provision(empty, interruption)
        expected = -signal.SIGKILL if interruption.killed_after else 2
        assert code == expected, told

    code, told = provision(empty, Interruption())
    assert code == 0, told
    code, told = provision(empty, Interruption())
    assert code == 0, told
    assert [int(count) for count in re.findall(r"changed=(\d+)", told)] == [0, 0], told

    made: dict[str, list[Any]] = {}
    for (kind, identity), name in found(empty).items():
        if (kind, identity) not in before:
            made.setdefault(kind, []).append(name)
    assert made.keys() == {kind for kind, _ in KINDS.values()}
    assert {kind: sorted(names) for kind, names in made.items() if len(names) != len(set(names))} == {}
    assert made["Vpcs"] == made["InternetGateways"] == ["webapp-staging"]
    assert len(made["Addresses"]) == len(made["NatGateways"]) == 1
