"""How rollouts go and end, by the decisions of the scheduler alone."""

from __future__ import annotations

import itertools

import pytest

from local_aws.rollouts import records, scheduler
from local_aws.rollouts.targets import Target
from tests.unit.local_aws.rollouts.world import (
    AWS,
    CRASHES,
    CRASHES_LATER,
    GOOD,
    NEVER_READY,
    SICK,
    World,
)

NO_ROLLBACK = {"enable": True, "rollback": False}
OFF = {"enable": False, "rollback": False}
BAD_APPS = [
    pytest.param(SICK, id="sick"),
    pytest.param(CRASHES, id="crashes_at_once"),
    pytest.param(CRASHES_LATER, id="crashes_later"),
]


def serving(**given) -> World:
    """A world in which the revision good:1 serves."""
    world = World(**given)
    world.update("good:1")
    world.run(60)
    assert world.states() == [("PRIMARY", "good:1", "COMPLETED")]
    world.fewest_healthy = 1_000_000
    return world


def test_the_first_deployment_rolls_out_like_any_other():
    world = World()
    world.update("good:1")
    world.run(4)
    assert world.states() == [("PRIMARY", "good:1", "IN_PROGRESS")]
    world.run(60)
    assert world.states() == [("PRIMARY", "good:1", "COMPLETED")]
    assert world.statuses() == ["SUCCESSFUL"]
    assert [event for event, _ in world.published] == ["IN_PROGRESS", "COMPLETED"]
    assert world.told()[:2] == [
        "(service app) has reached a steady state.",
        f"(service app) (deployment {world.published[0][1]}) deployment completed.",
    ]


def test_a_good_rollout_replaces_every_task_and_is_never_down_to_less():
    world = serving()
    world.update("good:2")
    world.run()
    assert world.running() == ["good:2"] * 2
    assert world.states() == [("PRIMARY", "good:2", "COMPLETED")]
    assert world.fewest_healthy == 2
    assert world.statuses() == ["SUCCESSFUL", "SUCCESSFUL"]


def test_a_rollout_is_complete_only_when_the_old_tasks_are_gone():
    world = serving()
    world.update("good:2")
    while world.service["deployments"][0]["rolloutState"] == "IN_PROGRESS":
        world.step()
    assert all(task["lastStatus"] == "STOPPED" for task in world.tasks if task["taskDefinitionArn"] == "good:1")


@pytest.mark.parametrize(
    ("minimum", "maximum", "fewest", "most"),
    [
        pytest.param(100, 200, 4, 8, id="all_new_beside_all_old"),
        pytest.param(50, 100, 2, 4, id="half_stops_first"),
        pytest.param(100, 150, 4, 6, id="two_at_a_time"),
        pytest.param(75, 125, 3, 5, id="one_more_one_less"),
    ],
)
def test_minimum_and_maximum_percent_are_kept(minimum, maximum, fewest, most):
    world = serving(desired=4, configuration={"minimumHealthyPercent": minimum, "maximumPercent": maximum})
    world.update("good:2")
    world.run()
    assert world.running() == ["good:2"] * 4
    assert (world.fewest_healthy, world.most_live) == (fewest, most)


@pytest.mark.parametrize("app", BAD_APPS)
def test_the_breaker_rolls_back_to_the_last_completed_deployment(app):
    world = serving()
    first = world.published[0][1]
    bad = world.update("bad:2", app)
    world.run()
    assert world.running() == ["good:1"] * 2
    assert world.states() == [("PRIMARY", "good:1", "COMPLETED")]
    assert world.service["deployments"][0]["id"] == first
    assert world.service["taskDefinition"] == "good:1"
    assert world.fewest_healthy == 2
    assert world.statuses() == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    assert world.published[2:] == [("IN_PROGRESS", bad), ("FAILED", bad), ("IN_PROGRESS", first), ("COMPLETED", first)]
    assert f"(service app) rolling back to deployment {first}." in world.told()


@pytest.mark.parametrize("app", BAD_APPS)
def test_a_breaker_without_rollback_leaves_the_old_tasks(app):
    world = serving(breaker=NO_ROLLBACK)
    before = [task["taskArn"] for task in world.tasks]
    world.update("bad:2", app)
    world.run()
    assert [task["taskArn"] for task in world.tasks if task["lastStatus"] == "RUNNING"] == before
    assert world.states()[0] == ("PRIMARY", "bad:2", "FAILED")
    assert world.statuses()[0] == "STOPPED"


def test_a_failed_deployment_launches_nothing_more():
    world = serving(breaker=NO_ROLLBACK)
    world.update("bad:2", CRASHES)
    started = world.run().started("bad:2")
    assert world.run().started("bad:2") == started


def test_without_a_breaker_ecs_tries_for_ever():
    world = serving(breaker=OFF)
    world.update("bad:2", CRASHES)
    started = world.run(600).started("bad:2")
    assert world.states()[0] == ("PRIMARY", "bad:2", "IN_PROGRESS")
    assert world.run(3600).started("bad:2") > started
    assert world.running() == ["good:1"] * 2


def test_an_app_that_is_never_ready_is_never_complete_and_never_given_up():
    world = serving()
    world.update("slow:2", NEVER_READY)
    world.run(3600)
    assert world.states()[0] == ("PRIMARY", "slow:2", "IN_PROGRESS")
    assert world.running().count("good:1") == 2


def test_crash_loops_back_off():
    world = serving(breaker=OFF)
    world.update("bad:2", CRASHES)
    world.run(3600)
    starts = sorted({task["_created"] for task in world.tasks if task["taskDefinitionArn"] == "bad:2"})
    waits = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert waits[0] < 10
    assert waits[-1] > 300
    assert "(service app) is unable to consistently start tasks successfully." in world.told()


@pytest.mark.parametrize("breaker", [{"enable": True, "rollback": True}, NO_ROLLBACK], ids=["rollback", "no_rollback"])
def test_a_first_deployment_that_fails_has_nothing_to_go_back_to(breaker):
    world = World(breaker=breaker)
    world.update("bad:1", CRASHES)
    world.run()
    assert world.states() == [("PRIMARY", "bad:1", "FAILED")]
    assert world.statuses() == ["ROLLBACK_FAILED" if breaker["rollback"] else "STOPPED"]
    assert [event for event, _ in world.published] == ["IN_PROGRESS", "FAILED"]


def test_a_rollback_goes_to_what_was_completed_not_to_the_revision_before():
    world = serving()
    world.update("bad:2", SICK)
    world.run()
    world.update("bad:3", CRASHES)
    world.run()
    assert world.states() == [("PRIMARY", "good:1", "COMPLETED")]


def test_an_update_during_a_rollback_keeps_the_way_back():
    world = serving()
    world.update("bad:2", SICK)
    while world.service["taskDefinition"] != "good:1":
        world.step()
    world.update("bad:3", CRASHES)
    assert world.statuses()[:2] == ["PENDING", "STOPPED"]
    world.run()
    assert world.states() == [("PRIMARY", "good:1", "COMPLETED")]
    assert world.statuses() == ["ROLLBACK_SUCCESSFUL", "STOPPED", "SUCCESSFUL"]
    assert world.running() == ["good:1"] * 2


def test_a_rollback_that_fails_is_not_rolled_back():
    world = serving(configuration={"minimumHealthyPercent": 0, "maximumPercent": 100})
    world.update("bad:2", CRASHES)
    world.apps["good:1"] = CRASHES
    world.run()
    assert world.states() == [("PRIMARY", "good:1", "FAILED")]
    assert world.statuses()[0] == "ROLLBACK_FAILED"


def test_a_newer_deployment_supersedes_one_under_way():
    world = serving()
    world.update("slow:2", NEVER_READY)
    world.run(20)
    world.update("good:3")
    world.run()
    assert world.states() == [("PRIMARY", "good:3", "COMPLETED")]
    assert world.statuses() == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]
    assert world.fewest_healthy == 2


def test_a_task_that_stops_is_replaced():
    world = serving()
    world.stop(world.tasks[0], "by hand", "UserInitiated")
    world.run(30)
    assert world.running() == ["good:1"] * 2
    assert len(world.tasks) == 3
    assert world.states() == [("PRIMARY", "good:1", "COMPLETED")]
    assert world.service["deployments"][0]["failedTasks"] == 0


def test_a_steady_service_starts_the_replacement_of_an_unhealthy_task_first():
    world = serving()
    world.apps["good:1"] = ((2, "healthy"), (1e9, "healthy"))
    sick = world.tasks[0]
    sick["taskDefinitionArn"] = "sick"
    world.apps["sick"] = SICK
    world.run(4)
    assert sick["desiredStatus"] == "RUNNING"
    world.run(30)
    assert sick["desiredStatus"] == "STOPPED"
    assert world.running() == ["good:1"] * 2


def test_scaling_starts_no_deployment():
    world = serving()
    for count in (4, 1, 0, 2):
        world.service["desiredCount"] = count
        world.run(60)
        assert world.running() == ["good:1"] * count
        assert world.states() == [("PRIMARY", "good:1", "COMPLETED")]
    assert world.statuses() == ["SUCCESSFUL"]


def test_a_service_of_no_tasks_completes():
    world = World(desired=0)
    world.update("good:1")
    world.run(5)
    assert world.states() == [("PRIMARY", "good:1", "COMPLETED")]


def test_a_deleted_service_drains_and_is_gone():
    world = serving()
    world.service.update(status="DRAINING", desiredCount=0)
    world.step()
    assert world.service["status"] == "DRAINING"
    world.run(30)
    assert (world.service["status"], world.running()) == ("INACTIVE", [])


def test_a_deployment_can_be_stopped_even_where_the_breaker_has_no_rollback():
    world = serving(breaker=OFF)
    world.update("slow:2", NEVER_READY)
    world.run(20)
    records.request_rollback(world.service["_records"][0], world.now)
    assert world.statuses()[0] == "ROLLBACK_REQUESTED"
    world.step()
    assert world.statuses()[0] == "ROLLBACK_IN_PROGRESS"
    world.run()
    assert world.statuses()[0] == "ROLLBACK_SUCCESSFUL"
    assert world.running() == ["good:1"] * 2


ALARMS = {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True}}


def test_an_alarm_rolls_back():
    world = serving(configuration=ALARMS)
    world.update("slow:2", NEVER_READY)
    world.run(20)
    world.in_alarm = ["errors"]
    world.run()
    assert world.statuses()[0] == "ROLLBACK_SUCCESSFUL"
    assert world.states() == [("PRIMARY", "good:1", "COMPLETED")]


@pytest.mark.parametrize(
    ("raised", "configuration"),
    [
        pytest.param(["other"], ALARMS, id="another_alarm"),
        pytest.param(["errors"], {"alarms": ALARMS["alarms"] | {"enable": False}}, id="not_enabled"),
        pytest.param(["errors"], {}, id="no_alarms"),
    ],
)
def test_only_the_deployments_own_alarms_roll_back(raised, configuration):
    world = serving(configuration=configuration)
    world.update("good:2")
    world.run(4)
    world.in_alarm = raised
    world.run()
    assert world.statuses()[0] == "SUCCESSFUL"


def test_an_alarm_that_was_raised_before_the_start_is_ignored():
    world = serving(configuration=ALARMS)
    world.in_alarm = ["errors"]
    world.update("good:2")
    world.run()
    assert world.statuses()[0] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("desired", "given", "expected"),
    [
        pytest.param(1, None, 3, id="at_least_3"),
        pytest.param(6, None, 3, id="half_of_6"),
        pytest.param(25, None, 13, id="rounded_up"),
        pytest.param(1000, None, 200, id="at_most_200"),
        pytest.param(1000, {"type": "UNBOUNDED_PERCENT", "value": 50}, 500, id="unbounded"),
        pytest.param(10, {"type": "COUNT", "value": 2}, 2, id="count"),
    ],
)
def test_the_breakers_threshold_is_half_the_desired_count_within_bounds(desired, given, expected):
    breaker = {"enable": True, "rollback": True} | ({"thresholdConfiguration": given} if given else {})
    assert scheduler.threshold(World(desired=desired, breaker=breaker).service) == expected


def test_a_healthy_task_clears_the_count_of_failures():
    world = serving(desired=2)
    world.update("mixed:2", CRASHES)
    while world.service["deployments"][0]["failedTasks"] < 2:
        world.step()
    world.apps["mixed:2"] = GOOD
    world.run()
    assert world.states() == [("PRIMARY", "mixed:2", "COMPLETED")]
    assert world.service["deployments"][0]["failedTasks"] == 0


UNCHECKED = {"lastStatus": "RUNNING", "healthStatus": "UNKNOWN", "taskArn": "task/1", "_running_since": 0.0}
CHECKED = UNCHECKED | {"_health_checked": True}


def target(state: str) -> Target:
    return Target("10.0.0.1", 3000, registered_at=0, state=state)


@pytest.mark.parametrize(
    ("task", "registered", "grace", "now", "expected"),
    [
        pytest.param(UNCHECKED | {"lastStatus": "PENDING"}, [], 0, 99, "starting", id="not_running"),
        pytest.param(UNCHECKED, [], 0, 39, "starting", id="unchecked_waits_40_seconds"),
        pytest.param(UNCHECKED, [], 0, 40, "healthy", id="unchecked_is_trusted_then"),
        pytest.param(UNCHECKED, [None], 0, 99, "starting", id="not_yet_registered"),
        pytest.param(UNCHECKED, [target("initial")], 0, 99, "starting", id="target_initial"),
        pytest.param(UNCHECKED, [target("healthy")], 0, 1, "healthy", id="target_healthy"),
        pytest.param(UNCHECKED, [target("unused")], 0, 1, "healthy", id="nobody_checks_an_unused_target"),
        pytest.param(UNCHECKED, [target("unhealthy")], 0, 1, "unhealthy", id="target_unhealthy"),
        pytest.param(UNCHECKED, [target("unhealthy")], 30, 29, "starting", id="in_the_grace_period"),
        pytest.param(UNCHECKED, [target("unhealthy")], 30, 30, "unhealthy", id="after_the_grace_period"),
        pytest.param(CHECKED, [], 0, 99, "starting", id="check_not_passed_yet"),
        pytest.param(CHECKED | {"healthStatus": "HEALTHY"}, [], 0, 1, "healthy", id="check_passed"),
        pytest.param(CHECKED | {"healthStatus": "UNHEALTHY"}, [], 0, 1, "unhealthy", id="check_failed"),
        pytest.param(CHECKED | {"healthStatus": "HEALTHY"}, [target("initial")], 0, 1, "starting", id="both_must_pass"),
        pytest.param(CHECKED, [target("healthy")], 0, 1, "starting", id="both_must_pass_indeed"),
    ],
)
def test_a_task_is_as_healthy_as_its_checks_say(task, registered, grace, now, expected):
    balancers = [{"targetGroupArn": "group", "containerPort": 3000}] * len(registered)
    service = {"loadBalancers": balancers, "healthCheckGracePeriodSeconds": grace}
    assert scheduler.task_health(service, task, registered, now, AWS).state == expected
