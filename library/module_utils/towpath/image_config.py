"""An image's configuration, which ECR gives as it gives a layer."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from .ecr_api import EcrClient, ImageErrorHandler

# Where botocore is not there, AnsibleAWSModule says so.
with contextlib.suppress(ImportError):
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import ClientError
    from botocore.httpsession import URLLib3Session
    from botocore.utils import get_environ_proxies


@ImageErrorHandler.common_error_handler("read an image's configuration")
def get_image_config(client: EcrClient, repository: str, digest: str) -> dict[str, Any]:
    """Return an image's configuration by the digest that its manifest names: architecture, labels and more."""
    url = client.get_download_url_for_layer(repositoryName=repository, layerDigest=digest)["downloadUrl"]
    # The address is signed already, and may lead out through a proxy as every other call does.
    answer = URLLib3Session(proxies=get_environ_proxies(url), timeout=10).send(AWSRequest("GET", url).prepare())
    if answer.status_code != 200:
        error = {"Code": str(answer.status_code), "Message": f"the download answered {answer.status_code}"}
        raise ClientError({"Error": error}, "GetDownloadUrlForLayer")
    config: dict[str, Any] = json.loads(answer.content)
    return config
