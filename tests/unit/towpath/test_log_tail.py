"""The newest lines of a log: no line twice, none left out, and how to see them otherwise."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.log_tail import (
    OVERLAP_MILLISECONDS,
    Seen,
    begin,
    command,
    line,
    seconds_since,
    unseen,
)
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86400), ("1w", 604800), ("10", None), ("m", None), ("1y", None)],
)
def test_a_length_of_time_is_a_number_and_its_unit(words, seconds):
    assert seconds_since(words) == seconds


def test_the_aws_cli_shows_the_same():
    assert command("/ecs/staging/app", "us-east-1", "10m", "two words", True) == (
        "aws logs tail /ecs/staging/app --region us-east-1 --since 10m --filter-pattern 'two words' --follow"
    )
    assert command("/g", "us-east-1", "1h", "", False) == "aws logs tail /g --region us-east-1 --since 1h"


def an_event(number: int, milliseconds: int):
    return {
        "eventId": str(number),
        "timestamp": milliseconds,
        "message": f"line {number}\n",
        "logStreamName": "app/app/0123456789",
    }


def test_a_line_has_its_time_and_its_task():
    assert line(an_event(1, 1767268800000)) == "12:00:00 01234567  line 1"


@settings(deadline=None)
@given(
    st.lists(
        # When a line was written, and how much later it can be read.
        st.tuples(st.integers(0, 60_000), st.integers(0, OVERLAP_MILLISECONDS - 1)),
        max_size=30,
    )
)
def test_each_line_is_shown_once_however_late_it_comes(written):
    events = [an_event(number, when) for number, (when, _) in enumerate(written)]
    seen, shown = Seen(), []
    for now in range(0, 80_000, 2_000):
        there = [
            event
            for event, (when, late) in zip(events, written, strict=True)
            if when + late <= now and when >= begin(seen, 0)
        ]
        new, seen = unseen(there, seen)
        shown += [event["eventId"] for event in new]
    assert sorted(shown) == sorted(event["eventId"] for event in events)
