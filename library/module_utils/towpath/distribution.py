"""A CloudFront distribution before one load balancer, as our options say it, and as CloudFront does.

Pure functions: no AWS, no Ansible. Names of fields: the API reference of CloudFront, DistributionConfig; ids of managed
policies: the developer guide, "Use managed cache policies" and "Use managed origin request policies".
"""

from __future__ import annotations

import copy
import fnmatch
import hashlib
from collections.abc import Callable
from typing import Any

from .differences import Values

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
# The one managed policy without more than that, which keeps a path for each Host; for each cookie, too.
ORIGIN_CACHE_CONTROL = "83da9c7e-98b4-4e11-a168-04f0df8e2c65"
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
# What is cached is asked for with the browser's Host as well: the load balancer's certificate is for that name.
HOST_HEADER_ONLY = "bf0718e1-ba1e-49d1-88b1-f726733018ae"

ORIGIN = "load-balancer"
ALL_METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
READING = ["GET", "HEAD"]

# A failure must not outlive its cause by the ten seconds for which CloudFront keeps it unless told otherwise; nor must
# a file that only the tasks of the new release have yet be missing for those who ask during the rollout.
NEVER_KEPT = ("404", "500", "502", "503", "504")
# Of these CloudFront cannot tell more than that the load balancer did not answer.
WITH_PAGE = ("502", "504")


def items_of(config: Values, field: str) -> list[Any]:
    return list((config.get(field) or {}).get("Items") or [])


def listed(items: list[Any]) -> Values:
    """A list as CloudFront takes it: with its length, and without items when there is none."""
    return {"Quantity": len(items), **({"Items": items} if items else {})}


def fingerprint(headers: dict[str, str]) -> dict[str, str]:
    """Secret values so that they can be compared and shown."""
    return {name: f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:12]}" for name, value in headers.items()}


def _common(values: list[Any]) -> Any:
    """One value where all behaviors agree, else every behavior's own."""
    return values[0] if all(value == values[0] for value in values) else values


def _origin(config: Values) -> Values:
    return next((one for one in items_of(config, "Origins") if one.get("Id") == ORIGIN), {})


def _behaviors(config: Values) -> list[Values]:
    return [config.get("DefaultCacheBehavior", {}), *items_of(config, "CacheBehaviors")]


def _handling(behavior: Values) -> Values:
    """How a behavior asks the origin."""
    methods = behavior.get("AllowedMethods") or {}
    return {
        "cache_policy_id": behavior.get("CachePolicyId", ""),
        "origin_request_policy_id": behavior.get("OriginRequestPolicyId", ""),
        "methods": sorted(methods.get("Items") or READING),
        "origin": behavior.get("TargetOriginId", ""),
    }


ASKED_EACH_TIME = {
    "cache_policy_id": CACHING_DISABLED,
    "origin_request_policy_id": ALL_VIEWER,
    "methods": ALL_METHODS,
    "origin": ORIGIN,
}
CACHED = {
    "cache_policy_id": CACHING_OPTIMIZED,
    "origin_request_policy_id": HOST_HEADER_ONLY,
    "methods": READING,
    "origin": ORIGIN,
}
CACHED_BY_NAME = CACHED | {"cache_policy_id": ORIGIN_CACHE_CONTROL}


def _error_seconds(config: Values) -> Values:
    """For how many seconds an error is kept, by status code."""
    return {
        str(one["ErrorCode"]): int(one.get("ErrorCachingMinTTL", 10))
        for one in items_of(config, "CustomErrorResponses")
    }


def _error_pages(config: Values) -> Values:
    """Which page is shown instead of an error, by status code."""
    return {
        str(one["ErrorCode"]): one["ResponsePagePath"]
        for one in items_of(config, "CustomErrorResponses")
        if one.get("ResponsePagePath")
    }


def comparable(config: Values) -> Values:
    """What CloudFront says of a distribution, in our words."""
    origin, behaviors = _origin(config), _behaviors(config)
    over = origin.get("CustomOriginConfig") or {}
    certificate = config.get("ViewerCertificate") or {}
    return {
        "aliases": sorted(items_of(config, "Aliases")),
        "certificate_arn": certificate.get("ACMCertificateArn", ""),
        "minimum_protocol_version": certificate.get("MinimumProtocolVersion", ""),
        "enabled": bool(config.get("Enabled")),
        "http_version": str(config.get("HttpVersion", "")).lower(),
        "ipv6": bool(config.get("IsIPV6Enabled")),
        "price_class": config.get("PriceClass", ""),
        "web_acl_arn": config.get("WebACLId", ""),
        "origin_domain_name": str(origin.get("DomainName", "")).lower(),
        "origin_headers": fingerprint(
            {one["HeaderName"]: one["HeaderValue"] for one in items_of(origin, "CustomHeaders")}
        ),
        "origin_protocol": [over.get("OriginProtocolPolicy", ""), *sorted(items_of(over, "OriginSslProtocols"))],
        "origin_read_timeout_seconds": int(over.get("OriginReadTimeout", 0)),
        "compress": _common([bool(one.get("Compress")) for one in behaviors]),
        "viewer_protocol_policy": _common([one.get("ViewerProtocolPolicy", "") for one in behaviors]),
        "response_headers_policy_id": _common([one.get("ResponseHeadersPolicyId") or "" for one in behaviors]),
        "default_behavior": _handling(behaviors[0]),
        "cached_paths": [one["PathPattern"] for one in behaviors[1:]],
        "cached_behavior": _common([_handling(one) for one in behaviors[1:]] or [CACHED]),
        "error_pages": _error_pages(config),
        "error_seconds": _error_seconds(config),
    }


def wanted(options: Values) -> Values:
    """The same words for what the options ask for."""
    return {
        "aliases": sorted(name.lower() for name in options["aliases"]),
        "certificate_arn": options["certificate_arn"],
        "minimum_protocol_version": "TLSv1.2_2021",
        "enabled": True,
        "http_version": "http2and3",
        "ipv6": True,
        "price_class": options["price_class"],
        "web_acl_arn": options["web_acl_arn"],
        "origin_domain_name": options["origin_domain_name"].lower(),
        "origin_headers": fingerprint(options["origin_headers"]),
        "origin_protocol": ["https-only", "TLSv1.2"],
        "origin_read_timeout_seconds": options["origin_read_timeout_seconds"],
        "compress": True,
        "viewer_protocol_policy": "redirect-to-https",
        "response_headers_policy_id": options["response_headers_policy_id"],
        "default_behavior": ASKED_EACH_TIME,
        "cached_paths": options["cached_paths"],
        # Without cached paths there is nothing to keep by name.
        "cached_behavior": CACHED_BY_NAME if options["cached_by_name"] and options["cached_paths"] else CACHED,
        "error_pages": dict.fromkeys(WITH_PAGE, options["error_page_path"]) if options["error_page_path"] else {},
        "error_seconds": dict.fromkeys(NEVER_KEPT, 0),
    }


def new_config(caller_reference: str, name: str) -> Values:
    """A distribution before any of our options is set, with every field that a later change has to repeat."""
    none: Values = {"Quantity": 0}
    return {
        "CallerReference": caller_reference,
        "Comment": name,
        "Enabled": True,
        "DefaultRootObject": "",
        "Aliases": dict(none),
        "Origins": listed([]),
        "OriginGroups": dict(none),
        "CacheBehaviors": dict(none),
        "CustomErrorResponses": dict(none),
        "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "WebACLId": "",
        "DefaultCacheBehavior": {
            "TargetOriginId": ORIGIN,
            "ViewerProtocolPolicy": "redirect-to-https",
            "SmoothStreaming": False,
            "FieldLevelEncryptionId": "",
            "TrustedSigners": {"Enabled": False, "Quantity": 0},
            "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
            "LambdaFunctionAssociations": dict(none),
            "FunctionAssociations": dict(none),
        },
    }


def changed_config(config: Values, fields: list[str], options: Values) -> Values:
    """``config`` with ``fields`` as the options want them, and everything else as it is."""
    changed = copy.deepcopy(config)
    want = wanted(options)
    # New paths first: what the behaviors have in common is set on them, too.
    for field in sorted(fields, key=lambda one: one != "cached_paths"):
        _SET[field](changed, want, options)
    if "cached_paths" in fields:
        for field in _OF_BEHAVIORS:
            _SET[field](changed, want, options)
    return changed


def _set_field(name: str, field: str) -> Callable[[Values, Values, Values], None]:
    def put(config: Values, want: Values, _: Values) -> None:
        config[name] = want[field]

    return put


def _set_in_behaviors(name: str, field: str) -> Callable[[Values, Values, Values], None]:
    def put(config: Values, want: Values, _: Values) -> None:
        for behavior in _behaviors(config):
            if want[field] == "":
                behavior.pop(name, None)
            else:
                behavior[name] = want[field]

    return put


def _set_handling(behavior: Values, handling: Values) -> None:
    """Ask the origin this way. Fields of the way before cache policies would contradict it."""
    for old in ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL"):
        behavior.pop(old, None)
    behavior |= {
        "TargetOriginId": handling["origin"],
        "CachePolicyId": handling["cache_policy_id"],
        "OriginRequestPolicyId": handling["origin_request_policy_id"],
        "AllowedMethods": {**listed(handling["methods"]), "CachedMethods": listed(READING)},
    }


def _set_aliases(config: Values, want: Values, _: Values) -> None:
    config["Aliases"] = listed(want["aliases"])


def _set_certificate(config: Values, want: Values, _: Values) -> None:
    config["ViewerCertificate"] = {
        "CloudFrontDefaultCertificate": False,
        "ACMCertificateArn": want["certificate_arn"],
        "SSLSupportMethod": "sni-only",
        "MinimumProtocolVersion": want["minimum_protocol_version"],
    }


def _our_origin(config: Values) -> Values:
    """Our origin in ``config``, put there when it is not."""
    if found := _origin(config):
        return found
    origin: Values = {
        "Id": ORIGIN,
        "DomainName": "",
        "OriginPath": "",
        "CustomHeaders": {"Quantity": 0},
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
            "OriginSslProtocols": listed(["TLSv1.2"]),
            "OriginReadTimeout": 30,
            # Shorter than the load balancer keeps an idle connection, so it is never closed under a request.
            "OriginKeepaliveTimeout": 30,
        },
        "ConnectionAttempts": 3,
        "ConnectionTimeout": 10,
        "OriginShield": {"Enabled": False},
    }
    config["Origins"] = listed([*items_of(config, "Origins"), origin])
    return origin


def _set_origin(config: Values, want: Values, options: Values) -> None:
    origin = _our_origin(config)
    origin["DomainName"] = want["origin_domain_name"]
    pairs = [{"HeaderName": name, "HeaderValue": value} for name, value in options["origin_headers"].items()]
    origin["CustomHeaders"] = listed(pairs)
    protocol, *versions = want["origin_protocol"]
    origin["CustomOriginConfig"] |= {
        "OriginProtocolPolicy": protocol,
        "OriginSslProtocols": listed(versions),
        "OriginReadTimeout": want["origin_read_timeout_seconds"],
    }


def _set_default_behavior(config: Values, want: Values, _: Values) -> None:
    _set_handling(config["DefaultCacheBehavior"], want["default_behavior"])


def _set_cached_behavior(config: Values, want: Values, _: Values) -> None:
    for behavior in _behaviors(config)[1:]:
        _set_handling(behavior, want["cached_behavior"])


def _set_cached_paths(config: Values, want: Values, _: Values) -> None:
    """A new path begins as the default behavior is, because CloudFront wants every field of a behavior."""
    before = {one["PathPattern"]: one for one in items_of(config, "CacheBehaviors")}
    fresh = copy.deepcopy(config["DefaultCacheBehavior"])
    behaviors = [before.get(path) or {**copy.deepcopy(fresh), "PathPattern": path} for path in want["cached_paths"]]
    config["CacheBehaviors"] = listed(behaviors)


def _set_errors(config: Values, want: Values, _: Values) -> None:
    pages = want["error_pages"]
    config["CustomErrorResponses"] = listed(
        [
            {
                "ErrorCode": int(code),
                "ErrorCachingMinTTL": seconds,
                "ResponsePagePath": pages.get(code, ""),
                "ResponseCode": code if code in pages else "",
            }
            for code, seconds in want["error_seconds"].items()
        ]
    )


_OF_BEHAVIORS = ("compress", "viewer_protocol_policy", "response_headers_policy_id", "cached_behavior")
_SET: dict[str, Callable[[Values, Values, Values], None]] = {
    "aliases": _set_aliases,
    "certificate_arn": _set_certificate,
    "minimum_protocol_version": _set_certificate,
    "enabled": _set_field("Enabled", "enabled"),
    "http_version": _set_field("HttpVersion", "http_version"),
    "ipv6": _set_field("IsIPV6Enabled", "ipv6"),
    "price_class": _set_field("PriceClass", "price_class"),
    "web_acl_arn": _set_field("WebACLId", "web_acl_arn"),
    "origin_domain_name": _set_origin,
    "origin_headers": _set_origin,
    "origin_protocol": _set_origin,
    "origin_read_timeout_seconds": _set_origin,
    "compress": _set_in_behaviors("Compress", "compress"),
    "viewer_protocol_policy": _set_in_behaviors("ViewerProtocolPolicy", "viewer_protocol_policy"),
    "response_headers_policy_id": _set_in_behaviors("ResponseHeadersPolicyId", "response_headers_policy_id"),
    "default_behavior": _set_default_behavior,
    "cached_paths": _set_cached_paths,
    "cached_behavior": _set_cached_behavior,
    "error_pages": _set_errors,
    "error_seconds": _set_errors,
}


def refusals(options: Values, *, planned: bool = False) -> list[str]:
    """Why CloudFront would refuse the options, or would not do what they mean. A sentence each.

    What is only ``planned`` may stand on a certificate that is not there yet.
    """
    problems = []
    certificate = options["certificate_arn"].split(":")
    if not options["aliases"]:
        problems.append("aliases is empty, expected the names that people type.")
    if not (planned and not options["certificate_arn"]) and (
        len(certificate) != 6 or certificate[2:4] != ["acm", "us-east-1"]
    ):
        problems.append(
            f"certificate_arn is {options['certificate_arn'] or 'empty'}, expected a certificate of ACM in us-east-1: "
            "CloudFront takes no other."
        )
    if not 1 <= options["origin_read_timeout_seconds"] <= 120:
        problems.append(
            f"origin_read_timeout_seconds is {options['origin_read_timeout_seconds']}, expected 1 to 120 seconds."
        )
    paths = options["cached_paths"]
    if wrong := [path for path in paths if not path.startswith("/") or len(path) > 255 or " " in path]:
        problems.append(f"cached_paths has {', '.join(map(repr, wrong))}, expected paths such as /_next/static/*.")
    if len(set(paths)) != len(paths):
        problems.append("cached_paths names a path twice.")
    page = options["error_page_path"]
    if page and not any(fnmatch.fnmatchcase(page, path) for path in paths):
        problems.append(
            f"error_page_path is {page}, expected one below a path of cached_paths ({', '.join(paths) or 'empty'}): "
            "when the load balancer does not answer, CloudFront can show only what it has kept."
        )
    return problems
