"""What an account can spare for a function."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.concurrency import shortage, warning


@pytest.mark.parametrize(
    ("in_all", "free", "before", "reserved", "spared"),
    [
        pytest.param(1000, 1000, 0, 900, True, id="all but what AWS keeps"),
        pytest.param(1000, 1000, 0, 901, False, id="one more"),
        pytest.param(1000, 100, 5, 5, True, id="what it has"),
        pytest.param(1000, 100, 5, 2, True, id="less than it has"),
        pytest.param(1000, 101, 5, 6, True, id="the last one"),
        pytest.param(1000, 100, 5, 6, False, id="beyond the last one"),
        pytest.param(10, 10, 0, 1, False, id="a new account"),
        pytest.param(10, 10, 0, 0, True, id="nothing, in a new account"),
        pytest.param(50, 50, 0, 1, False, id="an account with 50"),
    ],
)
def test_aws_keeps_some_for_other_functions(in_all, free, before, reserved, spared):
    limit = {"ConcurrentExecutions": in_all, "UnreservedConcurrentExecutions": free}
    assert bool(shortage(limit, before, reserved)) != spared


def test_a_shortage_is_told_with_what_to_ask_for():
    why = shortage({"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}, 0, 2)
    assert why == (
        "It has 10 concurrent executions in all, 10 of them not reserved, and AWS keeps 10 for the functions for which "
        "nothing is reserved."
    )
    told = warning("webapp-notifier-alarms", 2, why)
    assert told.startswith("The account cannot reserve 2 concurrent executions for webapp-notifier-alarms, so it")
    assert "--service-code lambda --quota-code L-B99A9384 --desired-value 1000" in told
