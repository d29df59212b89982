import functools

import pytest

from tests.integration import ecr_repository
from tests.integration.harness import run_module


@pytest.fixture
def repository(aws):
    return ecr_repository.new_repository(aws)


@pytest.fixture
def push(aws, repository):
    return functools.partial(ecr_repository.push, aws, repository)


@pytest.fixture
def find(aws, repository):
    return lambda **options: run_module("ecr_image_info", aws, repository=repository, **options)


def test_an_image_is_found_by_tag_digest_reference_and_as_the_newest(find, push):
    push("4f2c9d1")
    digest = push("1a2b3c4-dirty")
    found = find()
    uri = found["repository_uri"]
    assert found["image"]["digest"] == digest
    assert found["image"]["uri"] == f"{uri}@{digest}"
    assert found["image"]["tags"] == ["1a2b3c4-dirty"]
    assert found["image"]["git_sha"] == "1a2b3c4-dirty"
    for reference in ("1a2b3c4-dirty", digest, f"{uri}:1a2b3c4-dirty", f"{uri}@{digest}"):
        assert find(reference=reference) == found | {"invocation": find(reference=reference)["invocation"]}
    assert not found["changed"]


def test_an_older_image_is_found_when_it_is_asked_for(find, push):
    digest = push("4f2c9d1")
    push("1a2b3c4")
    assert find(reference="4f2c9d1")["image"]["digest"] == digest


def test_an_unknown_tag_is_refused_with_those_that_exist(find, push):
    push("4f2c9d1")
    push("1a2b3c4")
    result = find(reference="nope")
    assert result["failed"]
    assert "There is no image nope in" in result["msg"]
    assert "The newest are: 1a2b3c4, 4f2c9d1." in result["msg"]


def test_an_unknown_digest_is_refused(find, push):
    push("4f2c9d1")
    result = find(reference="sha256:" + "0" * 64)
    assert result["failed"]
    assert "4f2c9d1" in result["msg"]


def test_an_image_of_another_repository_is_refused(find, push):
    push("4f2c9d1")
    result = find(reference="nginx:latest")
    assert result["failed"]
    assert "is in nginx, expected one in" in result["msg"]


@pytest.mark.parametrize("options", [{}, {"reference": "4f2c9d1"}], ids=["newest", "tag"])
def test_an_empty_repository_says_how_to_push(find, options):
    result = find(**options)
    assert result["failed"]
    assert "There is no image in" in result["msg"]
    assert "docker push" in result["msg"]


def test_a_missing_repository_says_what_to_run(aws):
    result = run_module("ecr_image_info", aws, repository="no/such")
    assert result["failed"]
    assert result["msg"] == "There is no image repository no/such. Run ansible-playbook provision.yml first."


def test_the_newest_image_is_looked_for_among_those_with_a_prefix(find, push):
    digest = push("pr-12-4f2c9d1a0b3e")
    push("pr-1-1a2b3c4d5e6f")
    assert find(tag_prefix="pr-12-")["image"]["digest"] == digest


def test_without_an_image_of_the_prefix_it_is_said_how_to_push_one(find, push):
    push("pr-1-1a2b3c4d5e6f")
    result = find(tag_prefix="pr-12-")
    assert result["failed"]
    assert "with a tag that begins with pr-12-. Push one first" in result["msg"]
    assert ":pr-12-$(git rev-parse HEAD)" in result["msg"]
