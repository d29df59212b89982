import hashlib
import json
import subprocess
import time
import urllib.request
from datetime import UTC, datetime

import botocore.endpoint
import botocore.exceptions
import pytest
from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath import ecs_api
from ansible.module_utils.towpath.lock import ticks

from tests.integration.ecr_repository import CONFIG_TYPE, MANIFEST_TYPE, new_repository, push
from tests.integration.harness import run_module
from tests.integration.ledger import new_table

SHA = "4f2c9d1a0b3e"
OTHER_SHA = "1a2b3c4d5e6f"


class Environment:
    """A service without tasks, pointed at the configuration that provision registers, with a ledger of its own."""

    def __init__(self, aws, repository, name="staging"):
        self.aws, self.name, self.repository = aws, name, repository
        self.ecs, self.dynamodb, self.ecr = aws.client("ecs"), aws.client("dynamodb"), aws.client("ecr")
        self.table = new_table(aws)
        self.cluster = self.family = f"start-{self.table.split('-')[1]}-{name}"
        self.ecs.create_cluster(clusterName=self.cluster)
        self.ecs.create_service(
            cluster=self.cluster, serviceName="app", taskDefinition=self.register(), desiredCount=0, tags=[]
        )

    def definition(self, image="webapp:not-released-yet", environment=None, secrets=()):
        container = {
            "name": "app",
            "image": image,
            "essential": True,
            "environment": [{"name": name, "value": value} for name, value in (environment or {}).items()],
            "secrets": [{"name": name, "valueFrom": f"/{name}"} for name in secrets],
        }
        return {
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "cpu": "256",
            "memory": "512",
            "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
            "containerDefinitions": [container],
        }

    def register(self, **options):
        answer = self.ecs.register_task_definition(family=self.family, **self.definition(**options))
        return answer["taskDefinition"]["taskDefinitionArn"]

    @property
    def place(self):
        return {"environment_name": self.name, "table": self.table, "cluster": self.cluster, "service": "app"}

    def start(self, change="deploy", check_mode=False, **options):
        given = self.place | {"family": self.family, "repository": self.repository, "change": change, "by": "ann"}
        # The lock of one who starts one release after another, and frees it after none.
        given["token"] = "ann's"
        return run_module("release_start", self.aws, check_mode=check_mode, **given | options)

    def roll_out(self, started):
        arn = started["task_definition_arn"]
        self.ecs.update_service(cluster=self.cluster, service="app", taskDefinition=arn)
        end = time.monotonic() + 30
        while [one["rolloutState"] for one in self.deployments()][:1] != ["COMPLETED"]:
            assert time.monotonic() < end, self.deployments()
            time.sleep(0.1)

    def end(self, started, outcome="succeeded"):
        fields = {"outcome": outcome, "ended_at": datetime.now(UTC).isoformat(timespec="seconds"), "verdict": {}}
        assert dynamodb.end_release(self.dynamodb, self.table, started["release"], fields)

    def release(self, change="deploy", **options):
        started = self.start(change, **options)
        assert not started.get("failed"), started
        self.roll_out(started)
        self.end(started)
        return started

    def deployments(self):
        found = self.ecs.describe_services(cluster=self.cluster, services=["app"])["services"][0]["deployments"]
        return [one for one in found if one["status"] == "PRIMARY"]

    def entries(self):
        return dynamodb.query_releases(self.dynamodb, self.table)

    def revisions(self):
        return self.ecs.list_task_definitions(familyPrefix=self.family)["taskDefinitionArns"]

    def revision(self, started):
        answer = self.ecs.describe_task_definition(taskDefinition=started["task_definition_arn"], include=["TAGS"])
        return answer["taskDefinition"] | {"tags": {tag["key"]: tag["value"] for tag in answer["tags"]}}

    def state(self):
        return self.entries(), self.revisions(), self.ecr.list_images(repositoryName=self.repository)["imageIds"]


# moto keeps no service deployments, which tell how a rollout went that nobody followed.
WHERE_ROLLOUTS_ARE_RECORDED = pytest.mark.parametrize("aws", ["ministack"], indirect=True)


@pytest.fixture
def repository(aws):
    return new_repository(aws)


@pytest.fixture
def images(aws, repository):
    """Digest by tag, pushed in this order."""
    return {tag: push(aws, repository, tag) for tag in (SHA, OTHER_SHA)}


@pytest.fixture
def staging(aws, repository, images):
    return Environment(aws, repository)


@pytest.fixture
def prod(aws, repository, images):
    return Environment(aws, repository, "prod")


def test_the_lock_is_taken_first_and_handed_on(staging):
    started = staging.start(image=SHA, pid=1, command=f"deploy of {SHA}")
    held = dynamodb.get_lock(staging.dynamodb, staging.table)
    assert (started["lock"]["table"], started["lock"]["token"]) == (staging.table, held["token"])
    assert started["lock"]["pid"] == 1
    assert started["lock"]["confirmed_at"] <= ticks()
    assert (started["held_by_another"], held["token"]) == (False, "ann's")
    assert {name: held["holder"][name] for name in ("who", "pid", "command")} == {
        "who": "ann",
        "pid": 1,
        "command": f"deploy of {SHA}",
    }


def test_nothing_is_begun_while_another_holds_the_lock(staging):
    staging.start(image=SHA, pid=1, command=f"deploy of {SHA}")
    before = staging.state()
    waits = staging.start(image=OTHER_SHA, token="bob's", by="bob", wait_seconds=10, waited_seconds=5)
    assert (waits["held_by_another"], waits["holder"]["who"], waits["lock"]["token"]) == (True, "ann", "")
    refused = staging.start(image=OTHER_SHA, token="bob's", by="bob", wait_seconds=10, waited_seconds=10)
    assert refused["failed"]
    assert refused["msg"].startswith(f"A deploy of {SHA} by ann (")
    assert "Run the same command again when it is over" in refused["msg"]
    assert staging.state() == before


def test_a_plan_takes_no_lock_and_waits_for_none(staging):
    run_module("release_lock", staging.aws, table=staging.table, who="ann")
    plan = staging.start(image=OTHER_SHA, token="bob's", by="bob", check_mode=True)
    assert (plan["lock"]["table"], plan["lock"]["token"], plan["outcome"]) == (staging.table, "", "")


def test_the_first_deploy_writes_an_entry_registers_its_revision_and_protects_its_image(staging, images):
    result = staging.start(image=SHA, reason="Why not", tags={"team": "web"})
    (entry,) = staging.entries()
    assert (result["changed"], result["release_name"], result["released"]) == (True, "v1", False)
    assert result["plan"][0] == f'v1 of staging: deploy of {SHA}: "Why not"'
    assert entry.pop("started_at")
    assert entry.pop("registered_by", "arn")
    assert entry == {
        "number": 1,
        "change": "deploy",
        "by": "ann",
        "reason": "Why not",
        "git_sha": SHA,
        "digest": images[SHA],
        "image": result["image"],
        "task_definition": result["task_definition_arn"],
    }
    revision = staging.revision(result)
    assert revision["containerDefinitions"][0]["image"].endswith(f"@{images[SHA]}")
    assert revision["tags"] == {
        "team": "web",
        "towpath:release": "1",
        "towpath:git-sha": SHA,
        "towpath:promoted-from": "",
    }
    asked = {"repositoryName": staging.repository, "imageIds": [{"imageDigest": images[SHA]}]}
    assert f"released-{images[SHA][7:19]}" in staging.ecr.describe_images(**asked)["imageDetails"][0]["imageTags"]


def test_check_mode_is_the_plan_and_touches_nothing(staging):
    before = staging.state()
    plan = staging.start(image=SHA, check_mode=True)
    assert staging.state() == before
    real = staging.start(image=SHA)
    assert plan.keys() == real.keys()
    assert plan["plan"] == real["plan"]
    assert (plan["release"], plan["task_definition_arn"]) == (real["release"], None)


def test_a_deploy_of_what_serves_makes_no_release(staging):
    first = staging.release(image=SHA)
    before = staging.state()
    again = staging.start(image=SHA)
    assert (again["outcome"], again["changed"], again["release"]) == ("no_change", False, 1)
    assert again["task_definition_arn"] == first["task_definition_arn"]
    assert staging.state() == before


def test_a_release_knows_which_one_it_follows(staging):
    staging.release(image=SHA)
    second = staging.release(image=OTHER_SHA)
    assert staging.entries()[0]["previous_release"] == 1
    assert [one["field"] for one in second["differences"]] == ["containerDefinitions[app].image"]


def test_a_changed_configuration_keeps_the_image_that_serves(staging, images):
    staging.release(image=SHA)
    changed = staging.definition(environment={"LOG_LEVEL": "debug"})
    result = staging.release("configuration", definition=changed)
    assert result["digest"] == images[SHA]
    assert [one["field"] for one in result["differences"]] == ["containerDefinitions[app].environment[LOG_LEVEL]"]
    assert staging.start("configuration", definition=changed)["outcome"] == "no_change"


def test_changed_secrets_make_a_release_of_the_same_content(staging, images):
    staging.release(image=SHA)
    result = staging.release("secrets")
    assert (result["release"], result["digest"], result["differences"]) == (2, images[SHA], [])


@WHERE_ROLLOUTS_ARE_RECORDED
def test_a_release_that_was_interrupted_before_its_rollout_is_gone_on_with(aws, staging):
    first = staging.start(image=SHA)
    again = staging.start(image=SHA)
    assert (again["adopted"], again["release"]) == (True, 1)
    assert again["task_definition_arn"] == first["task_definition_arn"]
    assert len(staging.entries()) == 1


def test_an_entry_without_a_revision_is_gone_on_with_too(staging, images):
    entry = {"number": 3, "change": "deploy", "started_at": "2026-01-01T12:00:00+00:00", "digest": images[SHA]}
    dynamodb.put_release(staging.dynamodb, staging.table, entry)
    result = staging.start(image=SHA)
    assert (result["adopted"], result["release"], len(staging.entries())) == (True, 3, 1)
    assert staging.entries()[0]["task_definition"] == result["task_definition_arn"]


@WHERE_ROLLOUTS_ARE_RECORDED
def test_an_interrupted_release_of_something_else_is_ended_and_the_next_has_a_number_of_its_own(aws, staging):
    staging.start(image=SHA)
    result = staging.start(image=OTHER_SHA)
    new, old = staging.entries()
    assert (result["adopted"], new["number"], old["number"]) == (False, 2, 1)
    assert (old["outcome"], "outcome" in new) == ("stopped", False)
    assert "interrupted before its rollout" in old["verdict"]["reason"]


@WHERE_ROLLOUTS_ARE_RECORDED
def test_an_interrupted_release_that_ecs_completed_is_ended_and_nothing_is_left_to_do(aws, staging):
    started = staging.start(image=SHA)
    staging.roll_out(started)
    again = staging.start(image=SHA)
    assert (again["outcome"], again["release"]) == ("no_change", 1)
    assert staging.entries()[0]["outcome"] == "succeeded"


def test_numbers_go_on_after_a_number_that_is_taken_meanwhile(staging):
    staging.release(image=SHA)
    stopped = staging.start(image=OTHER_SHA)
    staging.end(stopped, "stopped")
    assert staging.start(image=OTHER_SHA)["release"] == 3


def test_a_promotion_takes_the_digest_of_the_source_though_the_tag_moved(staging, prod, images):
    staging.release(image=SHA)
    result = prod.release("promote", promote_from=staging.place)
    assert (result["digest"], result["git_sha"], result["promoted_from"]) == (images[SHA], SHA, "staging")
    assert prod.entries()[0]["promoted_from"] == {"environment": "staging", "release": 1}
    assert prod.revision(result)["tags"]["towpath:promoted-from"] == "staging"


def test_a_promotion_needs_the_settings_and_secrets_of_the_source(staging, prod):
    staging.register(environment={"LOG_LEVEL": "info", "PORT": "1"}, secrets=["API_KEY"])
    staging.release(image=SHA)
    before = prod.state()
    refused = prod.start("promote", promote_from=staging.place, settings_not_promoted=["PORT"])
    assert refused["failed"]
    assert "prod lacks API_KEY (secret), LOG_LEVEL (setting), which v1 has in staging." in refused["msg"]
    assert prod.state() == before
    prod.register(environment={"LOG_LEVEL": "warn"}, secrets=["API_KEY"])
    assert prod.start("promote", promote_from=staging.place, settings_not_promoted=["PORT"])["changed"]


def test_a_promotion_waits_until_the_release_has_been_good_for_long_enough(staging, prod):
    staging.release(image=SHA)
    refused = prod.start("promote", promote_from=staging.place, soak_seconds=3600)
    assert "expected 60 min" in refused["msg"]
    assert prod.start("promote", promote_from=staging.place, soak_seconds=3600, force=True)["changed"]


def test_only_the_release_that_serves_is_promoted_but_by_force(staging, prod, images):
    staging.release(image=SHA)
    staging.release(image=OTHER_SHA)
    refused = prod.start("promote", promote_from=staging.place, release="v1")
    assert "v1 does not serve in staging, v2 does" in refused["msg"]
    assert prod.start("promote", promote_from=staging.place, release="v1", force=True)["digest"] == images[SHA]


def test_nothing_is_promoted_from_where_nothing_is_released(staging, prod):
    assert "Nothing is released in staging yet." in prod.start("promote", promote_from=staging.place)["msg"]


def test_a_plan_holds_only_while_the_same_release_serves(staging):
    plan = staging.start(image=SHA, check_mode=True)
    staging.release(image=OTHER_SHA)
    refused = staging.start(image=SHA, planned_on=plan["serving_task_definition"])
    assert "staging has changed since the plan was shown: now it runs v1." in refused["msg"]


def test_a_rollback_takes_the_old_configuration_and_the_old_image(staging, images):
    staging.release(image=SHA)
    staging.register(environment={"LOG_LEVEL": "debug"})
    staging.release(image=OTHER_SHA)
    result = staging.release("rollback")
    container = staging.revision(result)["containerDefinitions"][0]
    assert (result["release"], result["digest"], container.get("environment", [])) == (3, images[SHA], [])
    assert (staging.entries()[0]["restores"], staging.entries()[0]["rolled_back_from"]) == (1, 2)


def test_a_rollback_may_keep_the_configuration(staging, images):
    staging.release(image=SHA)
    staging.release("configuration", definition=staging.definition(environment={"LOG_LEVEL": "debug"}))
    staging.release(image=OTHER_SHA)
    result = staging.release("rollback", keep_config=True)
    container = staging.revision(result)["containerDefinitions"][0]
    assert container["environment"] == [{"name": "LOG_LEVEL", "value": "debug"}]
    assert result["digest"] == images[SHA]


@WHERE_ROLLOUTS_ARE_RECORDED
def test_a_rollback_that_was_interrupted_is_gone_on_with_and_never_goes_one_further(aws, staging):
    for image in (SHA, OTHER_SHA, SHA):
        staging.release(image=image, force=True)
    first = staging.start("rollback")
    assert staging.start("rollback")["release"] == first["release"] == 4
    staging.roll_out(first)
    again = staging.start("rollback")
    assert (again["outcome"], again["release"]) == ("no_change", 4)
    assert "The rollback that was interrupted has ended well: v4 serves." in again["msg"]


def end_badly(staging, started, outcome="stopped"):
    assert not started.get("failed"), started
    staging.end(started, outcome)


def test_changed_secrets_are_no_content_to_go_back_to(staging, images):
    staging.release(image=SHA)
    staging.release(image=OTHER_SHA)
    secrets = staging.release("secrets")
    assert staging.entries()[0]["same_as"] == 2
    back = staging.release("rollback")
    assert (secrets["release"], back["release"], back["digest"]) == (3, 4, images[SHA])
    assert (staging.entries()[0]["restores"], staging.entries()[0]["rolled_back_from"]) == (1, 3)
    # Typed twice, there is nothing more to go back to: that is no success.
    again = staging.start("rollback")
    assert again["failed"]
    assert "There is no good release before v4 in staging with other content than what serves" in again["msg"]


def test_secrets_of_before_the_ledger_kept_what_is_the_same_are_no_content_either(staging, images):
    staging.release(image=SHA)
    staging.release(image=OTHER_SHA)
    staging.release("secrets")
    staging.dynamodb.update_item(
        TableName=staging.table,
        Key={"kind": {"S": "release"}, "number": {"N": "3"}},
        UpdateExpression="REMOVE same_as",
    )
    assert staging.release("rollback")["digest"] == images[SHA]


@pytest.mark.parametrize("failed", ["rollback", "secrets"])
@pytest.mark.parametrize("outcome", ["stopped", "rolled_back"])
def test_a_rollback_after_one_that_failed_goes_where_that_one_was_to_go(staging, images, failed, outcome):
    staging.release(image=SHA)
    staging.release(image=OTHER_SHA)
    end_badly(staging, staging.start(failed), outcome)
    assert staging.release("rollback")["digest"] == images[SHA]


def test_a_deploy_that_ecs_rolled_back_is_not_rolled_back_again_and_that_is_no_success(staging):
    staging.release(image=SHA)
    end_badly(staging, staging.start(image=OTHER_SHA), "rolled_back")
    refused = staging.start("rollback")
    assert refused["failed"]
    assert refused["msg"] == "ECS rolled v2 back already: staging runs v1. No other release was good."


@WHERE_ROLLOUTS_ARE_RECORDED
def test_a_named_release_that_serves_is_what_was_asked_for(aws, staging):
    staging.release(image=SHA)
    staging.release(image=OTHER_SHA)
    staging.release("rollback", release="v1")
    again = staging.start("rollback", release="v1")
    assert (again["outcome"], again["msg"]) == ("no_change", "v3 serves in staging already, with the content of v1.")


def by_hand(staging, started, value="1"):
    """Somebody copies what serves in the console, tags and all, and points the service at it."""
    revision = staging.ecs.describe_task_definition(taskDefinition=started["task_definition_arn"], include=["TAGS"])
    definition = staging.definition(image=started["image"], environment={"BY_HAND": value})
    made = staging.ecs.register_task_definition(family=staging.family, tags=revision["tags"], **definition)
    arn = made["taskDefinition"]["taskDefinitionArn"]
    staging.ecs.update_service(cluster=staging.cluster, service="app", taskDefinition=arn)
    return arn.rpartition("/")[2]


@pytest.mark.parametrize("change", ["deploy", "secrets", "configuration"])
def test_what_was_changed_by_hand_is_named_and_undone_by_the_next_release(staging, change):
    staging.release(image=SHA)
    name = by_hand(staging, staging.release(image=OTHER_SHA))
    options = {"deploy": {"image": SHA}, "configuration": {"definition": staging.definition()}}.get(change, {})
    started = staging.release(change, **options)
    assert (
        f"  beware    staging runs {name}, which is no release: somebody changed the service by hand."
        in (started["plan"][1])
    )
    assert not staging.revision(started)["containerDefinitions"][0].get("environment")


def test_what_was_registered_by_hand_and_never_served_is_left_aside(staging):
    staging.release(image=SHA)
    staging.register(environment={"BY_HAND": "1"})
    started = staging.start(image=OTHER_SHA)
    assert "was registered by hand, and nothing of it is taken over." in started["plan"][1]
    assert not staging.revision(started)["containerDefinitions"][0].get("environment")


def test_what_serves_though_the_ledger_calls_it_stopped_is_released_again(staging):
    lost = staging.start(image=SHA)
    staging.end(lost, "stopped")
    staging.release(image=OTHER_SHA)
    staging.roll_out(lost)
    assert "by the ledger v2 should serve" in staging.start("rollback", check_mode=True, release="v2")["plan"][1]
    again = staging.release(image=SHA)
    assert (again["release"], staging.entries()[0]["outcome"]) == (3, "succeeded")
    assert "  beware    staging runs v1, which the ledger calls stopped" in again["plan"][1]


def test_a_rollback_from_a_change_by_hand_goes_to_the_last_good_release(staging, images):
    staging.release(image=SHA)
    by_hand(staging, staging.release(image=OTHER_SHA))
    back = staging.release("rollback")
    assert back["digest"] == images[OTHER_SHA]
    assert staging.entries()[0]["restores"] == 2


def test_a_lost_answer_registers_no_second_revision(staging, monkeypatch):
    send, lost = botocore.endpoint.Endpoint._send, []

    def lose_the_first_answer(endpoint, request):
        answer = send(endpoint, request)
        if request.headers.get("X-Amz-Target", b"").endswith(b"RegisterTaskDefinition") and not lost:
            lost.append(answer)
            raise botocore.exceptions.ConnectionClosedError(endpoint_url=request.url)
        return answer

    monkeypatch.setattr(botocore.endpoint.Endpoint, "_send", lose_the_first_answer)
    before = staging.revisions()
    started = staging.start(image=SHA)
    assert lost
    assert staging.revisions() == [*before, started["task_definition_arn"]]
    assert staging.revision(started)["tags"]["towpath:release"] == "1"


def test_an_image_that_expired_cannot_be_gone_back_to(staging, images):
    staging.release(image=SHA)
    staging.release(image=OTHER_SHA)
    staging.ecr.batch_delete_image(repositoryName=staging.repository, imageIds=[{"imageDigest": images[SHA]}])
    before = staging.state()
    assert "is not in" in staging.start("rollback")["msg"]
    assert staging.state() == before


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        pytest.param("deploy", {"image": "nowhere"}, "There is no image nowhere in", id="no such image"),
        pytest.param("deploy", {"service": "other"}, "Found no service other in the cluster", id="no service"),
        pytest.param("deploy", {"family": "none"}, "There is no task definition none", id="no family"),
        pytest.param("deploy", {"tags": {"why": "#12"}}, "The tag why has '#'", id="a tag that AWS refuses"),
        pytest.param("rollback", {}, "No release of staging was good yet", id="nothing to roll back from"),
        pytest.param("secrets", {}, "Nothing is released in staging yet", id="nothing to release again"),
        pytest.param("promote", {}, "promote_from", id="a promotion from nowhere"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_touched(staging, change, options, said):
    before = staging.state()
    refused = staging.start(change, **{"image": SHA} | options)
    assert refused["failed"]
    assert said in refused["msg"]
    assert staging.state() == before


def test_a_service_that_is_being_taken_away_gets_no_release(staging, images, monkeypatch):
    found, before = ecs_api.describe_service, staging.state()
    # On neither emulator does a service take its time to go.
    monkeypatch.setattr(ecs_api, "describe_service", lambda *place: found(*place) | {"status": "DRAINING"})
    refused = staging.start(image=SHA)
    assert refused["failed"], refused
    assert "The service app is DRAINING" in refused["msg"]
    assert staging.state() == before


@pytest.fixture
def commits(tmp_path):
    """A checkout of two commits, and their shas, the older first."""

    def git(*words):
        me = {"GIT_AUTHOR_NAME": "ann", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "ann"}
        environment = me | {"GIT_COMMITTER_EMAIL": "a@b.c", "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        command = ["git", "-C", str(tmp_path), *words]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "--quiet")
    shas = []
    for title in ("The first", "The second"):
        git("commit", "--quiet", "--allow-empty", "--message", title)
        shas.append(git("rev-parse", "HEAD"))
    return tmp_path, *shas


def test_a_commit_older_than_the_running_one_is_refused_but_by_force(aws, staging, commits):
    checkout, older, newer = commits
    for sha in (older, newer):
        push(aws, staging.repository, sha[:12])
    first = staging.release(image=older[:12], checkout=str(checkout))
    second = staging.release(image=newer[:12], checkout=str(checkout))
    assert "commits" not in "".join(first["plan"])
    assert second["plan"][1:3] == ["  commits   1 new", f"    {newer[:7]} The second"]
    before = staging.state()
    refused = staging.start(image=older[:12], checkout=str(checkout))
    assert f"{older[:12]} is older than {newer[:12]}, which runs in staging" in refused["msg"]
    assert staging.state() == before
    forced = staging.start(image=older[:12], checkout=str(checkout), force=True, check_mode=True)
    assert forced["plan"][1:3] == ["  commits   1 taken back", f"    {newer[:7]} The second"]
    assert staging.start("rollback", checkout=str(checkout))["changed"]


def test_a_shallow_clone_releases_an_older_commit_but_says_that_it_does_not_know(aws, staging, commits):
    checkout, older, newer = commits
    clone = checkout / "clone"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", f"file://{checkout}", str(clone)], check=True)
    for sha in (older, newer):
        push(aws, staging.repository, sha[:12])
    first = staging.release(image=newer[:12], checkout=str(clone))
    assert "not known" not in "".join(first["plan"])
    second = staging.start(image=older[:12], checkout=str(clone))
    assert second["plan"][1] == (
        "  beware    older or newer is not known, the checkout has not all commits: "
        "git fetch --unshallow; in CI fetch-depth: 0, or GIT_DEPTH: 0"
    )


def push_with_labels(aws, repository, tag, **labels):
    """Push an image whose configuration is there, too, as docker push does."""
    config = json.dumps({"config": {"Labels": labels}}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    upload = f"{aws.url}/v2/{repository}/blobs/uploads/?digest={digest}"
    urllib.request.urlopen(urllib.request.Request(upload, data=config, method="POST"), timeout=5).close()
    layer = {"mediaType": CONFIG_TYPE, "size": len(config), "digest": digest}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": layer, "layers": []})
    aws.client("ecr").put_image(
        repositoryName=repository, imageManifest=manifest, imageManifestMediaType=MANIFEST_TYPE, imageTag=tag
    )


# moto has no registry to push a configuration to.
@pytest.mark.parametrize("aws", ["ministack"], indirect=True)
def test_the_ledger_has_what_the_images_labels_say_of_its_commit(aws, staging):
    labels = {
        "org.opencontainers.image.revision": SHA * 3,
        "towpath.commit-title": "Faster search",
        "towpath.commit-author": "Ann",
        "towpath.migrations": "breaking",
    }
    push_with_labels(aws, staging.repository, "latest", **labels)
    staging.release(image=SHA)
    result = staging.release(image="latest")
    entry = staging.entries()[0]
    told = tuple(entry[name] for name in ("git_sha", "commit_title", "commit_author", "migrations"))
    assert told == (SHA * 3, "Faster search", "Ann", "breaking")
    assert result["plan"][0].endswith(f"deploy of {SHA * 3} (Faster search)")
    assert "no way back without force" in result["plan"][-1]
    refused = staging.start("rollback")
    assert "Between v1 and v2 lies v2, whose migrations are marked as not backward compatible" in refused["msg"]
    assert staging.start("rollback", force=True)["changed"]


def test_labels_that_cannot_be_read_fail_no_deploy(staging):
    """The image's configuration was never pushed."""
    result = staging.start(image=SHA)
    assert result["changed"]
    assert "labels of the image could not be read" in str(result["warnings"])
