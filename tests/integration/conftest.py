"""One AWS of each kind for each process that runs tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration import harness
from tests.integration.harness import AwsEndpoint


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEndpoint]:
    """The local AWS, with real containers where a Docker engine answers."""
    with harness.ministack(tmp_path_factory.mktemp("local_aws")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def moto() -> Iterator[AwsEndpoint]:
    with harness.moto(account_id="210987654321") as endpoint:
        yield endpoint


@pytest.fixture(params=["ministack", "moto"])
def aws(request: pytest.FixtureRequest) -> AwsEndpoint:
    """Each of the two in turn: what works on one only rests on an assumption."""
    endpoint: AwsEndpoint = request.getfixturevalue(request.param)
    return endpoint


@pytest.fixture
def containers(ministack: AwsEndpoint) -> AwsEndpoint:
    """The local AWS, for a test that means nothing without real containers."""
    if not ministack.containers:
        pytest.skip("No Docker engine answers, so there are no containers to test with: start one and run again.")
    return ministack
