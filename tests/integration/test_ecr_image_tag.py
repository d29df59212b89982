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
def add_tag(aws, repository):
    def run(check_mode=False, diff=False, **options):
        return run_module("ecr_image_tag", aws, check_mode=check_mode, diff=diff, repository=repository, **options)

    return run


@pytest.fixture
def tags(aws, repository):
    def read(digest):
        images = aws.client("ecr").describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])
        return sorted(images["imageDetails"][0]["imageTags"])

    return read


def test_a_tag_is_added_once(add_tag, push, tags):
    digest = push("4f2c9d1")
    first = add_tag(digest=digest, tag="released-1", diff=True)
    second = add_tag(digest=digest, tag="released-1")
    assert first["changed"]
    assert first["tags"] == tags(digest) == ["4f2c9d1", "released-1"]
    assert first["diff"] == {"before": "4f2c9d1\n", "after": "4f2c9d1\nreleased-1\n"}
    assert first["msg"].endswith("as released-1.")
    assert not second["changed"]


def test_the_image_stays_the_same(add_tag, push, aws, repository):
    digest = push("4f2c9d1")

    def manifest(tag):
        (image,) = aws.client("ecr").batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]
        return image["imageId"]["imageDigest"], image["imageManifest"]

    add_tag(digest=digest, tag="released-1")
    assert manifest("released-1") == manifest("4f2c9d1")
    assert manifest("released-1")[0] == digest


def test_check_mode_says_what_a_run_would_say_and_adds_nothing(add_tag, push, tags):
    digest = push("4f2c9d1")
    checked = add_tag(digest=digest, tag="released-1", check_mode=True)
    assert tags(digest) == ["4f2c9d1"]
    real = add_tag(digest=digest, tag="released-1")
    assert checked.keys() == real.keys()
    assert (checked["changed"], checked["tags"], checked["diff"]) == (real["changed"], real["tags"], real["diff"])
    assert checked["msg"].startswith("Would tag")


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_tag_on_another_image_is_not_moved(add_tag, push, tags, check_mode):
    other, digest = push("4f2c9d1"), push("1a2b3c4")
    result = add_tag(digest=digest, tag="4f2c9d1", check_mode=check_mode)
    assert result["failed"]
    assert f"The tag 4f2c9d1 is on {other}, expected on {digest}" in result["msg"]
    assert tags(other) == ["4f2c9d1"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"digest": "sha256:0f3c", "tag": "a"}, "is no digest", id="a short digest"),
        pytest.param({"digest": "sha256:" + "0" * 64, "tag": "-a"}, "-a is no tag", id="no tag"),
        pytest.param({"digest": "sha256:" + "0" * 64, "tag": "a"}, "There is no image sha256:0000", id="no image"),
    ],
)
def test_what_cannot_be_tagged_is_refused(add_tag, options, said):
    result = add_tag(**options)
    assert result["failed"]
    assert said in result["msg"]


def test_a_missing_repository_says_what_to_run(aws):
    result = run_module("ecr_image_tag", aws, repository="no/such", digest="sha256:" + "0" * 64, tag="a")
    assert result["failed"]
    assert "Run ansible-playbook provision.yml first." in result["msg"]
