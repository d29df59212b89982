"""Each correction of the local AWS is needed and does what its name says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from local_aws import emulator
from tests.integration import harness
from tests.integration.harness import ROOT, AwsEndpoint
from tests.integration.local_aws.facts import FACTS
from tests.integration.local_aws.facts_of_functions import FACTS_OF_FUNCTIONS
from tests.integration.local_aws.facts_of_rollouts import FACTS_OF_ROLLOUTS


def test_every_correction_has_a_fact():
    registry = (ROOT / "local_aws" / "corrections" / "__init__.py").read_text()
    listed = re.findall(r"^ {8}\w+\.(\w+),$", registry, re.MULTILINE)
    assert sorted(listed) == sorted(FACTS | FACTS_OF_ROLLOUTS | FACTS_OF_FUNCTIONS)


# The account's own key may do everything, as its root user.
ENFORCING = {"AUTH": "true", **emulator.KEY, "LOCAL_AWS_TIME_SCALE": "0.01"}


@pytest.fixture(scope="module")
def enforcing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsEndpoint]:
    with harness.ministack(tmp_path_factory.mktemp("enforcing"), simulate=True, settings=ENFORCING) as aws:
        yield aws


@pytest.mark.parametrize("name", FACTS)
def test_with_the_correction(name, ministack):
    FACTS[name](ministack)


@pytest.mark.parametrize("name", FACTS)
def test_without_the_correction(name, tmp_path):
    with harness.ministack(tmp_path, simulate=True, without=name) as aws, pytest.raises((AssertionError, ClientError)):
        FACTS[name](aws)


@pytest.mark.parametrize("name", FACTS_OF_ROLLOUTS)
def test_with_the_correction_in_containers(name, containers, pushed_image):
    FACTS_OF_ROLLOUTS[name](containers, pushed_image(containers))


@pytest.mark.parametrize("name", FACTS_OF_ROLLOUTS)
def test_without_the_correction_in_containers(name, containers, pushed_image, tmp_path):
    with harness.ministack(tmp_path, without=name) as aws, pytest.raises((AssertionError, ClientError)):
        FACTS_OF_ROLLOUTS[name](aws, pushed_image(aws))


@pytest.mark.parametrize("name", FACTS_OF_FUNCTIONS)
def test_with_the_correction_where_policies_are_enforced(name, enforcing):
    FACTS_OF_FUNCTIONS[name](enforcing)


@pytest.mark.parametrize("name", FACTS_OF_FUNCTIONS)
def test_without_the_correction_where_policies_are_enforced(name, tmp_path):
    with (
        harness.ministack(tmp_path, simulate=True, without=name, settings=ENFORCING) as aws,
        pytest.raises((AssertionError, ClientError, ValueError)),
    ):
        FACTS_OF_FUNCTIONS[name](aws)
