"""What is wrong with a setting, by its rule, and with a value of the app's environment."""

from __future__ import annotations

import datetime

import pytest
from ansible.module_utils.towpath.settings import Value, environment_refusals, looks_like_a_secret, refusals

PATH = {"form": "/[a-z]*", "expected": "a path"}
TAGS = {"kind": "tags"}


@pytest.mark.parametrize(
    ("value", "rule", "told"),
    [
        pytest.param(3, {"least": 1, "most": 5}, [], id="within"),
        pytest.param("3", {"least": 1, "most": 5}, [], id="a number from the command line"),
        pytest.param(0.5, {"least": 0}, [], id="a part of one"),
        pytest.param(0, {"least": 1, "most": 5}, ["it is 0, expected 1 to 5"], id="below"),
        pytest.param(6, {"most": 5}, ["it is 6, expected 5 or less"], id="above"),
        pytest.param("many", {"least": 1}, ["it is many, expected 1 or more"], id="no number"),
        pytest.param(True, {"least": 1}, ["it is True, expected 1 or more"], id="a truth is no number"),
        pytest.param("/a", PATH, [], id="form"),
        pytest.param("/a\n", PATH, ["it is /a\\n, expected a path"], id="a newline at the end"),
        pytest.param("", PATH, ["it is empty, expected a path"], id="nothing"),
        pytest.param(["/a", "b"], PATH, ["it has b, expected a path"], id="one of several"),
        pytest.param(1, {"holds": False, "expected": "2"}, ["it is 1, expected 2"], id="a condition"),
        pytest.param("x" * 99, {"holds": False, "expected": "y"}, [f"it is {'x' * 80}…, expected y"], id="long"),
        pytest.param(2048, {"kind": "memory", "cpu": 256}, [], id="a pair of Fargate"),
        pytest.param(
            "5000",
            {"kind": "memory", "cpu": "512"},
            ["it is 5000, expected 1024 to 4096 in steps of 1024 for 512 CPU units"],
            id="none",
        ),
        pytest.param(512, {"kind": "memory", "cpu": 300}, [], id="of what is refused for itself"),
        pytest.param({"team": "blue sky", "cost:center": 7}, TAGS, [], id="tags"),
        pytest.param(
            {"AWS:x": "y"}, TAGS, ["it has the tag AWS:x, and names that begin with aws: are for AWS alone"], id="aws"
        ),
        pytest.param({"a": None}, TAGS, ["it has no text as the value of the tag a, expected one"], id="no value"),
        pytest.param(
            {"a;": "b"},
            TAGS,
            ["it has the tag a;, expected at most 128 letters, digits, spaces and + - = . _ : / @"],
            id="sign",
        ),
        pytest.param(
            {"a": "b;"},
            TAGS,
            ["it has a tag a that is b;, expected at most 256 letters, digits, spaces and + - = . _ : / @"],
            id="value",
        ),
        pytest.param("a=b", TAGS, ["it is a=b, expected tags, name to value"], id="no mapping"),
        pytest.param({f"t{n}": "" for n in range(46)}, TAGS, ["it has 46 tags, expected 45 or fewer"], id="too many"),
    ],
)
def test_a_value_is_held_against_its_rule(value, rule, told):
    assert list(refusals("it", value, rule)) == told


@pytest.mark.parametrize(
    ("name", "given"),
    [
        pytest.param("A", Value("00123"), id="text"),
        pytest.param("A", Value(""), id="empty text"),
        pytest.param("A", Value(2, "2"), id="a number as it is written"),
        pytest.param("A", Value(0.5, "0.5"), id="a fraction as it is written"),
        pytest.param("A", Value(3000), id="a whole number from elsewhere"),
    ],
)
def test_what_the_app_gets_as_it_was_written_is_taken(name, given):
    assert list(environment_refusals("settings", name, given)) == []


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        pytest.param("A", Value(None), "no value", id="nothing"),
        pytest.param("A", Value(83, "00123"), "as 00123, which YAML makes 83 of", id="octal"),
        pytest.param("A", Value(45000, "12:30:00"), "as 12:30:00, which YAML makes 45000 of", id="a time"),
        pytest.param("A", Value(1000, "1_000"), "as 1_000, which YAML makes 1000 of", id="underscores"),
        pytest.param("A", Value(1.1, "1.10"), "as 1.10, which YAML makes 1.1 of", id="a version"),
        pytest.param("A", Value(1.1), "may have been written otherwise", id="a fraction from elsewhere"),
        pytest.param("A", Value(False, "no"), "as false, which YAML also makes of yes and no", id="a truth"),
        pytest.param("A", Value(["a"]), "as a list, expected text", id="list"),
        pytest.param("A", Value({"a": 1}), "as a mapping, expected text", id="mapping"),
        pytest.param("A", Value(datetime.date(2030, 1, 1)), "as a date, expected text", id="date"),
        pytest.param(True, Value("a"), "has the name True", id="a name that is none"),
        pytest.param("A=B", Value("a"), "has the name A=B", id="a name with a sign"),
    ],
)
def test_what_the_app_would_get_otherwise_is_refused(name, given, told):
    (refused,) = environment_refusals("settings", name, given)
    assert told in refused


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("STRIPE_KEY", "sk_live_1", True),
        ("DATABASE_URL", "postgres://app:hunter2@db/app", True),
        ("STRIPE_KEY", "", False),
        ("HOST", "https://example.com", False),
    ],
)
def test_a_value_that_looks_like_a_secret_is_known(name, value, secret):
    assert looks_like_a_secret(name, value) is secret
