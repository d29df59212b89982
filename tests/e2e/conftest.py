"""One account for all end-to-end tests: provisioned once, with a release in staging and in prod."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_aws import base_image, docker_engine, emulator
from tests import refused
from tests.e2e.account import Account, Loop, go_through


@pytest.fixture(scope="session")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    engine = docker_engine.look()
    if not engine.runs:
        pytest.skip(f"the loop needs real containers. Docker engine: {engine.sentence}")
    home = tmp_path_factory.mktemp("local_aws")
    emulator.ensure_venv()
    # Policies are enforced. The account's own key may do everything, as its root user.
    local_aws, _ = emulator.up(home, extra={"AUTH": "true", **emulator.KEY})
    base_image.ensure(base_image.POSTGRES, home=emulator.HOME, log=emulator.HOME / "setup.log")
    repository = ""
    try:
        with refused.watched(local_aws.url):
            seen = go_through(Account(local_aws, tmp_path_factory.mktemp("results")))
            repository = seen.image["image"].partition("@")[0]
            yield seen
    finally:
        emulator.down(home)
    # Fails the last test of the session when something is left.
    label = f"label=ministack.instance={local_aws.instance}"
    assert emulator.docker("ps", "--all", "--quiet", "--filter", label).split() == [], "containers are left"
    assert emulator.docker("images", "--quiet", repository).split() == [], "images are left"


@pytest.fixture
def account(loop: Loop) -> Account:
    """The account after the loop. Whoever changes what serves puts the good image back."""
    return loop.account
