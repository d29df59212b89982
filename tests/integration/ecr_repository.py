"""Image repositories to test with, each of its own, and images that are nothing but a manifest."""

import hashlib
import json
import uuid

from tests.integration.harness import AwsEndpoint

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"


def new_repository(aws: AwsEndpoint) -> str:
    name = f"team/webapp-{uuid.uuid4().hex[:8]}"
    aws.client("ecr").create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    return name


def push(aws: AwsEndpoint, repository: str, tag: str) -> str:
    """Push an image of its own under a tag, and return its digest."""
    config = {"mediaType": CONFIG_TYPE, "size": 1, "digest": f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}"}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": []})
    digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    aws.client("ecr").put_image(
        repositoryName=repository,
        imageManifest=manifest,
        imageManifestMediaType=MANIFEST_TYPE,
        imageTag=tag,
        imageDigest=digest,
    )
    return digest
