"""What takes more than one call to ECR: to find an image, to tag it, to read its configuration."""

from __future__ import annotations

import json
from typing import Any

from . import ecr_api, image
from .ecr_api import EcrClient
from .image_config import get_image_config

# What a manifest may be, whoever built the image: ECR gives none whose type was not asked for.
MANIFEST_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    *image.INDEX_TYPES,
)


def find(client: EcrClient, repository: str, uri: str, reference: str | None, tag_prefix: str = "") -> dict[str, Any]:
    """The image that is meant, as ECR describes it; raises ImageRefused when there is none.

    Without a reference it is the newest one, of those with a tag that begins with ``tag_prefix``.
    """
    found: dict[str, Any] | None
    if reference:
        found = ecr_api.describe_image(client, repository, image.image_id(reference, repository, uri))
        if found and found.get("imageStatus", "ACTIVE") == "ACTIVE":
            return found
    images = ecr_api.describe_images(client, repository)
    found = image.newest(image.with_tag_prefix(images, tag_prefix))
    if not found and images and not reference:
        raise image.ImageRefused(
            f"There is no image in {uri} with a tag that begins with {tag_prefix}. {image.how_to_push(uri, tag_prefix)}"
        )
    if not found:
        raise image.ImageRefused(f"There is no image in {uri} yet. {image.how_to_push(uri, tag_prefix)}")
    if not reference:
        return found
    raise image.ImageRefused(
        f"There is no image {reference} in {uri} that can be run. The newest are: {image.some_tags(images)}. "
        "Give one of these (with deploy.yml: -e image=TAG), leave it out for the newest, or push the image first."
    )


def tag(client: EcrClient, repository: str, digest: str, media_type: str | None, name: str) -> bool:
    """Give an image one more tag; False when ECR does not give its manifest, without which nothing can be tagged."""
    manifest = ecr_api.get_image_manifest(client, repository, digest, media_type)
    if not manifest:
        return False
    request = {
        "repositoryName": repository,
        "imageManifest": manifest["imageManifest"],
        "imageTag": name,
        # ECR refuses to tag anything but this image.
        "imageDigest": digest,
    }
    if written := manifest.get("imageManifestMediaType") or media_type:
        request["imageManifestMediaType"] = written
    ecr_api.put_image(client, request)
    return True


def configuration(client: EcrClient, repository: str, digest: str, architecture: str) -> dict[str, Any]:
    """What an image says of itself, with its labels; of an index what the image for the architecture says.

    ``architecture`` is in Docker's words, such as amd64. Empty where the image has no configuration.
    """
    manifest = _manifest(client, repository, digest)
    if "manifests" in manifest:
        part = image.part_for(manifest, architecture)
        manifest = _manifest(client, repository, part) if part else {}
    layer = manifest.get("config", {}).get("digest")
    config: dict[str, Any] = get_image_config(client, repository, layer) if layer else {}
    return config


def _manifest(client: EcrClient, repository: str, digest: str) -> dict[str, Any]:
    found = ecr_api.get_image_manifest(client, repository, digest, *MANIFEST_TYPES)
    manifest: dict[str, Any] = json.loads(found["imageManifest"]) if found else {}
    return manifest
