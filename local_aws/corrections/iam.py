"""Identity and Access Management: identity providers, versions of policies, and what a request is about."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import iam

Request = dict[str, Any]


def an_identity_provider_can_be_changed() -> None:
    """An OpenID Connect provider's audiences and tags change after it was made, and its URL is told without a scheme.

    IAM API Reference, AddClientIDToOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider,
    TagOpenIDConnectProvider, UntagOpenIDConnectProvider, GetOpenIDConnectProvider.
    """

    def add_client_id(provider: Request, request: Request) -> None:
        # Idempotent, as the API reference says.
        provider["ClientIDList"] = list(dict.fromkeys([*provider["ClientIDList"], iam._p(request, "ClientID")]))

    def remove_client_id(provider: Request, request: Request) -> None:
        provider["ClientIDList"] = [one for one in provider["ClientIDList"] if one != iam._p(request, "ClientID")]

    def tag(provider: Request, request: Request) -> None:
        new = iam._extract_tags(request)
        kept = [one for one in provider.get("Tags", []) if one["Key"] not in {tag["Key"] for tag in new}]
        provider["Tags"] = [*kept, *new]

    def untag(provider: Request, request: Request) -> None:
        gone = iam._extract_tag_keys(request)
        provider["Tags"] = [one for one in provider.get("Tags", []) if one["Key"] not in gone]

    for action, change in {
        "AddClientIDToOpenIDConnectProvider": add_client_id,
        "RemoveClientIDFromOpenIDConnectProvider": remove_client_id,
        "TagOpenIDConnectProvider": tag,
        "UntagOpenIDConnectProvider": untag,
    }.items():
        iam._IAM_HANDLERS[action] = changing(action, change)

    create = iam._IAM_HANDLERS["CreateOpenIDConnectProvider"]

    def without_a_scheme(request: Request) -> Any:
        answer = create(request)
        for provider in iam._oidc_providers.values():
            provider["Url"] = provider["Url"].removeprefix("https://")
        return answer

    iam._IAM_HANDLERS["CreateOpenIDConnectProvider"] = without_a_scheme


def changing(action: str, change: Callable[[Request, Request], None]) -> Callable[[Request], Any]:
    def handler(request: Request) -> Any:
        arn = iam._p(request, "OpenIDConnectProviderArn")
        provider = iam._oidc_providers.get(arn)
        if not provider:
            return iam._error(404, "NoSuchEntity", f"OpenIDConnect Provider not found for arn {arn}", ns="iam")
        change(provider, request)
        # Stored anew: what is kept is written only when it is set.
        iam._oidc_providers[arn] = provider
        return iam._xml(200, f"{action}Response", "", ns="iam")

    return handler


def any_version_of_a_policy_becomes_the_default() -> None:
    """A policy is changed by a new version, which is made the default afterwards.

    IAM API Reference, SetDefaultPolicyVersion.
    """

    def handler(request: Request) -> Any:
        arn, version = iam._p(request, "PolicyArn"), iam._p(request, "VersionId")
        policy = iam._policies.get(arn)
        if not policy or version not in policy["Versions"]:
            message = f"Policy {arn} version {version} does not exist or is not attachable."
            return iam._error(404, "NoSuchEntity", message, ns="iam")
        for one in policy["Versions"].values():
            one["IsDefaultVersion"] = one["VersionId"] == version
        policy["DefaultVersionId"] = version
        iam._policies[arn] = policy
        return iam._xml(200, "SetDefaultPolicyVersionResponse", "", ns="iam")

    iam._IAM_HANDLERS["SetDefaultPolicyVersion"] = handler


class OfSeveral(str):
    """A resource's ARN, with those of the others that the same request is about."""

    others: Sequence[str] = ()


def each_parameter_that_is_read_must_be_allowed() -> None:
    """GetParameters is about the parameters that it names, and every one of them must be allowed.

    Service Authorization Reference, Actions, resources, and condition keys for AWS Systems Manager.
    """
    extract: Callable[..., str] = iam_actions.extract_resource_arn
    enforce: Callable[..., Any] = iam_evaluator.enforce

    def extracted(service: str, *request: Any, **more: Any) -> str:
        _, _, headers, body, _, region, account_id = request
        target = headers.get("x-amz-target", "") if service == "ssm" else ""
        if not target.endswith(".GetParameters"):
            return extract(service, *request, **more)
        names = [str(name) for name in json.loads(body or b"{}").get("Names", [])]
        arns = [f"arn:aws:ssm:{region}:{account_id}:parameter/{name.lstrip('/')}" for name in names] or ["*"]
        resource = OfSeveral(arns[0])
        resource.others = arns[1:]
        return resource

    def enforced(key: str, action: str, service: str, region: str, resource_arn: str = "*", **more: Any) -> Any:
        several = [resource_arn, *getattr(resource_arn, "others", ())]
        answers = (enforce(key, action, service, region, resource_arn=one, **more) for one in several)
        return next((one for one in answers if one is not None), None)

    iam_actions.extract_resource_arn = extracted
    iam_evaluator.enforce = enforced


def a_dashboard_is_allowed_by_its_name() -> None:
    """GetDashboard and PutDashboard are about one dashboard, which has an ARN without a region.

    Service Authorization Reference, Actions, resources, and condition keys for Amazon CloudWatch.
    """
    extract: Callable[..., str] = iam_actions.extract_resource_arn

    def extracted(service: str, *request: Any, **more: Any) -> str:
        _, _, _, body, parameters, _, account_id = request
        if service == "monitoring" and (name := iam_actions._param(body, parameters, "DashboardName")):
            return f"arn:aws:cloudwatch::{account_id}:dashboard/{name}"
        return extract(service, *request, **more)

    iam_actions.extract_resource_arn = extracted
