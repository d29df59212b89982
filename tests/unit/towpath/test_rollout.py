"""How a rollout stands and ends, told from what ECS answers: on AWS, and on emulators that keep no records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible.module_utils.towpath.rollout import (
    LOOKS_UNTIL_NO_ROLLBACK,
    Look,
    Rollout,
    Seen,
    Start,
    Verdict,
    all_healthy,
    counts,
    deployment_to_stop,
    ending,
    failed,
    hopeless,
    in_time,
    is_a_glance,
    is_rollback_of,
    log_stream,
    news,
    phases,
    reached,
    record_of,
    refusal_of_revision,
    refusal_of_service,
    seconds_to_next_look,
    serving_revision,
    sick_task,
    start,
    stop_words,
    tasks_of,
    timed,
    verdict,
    wants_log,
    without_hope,
)
from hypothesis import given, settings
from hypothesis import strategies as st

BEGAN = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
FAMILY = "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging"
OLD, NEW, NEWER = f"{FAMILY}:6", f"{FAMILY}:7", f"{FAMILY}:8"
SERVICE_ARN = "arn:aws:ecs:us-east-1:123456789012:service/webapp-staging/app"
BREAKER = {"enable": True, "rollback": True}
OURS = Rollout("ecs-svc/7", NEW, OLD, BEGAN)
FIRST = OURS._replace(previous_task_definition="")
FORCED = OURS._replace(previous_task_definition=NEW)


def after(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def a_deployment(number: int, status: str, state: str, definition: str, seconds: float, reason: str = "", **counted):
    return {
        "id": f"ecs-svc/{number}",
        "status": status,
        "rolloutState": state,
        "rolloutStateReason": reason,
        "taskDefinition": definition,
        "createdAt": after(seconds),
        "runningCount": 0,
        **counted,
    }


def a_service(*deployments, breaker=BREAKER, **fields):
    return {
        "serviceArn": SERVICE_ARN,
        "status": "ACTIVE",
        "desiredCount": 2,
        "deployments": list(deployments),
        "deploymentConfiguration": {"deploymentCircuitBreaker": breaker},
        "events": [],
        "loadBalancers": [],
    } | fields


def an_event(message: str, seconds: float = 5):
    return {"id": message, "createdAt": after(seconds), "message": f"(service app) {message}"}


def a_record(status: str, **fields):
    return {"serviceDeploymentArn": "arn:record", "status": status} | fields


def a_task(number: int, seconds: float = 1, started_by: str = "ecs-svc/7", definition: str = NEW, **fields):
    return {
        "taskArn": f"arn:aws:ecs:us-east-1:123456789012:task/webapp-staging/{number:032d}",
        "taskDefinitionArn": definition,
        "startedBy": started_by,
        "createdAt": after(seconds),
        "lastStatus": "RUNNING",
        "containers": [{"name": "app"}],
        "attachments": [{"details": [{"name": "privateIPv4Address", "value": f"10.0.1.{number}"}]}],
    } | fields


def a_crash(number: int, seconds: float = 1, code: int = 3):
    return a_task(
        number,
        seconds,
        lastStatus="STOPPED",
        stopCode="EssentialContainerExited",
        stoppedReason="Essential container in task exited",
        stoppedAt=after(seconds + 1),
        containers=[{"name": "app", "exitCode": code}],
    )


def an_unhealthy_end(number: int, seconds: float = 1):
    return a_task(
        number,
        seconds,
        lastStatus="STOPPED",
        stopCode="ServiceSchedulerInitiated",
        stoppedReason="Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:x)",
        stoppedAt=after(seconds + 30),
        containers=[{"name": "app", "exitCode": 137}],
    )


def a_target(number: int, state: str, **health):
    return {"Target": {"Id": f"10.0.1.{number}", "Port": 3000}, "TargetHealth": {"State": state, **health}}


old = a_deployment(6, "ACTIVE", "COMPLETED", OLD, -900, runningCount=2)
new = a_deployment(7, "PRIMARY", "IN_PROGRESS", NEW, 0)
completed = a_deployment(7, "PRIMARY", "COMPLETED", NEW, 0, "ECS deployment ecs-svc/7 completed.")
gave_up = a_deployment(7, "ACTIVE", "FAILED", NEW, 0, "ECS deployment circuit breaker: tasks failed to start.")


def way_back(
    state: str,
    definition: str = OLD,
    reason: str = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/6.",
):
    """On AWS a rollback is a deployment of its own, newer than ours."""
    return a_deployment(9, "PRIMARY", state, definition, 60, reason)


def old_again(state: str, definition: str = OLD, reason: str = ""):
    """Some emulators make the old deployment PRIMARY again."""
    return a_deployment(6, "PRIMARY", state, definition, -900, reason)


@pytest.mark.parametrize(
    ("service", "record", "rollout", "seen", "outcome"),
    [
        pytest.param(a_service(new, old), None, OURS, Seen(), "", id="in_progress"),
        pytest.param(
            a_service(a_deployment(7, "PRIMARY", "IN_PROGRESS", NEW, 0, runningCount=2), runningCount=2),
            None,
            OURS,
            Seen(),
            "",
            id="all_running_but_not_complete",
        ),
        pytest.param(a_service(completed), None, OURS, Seen(), "succeeded", id="completed"),
        pytest.param(
            a_service(
                a_deployment(8, "PRIMARY", "IN_PROGRESS", NEWER, 30), a_deployment(7, "ACTIVE", "COMPLETED", NEW, 0)
            ),
            None,
            OURS,
            Seen(),
            "succeeded",
            id="completed_before_a_newer_one",
        ),
        pytest.param(
            a_service(a_deployment(7, "PRIMARY", "FAILED", NEW, 0), old), None, OURS, Seen(), "", id="rollback_to_come"
        ),
        pytest.param(
            a_service(a_deployment(7, "PRIMARY", "FAILED", NEW, 0), old),
            None,
            OURS,
            Seen(looks_since_failure=LOOKS_UNTIL_NO_ROLLBACK),
            "stopped",
            id="rollback_never_came",
        ),
        pytest.param(
            a_service(a_deployment(7, "PRIMARY", "FAILED", NEW, 0), old, breaker={"enable": True, "rollback": False}),
            None,
            OURS,
            Seen(),
            "stopped",
            id="breaker_without_rollback",
        ),
        pytest.param(
            a_service(a_deployment(7, "PRIMARY", "FAILED", NEW, 0)),
            None,
            FIRST,
            Seen(),
            "stopped",
            id="nothing_to_go_back_to",
        ),
        pytest.param(a_service(way_back("IN_PROGRESS"), gave_up), None, OURS, Seen(), "", id="rolling_back"),
        pytest.param(a_service(way_back("COMPLETED"), gave_up), None, OURS, Seen(), "rolled_back", id="rolled_back"),
        pytest.param(
            a_service(way_back("COMPLETED", NEW), gave_up),
            None,
            FORCED,
            Seen(),
            "rolled_back",
            id="to_the_same_revision",
        ),
        pytest.param(
            a_service(way_back("COMPLETED", reason="ECS deployment ecs-svc/9 completed."), gave_up),
            None,
            OURS,
            Seen(),
            "rolled_back",
            id="rolled_back_and_no_longer_saying_so",
        ),
        pytest.param(
            a_service(
                way_back("COMPLETED", NEW, "ECS deployment ecs-svc/9 completed."),
                events=[an_event("rolling back to deployment ecs-svc/6.")],
            ),
            None,
            FORCED,
            Seen(listed=True),
            "rolled_back",
            id="rolled_back_and_only_an_event_says_so",
        ),
        pytest.param(a_service(way_back("FAILED"), gave_up), None, OURS, Seen(), "stopped", id="rollback_failed_too"),
        pytest.param(
            a_service(gave_up, old_again("COMPLETED")), None, OURS, Seen(), "rolled_back", id="old_deployment_again"
        ),
        pytest.param(
            a_service(old_again("IN_PROGRESS"), gave_up), None, OURS, Seen(), "", id="old_deployment_on_its_way_back"
        ),
        pytest.param(
            a_service(old_again("COMPLETED", NEW), gave_up),
            None,
            FORCED,
            Seen(),
            "rolled_back",
            id="old_deployment_same_revision",
        ),
        pytest.param(
            a_service(
                a_deployment(8, "PRIMARY", "IN_PROGRESS", NEWER, 10), a_deployment(7, "ACTIVE", "IN_PROGRESS", NEW, 0)
            ),
            None,
            OURS,
            Seen(),
            "superseded",
            id="superseded",
        ),
        pytest.param(
            a_service(a_deployment(8, "PRIMARY", "COMPLETED", NEWER, 10)),
            None,
            OURS,
            Seen(listed=True),
            "superseded",
            id="superseded_and_no_longer_listed",
        ),
        pytest.param(
            a_service(
                a_deployment(8, "PRIMARY", "IN_PROGRESS", NEW, 10), a_deployment(7, "ACTIVE", "IN_PROGRESS", NEW, 0)
            ),
            None,
            OURS,
            Seen(),
            "superseded",
            id="superseded_by_the_same_revision_forced",
        ),
        pytest.param(
            a_service(
                a_deployment(8, "PRIMARY", "IN_PROGRESS", NEWER, 90),
                gave_up,
                breaker={"enable": True, "rollback": False},
            ),
            None,
            OURS,
            Seen(),
            "stopped",
            id="failed_before_a_newer_one",
        ),
        pytest.param(a_service(old_again("COMPLETED")), None, OURS, Seen(), "", id="answer_from_before_our_update"),
        pytest.param(
            a_service(old_again("COMPLETED")),
            None,
            OURS,
            Seen(listed=True),
            "rolled_back",
            id="old_deployment_again_and_ours_no_longer_listed",
        ),
        pytest.param(
            a_service(way_back("IN_PROGRESS", NEW), a_deployment(7, "ACTIVE", "IN_PROGRESS", NEW, 0)),
            None,
            FORCED,
            Seen(),
            "",
            id="rollback_that_a_person_asked_for",
        ),
        pytest.param(
            a_service(
                a_deployment(8, "PRIMARY", "COMPLETED", OLD, 90), gave_up, breaker={"enable": True, "rollback": False}
            ),
            None,
            OURS,
            Seen(),
            "stopped",
            id="failed_before_a_person_put_the_old_revision_back",
        ),
        pytest.param(None, None, OURS, Seen(), "stopped", id="service_gone"),
        pytest.param(a_service(new, status="DRAINING"), None, OURS, Seen(), "stopped", id="service_being_deleted"),
        # With a service-deployment record, as AWS keeps them.
        pytest.param(a_service(new, old), a_record("PENDING"), OURS, Seen(), "", id="record_pending"),
        pytest.param(a_service(new, old), a_record("IN_PROGRESS"), OURS, Seen(), "", id="record_in_progress"),
        pytest.param(a_service(completed), a_record("IN_PROGRESS"), OURS, Seen(), "", id="record_still_baking"),
        pytest.param(a_service(completed), a_record("SUCCESSFUL"), OURS, Seen(), "succeeded", id="record_successful"),
        pytest.param(
            a_service(a_deployment(7, "PRIMARY", "", NEW, 0)),
            a_record("SUCCESSFUL"),
            OURS,
            Seen(),
            "succeeded",
            id="record_of_a_strategy_without_rollout_state",
        ),
        pytest.param(
            a_service(way_back("IN_PROGRESS", reason=""), a_deployment(7, "ACTIVE", "IN_PROGRESS", NEW, 0)),
            a_record("ROLLBACK_REQUESTED"),
            OURS,
            Seen(),
            "",
            id="record_rollback_requested",
        ),
        pytest.param(
            a_service(way_back("IN_PROGRESS", reason=""), a_deployment(7, "ACTIVE", "IN_PROGRESS", NEW, 0)),
            a_record("ROLLBACK_IN_PROGRESS"),
            OURS,
            Seen(),
            "",
            id="record_rolling_back",
        ),
        pytest.param(
            a_service(way_back("COMPLETED", NEW, "")),
            a_record("ROLLBACK_SUCCESSFUL", rollback={"reason": "Circuit breaker triggered."}),
            FORCED,
            Seen(),
            "rolled_back",
            id="record_rolled_back",
        ),
        pytest.param(
            a_service(way_back("FAILED")),
            a_record("ROLLBACK_FAILED"),
            OURS,
            Seen(),
            "stopped",
            id="record_rollback_failed",
        ),
        pytest.param(a_service(new, old), a_record("STOP_REQUESTED"), OURS, Seen(), "", id="record_stop_requested"),
        pytest.param(a_service(new, old), a_record("STOPPED"), OURS, Seen(), "stopped", id="record_stopped"),
        pytest.param(
            a_service(
                a_deployment(8, "PRIMARY", "IN_PROGRESS", NEWER, 10), a_deployment(7, "ACTIVE", "IN_PROGRESS", NEW, 0)
            ),
            a_record("STOPPED"),
            OURS,
            Seen(),
            "superseded",
            id="record_stopped_by_a_newer_one",
        ),
    ],
)
def test_the_verdict_follows_our_own_deployment(service, record, rollout, seen, outcome):
    assert verdict(service, record, rollout, seen).outcome == outcome


def test_a_first_revision_that_fails_is_said_to_have_had_nothing_before_it():
    alone = a_service(a_deployment(7, "PRIMARY", "FAILED", NEW, 0))
    assert "Nothing served before it" in verdict(alone, None, FIRST, Seen()).reason
    assert "nothing served before it" in verdict(alone, a_record("STOPPED"), FIRST, Seen()).reason


@pytest.mark.parametrize(
    ("service", "record"),
    [
        pytest.param(a_service(new), a_record("ROLLBACK_IN_PROGRESS"), id="said by the record"),
        pytest.param(a_service(gave_up, old_again("IN_PROGRESS")), None, id="said by the deployments"),
    ],
)
def test_a_way_back_to_a_deployment_without_tasks_is_not_waited_for(service, record):
    ended = verdict(service, record, FIRST, Seen(listed=True))
    assert ended.outcome == "stopped"
    assert "Nothing served before it" in ended.reason


def test_an_event_from_before_the_rollout_is_no_rollback_of_it():
    service = a_service(
        a_deployment(8, "PRIMARY", "IN_PROGRESS", NEWER, 10),
        events=[an_event("rolling back to deployment ecs-svc/5.", -5)],
    )
    assert not is_rollback_of(service, OURS, Seen(listed=True))


@pytest.mark.parametrize(
    ("service", "desired_count", "force", "expected"),
    [
        pytest.param(
            a_service(old_again("COMPLETED")), None, False, Start({"taskDefinition": NEW}, ""), id="another_revision"
        ),
        pytest.param(
            a_service(old_again("COMPLETED")), 2, False, Start({"taskDefinition": NEW}, ""), id="desired_count_as_it_is"
        ),
        pytest.param(
            a_service(old_again("COMPLETED")),
            1,
            False,
            Start({"taskDefinition": NEW, "desiredCount": 1}, ""),
            id="desired_count_given",
        ),
        pytest.param(a_service(completed), None, False, Start({}, "no_change"), id="complete_already"),
        pytest.param(a_service(completed), 3, False, Start({"desiredCount": 3}, "no_change"), id="only_the_count"),
        pytest.param(a_service(new, old), None, False, Start({}, ""), id="under_way_already"),
        pytest.param(
            a_service(a_deployment(7, "PRIMARY", "FAILED", NEW, 0), old),
            None,
            False,
            Start({"taskDefinition": NEW, "forceNewDeployment": True}, ""),
            id="failed_before",
        ),
        pytest.param(
            a_service(completed),
            None,
            True,
            Start({"taskDefinition": NEW, "forceNewDeployment": True}, ""),
            id="forced",
        ),
    ],
)
def test_a_rollout_asks_only_for_what_is_missing(service, desired_count, force, expected):
    assert start(service, NEW, desired_count, force) == expected


@pytest.mark.parametrize(
    ("service", "revision"),
    [
        pytest.param(a_service(new, old), OLD, id="the_completed_one"),
        pytest.param(a_service(new, gave_up | {"id": "ecs-svc/5"}, old), OLD, id="not_a_failed_one"),
        pytest.param(a_service(new), "", id="none"),
        pytest.param(a_service(new, old, desiredCount=0), "", id="one_without_tasks"),
    ],
)
def test_what_serves_is_the_newest_deployment_that_was_completed(service, revision):
    assert serving_revision(service, other_than="ecs-svc/7") == revision


def test_the_record_is_told_by_revision_and_time():
    records = [
        {"serviceDeploymentArn": "earlier", "targetServiceRevisionArn": "r7", "createdAt": after(-30)},
        {"serviceDeploymentArn": "other", "targetServiceRevisionArn": "r8", "createdAt": after(0)},
        {"serviceDeploymentArn": "ours", "targetServiceRevisionArn": "r7", "createdAt": after(1)},
        {"serviceDeploymentArn": "later", "targetServiceRevisionArn": "r7", "createdAt": after(40)},
    ]
    revisions = [
        {"serviceRevisionArn": "r7", "taskDefinition": NEW},
        {"serviceRevisionArn": "r8", "taskDefinition": NEWER},
    ]
    assert record_of(records, revisions, OURS) == "ours"
    assert record_of(records[:2], revisions, OURS) == ""


def test_tasks_are_ours_by_deployment_else_by_revision_and_age():
    ours, by_age = a_task(1), a_task(2, started_by="app")
    others = [
        a_task(3, started_by="ecs-svc/6", definition=OLD),
        a_task(4, started_by="ecs-svc/6"),
        a_task(5, seconds=-60, started_by="app"),
        a_task(6, started_by="app", definition=OLD),
    ]
    assert tasks_of([by_age, ours, *others], OURS) == [by_age, ours]


@pytest.mark.parametrize(
    ("task", "fault"),
    [
        pytest.param(a_task(1), False, id="running"),
        pytest.param(a_task(1, stopCode="", stoppedReason=""), False, id="running_with_an_empty_stop_code"),
        pytest.param(a_crash(1), True, id="crashed"),
        pytest.param(an_unhealthy_end(1), True, id="unhealthy"),
        pytest.param(
            an_unhealthy_end(1) | {"stoppedReason": "Scaling activity initiated by (deployment ecs-svc/7)"},
            False,
            id="scaled_in",
        ),
        pytest.param(
            a_task(1, stopCode="UserInitiated", stoppedReason="Task stopped by user"), False, id="stopped_by_a_person"
        ),
        pytest.param(a_task(1, stopCode="SpotInterruption", stoppedReason="Spot"), True, id="spot"),
        pytest.param(a_task(1, stopCode="TaskFailedToStart", stoppedReason="x"), True, id="never_started"),
    ],
)
def test_scaling_in_is_not_a_fault(task, fault):
    assert failed(task) is fault


def test_a_stopped_task_names_the_exit_code_that_is_not_0_first():
    task = a_crash(1) | {"containers": [{"name": "proxy", "exitCode": 0}, {"name": "app", "exitCode": 3}]}
    assert stop_words(task) == (
        "app exited with code 3; proxy exited with code 0; "
        "Essential container in task exited (EssentialContainerExited)"
    )


def a_look(service=None, record=None, tasks=(), targets=()):
    return Look(service or a_service(new, old), record, list(tasks), list(targets))


def test_only_our_own_tasks_are_counted():
    behind = a_service(a_deployment(7, "PRIMARY", "IN_PROGRESS", NEW, 0, runningCount=1), old, loadBalancers=[{}])
    tasks = [a_task(1), a_task(2, started_by="ecs-svc/6", definition=OLD)]
    targets = [a_target(1, "initial"), a_target(2, "healthy")]
    assert counts(a_look(behind, tasks=tasks, targets=targets), OURS) == {"desired": 2, "running": 1, "healthy": 0}


def test_a_look_tells_only_what_no_earlier_one_told():
    behind = a_service(
        new,
        old,
        loadBalancers=[{}],
        events=[an_event("was unable to place a task."), an_event("has begun draining connections on 1 tasks.")],
    )
    sick = a_target(
        2, "unhealthy", Reason="Target.ResponseCodeMismatch", Description="Health checks failed with these codes: [500]"
    )
    look = a_look(behind, tasks=[a_crash(1), a_task(2)], targets=[sick])

    lines, seen = news(look, OURS, Seen())
    assert lines == [
        "task 00000000 stopped: app exited with code 3; Essential container in task exited (EssentialContainerExited)",
        "was unable to place a task",
        "10.0.1.2 is unhealthy: Health checks failed with these codes: [500]",
        "0/2 running, 0/2 healthy, 1 failed",
    ]

    again, remembered = news(look, OURS, Seen(**seen._asdict()))
    assert again == []

    later, _ = news(
        a_look(a_service(new | {"runningCount": 1}, old, loadBalancers=[{}]), tasks=look.tasks), OURS, remembered
    )
    assert later == ["1/2 running, 0/2 healthy, 1 failed"]


def test_a_crash_loop_is_told_once_and_counted():
    lines, seen = news(a_look(tasks=[a_crash(1), a_crash(2)]), OURS, Seen())
    assert len(lines) == 2
    assert lines[-1] == "0/2 running, 2 failed"
    assert news(a_look(tasks=[a_crash(1), a_crash(2), a_crash(3)]), OURS, seen)[0] == ["0/2 running, 3 failed"]
    assert len(news(a_look(tasks=[a_crash(1), a_crash(4, code=4)]), OURS, seen)[0]) == 1


def test_what_is_soon_gone_is_remembered():
    sick = a_look(
        a_service(new, old, loadBalancers=[{}]),
        tasks=[a_task(1)],
        targets=[a_target(1, "unhealthy", Reason="Target.Timeout")],
    )
    _, seen = news(sick, OURS, Seen())
    assert (seen.health, seen.listed) == ("10.0.1.1 is unhealthy: Target.Timeout", True)
    _, later = news(a_look(a_service(way_back("COMPLETED")), record=a_record("ROLLBACK_SUCCESSFUL")), OURS, seen)
    assert (later.health, later.listed, later.record_arn) == (seen.health, True, "arn:record")


def test_the_looks_at_a_failed_deployment_are_counted():
    seen = Seen()
    for _ in range(3):
        _, seen = news(a_look(a_service(gave_up | {"status": "PRIMARY"}, old)), OURS, seen)
    assert seen.looks_since_failure == 3
    assert news(a_look(), OURS, Seen())[1].looks_since_failure == 0


def test_the_log_of_the_task_that_failed_last_is_the_one_to_read():
    assert sick_task(a_look(tasks=[a_crash(1, 5), a_crash(2, 60), a_crash(3, 30)]), OURS) == a_crash(2, 60)
    assert sick_task(a_look(tasks=[a_crash(1), a_task(2)]), OURS) == a_crash(1)
    assert sick_task(a_look(tasks=[a_task(1, 1), a_task(2, 9)]), OURS) == a_task(2, 9)
    assert sick_task(a_look(), OURS) is None


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(a_look(a_service(way_back("IN_PROGRESS"), gave_up)), id="by_deployments"),
        pytest.param(a_look(record=a_record("ROLLBACK_IN_PROGRESS")), id="by_record"),
    ],
)
def test_a_rollback_under_way_is_news(look):
    assert news(look, OURS, Seen())[0][-1].endswith("rolling back")


def test_the_time_stands_in_a_column_of_its_own():
    assert timed("1/2 running", 7.4) == ["    7 s  1/2 running"]
    assert timed("1/2 running", 123.4) == ["  123 s  1/2 running"]


def test_a_long_line_is_broken_so_that_it_fits_a_terminal():
    lines = timed("task 0a1b2c3d stopped: " + "a word and another " * 10, 12)
    assert len(lines) > 2
    assert all(len(line) <= 78 for line in lines)
    assert [line[:11].strip() for line in lines[1:]] == [""] * (len(lines) - 1)
    assert timed("", 12) == []


def test_the_time_is_up_only_when_nothing_else_is_known():
    unfinished, ended = verdict(a_service(new), None, OURS, Seen()), verdict(a_service(completed), None, OURS, Seen())
    assert in_time(unfinished, 59, 60, "0/2 running").outcome == ""
    assert in_time(unfinished, 60, 60, "0/2 running") == ("timed_out", "It was not over after 60 s: 0/2 running.")
    assert in_time(ended, 60, 60, "").outcome == "succeeded"


def end_of(look: Look, rollout: Rollout = OURS, seen: Seen | None = None, log_lines: tuple[str, ...] = ()):
    seen = seen or news(look, rollout, Seen())[1]
    return ending(verdict(look.service, look.record, rollout, seen), look, rollout, seen, list(log_lines))


def test_a_rollback_is_explained_by_the_exit_code_and_the_log():
    end = end_of(
        a_look(a_service(way_back("COMPLETED"), gave_up), tasks=[a_crash(1), a_crash(2, 9)]),
        log_lines=("DATABASE_URL=postgres://app:hunter2@db/app refused",),
    )
    assert end.reason == "The container app exited with code 3."
    assert end.evidence[0].startswith("app exited with code 3")
    assert end.evidence[-1] == "log: DATABASE_URL=postgres://app:***@db/app refused"
    assert (
        end.advice
        == "Look at its last log lines, put the app right and deploy again. webapp-staging:6 goes on serving."
    )


def test_a_killed_task_that_was_unhealthy_is_not_said_to_have_run_out_of_memory():
    look = a_look(
        a_service(
            way_back("COMPLETED"),
            gave_up,
            events=[
                an_event(
                    "(port 3000) is unhealthy in (target-group x) due to "
                    "(reason Health checks failed with these codes: [404])."
                )
            ],
        ),
        tasks=[an_unhealthy_end(1)],
    )
    assert end_of(look).reason == "The health check's path answered 404."


def test_a_task_that_crashed_by_itself_explains_more_than_its_health():
    look = a_look(a_service(way_back("COMPLETED"), gave_up), tasks=[a_crash(1)])
    assert (
        end_of(look, seen=Seen(health="10.0.1.1 is unhealthy: Request timed out")).reason
        == "The container app exited with code 3."
    )


def test_a_wrong_architecture_is_read_from_the_log():
    look = a_look(a_service(way_back("COMPLETED"), gave_up), tasks=[a_crash(1, code=1)])
    end = end_of(look, log_lines=("exec /usr/local/bin/server: exec format error",))
    assert end.reason == "The program in the image is built for another processor architecture."


def test_a_first_revision_that_fails_says_both_the_cause_and_that_nothing_served_before():
    look = a_look(a_service(a_deployment(7, "PRIMARY", "FAILED", NEW, 0)), tasks=[a_crash(1)])
    assert end_of(look, FIRST).reason == (
        "The container app exited with code 3. Nothing served before it, so ECS had nothing to go back to."
    )


def test_a_good_end_needs_neither_evidence_nor_advice():
    end = end_of(a_look(a_service(completed), tasks=[a_crash(1)]))
    assert (end.evidence, end.advice) == ([], "")


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        pytest.param(
            [
                {
                    "name": "app",
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {
                            "awslogs-group": "/ecs/staging/app",
                            "awslogs-stream-prefix": "app",
                            "awslogs-region": "us-east-1",
                        },
                    },
                }
            ],
            ("/ecs/staging/app", f"app/app/{1:032d}", "us-east-1"),
            id="awslogs",
        ),
        pytest.param(
            [
                {
                    "name": "proxy",
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"},
                    },
                },
                {
                    "name": "app",
                    "logConfiguration": {
                        "logDriver": "awslogs",
                        "options": {"awslogs-group": "g", "awslogs-stream-prefix": "p"},
                    },
                },
            ],
            ("g", f"p/app/{1:032d}", ""),
            id="the_container_that_failed",
        ),
        pytest.param([{"name": "app", "logConfiguration": {"logDriver": "awsfirelens"}}], None, id="another_driver"),
        pytest.param([{"name": "app"}], None, id="no_log"),
    ],
)
def test_the_log_is_found_through_the_task_definition(containers, expected):
    assert log_stream({"containerDefinitions": containers}, a_crash(1)) == expected


def a_task_that_never_started(number: int, reason: str, **fields):
    return a_task(
        number,
        lastStatus="STOPPED",
        stopCode="TaskFailedToStart",
        stoppedReason=reason,
        stoppedAt=after(20),
        **fields,
    )


GOING = Verdict("", "")
UNDER_WAY = a_record("IN_PROGRESS")

# Recorded words of AWS, one for each thing that no other try can change.
HOPELESS = {
    "image missing": "CannotPullContainerError: failed to resolve ref 1.dkr.ecr/webapp@sha256:0f: not found",
    "no image for this processor": "CannotPullContainerError: image Manifest does not contain descriptor matching "
    "platform 'linux/arm64'",
    "secret missing": "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve "
    "secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /app/X",
    "secret denied": "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret "
    "from asm: AccessDeniedException: not authorized to perform: secretsmanager:GetSecretValue",
    "command missing": 'CannotStartContainerError: OCI runtime create failed: exec: "npm": executable file not found '
    "in $PATH",
}

# Recorded words of AWS that another try may not hear again.
MAY_HEAL = [
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): toomanyrequests: Rate exceeded",
    "CannotPullContainerError: failed to do request: Head https://1.dkr.ecr: dial tcp 52.46.1.1:443: i/o timeout",
    "CannotPullContainerError: failed to copy: httpReadSeeker: failed open: unexpected status code 503",
    "CannotPullContainerError: dial tcp: lookup 1.dkr.ecr.us-east-1.amazonaws.com on 10.0.0.2:53: no such host",
    "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: "
    "service call has been retried 5 time(s): ThrottlingException: Rate exceeded",
    "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from ssm: "
    "RequestCanceled: request context canceled caused by: context deadline exceeded",
    "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve ecr registry auth: "
    "RequestError: send request failed caused by: Post https://api.ecr: dial tcp 52.46.1.1:443: i/o timeout",
    "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: "
    "InternalServiceError: An error occurred on the server side.",
    "Timeout waiting for network interface provisioning to complete.",
    "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment disabled: "
    "InsufficientFreeAddressesInSubnet",
    "Capacity is unavailable at this time. Please try again later or in a different availability zone",
    "Your Spot Task was interrupted.",
    "CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task",
]


def to_stop(look: Look, rollout: Rollout = OURS, seen: Seen | None = None, log_lines: tuple[str, ...] = ()) -> str:
    return deployment_to_stop(GOING, look, seen or Seen(), hopeless(look, rollout, list(log_lines)))


@pytest.mark.parametrize("reason", [pytest.param(words, id=name) for name, words in HOPELESS.items()])
def test_what_no_other_try_can_heal_stops_the_deployment_at_its_first_occurrence(reason):
    look = a_look(record=UNDER_WAY, tasks=[a_task_that_never_started(1, reason), a_task(2, lastStatus="PENDING")])
    assert to_stop(look) == "arn:record"


@pytest.mark.parametrize(
    "line",
    [
        "exec /usr/local/bin/server: exec format error",
        "[FATAL tini (7)] exec /usr/local/bin/server failed: Exec format error",
        "[FATAL tini (7)] exec npm failed: No such file or directory",
    ],
)
def test_a_program_that_could_not_be_started_is_told_by_its_log(line):
    look = a_look(record=UNDER_WAY, tasks=[a_crash(1, code=127)])
    assert wants_log(look, OURS, Seen())
    assert to_stop(look, log_lines=(line,)) == "arn:record"
    assert to_stop(look) == ""
    assert to_stop(look, log_lines=("listening on port 3000", line)) == "", "the app ran, and said so itself"


def test_a_log_that_is_not_there_yet_is_read_again_but_not_for_ever():
    crashed = a_look(tasks=[a_crash(1)])
    assert [wants_log(crashed, OURS, Seen(logs_read=number)) for number in (0, 1, 2)] == [True, True, False]
    many = a_look(tasks=[a_crash(number) for number in range(1, 30)])
    assert [wants_log(many, OURS, Seen(logs_read=number)) for number in (9, 10)] == [True, False]
    assert not wants_log(a_look(tasks=[a_task(1), a_task_that_never_started(2, "x")]), OURS, Seen())


missing = a_task_that_never_started(1, HOPELESS["image missing"])


@pytest.mark.parametrize(
    ("look", "seen", "ended"),
    [
        pytest.param(a_look(record=UNDER_WAY, tasks=[missing]), Seen(stop_asked=True), GOING, id="asked already"),
        pytest.param(a_look(record=a_record("ROLLBACK_IN_PROGRESS"), tasks=[missing]), Seen(), GOING, id="rolls back"),
        pytest.param(a_look(tasks=[missing]), Seen(), GOING, id="no record of ours"),
        pytest.param(
            a_look(record=UNDER_WAY, tasks=[missing]), Seen(), Verdict("superseded", "A newer one."), id="it is over"
        ),
        pytest.param(
            a_look(record=UNDER_WAY, tasks=[missing | {"startedBy": "ecs-svc/8"}]), Seen(), GOING, id="of another"
        ),
        pytest.param(
            a_look(record=UNDER_WAY, tasks=[missing | {"startedBy": "towpath-run"}]), Seen(), GOING, id="a one-off task"
        ),
        pytest.param(a_look(record=UNDER_WAY, tasks=[missing, a_task(2)]), Seen(), GOING, id="one of ours runs"),
    ],
)
def test_only_our_own_deployment_is_stopped_and_once(look, seen, ended):
    assert deployment_to_stop(ended, look, seen, hopeless(look, OURS, [])) == ""


def test_a_first_revision_without_hope_is_over_at_once():
    look = a_look(a_service(new), record=UNDER_WAY, tasks=[missing])
    cause = hopeless(look, FIRST, [])
    ended = without_hope(GOING, FIRST, cause)
    assert ended.outcome == "stopped"
    assert deployment_to_stop(ended, look, Seen(), cause) == ""
    assert ending(ended, look, FIRST, Seen(), []).reason == (
        "The image does not exist: no such tag or digest in the repository. "
        "Nothing served before it, so ECS had nothing to go back to."
    )
    assert without_hope(GOING, OURS, cause) == GOING
    assert without_hope(GOING, FIRST, None) == GOING


def test_a_rollback_that_we_asked_for_is_explained_by_what_we_saw():
    look = a_look(
        a_service(way_back("COMPLETED", reason=""), gave_up),
        record=a_record("ROLLBACK_SUCCESSFUL", rollback={"reason": "Rollback requested."}),
        tasks=[missing],
    )
    assert end_of(look).reason == "The image does not exist: no such tag or digest in the repository."


app_words = st.text(alphabet=st.characters(codec="ascii"), max_size=40)
numbers = st.integers(min_value=1, max_value=40)
tasks_in_passing_trouble = st.one_of(
    st.builds(a_task_that_never_started, numbers, st.sampled_from(MAY_HEAL)),
    st.builds(a_task_that_never_started, numbers, app_words),
    st.builds(a_crash, numbers, code=st.integers(min_value=1, max_value=255)),
    st.builds(an_unhealthy_end, numbers),
    st.builds(a_task, numbers, lastStatus=st.sampled_from(["PROVISIONING", "PENDING", "RUNNING", "DEPROVISIONING"])),
    # Another deployment's trouble is none of ours.
    st.builds(
        a_task_that_never_started,
        numbers,
        st.sampled_from(list(HOPELESS.values())),
        startedBy=st.sampled_from(["ecs-svc/6", "ecs-svc/8", "towpath-release", ""]),
    ),
    # And a task that runs has what another is said to lack.
    st.just(a_task(41)),
)
app_logs = st.lists(
    st.one_of(app_words, st.just("sh: 1: convert: not found"), st.just("worker: exec format error")), max_size=5
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(tasks_in_passing_trouble, max_size=8), app_logs), max_size=8))
def test_what_may_pass_never_stops_a_deployment(schedule):
    seen = Seen()
    for tasks, log_lines in schedule:
        look = a_look(record=UNDER_WAY, tasks=tasks)
        assert to_stop(look, seen=seen, log_lines=tuple(log_lines)) == ""
        _, seen = news(look, OURS, seen)


def test_the_parts_of_a_rollout_are_timed_as_the_looks_saw_them():
    behind = {"loadBalancers": [{}]}
    one_runs = a_look(a_service(new | {"runningCount": 1}, old, **behind), tasks=[a_task(1)])
    healthy = a_look(
        a_service(new | {"runningCount": 2}, old, **behind),
        tasks=[a_task(1), a_task(2)],
        targets=[a_target(1, "healthy"), a_target(2, "healthy")],
    )
    over = healthy._replace(record=a_record("SUCCESSFUL", finishedAt=after(39.5)))
    seen = Seen()
    for look, seconds in ((a_look(), 1), (one_runs, 20), (healthy, 27), (healthy, 28), (over, 40)):
        assert seconds_to_next_look(seen) == (0.2 if seconds > 27 else 1.0)
        seen = reached(look, OURS, news(look, OURS, seen)[1], seconds)
    assert phases(over, seen, 40, after(40)) == {"start": 20, "healthy": 7, "drain": 13, "detection_lag": 0.5}
    assert phases(a_look(), Seen(running_at=20), 40, after(40)) == {"start": 20}
    assert phases(over, Seen(), 1, after(30)) == {"detection_lag": 0}, "a clock that is behind AWS's"


def test_without_a_load_balancer_a_task_that_runs_is_healthy():
    assert all_healthy(a_look(a_service(new | {"runningCount": 2}, old)), OURS)
    assert not all_healthy(a_look(a_service(new | {"runningCount": 2}, old, loadBalancers=[{}])), OURS)
    assert not all_healthy(a_look(a_service(new, old, desiredCount=0)), OURS)


@pytest.mark.parametrize(
    ("service", "told"),
    [
        pytest.param(a_service(new), "", id="one that is there"),
        pytest.param(None, "There is no service app in the cluster webapp-staging.", id="none"),
        pytest.param(a_service(new, status="DRAINING"), "is DRAINING, expected ACTIVE", id="one that goes"),
    ],
)
def test_a_service_in_which_nothing_can_be_started_is_named(service, told):
    refused = refusal_of_service(service, "webapp-staging", "app")
    assert told in refused
    assert bool(refused) == bool(told)


@pytest.mark.parametrize(
    ("name", "found", "told"),
    [
        pytest.param("webapp:7", {"status": "ACTIVE"}, "", id="one that is there"),
        pytest.param("webapp", {"status": "ACTIVE"}, "expected family:revision", id="only a family"),
        pytest.param("webapp:7", None, "There is no task definition webapp:7.", id="none"),
        pytest.param("webapp:7", {"status": "INACTIVE"}, "Somebody deregistered", id="one that is gone"),
    ],
)
def test_a_revision_that_cannot_run_is_named(name, found, told):
    refused = refusal_of_revision(name, found)
    assert told in refused
    assert bool(refused) == bool(told)


def rolled_back(tasks=(), events=(), targets=(), **fields):
    service = a_service(way_back("COMPLETED"), gave_up, events=[an_event(words) for words in events], **fields)
    return a_look(service, tasks=tasks, targets=targets)


# What AWS answers where tasks stop, cause by cause, and what is to be said of it.
@pytest.mark.parametrize(
    ("look", "log_lines", "reason"),
    [
        pytest.param(
            rolled_back([missing]), (), "The image does not exist: no such tag or digest in the repository.", id="image"
        ),
        pytest.param(
            rolled_back([a_crash(1, code=255)]),
            ("[FATAL tini (7)] exec /server failed: Exec format error",),
            "The program in the image is built for another processor architecture.",
            id="architecture",
        ),
        pytest.param(
            rolled_back([a_task_that_never_started(1, HOPELESS["secret missing"])]),
            (),
            "A secret that the task definition names does not exist.",
            id="secret missing",
        ),
        pytest.param(
            rolled_back([a_task_that_never_started(1, HOPELESS["secret denied"])]),
            (),
            "The execution role may not read a secret that the task definition names.",
            id="secret denied",
        ),
        pytest.param(
            rolled_back([a_task_that_never_started(1, MAY_HEAL[5])]),
            (),
            "The task has no network path to the store of its secrets.",
            id="secret without network path",
        ),
        pytest.param(
            rolled_back(
                [
                    a_task_that_never_started(
                        1,
                        "ResourceInitializationError: failed to validate logger args: create stream has been retried "
                        "1 times: ResourceNotFoundException: The specified log group does not exist.",
                    )
                ]
            ),
            (),
            "The log group that the container writes to does not exist.",
            id="log group missing",
        ),
        pytest.param(
            rolled_back(
                [
                    a_task_that_never_started(
                        1, "CannotPullContainerError: pulling from host failed with status code: 403 Forbidden"
                    )
                ]
            ),
            (),
            "The execution role may not pull the image.",
            id="execution role cannot pull",
        ),
        pytest.param(
            rolled_back([a_crash(1, code=3)]),
            ("DATABASE_URL is not set",),
            "The container app exited with code 3.",
            id="essential container exited",
        ),
        pytest.param(
            rolled_back(
                [
                    a_crash(1, code=137)
                    | {
                        "stoppedReason": "OutOfMemoryError: Container killed due to memory usage",
                    }
                ]
            ),
            (),
            "The task ran out of memory.",
            id="out of memory",
        ),
        pytest.param(
            rolled_back([a_task(1)], targets=[a_target(1, "unhealthy", Reason="Target.FailedHealthChecks")]),
            (),
            "The app never answered the load balancer's health check.",
            id="port mismatch",
        ),
        pytest.param(
            rolled_back(
                [an_unhealthy_end(1)],
                events=[
                    "(port 3000) is unhealthy in (target-group x) due to (reason Health checks failed with these "
                    "codes: [503])."
                ],
            ),
            (),
            "The health check's path answered 503.",
            id="health path",
        ),
        pytest.param(
            rolled_back([a_task(1)], targets=[a_target(1, "unhealthy", Reason="Target.Timeout")]),
            (),
            "The app did not answer the health check in time.",
            id="health timeout",
        ),
        pytest.param(
            rolled_back([a_task_that_never_started(1, MAY_HEAL[9])]),
            (),
            "The service's subnets have no free IP address left.",
            id="no free address",
        ),
        pytest.param(
            rolled_back(events=["was unable to place a task. Reason: Capacity is unavailable at this time."]),
            (),
            "AWS had no Fargate capacity free for the task.",
            id="no capacity",
        ),
        pytest.param(
            rolled_back([a_task(1, lastStatus="STOPPED", stopCode="SpotInterruption", stoppedReason=MAY_HEAL[11])]),
            (),
            "AWS took the Spot capacity back.",
            id="spot",
        ),
    ],
)
def test_each_cause_is_told_from_what_aws_answers(look, log_lines, reason):
    assert end_of(look, log_lines=log_lines).reason == reason


def test_scaling_in_explains_nothing():
    scaled_in = an_unhealthy_end(1) | {"stoppedReason": "Scaling activity initiated by (deployment ecs-svc/7)"}
    assert end_of(rolled_back([scaled_in])).reason.startswith("ECS rolled the service back")


HEALTHY = Seen(running_at=20.0, healthy_at=27.0, looked_at=28.0)


@pytest.mark.parametrize(
    ("record", "seen", "seconds", "glance"),
    [
        pytest.param(UNDER_WAY, Seen(looked_at=28.0), 28.2, False, id="not all tasks were healthy yet"),
        pytest.param(UNDER_WAY, HEALTHY, 28.9, True, id="all were healthy, just now"),
        pytest.param(UNDER_WAY, HEALTHY, 29.0, False, id="all were healthy, a second ago"),
        pytest.param(UNDER_WAY, HEALTHY._replace(looked_at=899.5), 900.0, False, id="the time is up"),
        pytest.param(a_record("SUCCESSFUL"), HEALTHY, 28.2, False, id="it has succeeded"),
        pytest.param(a_record("ROLLBACK_IN_PROGRESS"), HEALTHY, 28.2, False, id="it is on its way back"),
        pytest.param(None, HEALTHY, 28.2, False, id="ECS has no record of it"),
    ],
)
def test_tasks_are_looked_at_unless_nothing_but_the_end_is_waited_for(record, seen, seconds, glance):
    assert is_a_glance(record, seen, seconds, 900) is glance
