"""An OpenID Connect identity provider as our options say it. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re

from .differences import Values, given


def comparable(provider: Values) -> Values:
    """What IAM says of a provider, in our options' words. Nothing at all means one that is not there."""
    return {
        "client_ids": sorted(provider.get("ClientIDList", [])),
        "tags": {tag["Key"]: tag["Value"] for tag in provider.get("Tags", []) if not tag["Key"].startswith("aws:")},
    }


def wanted(options: Values) -> Values:
    asked = given(options)
    if "client_ids" in asked:
        asked["client_ids"] = sorted(set(asked["client_ids"]))
    if "tags" in asked:
        asked["tags"] = {key: str(value) for key, value in asked["tags"].items()}
    return asked


def refusal(url: str) -> str:
    """Why IAM would refuse a provider of this URL, or empty."""
    # CreateOpenIDConnectProvider: https, no query, no port.
    if re.fullmatch(r"https://[A-Za-z0-9.-]+(/[^?#\s]*)?", url):
        return ""
    return f"{url} is no identity provider, expected a URL such as https://token.actions.githubusercontent.com."


def named_by(arn: str, url: str) -> bool:
    """Whether an ARN is the provider's of a URL: it has the URL without its scheme."""
    return arn.partition(":oidc-provider/")[2] == url.removeprefix("https://").rstrip("/")
