"""What is wrong with a role's settings, told before anything is made. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any, NamedTuple

from .fargate import SIZES
from .task_definition import hides_secret

Rule = Mapping[str, Any]

# What a rule may say. `form` is a regular expression for all of a text, or of each in a list; `holds` is a condition
# that the role has worked out. Both need `expected`, in words. `kind` is one of KINDS.
RULES = {"least", "most", "form", "holds", "expected", "kind", "cpu"}
KINDS = {"tags", "environment", "region", "memory"}

# AWS General Reference, "Tag naming limits and requirements".
_TAG_TEXT = re.compile(r"[\w\s+\-=.:/@]*")
_LONGEST_TAG_NAME = 128
_LONGEST_TAG_VALUE = 256
# Of the 50 that AWS takes, roles add some of their own.
_MOST_TAGS = 45

_LONGEST_SHOWN = 80
ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


class Value(NamedTuple):
    """One value of the app's environment, as YAML gave it."""

    value: Any
    written: str | None = None
    """What stands in the file; None where that is not known."""


def refusals(name: str, value: Any, rule: Rule) -> Iterator[str]:
    """What is wrong with one setting, as sentences without their end."""
    if "least" in rule or "most" in rule:
        yield from _beyond(name, value, rule.get("least"), rule.get("most"))
    if "form" in rule:
        texts = value if isinstance(value, (list, tuple)) else [value]
        if wrong := [text for text in texts if not re.fullmatch(rule["form"], str(text))]:
            yield f"{name} {_is(wrong[0], of_several=texts is value)}, expected {rule['expected']}"
    if "holds" in rule and rule["holds"] is not True:
        yield f"{name} {_is(value)}, expected {rule['expected']}"
    if rule.get("kind") == "tags":
        yield from _tags(name, value)
    if rule.get("kind") == "memory" and int(rule["cpu"]) in SIZES and int(value) not in SIZES[int(rule["cpu"])]:
        yield f"{name} {_is(value)}, expected {_sizes(int(rule['cpu']))} for {rule['cpu']} CPU units"


def _sizes(cpu: int) -> str:
    sizes = SIZES[cpu]
    if isinstance(sizes, range):
        return f"{sizes[0]} to {sizes[-1]} in steps of {sizes.step}"
    return f"{', '.join(map(str, sizes[:-1]))} or {sizes[-1]}"


def _beyond(name: str, value: Any, least: float | None, most: float | None) -> Iterator[str]:
    number = _number(value)
    if number is not None and (least is None or number >= least) and (most is None or number <= most):
        return
    bounds = f"{least} or more" if most is None else f"{most} or less" if least is None else f"{least} to {most}"
    yield f"{name} {_is(value)}, expected {bounds}"


def _number(value: Any) -> float | None:
    if isinstance(value, Real) and not isinstance(value, bool):
        return float(value)
    try:
        return float(str(value))
    except ValueError:
        return None


def _is(value: Any, *, of_several: bool = False) -> str:
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    text = str(value)
    shown = (text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…").replace("\n", "\\n")
    return f"has {shown or 'an empty one'}" if of_several else f"is {shown or 'empty'}"


def _tags(name: str, tags: Any) -> Iterator[str]:
    if not isinstance(tags, Mapping):
        yield f"{name} {_is(tags)}, expected tags, name to value"
        return
    for tag, value in tags.items():
        if str(tag).lower().startswith("aws:"):
            yield f"{name} has the tag {tag}, and names that begin with aws: are for AWS alone"
        elif not (tag and len(str(tag)) <= _LONGEST_TAG_NAME and _TAG_TEXT.fullmatch(str(tag))):
            yield f"{name} has the tag {str(tag) or 'without a name'}, {_expected_of_a_tag(_LONGEST_TAG_NAME)}"
        if isinstance(value, (Mapping, list, tuple)) or value is None:
            yield f"{name} has no text as the value of the tag {tag}, expected one"
        elif len(str(value)) > _LONGEST_TAG_VALUE or not _TAG_TEXT.fullmatch(str(value)):
            yield f"{name} has a tag {tag} that {_is(value)}, {_expected_of_a_tag(_LONGEST_TAG_VALUE)}"
    if len(tags) > _MOST_TAGS:
        yield f"{name} has {len(tags)} tags, expected {_MOST_TAGS} or fewer"


def _expected_of_a_tag(longest: int) -> str:
    return f"expected at most {longest} letters, digits, spaces and + - = . _ : / @"


def environment_refusals(setting: str, name: Any, given: Value) -> Iterator[str]:
    """What is wrong with one value of the app's environment: it gets text just as it was written, or is refused."""
    value, written = given
    if not isinstance(name, str) or not ENVIRONMENT_NAME.fullmatch(name):
        yield (
            f"{setting} has the name {name}, expected letters, digits and _, a letter first, "
            "in quotes where YAML asks for them"
        )
    elif value is None:
        yield f'{setting} gives {name} no value: write {name}: "" for an empty one, or take the line away'
    elif isinstance(value, bool):
        word = str(value).lower()
        yield (
            f"{setting} gives {name} as {word}, which YAML also makes of yes and no, on and off: "
            f'write {name}: "{word}", in quotes'
        )
    elif isinstance(value, str):
        return
    elif not isinstance(value, (int, float)):
        kind = "a list" if isinstance(value, list) else "a mapping" if isinstance(value, Mapping) else "a date"
        yield f"{setting} gives {name} as {kind}, expected text: put it in quotes, as JSON where the app reads that"
    elif written is None and isinstance(value, float):
        yield f"{setting} gives {name} as the number {value}, which may have been written otherwise: put it in quotes"
    elif written is not None and written != str(value):
        yield f'{setting} gives {name} as {written}, which YAML makes {value} of: write {name}: "{written}", in quotes'


def looks_like_a_secret(name: Any, value: Any) -> bool:
    """Whether whoever may read the task definition would read what should stay secret."""
    return value not in (None, "") and hides_secret(str(name), value)
