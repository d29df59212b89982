"""ECR: an address that docker can push to, and what the API says of images."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecr

Request = dict[str, Any]
# A Docker engine needs TLS from every registry but those on loopback, and it is the engine that pushes and pulls.
REGISTRY = f"127.0.0.1:{os.environ.get('GATEWAY_PORT', '4566')}"


def a_repository_is_where_docker_can_push() -> None:
    """repositoryUri is what one tags and pushes, and proxyEndpoint what one logs in to.

    Amazon ECR User Guide, Pushing a Docker image to an Amazon ECR private repository. The name that AWS would give
    leads out of this machine, so both name the registry of this emulator.
    """
    shape: Callable[[Request], Request] = ecr._repo_shape
    token: Callable[[Request], Any] = ecr._get_authorization_token

    def shaped(repository: Request) -> Request:
        return shape(repository) | {"repositoryUri": f"{REGISTRY}/{repository['repositoryName']}"}

    def authorized(data: Request) -> Any:
        status, headers, body = token(data)
        answer = json.loads(body)
        for entry in answer["authorizationData"]:
            entry["proxyEndpoint"] = f"http://{REGISTRY}"
        return status, headers, json.dumps(answer).encode()

    ecr._repo_shape = shaped
    ecr._get_authorization_token = authorized


def an_unknown_image_is_an_error() -> None:
    """DescribeImages answers ImageNotFoundException for an image that is not there.

    Amazon ECR API Reference, DescribeImages, section Errors.
    """
    describe: Callable[[Request], Any] = ecr._describe_images

    def corrected(data: Request) -> Any:
        name = data.get("repositoryName", "")
        for image_id in data.get("imageIds") or [] if name in ecr._repositories else []:
            if ecr._find_image(name, image_id) is None:
                message = f"The image with imageId {shown(image_id)} does not exist within the repository '{name}'"
                return error_response_json("ImageNotFoundException", message, 400)
        return describe(data)

    ecr._describe_images = corrected


def shown(image_id: dict[str, str]) -> str:
    digest, tag = (image_id.get(key, "null") for key in ("imageDigest", "imageTag"))
    return f"{{imageDigest:'{digest}', imageTag:'{tag}'}}"


def an_image_weighs_what_its_layers_weigh() -> None:
    """imageSizeInBytes counts the layers, not the manifest's own text.

    Amazon ECR API Reference, ImageDetail.
    """
    describe: Callable[[Request], Any] = ecr._describe_images

    def corrected(data: Request) -> Any:
        status, headers, body = describe(data)
        answer = json.loads(body)
        for detail in answer.get("imageDetails", []):
            image = ecr._find_image(detail["repositoryName"], {"imageDigest": detail["imageDigest"]})
            manifest = json.loads(image["imageManifest"]) if image else {}
            parts = [manifest.get("config", {}), *manifest.get("layers", [])]
            detail["imageSizeInBytes"] = sum(part.get("size", 0) for part in parts)
        return status, headers, json.dumps(answer).encode()

    ecr._describe_images = corrected


def the_same_image_twice_is_named_so() -> None:
    """PutImage of a manifest under a tag that it has already is ImageAlreadyExistsException, mutable or not.

    Amazon ECR API Reference, PutImage, section Errors.
    """
    put: Callable[[Request], Any] = ecr._put_image

    def corrected(data: Request) -> Any:
        name, tag = data.get("repositoryName", ""), data.get("imageTag")
        digest = ecr._image_digest(data.get("imageManifest", ""))
        image = ecr._find_image(name, {"imageDigest": digest})
        if image and (not tag or tag in image.get("imageTags", [])):
            message = (
                f"Image with digest '{digest}' and tag '{tag}' already exists in the repository with name '{name}'"
                if tag
                else f"Image with digest '{digest}' already exists in the repository with name '{name}'"
            )
            return error_response_json("ImageAlreadyExistsException", message, 400)
        return put(data)

    ecr._put_image = corrected


def an_image_answers_to_each_of_its_tags() -> None:
    """BatchGetImage names the tag it was asked for, ListImages has a line for each tag, and BatchDeleteImage of a tag
    takes away that tag, and the image only with its last one.

    Amazon ECR API Reference, BatchGetImage, ListImages and BatchDeleteImage.
    """
    get: Callable[[Request], Any] = ecr._batch_get_image
    delete: Callable[[Request], Any] = ecr._batch_delete_image

    def got(data: Request) -> Any:
        status, headers, body = get(data)
        answer = json.loads(body)
        asked = (
            [i for i in data.get("imageIds", []) if ecr._find_image(data["repositoryName"], i)] if status == 200 else []
        )
        for image, image_id in zip(answer.get("images", []), asked, strict=True):
            image["imageId"] = {"imageDigest": image["imageId"]["imageDigest"]} | image_id
        return status, headers, json.dumps(answer).encode()

    def listed(data: Request) -> Any:
        name, wanted = data.get("repositoryName", ""), data.get("filter", {}).get("tagStatus")
        if name not in ecr._repositories:
            message = f"The repository with name '{name}' does not exist"
            return error_response_json("RepositoryNotFoundException", message, 400)
        ids = [
            {"imageDigest": image["imageDigest"]} | ({"imageTag": tag} if tag else {})
            for image in ecr._images.get(name, [])
            for tag in image.get("imageTags") or [None]
        ]
        unwanted = {"TAGGED": False, "UNTAGGED": True}.get(wanted or "")
        return json_response({"imageIds": [i for i in ids if unwanted is None or ("imageTag" in i) is not unwanted]})

    def deleted(data: Request) -> Any:
        name, kept, rest = data.get("repositoryName", ""), [], []
        for image_id in data.get("imageIds", []):
            image = ecr._find_image(name, image_id)
            tag = image_id.get("imageTag")
            if image and tag and "imageDigest" not in image_id and len(image["imageTags"]) > 1:
                image["imageTags"].remove(tag)
                kept.append({"imageDigest": image["imageDigest"], "imageTag": tag})
            else:
                rest.append(image_id)
        status, headers, body = delete(data | {"imageIds": rest})
        answer = json.loads(body)
        if status == 200:
            answer["imageIds"] = kept + answer["imageIds"]
        return status, headers, json.dumps(answer).encode()

    ecr._batch_get_image, ecr._list_images, ecr._batch_delete_image = got, listed, deleted


def a_layer_can_be_downloaded() -> None:
    """GetDownloadUrlForLayer answers an address that gives the layer to whoever has it, and refuses an unknown layer.

    Amazon ECR API Reference, GetDownloadUrlForLayer. AWS's address is one of S3, and signed.
    """

    def corrected(data: Request) -> Any:
        name, digest = data.get("repositoryName", ""), data.get("layerDigest", "")
        if name not in ecr._repositories:
            message = f"The repository with name '{name}' does not exist"
            return error_response_json("RepositoryNotFoundException", message, 400)
        if digest not in ecr._layer_blobs.get(name, {}):
            message = f"The following layers were not found in repository '{name}': [{digest}]"
            return error_response_json("LayersNotFoundException", message, 400)
        url = f"http://{REGISTRY}/v2/{name}/blobs/{digest}"
        return json_response({"downloadUrl": url, "layerDigest": digest})

    ecr._get_download_url_for_layer = corrected
