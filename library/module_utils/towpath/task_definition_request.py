"""A task definition as a person or a template wrote it, made into a request. Pure functions: no AWS, no Ansible.

The shape is botocore's own description of RegisterTaskDefinition, so types and choices are AWS's, not ours.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from .fargate import DIGEST
from .task_definition import HIDDEN, TASK, Field, TaskDefinition, is_blank, label

# botocore ships no types.
Shape = Any

BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
TYPE_WORDS = {"structure": "a mapping", "map": "a mapping", "list": "a list", "string": "text", "boolean": "a boolean"}

# Fargate's own rules tell of these, because in check mode they may be empty.
JUDGED_LATER = frozenset({"valueFrom"})


def converted(given: Mapping[str, Any], shape: Shape) -> tuple[TaskDefinition, list[str]]:
    """Return the request, with every value in the API's type, and what is wrong with what was given.

    ``shape`` is the input shape of RegisterTaskDefinition.
    """
    problems: list[str] = []
    own = {name: f"{name} is an option of its own: take it out of the definition." for name in ("family", "tags")}
    problems += [own[name] for name in own if name in given]
    asked = {name: value for name, value in given.items() if name not in own}
    required = [name for name in shape.required_members if name not in own]
    return _structure("", asked, shape.members, required, TASK, problems), problems


def _structure(
    path: str,
    given: Mapping[str, Any],
    members: Mapping[str, Shape],
    required: list[str],
    fields: Mapping[str, Field],
    problems: list[str],
) -> dict[str, Any]:
    request = {}
    for name, value in given.items():
        at = f"{path}.{name}" if path else name
        if name not in fields or name not in members:
            known = [one for one, field in fields.items() if not field.refused]
            alike = difflib.get_close_matches(str(name), known, n=1)
            hint = f"Did you mean {alike[0]}?" if alike else f"There are: {', '.join(sorted(known))}."
            problems.append(f"{at} is not a field of the ECS API that Towpath knows. {hint}")
        elif fields[name].refused:
            # ECS answers with false where it could as well be silent, and nothing is lost by not asking for it.
            if value and not is_blank(value):
                problems.append(f"{at} cannot be set: {fields[name].refused}. Take it out.")
        elif (one := _value(at, value, members[name], fields[name], problems)) is not None:
            request[name] = one
    missing = [name for name in required if name not in JUDGED_LATER and is_blank(given.get(name))]
    problems += [f"{path}.{name} is missing.".removeprefix(".") for name in missing]
    return request


def _value(path: str, given: Any, shape: Shape, field: Field, problems: list[str]) -> Any:
    """One value of the request, or None when it says nothing or is wrong."""
    kind = shape.type_name
    if is_blank(given):
        # FOO= is not the same as no FOO, and an empty argument is an argument.
        return given if given == "" and kind == "string" and path.endswith(("]", ".value")) else None
    if kind == "structure" and isinstance(given, Mapping):
        return _structure(path, given, shape.members, shape.required_members, field.fields or {}, problems) or None
    if kind == "map" and isinstance(given, Mapping):
        pairs = {str(name): _value(f"{path}[{name}]", one, shape.value, field, problems) for name, one in given.items()}
        return {name: one for name, one in pairs.items() if one is not None} or None
    if kind == "list" and isinstance(given, list):
        paths = [_entry_path(path, number, one, field) for number, one in enumerate(given)]
        entries = [_value(at, one, shape.member, field, problems) for at, one in zip(paths, given, strict=True)]
        return [one for one in entries if one is not None] or None
    if kind in ("structure", "map", "list") or isinstance(given, Mapping | list):
        problems.append(_wrong_type(path, given, kind))
        return None
    written = field.canonical(given) if field.canonical else given
    return None if written is None else _scalar(path, written, shape, problems)


def _scalar(path: str, given: Any, shape: Shape, problems: list[str]) -> Any:
    """One plain value in the type that the API wants; templates make everything a string, YAML makes 256 a number."""
    kind = shape.type_name
    found: Any = None
    if kind == "boolean":
        found = given if isinstance(given, bool) else BOOLEANS.get(str(given).strip().lower())
    elif isinstance(given, bool):
        found = str(given).lower() if kind == "string" else None
    elif kind == "string" and isinstance(given, str | int | float):
        found = str(given)
    elif kind in ("integer", "long") and str(given).strip().removeprefix("-").isdecimal():
        found = int(given)
    if found is None:
        problems.append(_wrong_type(path, given, kind))
    elif getattr(shape, "enum", None) and found not in shape.enum:
        problems.append(f"{path} is {found}, expected {' or '.join(shape.enum)}.")
        return None
    elif found == HIDDEN:
        problems.append(f"{path} is {HIDDEN}, which stands where a secret was hidden: give the value itself.")
    return found


def _wrong_type(path: str, given: Any, kind: str) -> str:
    shown = "a mapping" if isinstance(given, Mapping) else "a list" if isinstance(given, list) else repr(given)
    return f"{path} is {shown}, expected {TYPE_WORDS.get(kind, 'a whole number')}."


def _entry_path(path: str, number: int, entry: Any, field: Field) -> str:
    named = label(entry, field) if field.key and isinstance(entry, Mapping) else ""
    return f"{path}[{named or number}]"


def image_problems(family: str, newest: TaskDefinition | None, images: Mapping[str, Any]) -> list[str]:
    """Why these images cannot be set in the newest revision of the family, a sentence each."""
    if newest is None:
        return [
            f"There is no task definition {family} to set an image in. "
            "Run ansible-playbook provision.yml -e env=... first: it registers all but the image."
        ]
    known = [one["name"] for one in newest["containerDefinitions"]]
    problems = [] if images else ["images is empty, expected the name of a container with its image."]
    for name, image in images.items():
        if name not in known:
            problems.append(
                f"{family} has no container {name}, expected {' or '.join(known)}. "
                "Name one of these, or run ansible-playbook provision.yml -e env=... first, if it is new."
            )
        elif not DIGEST.fullmatch(str(image)):
            problems.append(
                f"The image of {name} is {image}, expected repository@sha256: and 64 hexadecimal digits: "
                "a release is pinned by digest, which ecr_image_info finds for a tag."
            )
    return problems
