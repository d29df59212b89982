"""A dashboard's body: what of it differs, and what CloudWatch finds fault with."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.dashboard import changes, fault, refusal, validation_messages, with_markers_of

TEXT = {"type": "text", "properties": {"markdown": "# webapp"}}
CPU = {"type": "metric", "properties": {"title": "CPU", "stacked": False, "metrics": [["AWS/ECS", "CPUUtilization"]]}}
BODY = {"start": "-PT6H", "widgets": [TEXT, CPU]}


def test_the_order_of_keys_is_no_difference():
    assert changes({"widgets": [TEXT, dict(reversed(CPU.items()))], "start": "-PT6H"}, BODY) == []


@pytest.mark.parametrize(
    ("after", "named"),
    [
        pytest.param(BODY | {"start": "-PT3H"}, ["start"], id="a setting"),
        pytest.param({"widgets": [TEXT, CPU]}, ["start"], id="a setting less"),
        pytest.param(BODY | {"periodOverride": "inherit"}, ["periodOverride"], id="a setting more"),
        pytest.param(BODY | {"widgets": [CPU, TEXT]}, ["widget 1", "widget 2"], id="the order of widgets"),
        pytest.param(BODY | {"widgets": [TEXT]}, ["widget 2"], id="a widget less"),
        pytest.param(BODY | {"widgets": [TEXT, CPU, TEXT]}, ["widget 3"], id="a widget more"),
        pytest.param(
            BODY | {"widgets": [TEXT, CPU | {"properties": CPU["properties"] | {"stacked": 0}}]},
            ["widget 2"],
            id="0 for false",
        ),
    ],
)
def test_what_differs_is_named(after, named):
    assert [one.field for one in changes(BODY, after)] == named


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        pytest.param("webapp-prod_1", BODY, "", id="right"),
        pytest.param("webapp", {"widgets": []}, "", id="without widgets"),
        pytest.param("webapp prod", BODY, "The name 'webapp prod'", id="a space in its name"),
        pytest.param("w" * 256, BODY, "expected up to 255", id="a long name"),
        pytest.param("webapp\n", BODY, "The name 'webapp\\n'", id="a line's end in its name"),
        pytest.param("webapp", {"start": "-PT6H"}, "has no list of widgets", id="no list of widgets"),
        pytest.param("webapp", {"widgets": ["text"]}, "has no list of widgets", id="a widget that is no dict"),
    ],
)
def test_what_is_no_dashboard_is_refused(name, body, why):
    said = refusal(name, body)
    assert why in said
    assert bool(said) == bool(why)


MESSAGE = {"DataPath": "/widgets/1/properties", "Message": "Should have required property 'metrics'"}
TOLD = """The dashboard body is invalid, there are 1 validation errors:
[
  {
    "dataPath": "/widgets/1/properties",
    "message": "Should have required property 'metrics'"
  }
]"""


@pytest.mark.parametrize(
    ("response", "found"),
    [
        pytest.param({"Error": {"Code": "InvalidParameterInput", "Message": TOLD}}, [MESSAGE], id="in the text"),
        pytest.param(
            {
                "Error": {"Code": "InvalidParameterInput", "Message": "The dashboard body is invalid"},
                "dashboardValidationMessages": [MESSAGE],
            },
            [MESSAGE],
            id="beside the text",
        ),
        pytest.param(
            {"Error": {"Code": "InvalidParameterInput", "Message": "The field DashboardBody must be JSON [1]"}},
            [{"Message": "The field DashboardBody must be JSON [1]"}],
            id="in plain words",
        ),
        pytest.param({"Error": {"Code": "AccessDenied", "Message": TOLD}}, [], id="another error"),
        pytest.param({}, [], id="no answer at all"),
    ],
)
def test_what_cloudwatch_finds_fault_with_is_read_wherever_it_tells_it(response, found):
    assert validation_messages(response) == found


@pytest.mark.parametrize(
    ("message", "said"),
    [
        pytest.param(MESSAGE, "widget 2 (CPU), /widgets/1/properties: Should have", id="a widget with a title"),
        pytest.param({"DataPath": "/widgets/0", "Message": "x"}, "widget 1, /widgets/0: x", id="one without"),
        pytest.param({"DataPath": "/widgets/7", "Message": "x"}, "/widgets/7: x", id="one that is not there"),
        pytest.param({"DataPath": "/start", "Message": "x"}, "/start: x", id="a setting"),
        pytest.param({"Message": "x"}, "x", id="the whole"),
    ],
)
def test_a_fault_names_its_widget(message, said):
    assert fault(message, BODY).startswith(said)


MARKER = {"label": "v7", "value": "2026-03-01T12:00:00+00:00"}


def marked(widget, *markers):
    return widget | {"properties": widget["properties"] | {"annotations": {"vertical": list(markers)}}}


def test_markers_stay_on_every_graph_and_nowhere_else():
    number = {"type": "metric", "properties": {"view": "singleValue", "metrics": []}}
    body = {"widgets": [TEXT, CPU, number, CPU]}
    found = {"widgets": [TEXT, marked(CPU, MARKER)]}
    assert with_markers_of(found, body) == {"widgets": [TEXT, marked(CPU, MARKER), number, marked(CPU, MARKER)]}


def test_markers_stand_beside_thresholds():
    line = {"horizontal": [{"label": "too much", "value": 90}]}
    graph = CPU | {"properties": CPU["properties"] | {"annotations": line}}
    (kept,) = with_markers_of({"widgets": [marked(CPU, MARKER)]}, {"widgets": [graph]})["widgets"]
    assert kept["properties"]["annotations"] == line | {"vertical": [MARKER]}


@pytest.mark.parametrize("found", [{}, {"widgets": []}, {"widgets": [TEXT, CPU]}])
def test_without_markers_a_body_is_what_it_is(found):
    assert with_markers_of(found, BODY) == BODY
