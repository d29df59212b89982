import json
from datetime import UTC, datetime, timedelta

import pytest
from ansible.module_utils.towpath.ledger import (
    deserialised,
    fit_to_keep,
    is_over,
    release_lines,
    serialised,
    settled,
    table_lines,
    to_go_back_to,
    touched_nothing,
)
from hypothesis import given
from hypothesis import strategies as st

# Each of DynamoDB's types that we use.
VALUES = [
    pytest.param("text", {"S": "text"}, id="text"),
    pytest.param("", {"S": ""}, id="empty text"),
    pytest.param(7, {"N": "7"}, id="whole number"),
    pytest.param(41.5, {"N": "41.5"}, id="number"),
    pytest.param(True, {"BOOL": True}, id="truth"),
    pytest.param(["a", None], {"L": [{"S": "a"}, {"NULL": True}]}, id="list"),
    pytest.param({"a": 1}, {"M": {"a": {"N": "1"}}}, id="dict"),
    pytest.param([], {"L": []}, id="empty list"),
]


@pytest.mark.parametrize(("value", "attribute"), VALUES)
def test_a_value_is_written_as_dynamodb_has_it_and_read_again(value, attribute):
    assert serialised({"field": value}) == {"field": attribute}
    assert deserialised({"field": attribute}) == {"field": value}


def test_what_is_not_known_is_not_written():
    assert serialised({"a": None, "b": {"c": None}}) == {"b": {"M": {}}}


kept = st.recursive(
    st.text() | st.integers(-(10**15), 10**15) | st.booleans() | st.floats(-1e6, 1e6, allow_subnormal=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(min_size=1), kept, max_size=4))
def test_whatever_is_written_is_read_again(values):
    assert deserialised(json.loads(json.dumps(serialised(values)))) == values


def test_what_is_kept_has_no_secret_and_fits_into_one_item():
    lines = ["log: PASSWORD=hunter2 " + "x" * 300_000] * 500
    found = fit_to_keep({"verdict": {"evidence": lines}, "number": 7})
    assert "hunter2" not in str(found)
    assert found["verdict"]["evidence"][0].startswith("log: PASSWORD=*** xxx")
    assert len(json.dumps(serialised(found)).encode()) < 400 * 1024
    assert found["number"] == 7


@pytest.mark.parametrize(
    ("outcome", "over"),
    [
        pytest.param({}, False, id="none yet"),
        pytest.param({"outcome": "timed_out"}, False, id="timed out"),
        pytest.param({"outcome": "succeeded"}, True, id="succeeded"),
        pytest.param({"outcome": "superseded"}, True, id="superseded"),
    ],
)
def test_a_release_is_over_when_its_end_is_known(outcome, over):
    assert is_over(outcome) == over


NOW = datetime(2026, 1, 1, 13, tzinfo=UTC)
STARTED = datetime(2026, 1, 1, 12, tzinfo=UTC)
REVISION = "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-prod:7"
OTHER = REVISION.replace(":7", ":8")


def an_entry(**fields):
    started = STARTED.isoformat(timespec="seconds")
    entry = {"number": 7, "started_at": started, "task_definition": REVISION, "previous_release": 6}
    return {name: value for name, value in (entry | fields).items() if value is not None}


def a_record(status, minutes=1, revision=REVISION, **fields):
    return {"status": status, "createdAt": STARTED + timedelta(minutes=minutes), "taskDefinition": revision, **fields}


def a_service(**deployment):
    return {"deployments": [{"taskDefinition": REVISION, "status": "PRIMARY", **deployment}]}


@pytest.mark.parametrize(
    ("entry", "records", "outcome", "reason"),
    [
        pytest.param(
            an_entry(task_definition=None), [], "stopped", "before its revision was registered", id="no revision"
        ),
        pytest.param(an_entry(), [], "stopped", "before its rollout began", id="no rollout"),
        pytest.param(
            an_entry(),
            [a_record("SUCCESSFUL", revision=OTHER)],
            "stopped",
            "before its rollout",
            id="another's rollout",
        ),
        pytest.param(
            an_entry(),
            [a_record("SUCCESSFUL", minutes=-60)],
            "succeeded",
            "ECS completed",
            id="begun by a clock that was ahead",
        ),
        pytest.param(an_entry(), [a_record("SUCCESSFUL")], "succeeded", "ECS completed", id="succeeded"),
        pytest.param(
            an_entry(outcome="timed_out"), [a_record("SUCCESSFUL")], "succeeded", "ECS completed", id="after its time"
        ),
        pytest.param(
            an_entry(),
            [a_record("STOPPED", 1), a_record("SUCCESSFUL", 2)],
            "succeeded",
            "ECS completed",
            id="succeeded at the second try",
        ),
        pytest.param(
            an_entry(),
            [a_record("SUCCESSFUL", 1), a_record("ROLLBACK_SUCCESSFUL", 2)],
            "succeeded",
            "ECS completed",
            id="a restart failed later",
        ),
        pytest.param(
            an_entry(),
            [a_record("ROLLBACK_SUCCESSFUL")],
            "rolled_back",
            "ECS rolled the service back",
            id="rolled back",
        ),
        pytest.param(
            an_entry(), [a_record("ROLLBACK_FAILED")], "stopped", "its rollback failed too", id="rollback failed"
        ),
        pytest.param(
            an_entry(previous_release=None),
            [a_record("ROLLBACK_SUCCESSFUL")],
            "stopped",
            "Nothing served before it",
            id="the first release",
        ),
        pytest.param(
            an_entry(),
            [a_record("STOPPED", 1), a_record("SUCCESSFUL", 5, OTHER)],
            "superseded",
            "A newer deployment, of webapp-prod:8",
            id="superseded",
        ),
        pytest.param(an_entry(), [a_record("STOPPED")], "stopped", "ECS stopped the deployment", id="stopped"),
    ],
)
def test_how_an_interrupted_release_ended_is_told_by_ecs_records(entry, records, outcome, reason):
    found = settled(entry, {"deployments": []}, records, NOW)
    assert found["outcome"] == outcome
    assert reason in found["verdict"]["reason"]


@pytest.mark.parametrize(
    "status", ["PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"]
)
def test_a_rollout_that_goes_on_is_not_settled(status):
    assert settled(an_entry(), a_service(), [a_record(status)], NOW) == {}


@pytest.mark.parametrize(
    "service", [None, {"deployments": [], "createdAt": STARTED + timedelta(days=2)}], ids=["gone", "another since"]
)
def test_of_a_service_that_was_deleted_ecs_knows_nothing_more(service):
    found = settled(an_entry(), service, [], NOW)
    assert found["outcome"] == "stopped"
    assert "The service was deleted since" in found["verdict"]["reason"]
    assert not touched_nothing(found)


def test_a_release_that_is_over_is_not_settled_again():
    assert settled(an_entry(outcome="stopped"), a_service(), [a_record("SUCCESSFUL")], NOW) == {}


def test_a_settled_release_ends_when_ecs_says_and_with_ecs_words():
    finished = STARTED + timedelta(minutes=9)
    record = a_record("ROLLBACK_SUCCESSFUL", finishedAt=finished, statusReason="Circuit breaker triggered")
    found = settled(an_entry(), a_service(), [record], NOW)
    assert found["ended_at"] == "2026-01-01T12:09:00+00:00"
    assert found["verdict"]["evidence"] == ["Circuit breaker triggered"]


@pytest.mark.parametrize(
    ("service", "outcome"),
    [
        pytest.param(None, "stopped", id="no service"),
        pytest.param(a_service(rolloutState="COMPLETED"), "succeeded", id="completed"),
        pytest.param(a_service(), "succeeded", id="alone and without a state"),
        pytest.param(a_service(rolloutState="IN_PROGRESS"), None, id="under way"),
        pytest.param(a_service(rolloutState="FAILED"), "stopped", id="failed"),
        pytest.param(a_service(rolloutState="FAILED", status="ACTIVE"), "rolled_back", id="failed and replaced"),
        pytest.param(a_service(taskDefinition=OTHER), "stopped", id="another serves"),
    ],
)
def test_without_a_record_the_services_own_deployments_tell(service, outcome):
    assert settled(an_entry(), service, [], NOW).get("outcome") == outcome


def good(number, **fields):
    return {"number": number, "outcome": "succeeded", **fields}


def rollback(number, come_from, restores, outcome="succeeded"):
    return {"number": number, "outcome": outcome, "rolled_back_from": come_from, "restores": restores}


A, BAD_B, BACK_TO_A, BAD_C = good(1), good(2), rollback(3, 2, 1), good(4)


@pytest.mark.parametrize(
    ("entries", "serving", "expected"),
    [
        pytest.param([], 1, None, id="nothing"),
        pytest.param([A], 1, None, id="the first"),
        pytest.param([A, BAD_B], 2, 1, id="good, bad"),
        pytest.param([A, BAD_B, BACK_TO_A], 3, None, id="good, bad, rollback"),
        pytest.param([A, BAD_B, BACK_TO_A, BAD_C], 4, 1, id="good A, bad B, rollback, bad C: A again"),
        pytest.param(
            [A, BAD_B, BACK_TO_A, BAD_C, rollback(5, 4, 1), good(6), rollback(7, 6, 1), good(8)],
            8,
            1,
            id="and again and again",
        ),
        pytest.param([A, {"number": 2, "outcome": "rolled_back"}, good(3)], 3, 1, id="ECS rolled one back"),
        pytest.param([A, {"number": 2}, good(3)], 3, 1, id="one is not over"),
        pytest.param([A, {"number": 2, "outcome": "timed_out"}, good(3)], 3, 1, id="one timed out"),
        pytest.param([A, {"number": 2, "outcome": "superseded"}, good(3)], 3, 1, id="one was superseded"),
        pytest.param([A, good(2), good(3), rollback(4, 3, 2)], 4, 1, id="further back"),
        pytest.param(
            [A, BAD_B, rollback(3, 2, 1, "stopped"), good(4)], 4, 1, id="bad also when going back from it failed"
        ),
        pytest.param(
            [A, BAD_B, BACK_TO_A, rollback(4, 3, 2), good(5)], 5, 2, id="good again when somebody went back to it"
        ),
        pytest.param([BACK_TO_A, BAD_C], 4, 3, id="what it restores is not in the list"),
        pytest.param([A, good(2)], 9, 2, id="what serves is not in the ledger"),
    ],
)
def test_the_last_good_release_before_the_one_that_serves_is_found(entries, serving, expected):
    for order in (entries, entries[::-1]):
        found = next(iter(to_go_back_to(order, serving)), None)
        assert (found and found["number"]) == expected


@given(st.lists(st.sampled_from(["deploy", "deploy that fails", "rollback", "rollback that fails"]), max_size=25))
def test_going_back_is_undoing(history):
    """A ledger against the simplest model: a pile of what served, from which going back takes the top away."""
    entries, pile, doubted, serving = [], [], set(), 0
    for number, step in enumerate(history, start=1):
        if step == "deploy":
            entries.append(good(number))
            pile.append(number)
            serving = number
        elif step == "deploy that fails":
            entries.append({"number": number, "outcome": "rolled_back"})
        elif pile:
            expected = next((one for one in reversed(pile[:-1]) if one not in doubted), None)
            found = next(iter(to_go_back_to(entries, serving)), None)
            assert (found and found["number"]) == expected
            if not found:
                continue
            entries.append(rollback(number, serving, expected))
            doubted.add(pile[-1])
            if step == "rollback":
                del pile[pile.index(expected) + 1 :]
                serving = number
            else:
                entries[-1]["outcome"] = "rolled_back"


def test_a_table_of_releases_is_aligned_and_in_the_order_given():
    entries = [
        an_entry(
            number=10,
            change="promote",
            by="ann",
            outcome="rolled_back",
            git_sha="6b65b39d2c0f",
            digest="sha256:0f3c1a2b3c4d5e6f",
            promoted_from={"environment": "staging", "release": 12},
            reason="the\nnew   menu",
        ),
        an_entry(number=9, change="rollback", restores=7, rolled_back_from=8, by="github-actions[bot]", under_way=True),
        an_entry(number=8, change="deploy", commit_title="A title " + "that goes on and on " * 9, outcome="succeeded"),
    ]
    assert table_lines(entries) == [
        "release  outcome      when              by                   commit   image         what",
        "v10      rolled back  2026-01-01 12:00  ann                  6b65b39  0f3c1a2b3c4d  "
        "promote of staging v12: the new menu",
        "v9       under way    2026-01-01 12:00  github-actions[bot]  -        -             rollback from v8 to v7",
        "v8       succeeded    2026-01-01 12:00  -                    -        -             "
        "deploy: A title that goes on and on that goes on and on tha…",
    ]


def test_an_empty_ledger_says_so():
    assert table_lines([]) == ["Nothing was released yet."]


def test_one_release_is_told_whole():
    entry = an_entry(
        change="deploy",
        by="ann",
        registered_by="arn:aws:iam::123456789012:user/ann",
        outcome="rolled_back",
        ended_at="2026-01-01T12:05:00+00:00",
        git_sha="6b65b39",
        commit_title="A new menu",
        image="registry/webapp@sha256:0f3c",
        migrations="breaking",
        tasks={"running": 0, "desired": 2},
        seconds=41.5,
        phases={"start": 12.25},
        verdict={
            "summary": "ECS rolled app back.",
            "reason": "The app crashed.",
            "evidence": ["app exited with code 3"],
            "advice": "Look at its log.",
        },
    )
    assert release_lines(entry) == [
        "v7 rolled back",
        "  what        deploy",
        "  by          ann, as arn:aws:iam::123456789012:user/ann",
        "  started     2026-01-01T12:00:00+00:00",
        "  ended       2026-01-01T12:05:00+00:00",
        "  commit      6b65b39 A new menu",
        "  image       registry/webapp@sha256:0f3c",
        "  revision    webapp-prod:7",
        "  before it   v6",
        "  migrations  breaking",
        "  tasks       0 of 2 run",
        "  seconds     whole 41.5, start 12.25",
        "ECS rolled app back. The app crashed.",
        "  app exited with code 3",
        "Look at its log.",
    ]


def test_a_release_of_which_little_is_known_is_told_too():
    assert release_lines({"number": 7, "started_at": "2026-01-01T12:00:00+00:00"}) == [
        "v7 not over",
        "  started     2026-01-01T12:00:00+00:00",
    ]
