"""Another number of tasks: what is refused, what is asked of AWS, and what is said of the time after."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta

import pytest
from ansible.module_utils.towpath.scale import (
    Asked,
    Plan,
    counts_words,
    is_there,
    outlook,
    plan,
    troubles,
)

SCALED = {"minimum": 2, "maximum": 6, "suspended": False}
FIXED = {"minimum": 1, "maximum": 1, "suspended": False}
AT_NIGHT = {"minimum": 0, "maximum": 0, "suspended": False}
STOPPED = SCALED | {"suspended": True}
NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "target", "desired", "wanted", "count"),
    [
        pytest.param(Asked(count=3), SCALED, 2, SCALED, 3, id="a count within the bounds leaves them"),
        pytest.param(Asked(count=2), SCALED, 2, SCALED, 2, id="the count that there is"),
        pytest.param(Asked(count=3), FIXED, 1, FIXED | {"minimum": 3, "maximum": 3}, 3, id="one count for another"),
        pytest.param(Asked(minimum=3, maximum=8), SCALED, 2, SCALED | {"minimum": 3, "maximum": 8}, 3, id="up to min"),
        pytest.param(Asked(maximum=4), SCALED, 5, SCALED | {"maximum": 4}, 4, id="down to max"),
        pytest.param(Asked(minimum=1), SCALED, 4, SCALED | {"minimum": 1}, 4, id="bounds that hold the count"),
        pytest.param(Asked(8, 2, 8), SCALED, 2, SCALED | {"maximum": 8}, 8, id="bounds and a count in them"),
        pytest.param(Asked(count=0), SCALED, 4, STOPPED, 0, id="stop"),
        pytest.param(Asked(count=0), STOPPED, 0, STOPPED, 0, id="stop what is stopped"),
        pytest.param(
            Asked(count=0), AT_NIGHT, 0, AT_NIGHT | {"suspended": True}, 0, id="stop for longer than the night"
        ),
        pytest.param(Asked(count=2), STOPPED, 0, SCALED, 2, id="start"),
        pytest.param(Asked(minimum=3), STOPPED, 0, SCALED | {"minimum": 3}, 3, id="start with other bounds"),
        pytest.param(Asked(count=2), AT_NIGHT, 0, AT_NIGHT | {"minimum": 2, "maximum": 2}, 2, id="start in the night"),
        pytest.param(Asked(count=3), STOPPED, 2, STOPPED, 3, id="suspended by somebody while it runs"),
        pytest.param(
            Asked(count=3), SCALED | {"suspended": "partly"}, 2, SCALED | {"suspended": "partly"}, 3, id="partly so"
        ),
    ],
)
def test_a_wish_becomes_bounds_and_a_count(asked, target, desired, wanted, count):
    assert plan(asked, target, desired, "prod") == Plan("", wanted, count)


@pytest.mark.parametrize(
    ("asked", "target", "words", "command"),
    [
        pytest.param(Asked(), SCALED, "Nothing to scale to", "-e count=3", id="nothing"),
        pytest.param(Asked(count=8), SCALED, "count is 8, expected 2 to 6", "-e min=2 -e max=8 -e count=8", id="above"),
        pytest.param(Asked(count=1), SCALED, "count is 1, expected 2 to 6", "-e min=1 -e max=6 -e count=1", id="below"),
        pytest.param(Asked(minimum=0), SCALED, "min would be 0", "-e count=0", id="no minimum"),
        pytest.param(Asked(maximum=5), AT_NIGHT, "min would be 0", "-e count=0", id="a maximum alone in the night"),
        pytest.param(Asked(minimum=7), SCALED, "min is 7 and max is 6", "-e min=7 -e max=7", id="min above max"),
        pytest.param(Asked(maximum=1), SCALED, "min is 2 and max is 1", "-e min=1 -e max=1", id="max below min"),
        pytest.param(Asked(minimum=6, maximum=2), SCALED, "min is 6 and max is 2", "-e min=2 -e max=6", id="swapped"),
        pytest.param(Asked(0, 1, 2), SCALED, "count is 0", "-e count=0", id="stop and bounds"),
        pytest.param(Asked(5, 1, 4), SCALED, "count is 5, expected 1 to 4", "-e max=5", id="beyond its own bounds"),
        pytest.param(Asked(count=-1), FIXED, "count is -1", "-e count=0", id="negative"),
        pytest.param(Asked(maximum=0), SCALED, "max is 0, expected 1 or more", "-e count=0", id="no maximum"),
        pytest.param(Asked(minimum=3, maximum=0), SCALED, "max is 0", "-e count=0", id="no maximum, and a minimum"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_type(asked, target, words, command):
    refused = plan(asked, target, 2, "prod")
    assert words in refused.refusal
    assert command in refused.refusal
    assert (refused.target, refused.desired) == (target, 2)


SOME = [None, -1, 0, 1, 3, 9]


@pytest.mark.parametrize("target", [SCALED, FIXED, AT_NIGHT, STOPPED])
def test_what_a_refusal_says_to_type_is_not_refused(target):
    refusals = {one: plan(Asked(*one), target, 2, "prod").refusal for one in itertools.product(SOME, SOME, SOME)}
    advice = {one: re.findall(r"scale\.yml -e env=prod((?: -e \w+=-?\d+)+)", text) for one, text in refusals.items()}
    assert [one for one, text in refusals.items() if text and not advice[one]] == [], "refused without advice"
    for one, commands in advice.items():
        for options in (dict(re.findall(r"-e (\w+)=(-?\d+)", command)) for command in commands):
            count, minimum, maximum = (options.get(name) for name in ("count", "min", "max"))
            followed = Asked(*(None if value is None else int(value) for value in (count, minimum, maximum)))
            assert plan(followed, target, 2, "prod").refusal == "", f"{one} is told to type {options}"


NIGHT = {
    "ScheduledActionName": "night-start",
    "Schedule": "cron(0 7 ? * MON-FRI *)",
    "Timezone": "Europe/Berlin",
    "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 6},
}


@pytest.mark.parametrize(
    ("target", "desired", "policies", "actions", "said"),
    [
        pytest.param(SCALED, 3, 3, [], ["between 2 and 6", "-e min=3 -e max=3"], id="it scales"),
        pytest.param(SCALED, 3, 0, [], ["Nothing scales the app between 2 and 6"], id="without policies"),
        pytest.param(
            FIXED,
            1,
            3,
            [],
            ["stays at 1 until somebody", "group_vars say 2 to 6", "-e min=2 -e max=6"],
            id="held at a count that a person chose",
        ),
        pytest.param(STOPPED, 0, 3, [NIGHT], ["nobody is served", "-e count=2"], id="stopped"),
        pytest.param(STOPPED, 3, 3, [NIGHT], ["Scaling is suspended"], id="suspended by somebody"),
        pytest.param(
            SCALED,
            2,
            1,
            [NIGHT],
            ["between 2 and 6", "night-start changes that to 2 to 6 at cron(0 7 ? * MON-FRI *) Europe/Berlin"],
            id="the night has its own counts",
        ),
    ],
)
def test_what_becomes_of_the_count_is_said(target, desired, policies, actions, said):
    lines = outlook(Plan("", target, desired), policies, actions, {"minimum": 2, "maximum": 6}, "prod")
    assert len(lines) == (2 if len(said) == 3 or "night-start" in said[-1] else 1)
    assert [words for words in said if words not in " ".join(lines)] == []


def a_service(running, desired, *events, all_running=None):
    newest = {"status": "PRIMARY", "runningCount": running}
    return {
        "deployments": [newest],
        "runningCount": running if all_running is None else all_running,
        "desiredCount": desired,
        "events": [{"createdAt": when, "message": message, "id": message} for when, message in reversed(events)],
    }


@pytest.mark.parametrize(
    ("service", "words"),
    [
        pytest.param(a_service(1, 3), "1/3 running", id="some"),
        pytest.param(a_service(2, 2, all_running=4), "2/2 running, 2 stopping", id="old ones are on their way out"),
    ],
)
def test_how_many_tasks_run_is_one_phrase(service, words):
    assert counts_words(service) == words


@pytest.mark.parametrize(
    ("service", "wanted", "seconds", "there"),
    [
        pytest.param(a_service(3, 3), 3, 0, True, id="all run"),
        pytest.param(a_service(2, 3), 3, 60, False, id="one is missing"),
        pytest.param(a_service(2, 2), 3, 1, False, id="an answer from before the change"),
        pytest.param(a_service(4, 4), 3, 60, True, id="scaling wants another count by now"),
        pytest.param(a_service(0, 0), 0, 0, True, id="stopped"),
        pytest.param(a_service(1, 0), 0, 2, False, id="the last one drains"),
    ],
)
def test_it_is_over_when_as_many_run_as_are_wanted(service, wanted, seconds, there):
    assert is_there(service, wanted, seconds) is there


def test_what_keeps_tasks_from_running_is_told_once_and_without_the_past():
    unable = "(service app) was unable to place a task because no capacity is available."
    service = a_service(
        1,
        2,
        (NOW - timedelta(hours=1), "(service app) is unable to consistently start tasks successfully."),
        (NOW, "(service app) has started 1 tasks: (task 1)."),
        (NOW, unable),
        (NOW, unable),
    )
    assert troubles(service, NOW) == ["was unable to place a task because no capacity is available"]
