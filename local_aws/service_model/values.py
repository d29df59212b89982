"""The values of a request, by the shapes of its service's model.

A number that is none and a list that is no list stay what they are: the service itself refuses them.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from botocore.model import ListShape, MapShape, Shape, StructureShape


def from_text(shape: Shape, text: str) -> Any:
    """A value that was sent as text."""
    kind = shape.type_name
    with contextlib.suppress(ValueError):
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "boolean":
            return text.lower() == "true"
        if kind == "blob":
            return base64.b64decode(text)
        if kind == "list":
            return [from_text(shape.member, part.strip()) for part in text.split(",")]
    return text


def from_json(shape: Shape | None, value: Any) -> Any:
    """What a JSON document says under the names of the model, without what it leaves null."""
    if isinstance(shape, StructureShape) and isinstance(value, dict) and not is_free(shape):
        named = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
        return {
            named[key][0]: from_json(named[key][1], inner)
            for key, inner in value.items()
            if key in named and inner is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [from_json(shape.member, inner) for inner in value]
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: from_json(shape.value, inner) for key, inner in value.items()}
    if shape is not None and shape.type_name == "blob" and isinstance(value, str):
        with contextlib.suppress(binascii.Error, ValueError):
            return base64.b64decode(value)
    return value


def is_free(shape: Shape) -> bool:
    """Whether a structure is any document at all."""
    return bool(getattr(shape, "is_document_type", False))


def from_xml(shape: Shape, element: Element) -> Any:
    if isinstance(shape, StructureShape):
        found = dict[str, Any]()
        children = by_name(element)
        for name, member in shape.members.items():
            called = member.serialization.get("name", name)
            if member.serialization.get("xmlAttribute"):
                value = {local(key): text for key, text in element.attrib.items()}.get(local(called))
                if value is not None:
                    found[name] = value
                continue
            if called in children:
                is_flat = isinstance(member, ListShape) and member.serialization.get("flattened")
                found[name] = (
                    [from_xml(member.member, child) for child in children[called]]
                    if is_flat
                    else from_xml(member, children[called][0])
                )
        return found
    if isinstance(shape, ListShape):
        return [from_xml(shape.member, child) for child in element]
    if isinstance(shape, MapShape):
        key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        entries = [by_name(entry) for entry in element]
        return {
            one[key][0].text or "": from_xml(shape.value, one[value][0])
            for one in entries
            if {key, value} <= one.keys()
        }
    return from_text(shape, element.text or "")


def by_name(element: Element) -> dict[str, list[Element]]:
    found = dict[str, list[Element]]()
    for child in element:
        found.setdefault(local(child.tag), []).append(child)
    return found


def local(tag: str) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2]


@dataclass
class Node:
    """What a form says below a name, which is cut at its dots."""

    text: str | None = None
    inside: dict[str, Node] = field(default_factory=dict)
    is_read: bool = False

    def at(self, name: str) -> Node:
        return self.inside.get(name, NOTHING)

    def numbered(self) -> list[Node]:
        count = itertools.takewhile(lambda place: str(place) in self.inside, itertools.count(1))
        return [self.inside[str(place)] for place in count]

    def unread(self, name: str = "") -> list[str]:
        own = [name] if self.text is not None and not self.is_read else []
        return own + [left for key, node in self.inside.items() for left in node.unread(f"{name}.{key}".lstrip("."))]


NOTHING = Node()


def tree(fields: Mapping[str, str]) -> Node:
    root = Node()
    for name, text in fields.items():
        node = root
        for part in name.split("."):
            node = node.inside.setdefault(part, Node())
        node.text = text
    return root


def from_query(shape: Shape, node: Node, *, is_ec2: bool) -> Any:
    """What a form says at a node; None when it says nothing."""
    if isinstance(shape, StructureShape):
        return structure_in(shape, node, is_ec2=is_ec2)
    if isinstance(shape, MapShape):
        entries = (node if shape.serialization.get("flattened") else node.at("entry")).numbered()
        key, value = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        return {
            from_query(shape.key, one.at(key), is_ec2=is_ec2): from_query(shape.value, one.at(value), is_ec2=is_ec2)
            for one in entries
        } or None
    if isinstance(shape, ListShape):
        return list_in(shape, node, is_ec2=is_ec2)
    node.is_read = True
    return None if node.text is None else from_text(shape, node.text)


def structure_in(shape: StructureShape, node: Node, *, is_ec2: bool) -> dict[str, Any] | None:
    if not node.inside:
        return None
    found = dict[str, Any]()
    for name, member in shape.members.items():
        # The items of a list without a name of its own stand beside it.
        beside = item_name(member) if not is_ec2 else ""
        inner = node.at(beside or form_name(member, name, is_ec2))
        if inner is not NOTHING and (value := from_query(member, inner, is_ec2=is_ec2)) is not None:
            found[name] = value
    return found


def item_name(member: Shape) -> str:
    if isinstance(member, ListShape) and member.serialization.get("flattened"):
        return str(member.member.serialization.get("name", ""))
    return ""


def list_in(shape: ListShape, node: Node, *, is_ec2: bool) -> list[Any] | None:
    is_flat = is_ec2 or shape.serialization.get("flattened")
    items = (node if is_flat else node.at(shape.member.serialization.get("name", "member"))).numbered()
    found = [from_query(shape.member, item, is_ec2=is_ec2) for item in items]
    node.is_read = True
    # An empty list is its name with nothing behind it.
    return ["" if one is None else one for one in found] if found or node.text == "" else None


def form_name(member: Shape, name: str, is_ec2: bool) -> str:
    called = str(member.serialization.get("name", name))
    if not is_ec2:
        return called
    return str(member.serialization.get("queryName", called[:1].upper() + called[1:] if called != name else name))
