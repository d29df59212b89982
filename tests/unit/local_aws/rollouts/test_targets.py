"""What a load balancer thinks of a target, by the answers that its health checks bring."""

from __future__ import annotations

import pytest

from local_aws.rollouts import targets
from local_aws.rollouts.targets import Answer, HealthCheck, Target
from local_aws.rollouts.time_scale import TimeScale

AWS = TimeScale(1)
FAST = TimeScale(0.05)
CHECK = HealthCheck(interval=5, healthy_threshold=2, unhealthy_threshold=2, deregistration_delay=15)
GOOD, BAD, REFUSED, HANGS = Answer(200), Answer(500), Answer(), Answer(timed_out=True)


def after(*answers: Answer, scale: TimeScale = AWS) -> Target:
    """A target that was registered at 0 and brought these answers, one each interval."""
    target = Target("10.0.0.1", 3000, registered_at=0)
    for turn, answer in enumerate(answers):
        targets.observe(target, answer, CHECK, scale.wait(CHECK.interval) * turn, scale)
    return target


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        pytest.param([], "initial", id="no_check_yet"),
        pytest.param([GOOD], "healthy", id="a_new_target_needs_one_success"),
        pytest.param([BAD], "initial", id="one_failure_proves_nothing"),
        pytest.param([BAD, GOOD], "healthy", id="a_slow_start"),
        pytest.param([BAD, BAD], "unhealthy", id="as_many_failures_as_the_threshold"),
        pytest.param([GOOD, BAD], "healthy", id="a_healthy_target_may_fail_once"),
        pytest.param([GOOD, BAD, GOOD, BAD], "healthy", id="failures_must_follow_each_other"),
        pytest.param([GOOD, BAD, BAD], "unhealthy", id="a_healthy_target_fails"),
        pytest.param([BAD, BAD, GOOD], "unhealthy", id="recovering_takes_the_healthy_threshold"),
        pytest.param([BAD, BAD, GOOD, GOOD], "healthy", id="recovered"),
    ],
)
def test_state_follows_the_thresholds(answers, state):
    assert after(*answers).state == state


@pytest.mark.parametrize(
    ("answer", "reason", "description"),
    [
        pytest.param(BAD, "Target.ResponseCodeMismatch", "Health checks failed with these codes: [500]", id="code"),
        pytest.param(REFUSED, "Target.FailedHealthChecks", "Health checks failed", id="refused"),
        pytest.param(HANGS, "Target.Timeout", "Request timed out", id="timeout"),
    ],
)
def test_an_unhealthy_target_tells_why(answer, reason, description):
    target = after(answer, answer)
    assert (target.reason, target.description) == (reason, description)


def test_a_healthy_target_has_no_reason():
    assert (after(GOOD).reason, after(GOOD).description) == ("", "")


def test_the_next_check_is_one_interval_later():
    assert after(GOOD).next_check_at == 5
    assert after(GOOD, scale=FAST).next_check_at == 0.25


def test_a_shorter_time_scale_leaves_an_app_the_time_to_start():
    slow_start = [REFUSED] * 39
    assert after(*slow_start, scale=FAST).state == "initial"
    assert after(*slow_start, GOOD, scale=FAST).state == "healthy"
    assert after(*slow_start, REFUSED, REFUSED, scale=FAST).state == "unhealthy"


@pytest.mark.parametrize(
    ("codes", "accepted", "refused"),
    [
        pytest.param("200", {200}, {201, 404}, id="one"),
        pytest.param("200,301", {200, 301}, {201, 300}, id="several"),
        pytest.param("200-299", {200, 299}, {199, 300}, id="range"),
        pytest.param("200-202,404", {202, 404}, {203, 500}, id="both"),
    ],
)
def test_a_matcher_names_codes_and_ranges(codes, accepted, refused):
    assert {code for code in accepted | refused if targets.matches(code, codes)} == accepted


@pytest.mark.parametrize(
    ("scale", "in_flight", "over_at"),
    [
        pytest.param(AWS, 0, 15, id="an_idle_target_waits_for_the_delay_too"),
        pytest.param(AWS, 1, 15, id="the_delay_is_the_longest"),
        pytest.param(FAST, 0, 0.75, id="faster_time"),
        pytest.param(FAST, 1, 15, id="a_request_in_flight_gets_all_of_it"),
    ],
)
def test_draining_ends_with_the_delay(scale, in_flight, over_at):
    target = after(GOOD)
    target.in_flight = in_flight
    assert not targets.is_drained(target, CHECK, 1000, scale)
    targets.deregister(target, now=1000)
    assert (target.state, target.reason) == ("draining", "Target.DeregistrationInProgress")
    assert not targets.is_drained(target, CHECK, 1000 + over_at - 0.01, scale)
    assert targets.is_drained(target, CHECK, 1000 + over_at, scale)


def test_a_draining_target_stays_draining_whatever_it_answers():
    target = after(GOOD)
    targets.deregister(target, now=10)
    targets.observe(target, GOOD, CHECK, 11, AWS)
    assert target.state == "draining"


def test_requests_go_to_healthy_targets():
    healthy, new, sick = after(GOOD), after(), after(BAD, BAD)
    assert targets.routable([new, healthy, sick]) == [healthy]


def test_requests_go_to_all_registered_targets_when_none_is_healthy():
    new, sick, leaving = after(), after(BAD, BAD), after(GOOD)
    targets.deregister(leaving, now=20)
    assert targets.routable([new, sick, leaving]) == [new, sick]
    assert targets.routable([leaving]) == []


def test_the_settings_are_the_target_groups_own():
    group = {
        "HealthCheckPath": "/healthz",
        "HealthCheckPort": "8080",
        "HealthCheckIntervalSeconds": 7,
        "HealthCheckTimeoutSeconds": 3,
        "HealthyThresholdCount": 4,
        "UnhealthyThresholdCount": 6,
        "Matcher": {"HttpCode": "204"},
    }
    attributes = [{"Key": "deregistration_delay.timeout_seconds", "Value": "20"}]
    assert HealthCheck.of(group, attributes) == HealthCheck("/healthz", "8080", "204", 7, 3, 4, 6, 20)
    assert HealthCheck.of(group, []).deregistration_delay == 300
