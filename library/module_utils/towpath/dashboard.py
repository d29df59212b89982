"""A CloudWatch dashboard's body: what of it differs, and which widget a fault is in. Pure: no AWS, no Ansible."""

from __future__ import annotations

import json
import re
from typing import Any

from .differences import Difference, Values


def refusal(name: str, body: Values) -> str:
    """Why CloudWatch would refuse a dashboard that has nothing else wrong, or empty."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        return f"The name {name!r} is not a dashboard's, expected up to 255 of the characters A-Z, a-z, 0-9, - and _."
    widgets = body.get("widgets")
    if not isinstance(widgets, list) or not all(isinstance(one, dict) for one in widgets):
        return f"The body of the dashboard {name} has no list of widgets, expected widgets: with a dict for each."
    return ""


def as_json(value: Any) -> str:
    """A value as JSON, in one order and without spaces: equal values are equal texts, and true is not 1."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def changes(before: Values, after: Values) -> list[Difference]:
    """Name the widgets, by their place, and the other settings that differ, whatever order their keys have."""
    left, right = _parts(before), _parts(after)
    return [
        Difference(part, left.get(part), right.get(part))
        for part in left | right
        if as_json(left.get(part)) != as_json(right.get(part))
    ]


def with_markers_of(found: Values, body: Values) -> Values:
    """``body`` with the vertical annotations that the graphs of ``found`` have: moments that were marked since.

    Source: CloudWatch user guide, "Dashboard Body Structure and Syntax".
    """
    marked = next((one for one in map(_markers, _graphs(found)) if one), [])
    if not marked:
        return body
    widgets = [_marked(one, marked) if one in _graphs(body) else one for one in body["widgets"]]
    return body | {"widgets": widgets}


def _graphs(body: Values) -> list[Values]:
    """The widgets that show metrics over time, which alone can have a moment marked."""
    widgets = body.get("widgets", [])
    return [
        one
        for one in widgets
        if one.get("type") == "metric" and one.get("properties", {}).get("view", "timeSeries") == "timeSeries"
    ]


def _markers(widget: Values) -> list[Values]:
    annotations = widget["properties"].get("annotations")
    return list(annotations.get("vertical", [])) if isinstance(annotations, dict) else []


def _marked(widget: Values, markers: list[Values]) -> Values:
    properties = widget["properties"]
    annotations = properties.get("annotations", {}) | {"vertical": markers}
    return widget | {"properties": properties | {"annotations": annotations}}


def _parts(body: Values) -> Values:
    settings = {name: value for name, value in body.items() if name != "widgets"}
    return settings | {f"widget {place}": one for place, one in enumerate(body.get("widgets", []), start=1)}


def validation_messages(response: Values) -> list[dict[str, str]]:
    """What CloudWatch found fault with when it refused a body. Nothing means that it refused something else."""
    error = response.get("Error", {})
    if error.get("Code") not in ("InvalidParameterInput", "DashboardInvalidInputError"):
        return []
    if messages := response.get("dashboardValidationMessages"):
        return list(messages)
    # Else it tells them in the error's text, as JSON after a sentence.
    text = error.get("Message", "")
    try:
        told = json.loads(text[text.index("[") :])
        return [{"DataPath": one["dataPath"], "Message": one["message"]} for one in told]
    except (ValueError, TypeError, KeyError):
        return [{"Message": text}]


def fault(message: dict[str, str], body: Values) -> str:
    """One of CloudWatch's validation messages, with the place and title of the widget that it is about."""
    path, said = message.get("DataPath", ""), message.get("Message", "")
    named = re.match(r"/widgets/(\d+)", path)
    if not named or int(named[1]) >= len(body["widgets"]):
        return f"{path}: {said}" if path else said
    properties = body["widgets"][int(named[1])].get("properties")
    title = properties.get("title") if isinstance(properties, dict) else None
    return f"widget {int(named[1]) + 1}{f' ({title})' if title else ''}, {path}: {said}"
