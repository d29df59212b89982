"""A request is read as botocore wrote it, in each protocol and for each operation of the services that we use."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.serialize import create_serializer

from local_aws.service_model.reading import Request, model, read, service_of
from local_aws.service_model.values import is_free

# botocore's name of a service -> what its requests are signed for.
SERVICES = {
    "acm": "acm",
    "application-autoscaling": "application-autoscaling",
    "cloudfront": "cloudfront",
    "cloudwatch": "monitoring",
    "dynamodb": "dynamodb",
    "ec2": "ec2",
    "ecr": "ecr",
    "ecs": "ecs",
    "elbv2": "elasticloadbalancing",
    "events": "events",
    "iam": "iam",
    "kms": "kms",
    "lambda": "lambda",
    "logs": "logs",
    "rds": "rds",
    "resourcegroupstaggingapi": "tagging",
    "route53": "route53",
    "service-quotas": "servicequotas",
    "sns": "sns",
    "sqs": "sqs",
    "ssm": "ssm",
    "sts": "sts",
}
VALUES: dict[str, Any] = {
    "string": "a b",
    "integer": 7,
    "long": 8,
    "float": 1.5,
    "double": 2.5,
    "boolean": True,
    "blob": b"bytes",
    "timestamp": datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
}
DEEPEST = 12


def an_input(shape: Shape, inside: tuple[str, ...] = ()) -> Any:
    """A value in every member; nothing where a shape is in itself."""
    if is_free(shape):
        return {"any": 1}
    if isinstance(shape, StructureShape):
        if shape.name in inside or len(inside) > DEEPEST:
            return None
        members = {} if "eventstream" in shape.serialization else shape.members
        values = {name: an_input(member, (*inside, shape.name)) for name, member in members.items()}
        # One alternative of a union.
        wanted = list(values)[:1] if getattr(shape, "is_tagged_union", False) else list(values)
        return {name: values[name] for name in wanted if values[name] is not None} or None
    if isinstance(shape, ListShape):
        item = an_input(shape.member, inside)
        return None if item is None else [item, item]
    if isinstance(shape, MapShape):
        value = an_input(shape.value, inside)
        return None if value is None else {"one": value, "two": value}
    return VALUES[shape.type_name]


def without_moments(shape: Shape, value: Any) -> Any:
    """The same without the timestamps, which are read as they are written."""
    if isinstance(value, dict) and isinstance(shape, StructureShape) and not is_free(shape):
        return {name: without_moments(shape.members[name], inner) for name, inner in value.items()}
    if isinstance(value, dict) and isinstance(shape, MapShape):
        return {key: without_moments(shape.value, inner) for key, inner in value.items()}
    if isinstance(value, list) and isinstance(shape, ListShape):
        return [without_moments(shape.member, inner) for inner in value]
    return "a moment" if shape.type_name == "timestamp" else value


def sent(operation: OperationModel, given: dict[str, Any], protocol: str) -> Request:
    written = create_serializer(protocol, include_validation=False).serialize_to_request(given, operation)
    body = written["body"]
    if isinstance(body, dict):
        body = urlencode(body, doseq=True)
    path, _, fixed = written["url_path"].partition("?")
    more = urlencode(written.get("query_string") or {}, doseq=True)
    headers = {name.lower(): str(value) for name, value in written["headers"].items()}
    query = "&".join(filter(None, (fixed, more)))
    return Request(written["method"], path, query, headers, body.encode() if isinstance(body, str) else body)


@pytest.mark.parametrize("name", SERVICES)
def test_a_request_is_read_as_it_was_written(name):
    service = model(name)
    protocols = [service.protocol] if service.protocol != "smithy-rpc-v2-cbor" else ["json", "query"]
    operations = [service.operation_model(each) for each in service.operation_names]
    for operation in (each for each in operations if each.input_shape):
        given = an_input(operation.input_shape) or {}
        for protocol in protocols:
            call = read(SERVICES[name], sent(operation, given, protocol))
            assert (call.operation.name, call.unknown) == (operation.name, [])
            expected = without_moments(operation.input_shape, given)
            assert without_moments(operation.input_shape, call.given) == expected, operation.name


FORM = {"content-type": "application/x-www-form-urlencoded"}
SIGNED = {"authorization": "AWS4-HMAC-SHA256 Credential=local/20260102/us-east-1/{}/aws4_request, Signature=1"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "service"),
    [
        pytest.param("POST", "/", {"authorization": SIGNED["authorization"].format("ecs")}, "ecs", id="signed"),
        pytest.param("PUT", "/a/b", {"authorization": SIGNED["authorization"].format("s3")}, "", id="an object"),
        pytest.param("POST", "/", FORM, "sts", id="an assumed role has no signature yet"),
        pytest.param("POST", "/login", FORM, "", id="a form of an app"),
        pytest.param("PATCH", "/v2/webapp/blobs/uploads/1", {}, "", id="a layer of an image"),
    ],
)
def test_only_what_goes_to_a_service_is_read(method, path, headers, service):
    assert service_of(method, path, headers) == service


def test_what_ec2_does_not_know_is_named():
    body = b"Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-1&VpcName=a"
    call = read("ec2", Request("POST", "/", "", FORM, body))
    assert (call.given, call.unknown) == ({"VpcIds": ["vpc-1"]}, ["VpcName"])


@pytest.mark.parametrize(
    ("signed_for", "headers", "body"),
    [
        pytest.param("nothing-of-aws", {}, b"{}", id="another service"),
        pytest.param("ecs", {"x-amz-target": "AmazonEC2ContainerServiceV20141113.Dream"}, b"{}", id="an operation"),
        pytest.param("ecs", {"x-amz-target": "AmazonEC2ContainerServiceV20141113.RunTask"}, b"{", id="no JSON"),
        pytest.param("lambda", {}, b"", id="a path"),
    ],
)
def test_what_no_model_knows_is_left_to_the_service(signed_for, headers, body):
    assert read(signed_for, Request("POST", "/unknown", "", headers, body)) is None
