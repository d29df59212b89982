"""Read a request by the model of the service it goes to: the operation, and its input as a structure.

Protocols: json, query, ec2, rest-json and rest-xml. Whatever cannot be read is nobody's request here: a page of an app,
a layer of an image, an object of S3, whose model says next to nothing.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

from local_aws.service_model.values import from_json, from_query, from_text, from_xml, tree

SIGNED_FOR = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([a-z0-9-]+)/aws4_request")
# How requests are signed -> the names of botocore's models, where that is another name or more than one.
MODELS = {
    "elasticloadbalancing": ("elbv2", "elb"),
    "monitoring": ("cloudwatch",),
    "tagging": ("resourcegroupstaggingapi",),
    "servicequotas": ("service-quotas",),
    "states": ("stepfunctions",),
    "email": ("ses", "sesv2"),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
}
# Its model says next to nothing, and its requests are objects of any size.
NOT_READ = {"s3"}


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    """As it was sent, percent-encoded."""
    query: str
    headers: Mapping[str, str]
    """Their names in small letters."""
    body: bytes = b""


@dataclass(frozen=True)
class Call:
    """What a request asks for."""

    service: str
    """The name of the service in botocore."""
    operation: OperationModel
    protocol: str
    given: dict[str, Any]
    unknown: list[str] = field(default_factory=list)
    """What EC2 was sent and does not know."""


def service_of(method: str, path: str, headers: Mapping[str, str]) -> str:
    """The service that a request is signed for. A role is assumed with a web identity without a signature."""
    if found := SIGNED_FOR.search(headers.get("authorization", "")):
        return "" if found[1] in NOT_READ else found[1]
    is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    return "sts" if (method, path) == ("POST", "/") and is_form else ""


def read(signed_for: str, request: Request) -> Call | None:
    """What a request asks for; nothing when no model knows it."""
    body = unpacked(request)
    form = {**parse_qs(request.query, keep_blank_values=True)}
    target = request.headers.get("x-amz-target", "")
    if not target and "x-www-form-urlencoded" in request.headers.get("content-type", ""):
        form |= parse_qs(body.decode(errors="replace"), keep_blank_values=True)
    for name in MODELS.get(signed_for, (signed_for,)):
        service = model(name)
        if service is None:
            continue
        if target:
            prefix, _, action = target.rpartition(".")
            if service.metadata.get("targetPrefix") == prefix and action in service.operation_names:
                return by_json(name, service.operation_model(action), body)
        elif "Action" in form:
            action = form["Action"][0]
            if form.get("Version") == [service.api_version] and action in service.operation_names:
                return by_form(name, service.operation_model(action), form)
        elif service.protocol.startswith("rest-") and (found := route(service, request)):
            return by_path(name, *found, request, body)
    return None


def unpacked(request: Request) -> bytes:
    if "gzip" not in request.headers.get("content-encoding", ""):
        return request.body
    try:
        return gzip.decompress(request.body)
    except (OSError, EOFError, zlib.error):
        return b""


@cache
def model(name: str) -> ServiceModel | None:
    if name not in known_services():
        return None
    return ServiceModel(loader().load_service_model(name, "service-2"), service_name=name)


@cache
def known_services() -> frozenset[str]:
    return frozenset(loader().list_available_services("service-2"))


@cache
def loader() -> Loader:
    return Loader()


def by_json(service: str, operation: OperationModel, body: bytes) -> Call | None:
    given = from_json(operation.input_shape, parsed(body))
    return Call(service, operation, "json", given) if isinstance(given, dict) else None


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except ValueError:
        return None


def by_form(service: str, operation: OperationModel, form: dict[str, list[str]]) -> Call:
    is_ec2 = operation.service_model.protocol == "ec2"
    fields = {name: values[0] for name, values in form.items() if name not in ("Action", "Version")}
    said, shape = tree(fields), operation.input_shape
    given = from_query(shape, said, is_ec2=is_ec2) if shape else None
    return Call(service, operation, "ec2" if is_ec2 else "query", given or {}, said.unread() if is_ec2 else [])


def by_path(service: str, operation: OperationModel, labels: Mapping[str, str], request: Request, body: bytes) -> Call:
    shape, protocol = operation.input_shape, operation.service_model.protocol
    if shape is None:
        return Call(service, operation, protocol, {})
    payload = shape.serialization.get("payload")
    document = body if payload and shape.members[payload].type_name in ("blob", "string") else None
    given = dict[str, Any]()
    if document is not None:
        given[str(payload)] = (
            document.decode(errors="replace") if shape.members[payload].type_name == "string" else body
        )
    elif body and not shape.serialization.get("eventstream"):
        given |= from_body(shape, payload, body, protocol)
    query = parse_qs(request.query, keep_blank_values=True)
    for name, member in shape.members.items():
        where, called = member.serialization.get("location"), member.serialization.get("name", name)
        if where == "uri" and called in labels:
            given[name] = from_text(member, unquote(labels[called]))
        elif where == "querystring":
            given |= from_querystring(name, member, called, query)
        elif where == "header" and called.lower() in request.headers:
            given[name] = from_text(member, request.headers[called.lower()])
    return Call(service, operation, protocol, given)


def from_body(shape: Shape, payload: str | None, body: bytes, protocol: str) -> dict[str, Any]:
    inside = shape.members[payload] if payload else shape
    if protocol == "rest-json":
        value = from_json(inside, parsed(body))
    else:
        try:
            # What a local AWS is sent comes from its own user.
            value = from_xml(inside, ElementTree.fromstring(body))  # noqa: S314
        except ElementTree.ParseError:
            return {}
    return ({payload: value} if payload else value) if isinstance(value, dict) else {}


def from_querystring(name: str, member: Shape, called: str, query: Mapping[str, list[str]]) -> dict[str, Any]:
    if member.type_name == "map":
        return {}
    if called not in query:
        return {}
    if member.type_name == "list":
        return {name: [from_text(member.member, value) for value in query[called]]}
    return {name: from_text(member, query[called][0])}


def route(service: ServiceModel, request: Request) -> tuple[OperationModel, dict[str, str]] | None:
    """The operation whose method and path a request has, the most exact of them, and what its path names."""
    path = request.path.rstrip("/") or "/"
    query = parse_qs(request.query, keep_blank_values=True)
    for method, pattern, fixed, name in routes(service.service_name):
        if method == request.method and (found := pattern.fullmatch(path)) and is_in(fixed, query):
            labels = service.operation_model(name).http["requestUri"].partition("?")[0]
            return service.operation_model(name), dict(zip(names_in(labels), found.groups(), strict=True))
    return None


def is_in(fixed: Mapping[str, list[str]], query: Mapping[str, list[str]]) -> bool:
    return all(query.get(name) == value for name, value in fixed.items())


@cache
def routes(service_name: str) -> list[tuple[str, re.Pattern[str], dict[str, list[str]], str]]:
    service = model(service_name)
    found = list[tuple[str, re.Pattern[str], dict[str, list[str]], str]]()
    for name in service.operation_names if service else ():
        http = service.operation_model(name).http if service else {}
        path, _, query = http["requestUri"].partition("?")
        pattern = re.sub(
            r"\\\{[^}]+\\\}", lambda label: "(.+)" if label[0].endswith(r"\+\}") else "([^/]+)", re.escape(path)
        )
        found.append(
            (http["method"], re.compile(pattern.rstrip("/") or "/"), parse_qs(query, keep_blank_values=True), name)
        )
    return sorted(found, key=lambda one: (len(one[2]), len(LABEL.sub("", one[1].pattern))), reverse=True)


LABEL = re.compile(r"\((?:\.\+|\[\^/\]\+)\)")


def names_in(uri: str) -> list[str]:
    return [name.rstrip("+") for name in re.findall(r"\{([^}]+)\}", uri)]
