"""Which image is meant, and what an image in ECR is. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
# Seven digits as git abbreviates, or more; what follows says of what state of the tree.
GIT_SHA = re.compile(r"([0-9a-f]{7,40})(-[A-Za-z0-9_.-]+)?")
# Signatures, attestations and bills of materials are pushed under the digest of what they speak of.
ABOUT_AN_IMAGE = re.compile(r"sha256-[0-9a-f]{64}(\..+)?")

INDEX_TYPES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
IMAGE_TYPES = ("application/vnd.oci.image.", "application/vnd.docker.")


class ImageRefused(ValueError):
    """A reference that cannot mean an image of the repository, with what was expected."""


def image_id(reference: str, repository: str, uri: str) -> dict[str, str]:
    """The image that ``reference`` means, as ECR asks for one: by digest where it has one, else by tag."""
    named, at, digest = reference.partition("@")
    if not at and DIGEST.fullmatch(reference):
        named, digest = "", reference
    # A registry has a port before the last slash, a tag comes after it.
    path, _, last = named.rpartition("/")
    last, colon, tag = last.partition(":")
    if not (path or colon or at):
        last, tag = "", last
    name = f"{path}/{last}" if path else last

    if name and name not in (repository, uri):
        raise ImageRefused(
            f"The image {reference} is in {name}, expected one in {uri}. "
            "Give a tag or digest of this repository, or push the image to it first."
        )
    if digest and DIGEST.fullmatch(digest):
        return {"imageDigest": digest}
    if not digest and not at and TAG.fullmatch(tag):
        return {"imageTag": tag}
    raise ImageRefused(
        f"{reference} names no image, expected a tag, a digest (sha256: and 64 hexadecimal digits), "
        f"or one of them after the repository: {uri}:TAG or {uri}@sha256:DIGEST."
    )


def newest(images: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The image pushed last that can be run, a tagged one if there is any: who tags an image means it to be used."""
    can_run = newest_first(images)
    tagged = [one for one in can_run if one.get("imageTags")]
    # The parts of an index have no tag either, and come after it or before.
    indexes = [one for one in can_run if one.get("imageManifestMediaType") in INDEX_TYPES]
    return next(iter(tagged or indexes or can_run), None)


def with_tag_prefix(images: list[dict[str, Any]], prefix: str) -> list[dict[str, Any]]:
    """The images with a tag that begins with ``prefix``; with an empty one all of them, those without a tag, too."""
    return [one for one in images if not prefix or any(tag.startswith(prefix) for tag in one.get("imageTags", []))]


def newest_first(images: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The images that can be run, by the time of their push. Of two in one second the later in ECR's list is first."""
    return sorted(
        (one for one in reversed(images) if _can_run(one)), key=lambda one: one["imagePushedAt"], reverse=True
    )


def commit_of(git_sha: str) -> str:
    """The commit in what an image says of it, which may go on, as in ``4f2c9d1a0b3e-dirty``."""
    match = GIT_SHA.fullmatch(git_sha)
    return match[1] if match else ""


def git_sha(tags: list[str]) -> str:
    """The tag that looks like a commit's, the longest if there are more; empty when there is none."""
    found = [match for tag in tags if (match := GIT_SHA.fullmatch(tag))]
    return max(found, key=lambda match: len(match[1]))[0] if found else ""


def part_for(index: dict[str, Any], architecture: str) -> str:
    """The digest of the image in an index that runs on Linux on an architecture, or empty."""
    wanted = {"os": "linux", "architecture": architecture}
    # Attestations stand in an index too, for the platform "unknown".
    found = (one["digest"] for one in index["manifests"] if wanted.items() <= one.get("platform", {}).items())
    return next(found, "")


def as_result(image: dict[str, Any], uri: str) -> dict[str, Any]:
    """What ECR answers about one image, the way Ansible names things."""
    tags = sorted(image.get("imageTags", []))
    return {
        "digest": image["imageDigest"],
        "uri": f"{uri}@{image['imageDigest']}",
        "tags": tags,
        "pushed_at": image["imagePushedAt"].astimezone(UTC).isoformat(timespec="seconds"),
        "git_sha": git_sha(tags),
        "size": image.get("imageSizeInBytes", 0),
    }


def some_tags(images: list[dict[str, Any]], most: int = 5) -> str:
    """The tags that somebody would type for the newest images, for a sentence."""
    tagged = [one["imageTags"] for one in newest_first(images) if one.get("imageTags")]
    return ", ".join(git_sha(tags) or tags[0] for tags in tagged[:most]) or "none"


def how_to_push(uri: str, tag_prefix: str = "") -> str:
    registry, image = uri.partition("/")[0], f"{uri}:{tag_prefix}$(git rev-parse HEAD)"
    return "\n".join(
        (
            "Push one first, from the app's folder:",
            f"  docker build --platform linux/amd64 --tag {image} .",
            f"  aws ecr get-login-password | docker login --username AWS --password-stdin {registry}",
            f"  docker push {image}",
        )
    )


def _can_run(image: dict[str, Any]) -> bool:
    tags = image.get("imageTags", [])
    only_about_another = bool(tags) and all(ABOUT_AN_IMAGE.fullmatch(tag) for tag in tags)
    # An index has no artifact type; charts, signatures and the like have one of their own.
    is_image = image.get("artifactMediaType", IMAGE_TYPES[0]).startswith(IMAGE_TYPES)
    is_there = image.get("imageStatus", "ACTIVE") == "ACTIVE"
    return is_image and is_there and not only_about_another and "subjectManifestDigest" not in image
