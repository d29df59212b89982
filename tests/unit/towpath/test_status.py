"""Environments side by side, from what AWS and the ledger say of each."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from ansible.module_utils.towpath.status import WIDTH, Looks, compared, difference_lines, lines, not_provisioned, status

ARN = "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-"
DIGESTS = {"v7": "sha256:81dce4e74fe1" + "0" * 52, "v5": "sha256:0f3c27a990bb" + "0" * 52}


def revision(environment="staging", release="7", cpu="256", secrets=("SECRET_KEY_BASE",), **variables):
    tags = {"towpath:release": release, "towpath:git-sha": "6b65b39beef1"} if release else {}
    digest = DIGESTS.get(f"v{release}", DIGESTS["v7"])
    return {
        "taskDefinitionArn": f"{ARN}{environment}:{release or 1}",
        "family": f"webapp-{environment}",
        "cpu": cpu,
        "memory": "512",
        "registeredBy": "arn:aws:sts::123456789012:assumed-role/deploy/jane",
        "registeredAt": datetime(2026, 11, 23, 14, 2, 5, tzinfo=UTC),
        "containerDefinitions": [
            {
                "name": "app",
                "image": f"webapp@{digest}",
                "environment": [{"name": name, "value": value} for name, value in variables.items()],
                "secrets": [{"name": name, "valueFrom": f"/webapp/{environment}/{name}"} for name in secrets],
            }
        ],
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
    }


def service(environment="staging", **changes):
    url = {"key": "towpath:url", "value": f"http://webapp-{environment}-kmnra26r.us-east-1.elb.amazonaws.com/"}
    return {
        "serviceName": "app",
        "taskDefinition": f"{ARN}{environment}:7",
        "desiredCount": 2,
        "runningCount": 2,
        "tags": [url],
    } | changes


def target(address, state):
    return {"Target": {"Id": address, "Port": 3000}, "TargetHealth": {"State": state}}


def entry(number, outcome="succeeded", **fields):
    told = {"number": number, "change": "deploy", "by": "jane", "started_at": "2026-11-23T14:01:30+00:00"}
    ended = {"outcome": outcome, "ended_at": "2026-11-23T14:02:11+00:00", "seconds": 41.2} if outcome else {}
    return told | ended | fields


def well(environment="staging", **looks):
    kept = {
        "service": service(environment),
        "revision": revision(environment),
        "entries": [entry(7)],
        "targets": [target("10.0.0.1", "healthy"), target("10.0.0.2", "healthy")],
        "settings": {},
    }
    return status(environment, Looks(**kept | looks))


def test_environments_stand_side_by_side():
    staging = well(
        entries=[entry(8, "rolled_back"), entry(7)],
        alarms=["webapp-staging-5xx"],
        database={"engine": "postgres", "version": "16.4", "status": "available"},
    )
    prod = well("prod", revision=revision("prod", "5"), entries=[entry(5, by="github-actions")])
    assert lines([staging, prod]) == [
        "environment  release  commit   image         tasks   healthy  since (UTC)       by",
        "staging      v7       6b65b39  81dce4e74fe1  2 of 2  2        2026-11-23 14:02  jane",
        "prod         v5       6b65b39  0f3c27a990bb  2 of 2  2        2026-11-23 14:02  github-actions",
        "",
        "environment  last deployment                        alarms      database",
        "staging      v8 rolled back 2026-11-23 14:02, 41 s  1 in ALARM  postgres 16.4 available",
        "prod         v5 succeeded 2026-11-23 14:02, 41 s    none        none",
        "",
        "environment  URL",
        "staging      http://webapp-staging-kmnra26r.us-east-1.elb.amazonaws.com/",
        "prod         http://webapp-prod-kmnra26r.us-east-1.elb.amazonaws.com/",
        "",
        "staging: in ALARM: webapp-staging-5xx",
    ]


def test_an_environment_that_is_not_provisioned_and_one_without_a_release_say_what_to_type():
    bare = well("demo", revision=revision("demo", release=""), entries=[], service=service("demo", desiredCount=0))
    told = lines([not_provisioned("prod"), bare])
    assert told[:2] == [
        "prod is not provisioned: ansible-playbook provision.yml -e env=prod",
        "demo has no release yet: ansible-playbook deploy.yml -e env=demo",
    ]
    assert lines([not_provisioned("prod")]) == told[:1]


@pytest.mark.parametrize(
    ("looks", "note"),
    [
        pytest.param({"under_way": "A deploy by jane is under way."}, "A deploy by jane is under way.", id="lock"),
        pytest.param({"maintenance": True}, "in maintenance: visitors see the page that says so", id="maintenance"),
        pytest.param({"unknown": ["the alarms. Denied."]}, "not known: the alarms. Denied.", id="may not look"),
    ],
)
def test_what_is_special_is_told_below(looks, note):
    assert lines([well(**looks)])[-1] == f"staging: {note}"


def test_where_nothing_remembers_the_settings_it_says_that_drift_is_not_known():
    told = " ".join(lines([well(settings=None)]))
    assert "not known: what was changed by hand" in told
    assert "provision.yml -e env=staging" in told


def test_a_hand_edit_is_told_with_what_puts_it_right():
    told = lines(
        [well(settings={"maximum_percent": 200}, service=service(deploymentConfiguration={"maximumPercent": 1}))]
    )
    assert told[-2:] == [
        "Changed by hand in staging; ansible-playbook provision.yml -e env=staging puts it right",
        "  service.maximum_percent: 200 -> 1",
    ]


def test_a_target_of_two_groups_counts_once_and_an_unhealthy_one_not():
    targets = [target("10.0.0.1", "healthy"), target("10.0.0.1", "healthy"), target("10.0.0.2", "unhealthy")]
    assert well(targets=targets)["tasks"] == {"wanted": 2, "running": 2, "healthy": 1}


@pytest.mark.parametrize(
    ("principal", "who"),
    [("arn:aws:sts::123456789012:assumed-role/deploy/jane", "jane"), ("arn:aws:iam::123456789012:root", "root")],
)
def test_without_an_entry_in_the_ledger_the_revision_says_who_and_when(principal, who):
    told = well(entries=[], revision=revision() | {"registeredBy": principal})
    assert (told["by"], told["released_at"]) == (who, "2026-11-23T14:02:05+00:00")


def test_all_of_it_is_json():
    assert json.loads(json.dumps(well())) == well()


def test_a_secret_that_stands_in_plain_settings_is_not_shown():
    staging = well(revision=revision(API_TOKEN="s3cret"))
    assert "s3cret" not in json.dumps(staging)


def test_no_line_is_longer_than_a_terminal():
    staging = well(
        alarms=[f"webapp-staging-{number}-of-many-alarms" for number in range(9)],
        entries=[entry(7, by="somebody-with-an-uncommonly-long-name@" + "x" * 60)],
        unknown=["the database. " + "word " * 40],
    )
    prod = well("prod", revision=revision("prod", "5", **{f"SETTING_{n}": "1" for n in range(30)}))
    told = lines([staging, prod], compared(staging, prod))
    assert max(map(len, told)) <= WIDTH


def test_two_environments_that_run_the_same_say_so():
    assert difference_lines(compared(well(), well("prod"))) == [
        "staging and prod run the same image, with the same settings and sizes."
    ]


def test_what_differs_between_two_environments_is_told_by_name():
    staging = well(revision=revision(LOG="debug", DEBUG="1", WHERE="staging"))
    prod = well(
        "prod",
        revision=revision("prod", "5", cpu="512", secrets=["SECRET_KEY_BASE", "STRIPE_KEY"], LOG="info", WHERE="prod"),
        scalable_target={"MinCapacity": 2, "MaxCapacity": 6},
    )
    commits = {"ahead": 2, "behind": 0, "titles": ["6b65b39 Fix the login", "866bbde Say why"]}
    assert difference_lines(compared(staging, prod, commits)) == [
        "Differences between staging and prod",
        "  image: v7 81dce4e74fe1 in staging, v5 0f3c27a990bb in prod",
        "  commits: 2 that only staging has",
        "    6b65b39 Fix the login",
        "    866bbde Say why",
        "  settings only in staging: DEBUG",
        "  settings different: LOG",
        "  secrets only in prod: STRIPE_KEY",
        "  cpu: 256 in staging, 512 in prod",
        "  tasks: 2 in staging, 2 to 6 in prod",
    ]


def test_what_serves_nothing_is_not_compared():
    assert compared(well(), not_provisioned("prod")) == {}


NOT_SEEN = {"targets": None, "entries": None, "alarms": None, "database": None, "maintenance": None}


def test_none_is_never_said_of_what_is_not_known():
    told = well(**NOT_SEEN, unknown=["all of it. Denied."])
    assert [told[name] for name in ("last_release", "alarms", "database", "maintenance")] == [None] * 4
    assert told["tasks"]["healthy"] is None
    shown = lines([told])
    assert "none" not in " ".join(shown)
    _, serving, _, _, condition, *_ = shown
    assert "  2 of 2  not known  " in serving
    assert condition.count("not known") == 3


def test_what_is_not_there_is_none():
    told = well(entries=[], alarms=[], database={}, targets=[])
    assert [told[name] for name in ("last_release", "alarms", "database", "maintenance")] == [{}, [], {}, False]
    assert told["tasks"]["healthy"] == 0


def test_how_many_tasks_may_run_is_no_difference_where_it_is_not_known():
    scaled = well(scalable_target={"MinCapacity": 2, "MaxCapacity": 6})
    unseen = well("prod", scalable_target=None)
    assert unseen["sizes"]["tasks"] is None
    assert compared(scaled, unseen)["sizes"] == {}
