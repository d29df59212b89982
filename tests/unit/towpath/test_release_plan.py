from datetime import UTC, datetime, timedelta

import pytest
from ansible.module_utils.towpath.differences import Difference
from ansible.module_utils.towpath.image import commit_of, part_for
from ansible.module_utils.towpath.release_plan import (
    Commits,
    Labels,
    ReleaseRefused,
    Source,
    completed_meanwhile,
    content,
    disagreements,
    goes_on_with,
    labels_in,
    labels_of,
    missing_settings,
    next_number,
    number_of,
    plan_lines,
    refuse_missing_settings,
    refuse_older_commit,
    rendered_by_us,
    revision_of,
    serves,
    tags,
    title_line,
    to_promote,
)

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
DIGEST = "sha256:" + "0f3c" * 16
OTHER_DIGEST = "sha256:" + "1a2b" * 16
ARN = "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:"


def an_entry(number, outcome="succeeded", **fields):
    entry = {
        "number": number,
        "change": "deploy",
        "started_at": NOON.isoformat(),
        "digest": DIGEST,
        "image": f"webapp@{DIGEST}",
        "git_sha": "4f2c9d1a0b3e",
        "task_definition": f"{ARN}{number + 1}",
    }
    over = {"outcome": outcome, "ended_at": NOON.isoformat()} if outcome else {}
    return entry | over | fields


def history(*entries):
    """The entries as the ledger lists them."""
    return sorted(entries, key=lambda one: one["number"], reverse=True)


def a_revision(release=None, image=f"webapp@{DIGEST}", number=2, environment=None, secrets=(), **fields):
    container = {
        "name": "app",
        "image": image,
        "environment": [{"name": name, "value": value} for name, value in (environment or {}).items()],
        "secrets": [{"name": name, "valueFrom": f"/{name}"} for name in secrets],
    }
    return {
        "family": "webapp-staging",
        "taskDefinitionArn": f"{ARN}{number}",
        "containerDefinitions": [container],
        "tags": [{"key": "towpath:release", "value": str(release)}] if release else [],
        **fields,
    }


def a_service(state="COMPLETED", **fields):
    newest = {"status": "PRIMARY", "rolloutState": state, "taskDefinition": f"{ARN}2", "updatedAt": NOON}
    return {"deployments": [newest | fields]}


def refused(function, *arguments):
    with pytest.raises(ReleaseRefused) as raised:
        function(*arguments)
    return str(raised.value)


@pytest.mark.parametrize(("written", "number"), [("v41", 41), ("41", 41), ("", None)])
def test_a_release_is_named_with_or_without_its_letter(written, number):
    assert number_of(written) == number


@pytest.mark.parametrize("written", ["v", "v0", "latest", "v4.1", "-1"])
def test_what_names_no_release_is_refused(written):
    assert f"{written} is no release, expected one as v41" in refused(number_of, written)


@pytest.mark.parametrize(
    ("entries", "newest", "number"),
    [
        pytest.param([], None, 1, id="nothing yet"),
        pytest.param([an_entry(4)], a_revision(release=3), 5, id="the ledger is ahead: it failed before its revision"),
        pytest.param([an_entry(3)], a_revision(release=7), 8, id="a revision is ahead: from before the ledger"),
    ],
)
def test_a_number_is_never_given_twice(entries, newest, number):
    assert next_number(entries, newest) == number


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        pytest.param(None, Labels(), id="an image without labels"),
        pytest.param(
            {
                "org.opencontainers.image.revision": "4f2c9d1",
                "towpath.commit-title": "Faster search",
                "towpath.commit-author": "Ann",
                "towpath.migrations": " Breaking ",
            },
            Labels("4f2c9d1", "Faster search", "Ann", "breaking"),
            id="all of them",
        ),
        pytest.param({"towpath.migrations": "none"}, Labels(), id="migrations that break nothing"),
    ],
)
def test_labels_are_read_from_an_images_configuration(labels, found):
    assert labels_of({"config": {"Labels": labels}}) == found


def test_an_image_that_was_released_before_need_not_be_asked_again():
    entries = [an_entry(2, digest=OTHER_DIGEST), an_entry(1, commit_title="Faster search")]
    assert labels_in(entries, DIGEST) == Labels("4f2c9d1a0b3e", "Faster search", "", "")
    assert labels_in(entries, "sha256:none") is None


def test_of_an_index_the_part_for_the_architecture_is_read():
    parts = [
        {"digest": "attestation", "platform": {"os": "unknown", "architecture": "unknown"}},
        {"digest": "arm", "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
        {"digest": "intel", "platform": {"os": "linux", "architecture": "amd64"}},
    ]
    found = [part_for({"manifests": parts}, architecture) for architecture in ("amd64", "arm64", "riscv")]
    assert found == ["intel", "arm", ""]


@pytest.mark.parametrize(
    ("git_sha", "commit"), [("4f2c9d1a0b3e", "4f2c9d1a0b3e"), ("4f2c9d1a0b3e-dirty", "4f2c9d1a0b3e"), ("latest", "")]
)
def test_the_commit_is_what_an_image_says_of_it_without_what_follows(git_sha, commit):
    assert commit_of(git_sha) == commit


def test_a_commit_that_the_running_one_came_after_is_refused():
    said = refused(refuse_older_commit, "staging", "bbb", "aaa", Commits(new=0, gone=3))
    assert "aaa is older than bbb, which runs in staging: 3 commits would be taken back." in said
    assert "ansible-playbook rollback.yml -e env=staging" in said
    assert "-e force=true" in said


@pytest.mark.parametrize(
    "commits",
    [
        pytest.param(None, id="the checkout does not know both"),
        pytest.param(Commits(new=2, gone=0), id="newer"),
        pytest.param(Commits(new=1, gone=1), id="another branch"),
    ],
)
def test_any_other_commit_is_not(commits):
    refuse_older_commit("staging", "bbb", "aaa", commits)


def a_source(state="COMPLETED", release=41, entries=None):
    known = [an_entry(41), an_entry(40, digest=OTHER_DIGEST)] if entries is None else entries
    return Source("staging", a_service(state), a_revision(release=release), known)


def test_the_release_that_serves_is_promoted():
    assert to_promote(a_source(), None, False, 0, NOON)["number"] == 41
    assert to_promote(a_source(), 41, False, 0, NOON)["number"] == 41


def test_a_release_from_before_the_ledger_can_be_promoted():
    assert to_promote(a_source(entries=[]), None, False, 600, NOON + timedelta(hours=1)) == {"number": 41}


@pytest.mark.parametrize(
    ("source", "named", "said"),
    [
        pytest.param(a_source(release=None), None, "Nothing is released in staging yet.", id="nothing released"),
        pytest.param(a_source("IN_PROGRESS"), None, "is IN_PROGRESS, expected COMPLETED", id="not over"),
        pytest.param(a_source(), 40, "v40 does not serve in staging, v41 does", id="another one"),
    ],
)
def test_what_is_not_proven_where_it_comes_from_is_not_promoted(source, named, said):
    assert said in refused(to_promote, source, named, False, 0, NOON)


def test_force_promotes_a_release_that_does_not_serve_any_more():
    assert to_promote(a_source(), 40, True, 0, NOON)["digest"] == OTHER_DIGEST
    assert "has no release v39 with an image" in refused(to_promote, a_source(), 39, True, 0, NOON)


@pytest.mark.parametrize(
    ("minutes", "force", "is_refused"),
    [
        pytest.param(4, False, True, id="too soon"),
        pytest.param(4, True, False, id="too soon, and forced"),
        pytest.param(10, False, False, id="long enough"),
    ],
)
def test_a_release_must_have_been_good_for_a_while(minutes, force, is_refused):
    arguments = (a_source(), None, force, 600, NOON + timedelta(minutes=minutes))
    if is_refused:
        said = refused(to_promote, *arguments)
        assert "v41 has been good in staging for 4 min, expected 10 min" in said
        assert "after 12:10:00 UTC" in said
    else:
        assert to_promote(*arguments)["number"] == 41


def test_a_setting_or_secret_that_is_missing_is_named_with_its_kind():
    source = a_revision(environment={"LOG_LEVEL": "info", "PORT": "1"}, secrets=["API_KEY", "ONLY_STAGING"])
    wanted = a_revision(environment={"PORT": "2", "MORE": "1"})
    missing = missing_settings(source, wanted, ["ONLY_STAGING"])
    assert missing == [("API_KEY", "secret"), ("LOG_LEVEL", "setting")]
    said = refused(refuse_missing_settings, "staging", "v41", "prod", missing)
    assert "prod lacks API_KEY (secret), LOG_LEVEL (setting), which v41 has in staging." in said
    assert "ansible-playbook provision.yml -e env=prod" in said
    assert "app_service_settings_not_promoted" in said


def test_a_setting_in_one_environment_may_be_a_secret_in_the_other():
    assert missing_settings(a_revision(environment={"URL": "x"}), a_revision(secrets=["URL"]), []) == []


def test_a_release_carries_a_definition_with_its_image():
    carried = content(a_revision(image="webapp:old", registeredAt=NOON, status="ACTIVE"), "app", f"webapp@{DIGEST}")
    assert carried["containerDefinitions"][0]["image"] == f"webapp@{DIGEST}"
    assert "status" not in carried
    assert content(a_revision(image="webapp:old"), "app", "")["containerDefinitions"][0]["image"] == "webapp:old"


SAME = {"change": "deploy", "digest": DIGEST}


@pytest.mark.parametrize(
    ("entry", "revision", "same", "goes_on"),
    [
        pytest.param(an_entry(2, None), a_revision(release=2), SAME, True, id="registered"),
        pytest.param(an_entry(2, None), None, SAME, True, id="not registered yet"),
        pytest.param(an_entry(2, "timed_out"), a_revision(release=2), SAME, True, id="followed for too long"),
        pytest.param(an_entry(2, "stopped"), a_revision(release=2), SAME, False, id="over"),
        pytest.param(an_entry(2, None), None, SAME | {"digest": OTHER_DIGEST}, False, id="another image"),
        pytest.param(an_entry(2, None), None, SAME | {"change": "rollback"}, False, id="another change"),
        pytest.param(an_entry(2, None), None, SAME | {"restores": 1}, False, id="another target"),
        pytest.param(
            an_entry(2, None), a_revision(release=2, environment={"A": "1"}), SAME, False, id="another configuration"
        ),
    ],
)
def test_an_interrupted_release_is_gone_on_with_when_it_is_what_is_asked_for(entry, revision, same, goes_on):
    assert goes_on_with(entry, revision, a_revision(), same) is goes_on


def test_a_revision_belongs_to_the_release_whose_number_it_has():
    assert revision_of(an_entry(2), a_revision(release=2))
    assert revision_of(an_entry(2), a_revision(release=1)) is None
    assert revision_of(an_entry(2), None) is None


@pytest.mark.parametrize(
    ("service", "revision", "wanted", "nothing_to_do"),
    [
        pytest.param(a_service(), a_revision(release=1), a_revision(), True, id="just this"),
        pytest.param(a_service(), a_revision(release=1), a_revision(environment={"A": "1"}), False, id="another"),
        pytest.param(a_service("IN_PROGRESS"), a_revision(release=1), a_revision(), False, id="not over"),
        pytest.param(a_service("FAILED"), a_revision(release=1), a_revision(), False, id="failed"),
        pytest.param(a_service(), a_revision(), a_revision(), False, id="no release"),
    ],
)
def test_what_serves_already_makes_no_release(service, revision, wanted, nothing_to_do):
    assert serves(service, revision, wanted) is nothing_to_do


@pytest.mark.parametrize(
    ("end", "nothing_to_do"),
    [
        pytest.param({}, False, id="it goes on"),
        pytest.param({"outcome": "succeeded"}, True, id="it completed after the service was asked for"),
        pytest.param({"outcome": "rolled_back"}, False, id="it failed"),
    ],
)
def test_a_rollout_that_completes_while_it_is_looked_at_makes_no_second_release(end, nothing_to_do):
    asked_before = a_service("IN_PROGRESS")
    service = completed_meanwhile(asked_before, end)
    assert serves(service, a_revision(release=1), a_revision()) is nothing_to_do
    assert asked_before == a_service("IN_PROGRESS")


def test_a_revision_says_what_release_it_is():
    assert tags({"team": "web"}, 7, "4f2c9d1", "staging") == {
        "team": "web",
        "towpath:release": "7",
        "towpath:git-sha": "4f2c9d1",
        "towpath:promoted-from": "staging",
    }


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        pytest.param({"change": "deploy"}, "v7 of prod: deploy of 4f2c9d1 (Faster search)", id="deploy"),
        pytest.param(
            {"change": "promote", "promoted_from": {"environment": "staging", "release": 41}, "reason": "For the fair"},
            'v7 of prod: promote of 4f2c9d1 (Faster search), v41 of staging: "For the fair"',
            id="promotion",
        ),
        pytest.param(
            {"change": "rollback", "restores": 5, "rolled_back_from": 6},
            "v7 of prod: rollback of 4f2c9d1 (Faster search), from v6 to v5",
            id="rollback",
        ),
    ],
)
def test_a_release_is_told_in_a_line(entry, line):
    assert title_line("prod", 7, entry, "4f2c9d1", DIGEST, "Faster search") == line


def test_an_image_without_a_commit_is_told_by_its_digest():
    assert title_line("prod", 1, {"change": "deploy"}, "", DIGEST, "") == "v1 of prod: deploy of sha256:0f3c0f3c0f3c"


def test_a_plan_names_commits_differences_the_command_and_the_migrations():
    changes = [
        Difference("containerDefinitions[app].image", f"1.dkr/webapp@{OTHER_DIGEST}", f"1.dkr/webapp@{DIGEST}"),
        Difference("cpu", None, "512"),
    ]
    assert plan_lines(changes, Commits(12, 0, [f"abc {one}" for one in range(10)]), "rake db:migrate", "breaking") == [
        "  commits   12 new",
        *(f"    abc {one}" for one in range(10)),
        "    and 2 more",
        "  changes   [app].image: sha256:1a2b1a2b1a2b -> sha256:0f3c0f3c0f3c",
        "  changes   cpu: nothing -> 512",
        "  first     rake db:migrate",
        "  beware    its migrations are marked as not backward compatible: no way back without force",
    ]


@pytest.mark.parametrize(
    ("commits", "line"),
    [
        pytest.param(Commits(1, 0, ["abc one"]), "  commits   1 new", id="one"),
        pytest.param(Commits(0, 2, ["abc one"]), "  commits   2 taken back", id="back"),
        pytest.param(Commits(1, 2, ["abc one"]), "  commits   1 new, 2 taken back", id="another branch"),
    ],
)
def test_a_plan_says_which_way_the_commits_go(commits, line):
    assert plan_lines([], commits, "", "") == [line, "    abc one", "  changes   nothing in the task definition"]


def test_a_long_plan_is_cut():
    changes = [Difference(f"containerDefinitions[app].environment[{n}]", None, "x" * 99) for n in range(20)]
    lines = plan_lines(changes, None, "", "")
    assert len(lines) == 13
    assert lines[-1] == "            and 8 more"
    assert all(len(line) < 110 for line in lines)


@pytest.mark.parametrize(
    ("newest", "entries", "base"),
    [
        pytest.param(None, [], "", id="no revision at all"),
        pytest.param(a_revision(number=1), [], "", id="provision's, before the first release"),
        pytest.param(a_revision(3, number=4), history(an_entry(3)), "", id="the newest release's"),
        pytest.param(
            a_revision(4, number=5),
            history(an_entry(3), an_entry(4, None, task_definition=None)),
            "",
            id="of a release that was interrupted before it was noted",
        ),
        pytest.param(a_revision(1, number=2), history(an_entry(30)), "", id="of a release that is not listed"),
        pytest.param(
            a_revision(number=9, tags=[{"key": "towpath:after-release", "value": "3"}]),
            history(an_entry(3, "stopped")),
            "",
            id="provision's, after a first release that failed",
        ),
        pytest.param(a_revision(number=9), history(an_entry(3)), f"{ARN}4", id="made by hand"),
        pytest.param(a_revision(3, number=9), history(an_entry(3)), f"{ARN}4", id="made by hand, with its tags copied"),
    ],
)
def test_a_deploy_builds_on_what_provision_or_a_release_registered(newest, entries, base):
    assert rendered_by_us(newest, entries) == base


@pytest.mark.parametrize(
    ("pointed", "entries", "said"),
    [
        pytest.param(a_revision(2, number=3), history(an_entry(1), an_entry(2)), "", id="the newest good one serves"),
        pytest.param(a_revision(number=1), [], "", id="nothing was released"),
        pytest.param(a_revision(1, number=2), history(an_entry(1), an_entry(2, "rolled_back")), "", id="ECS went back"),
        pytest.param(a_revision(2, number=3), history(an_entry(1), an_entry(2, None)), "", id="its rollout goes on"),
        pytest.param(a_revision(2, number=3), history(an_entry(1), an_entry(2, "timed_out")), "", id="it took long"),
        pytest.param(
            a_revision(number=9),
            history(an_entry(1)),
            "prod runs webapp-staging:9, which is no release",
            id="somebody's own revision",
        ),
        pytest.param(
            a_revision(1, number=9),
            history(an_entry(1)),
            "prod runs webapp-staging:9, which is no release",
            id="somebody's own revision, with a release's tags",
        ),
        pytest.param(
            a_revision(1, number=2),
            history(an_entry(1, "stopped"), an_entry(2)),
            "prod runs v1, which the ledger calls stopped: by the ledger v2 should serve.",
            id="a release that had lost its lock",
        ),
        pytest.param(
            a_revision(1, number=2),
            history(an_entry(1), an_entry(2)),
            "prod runs v1: by the ledger v2 should serve.",
            id="an older release, by hand",
        ),
        pytest.param(
            a_revision(2, number=3),
            history(an_entry(1), an_entry(2, "stopped")),
            "prod runs v2, which the ledger calls stopped: by the ledger v1 should serve.",
            id="one that could not be rolled back",
        ),
    ],
)
def test_what_serves_and_what_the_ledger_says_are_never_two_things_in_silence(pointed, entries, said):
    found = disagreements("prod", pointed, entries)
    assert [one.startswith(said) for one in found] == ([True] if said else [])


def test_a_revision_by_hand_that_never_served_is_named_and_left_aside():
    entries, pointed = history(an_entry(1)), a_revision(1, number=2)
    assert disagreements("prod", pointed, entries, f"{ARN}9") == [
        "webapp-staging:9 was registered by hand, and nothing of it is taken over."
    ]
