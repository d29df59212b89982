"""What in a request breaks the model of its service, or what AWS documents beside it, in AWS's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from local_aws.service_model.documented import NO_TAG_OF_AWS, RULES, Rule
from local_aws.service_model.patterns import UntranslatableError, matcher
from local_aws.service_model.reading import Call
from local_aws.service_model.values import is_free

SHOWN_CHARACTERS = 200
TAG_KEYS = ("Key", "key", "TagKey")


def violations(call: Call) -> list[str]:
    """One for each constraint that a value does not satisfy, named after the member that holds it."""
    shape = call.operation.input_shape
    return list(in_structure(shape, call.given, "", call.service)) if isinstance(shape, StructureShape) else []


def in_structure(shape: StructureShape, given: dict[str, Any], path: str, service: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in given:
            yield failed("null", joined(path, name), "Member must not be null")
    for name, value in given.items():
        member, at = shape.members[name], joined(path, name)
        yield from in_value(member, value, at, service)
        for wrong in broken(rule_of(service, shape, name), value):
            yield failed(shown(member, value), at, wrong)


def in_value(shape: Shape, value: Any, path: str, service: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        if isinstance(value, dict) and not is_free(shape):
            yield from in_structure(shape, value, path, service)
        return
    for wrong in broken_by(shape, value):
        yield failed(shown(shape, value), path, wrong)
    if isinstance(shape, ListShape) and isinstance(value, list):
        for place, item in enumerate(value, 1):
            yield from in_value(shape.member, item, f"{path}.{place}.member", service)
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for key, item in value.items():
            reserved = broken(NO_TAG_OF_AWS, key) if shape.key.name == "TagKey" else ()
            for wrong in (*broken_by(shape.key, key), *reserved):
                yield failed(shown(shape, value), path, f"Map keys must satisfy constraint: [{wrong}]")
            yield from in_value(shape.value, item, f"{path}.{key}.member", service)


def broken_by(shape: Shape, value: Any) -> Iterator[str]:
    """The constraints that a model puts on one value."""
    limits = shape.metadata
    measured: float
    if shape.type_name in ("string", "blob", "list", "map") and isinstance(value, (str, bytes, list, dict)):
        measured, what = len(value), "length"
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        measured, what = value, "value"
    else:
        return
    if "max" in limits and measured > limits["max"]:
        yield f"Member must have {what} less than or equal to {limits['max']}"
    if "min" in limits and measured < limits["min"]:
        yield f"Member must have {what} greater than or equal to {limits['min']}"
    if isinstance(value, str):
        if "pattern" in limits and not matches(limits["pattern"], value):
            yield f"Member must satisfy regular expression pattern: {limits['pattern']}"
        if limits.get("enum") and value not in limits["enum"]:
            yield f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"


def matches(pattern: str, value: str) -> bool:
    try:
        return matcher(pattern)(value)
    except UntranslatableError:
        return True


def rule_of(service: str, shape: Shape, member: str) -> Rule | None:
    if (rule := RULES.get((service, shape.name, member))) is not None:
        return rule
    return NO_TAG_OF_AWS if shape.name == "Tag" and member in TAG_KEYS else None


def broken(rule: Rule | None, value: Any) -> Iterator[str]:
    """What AWS documents beside its model."""
    for item in value if isinstance(value, list) else [value]:
        is_number = isinstance(item, (int, float)) and not isinstance(item, bool)
        if rule and (
            (rule.pattern and isinstance(item, str) and not matches(rule.pattern, item))
            or (rule.numbers and is_number and item not in rule.numbers and item not in rule.others)
        ):
            yield rule.says


def failed(value: str, path: str, wrong: str) -> str:
    return f"Value{' ' if value else ''}{value} at '{path}' failed to satisfy constraint: {wrong}"


def shown(shape: Shape, value: Any) -> str:
    """A value as AWS repeats it: nothing of what is secret."""
    if shape.metadata.get("sensitive") or isinstance(value, bytes):
        return ""
    text = str(value)
    return f"'{text[:SHOWN_CHARACTERS]}{'...' if len(text) > SHOWN_CHARACTERS else ''}'"


def joined(path: str, name: str) -> str:
    """AWS writes every member with a small first letter."""
    called = name[:1].lower() + name[1:]
    return f"{path}.{called}" if path else called
