"""A real docker push to the local AWS's ECR."""

from __future__ import annotations

import subprocess

import pytest
from botocore.exceptions import ClientError


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def pushed(containers, pushed_image):
    """The repository's address and name, and the digest of the image that has the tag v1."""
    address, _, digest = pushed_image(containers, "IMMUTABLE").partition("@")
    return address, address.rpartition("/")[2], digest


def test_a_pushed_image_is_described_with_its_digest_tag_and_size(containers, pushed):
    _, name, digest = pushed
    detail = containers.client("ecr").describe_images(repositoryName=name)["imageDetails"][0]
    assert (detail["imageDigest"], detail["imageTags"]) == (digest, ["v1"])
    assert detail["imageSizeInBytes"] > 100_000


def test_a_pushed_image_gets_a_second_tag_without_another_push(containers, pushed):
    address, name, digest = pushed
    ecr = containers.client("ecr")
    image = ecr.batch_get_image(repositoryName=name, imageIds=[{"imageTag": "v1"}])["images"][0]
    ecr.put_image(repositoryName=name, imageManifest=image["imageManifest"], imageTag="v2")
    detail = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": "v2"}])["imageDetails"][0]
    assert (detail["imageDigest"], detail["imageTags"]) == (digest, ["v1", "v2"])
    pulled = docker("pull", f"{address}:v2")
    assert digest in pulled.stdout, pulled.stderr
    docker("rmi", f"{address}:v2")


def test_another_image_cannot_take_the_tag_of_an_immutable_repository(containers, pushed, image):
    address, name, digest = pushed
    other = f"{address}:v1"
    subprocess.run(
        ["docker", "build", "--tag", other, "-"],
        input=f"FROM {image}\nLABEL other=1\n",
        text=True,
        capture_output=True,
        check=True,
    )
    refused = docker("push", other)
    docker("rmi", other)
    assert (refused.returncode, "immutable" in refused.stderr + refused.stdout) == (1, True)
    ecr = containers.client("ecr")
    assert ecr.describe_images(repositoryName=name)["imageDetails"][0]["imageDigest"] == digest
    with pytest.raises(ClientError, match="ImageTagAlreadyExistsException"):
        manifest = '{"schemaVersion": 2, "layers": []}'
        ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="v1")


def test_a_push_to_a_repository_that_does_not_exist_is_refused(containers, image):
    missing = f"{containers.url.removeprefix('http://')}/missing:v1"
    docker("tag", image, missing)
    refused = docker("push", missing)
    docker("rmi", missing)
    assert refused.returncode == 1


def test_docker_logs_in_with_the_token_that_ecr_gives(containers, tmp_path):
    token = containers.client("ecr").get_authorization_token()["authorizationData"][0]
    login = subprocess.run(
        ["docker", "--config", str(tmp_path), "login", "--username", "AWS", "--password-stdin", token["proxyEndpoint"]],
        input=token["authorizationToken"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert login.returncode == 0, login.stderr
