"""Releases on the graphs of a dashboard."""

from __future__ import annotations

import pytest

from notifier.markers import MOST_MARKERS, marked

GRAPH = {"type": "metric", "properties": {"view": "timeSeries", "metrics": [["AWS/ECS", "CPUUtilization"]]}}
LOG = {"type": "log", "properties": {"query": "fields @message"}}
NUMBER = {"type": "metric", "properties": {"view": "singleValue"}}


def moment(minute):
    return f"2026-03-01T12:{minute:02d}:00+00:00"


def markers(body):
    return [
        [one["label"] for one in w["properties"]["annotations"]["vertical"]]
        for w in body["widgets"]
        if w["type"] != "log"
    ]


def test_each_graph_is_marked_and_nothing_else():
    body = marked({"start": "-PT3H", "widgets": [GRAPH, LOG, NUMBER]}, "v7", moment(0))
    annotations = {"vertical": [{"label": "v7", "value": moment(0)}]}
    assert body == {
        "start": "-PT3H",
        "widgets": [GRAPH | {"properties": GRAPH["properties"] | {"annotations": annotations}}, LOG, NUMBER],
    }


def test_a_release_is_marked_once():
    once = marked({"widgets": [GRAPH]}, "v7", moment(0))
    assert marked(once, "v7", moment(0)) == once


def test_markers_stand_in_order_and_the_oldest_go():
    body = {"widgets": [GRAPH]}
    for number in reversed(range(MOST_MARKERS + 2)):
        body = marked(body, f"v{number}", moment(number))
    assert markers(body) == [[f"v{number}" for number in range(2, MOST_MARKERS + 2)]]


def test_a_threshold_on_a_graph_stays():
    line = {"horizontal": [{"label": "too much", "value": 90}]}
    body = marked({"widgets": [GRAPH | {"properties": GRAPH["properties"] | {"annotations": line}}]}, "v7", moment(0))
    assert body["widgets"][0]["properties"]["annotations"]["horizontal"] == line["horizontal"]


@pytest.mark.parametrize("body", [{}, {"widgets": []}, {"widgets": [LOG]}])
def test_a_dashboard_without_graphs_is_left_alone(body):
    assert marked(body, "v7", moment(0))["widgets"] == body.get("widgets", [])
