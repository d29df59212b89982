"""Which of AWS's times become shorter, and how much."""

from __future__ import annotations

import pytest

from local_aws.rollouts.time_scale import TimeScale


def test_a_shorter_time_scale_shortens_waiting_but_not_below_what_an_app_needs():
    fast = TimeScale(0.05)
    assert fast.wait(40) == 2
    assert [fast.patience(seconds) for seconds in (0, 5, 30, 300)] == [0, 5, 10, 15]
    assert [TimeScale(1).patience(seconds) for seconds in (0, 5, 30, 300)] == [0, 5, 30, 300]


@pytest.mark.parametrize(("setting", "factor"), [("", 0.05), ("1", 1), ("0.1", 0.1)])
def test_the_scale_is_a_number(setting, factor):
    assert TimeScale.of(setting) == TimeScale(factor)


@pytest.mark.parametrize("setting", ["0", "-1", "2", "fast", "nan"])
def test_a_scale_that_makes_no_sense_is_refused(setting):
    with pytest.raises(SystemExit, match=f"LOCAL_AWS_TIME_SCALE is {setting}, expected a number above 0 and up to 1"):
        TimeScale.of(setting)
