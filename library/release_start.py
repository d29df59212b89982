#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: release_start
short_description: Decide what a release carries, write it into the ledger and register its revision
description:
  - Begins every release, whether it deploys an image, promotes one, rolls back, or changes configuration or secrets.
    The caller rolls the revision out afterwards, ends the release and frees the lock.
  - Takes the environment's lock first, as M(release_lock) does, and for as long. A task of its own for the lock
    would begin every deploy with another worker, and with another connection to DynamoDB.
  - Finds the image, what serves and what the ledger knows, all at the same time, and refuses what must not be
    before anything is touched.
  - Ends, by what ECS keeps of them, earlier releases whose end nobody saw. The newest of them is gone on with instead,
    when it was interrupted and is just what is asked for now.
  - A deploy of what serves already makes no release.
author: Contributors to Towpath
options:
  table:
    description: Name of the environment's ledger.
    type: str
    required: true
  environment_name:
    description: Name of the environment.
    type: str
    required: true
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  family:
    description: Family of the service's task definition.
    type: str
    required: true
  container:
    description: Container whose image the release is.
    type: str
    default: app
  repository:
    description: Name of the image repository.
    type: str
    required: true
  change:
    description: What makes the release.
    type: str
    choices: [deploy, promote, rollback, configuration, secrets]
    required: true
  image:
    description: For V(deploy), a tag, a digest or a full reference; nothing means the newest image pushed.
    type: str
    default: ""
  definition:
    description: For V(configuration), the task definition as for M(ecs_task_definition). The image that serves stays.
    type: dict
  promote_from:
    description: For V(promote), the environment whose release is promoted.
    type: dict
    suboptions:
      environment_name:
        description: Name of the environment.
        type: str
        required: true
      table:
        description: Name of its ledger.
        type: str
        required: true
      cluster:
        description: Name or ARN of its cluster.
        type: str
        required: true
      service:
        description: Name of its service.
        type: str
        required: true
  release:
    description:
      - For V(promote), the release of the other environment; it must be the one that serves, unless O(force).
        For V(rollback), the release to go back to, by default the last good one before that which serves, and with
        other content.
      - Written as C(v41) or C(41).
    type: str
    default: ""
  keep_config:
    description: For V(rollback), whether to take back the image alone and leave the configuration as it is.
    type: bool
    default: false
  settings_not_promoted:
    description: For V(promote), names of settings and secrets that only the other environment needs.
    type: list
    elements: str
    default: []
  soak_seconds:
    description: For V(promote), how long the release must have been good in the other environment.
    type: int
    default: 0
  planned_on:
    description:
      - ARN of the revision that served when a plan was shown and agreed to. When another one serves now, the release is
        refused, for it would not do what was agreed to.
    type: str
    default: ""
  reason:
    description: Why, in the words of the person who releases.
    type: str
    default: ""
  by:
    description: Who releases. The CI job's actor or the user of this machine, unless it is given.
    type: str
    default: ""
  command:
    description: What is to be done under the lock, in words that follow "a", for whoever is refused meanwhile.
    type: str
    default: release
  token:
    description: What tells this holder of the lock from others; the action plugin gives one.
    type: str
    default: ""
  pid:
    description: Process on this machine that holds the lock. The action plugin gives that of C(ansible-playbook).
    type: int
    default: 0
  wait_seconds:
    description: How long to wait for another holder before this fails. V(0) fails at once.
    type: float
    default: 100
  waited_seconds:
    description: How long was waited already; the action plugin counts.
    type: float
    default: 0
  seen:
    description: What the action plugin saw of another's lock, as for M(release_lock).
    type: dict
    default: {}
  breaking_migrations:
    description: Whether the release's migrations are not backward compatible, so that nothing before it can run again.
    type: bool
    default: false
  force:
    description: Whether to release what would be refused for its age, its outcome or its migrations.
    type: bool
    default: false
  release_command:
    description: The command that the caller runs before the rollout; told in the plan.
    type: str
    default: ""
  checkout:
    description: Folder of a git checkout that may know the commits. Without one their order is not judged.
    type: str
    default: ""
  tags:
    description: Tags of the revision beside those that tell of the release.
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  action:
    support: full
    description: The part that waits for the lock and prints the plan runs on the controller.
  check_mode:
    support: full
    description:
      - This is the plan. It answers as a real run would, but for what only a registered revision has.
        The lock is not taken.
  diff_mode:
    support: full
    description: Shows the lines that change, without the values of environment variables that look secret.
"""

EXAMPLES = r"""
- name: Start the release
  release_start:
    table: webapp-staging-releases
    environment_name: staging
    cluster: webapp-staging
    service: app
    family: webapp-staging
    repository: webapp
    change: deploy
    image: 4f2c9d1a0b3e
    by: jane
  register: release

- name: Start going back to the last good release
  release_start:
    table: webapp-prod-releases
    environment_name: prod
    cluster: webapp-prod
    service: app
    family: webapp-prod
    repository: webapp
    change: rollback
    by: jane
"""

RETURN = r"""
lock:
  description: What later tasks need to renew and to free the lock. The token is empty when it is not held.
  returned: always
  type: dict
  sample: {table: webapp-staging-releases, token: 6f7f5f4e-5f0c-4bb4-9d2b-0f6f3f3a3f0e}
held_by_another:
  description: Whether another holds the lock. Then the action plugin waits, and nothing else is returned but this and
    what M(release_lock) says of the other.
  returned: always
  type: bool
  sample: false
outcome:
  description: V(no_change) when there is nothing to release, else empty.
  returned: always
  type: str
  sample: ""
release:
  description: Number of the release, or of the one that serves when there is nothing to release.
  returned: always
  type: int
  sample: 7
release_name:
  description: Its name.
  returned: always
  type: str
  sample: v7
adopted:
  description: Whether it is one that was interrupted, and is gone on with.
  returned: always
  type: bool
  sample: false
rolling_out:
  description: Whether ECS rolls out its revision already, so that what comes before a rollout has been done.
  returned: always
  type: bool
  sample: false
released:
  description: Whether a release served before, or anything else that runs.
  returned: always
  type: bool
  sample: true
task_definition_arn:
  description: ARN of the release's revision; null where check mode made none.
  returned: always
  type: str
  sample: arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:8
image:
  description: Reference of its image, by digest.
  returned: always
  type: str
  sample: 123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp@sha256:0f3c
digest:
  description: Digest of its image.
  returned: always
  type: str
  sample: sha256:0f3c
git_sha:
  description: Commit that the image was built from; empty where nothing says so.
  returned: always
  type: str
  sample: 4f2c9d1a0b3e
promoted_from:
  description: Environment that it is promoted from; empty where it is not.
  returned: always
  type: str
  sample: staging
serving_task_definition:
  description: ARN of the revision that the service was pointed at.
  returned: always
  type: str
  sample: arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:7
url:
  description: Where the app answers, as the service's tag C(towpath:url) says.
  returned: always
  type: str
  sample: http://webapp-staging-1234567890.us-east-1.elb.amazonaws.com/
running:
  description: Number of tasks that run now.
  returned: always
  type: int
  sample: 2
desired:
  description: Number of tasks that are wanted now.
  returned: always
  type: int
  sample: 2
seconds:
  description: How long all this took.
  returned: always
  type: float
  sample: 0.4
plan:
  description: What the release changes, a line each for people.
  returned: always
  type: list
  elements: str
  sample: ["v7 of staging: deploy of 4f2c9d1a0b3e (Faster search)"]
differences:
  description: Everything that changes in the task definition. Values that look secret are hidden.
  returned: always
  type: list
  elements: dict
  sample: [{field: cpu, before: "256", after: "512"}]
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: Started v7 of staging.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath import ecr_api, ecr_images, entry_point, fargate, fence, ledger, lock, way_back
from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath import release_plan as plans
from ansible.module_utils.towpath import task_definition as definitions
from ansible.module_utils.towpath.aws_tags import tag_problems
from ansible.module_utils.towpath.checkout import commits_between, git_in, why_unknown
from ansible.module_utils.towpath.differences import own_tags, tag_request
from ansible.module_utils.towpath.image import ImageRefused, git_sha
from ansible.module_utils.towpath.interrupted import ends
from ansible.module_utils.towpath.release import URL_TAG, release_number, release_of
from ansible.module_utils.towpath.rollout import NO_CHANGE, serving_revision
from ansible.module_utils.towpath.task_definition_request import converted
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

Json = dict[str, Any]

BEGUN = time.monotonic()

# Enough to number a release and to settle those before it; only a way back may lead further.
NEWEST_ENTRIES = 25
# For what is worth knowing, and not worth waiting for.
WITH_LITTLE_PATIENCE = {"retries": {"total_max_attempts": 2}, "connect_timeout": 3, "read_timeout": 5}
DOCKER_ARCHITECTURES = {"X86_64": "amd64", "ARM64": "arm64"}


class Clients(NamedTuple):
    ecs: Any
    ecr: Any
    dynamodb: Any
    lease: fence.Lease | None
    """The hold on the lock; None where check mode took none."""


class Found(NamedTuple):
    """What is there, before anything is decided."""

    service: Json
    pointed: Json
    """The revision that the service is pointed at."""
    pointed_release: int | None
    """Its release; None where it is none, because nothing was released yet or because somebody made it by hand."""
    previous: int | None
    """The number of the release that serves: not yet that of a rollout under way."""
    newest: Json | None
    """The newest revision of the family that provision or a release registered."""
    by_hand: str
    """A newer revision of the family that neither did, or empty."""
    entries: list[Json]
    """The ledger's, with the outcomes that ECS knows and nobody wrote, but for the open one."""
    settled: dict[int, Json]
    """What is to be written of entries that ended unseen, by their number."""
    open_entry: Json | None
    """The newest entry, when its holder is gone and it may be gone on with."""


class Image(NamedTuple):
    uri: str
    git_sha: str
    labels: plans.Labels
    found: Json | None
    """What ECR says of it, where ECR was asked."""

    @property
    def digest(self) -> str:
        return self.uri.partition("@")[2]


class Choice(NamedTuple):
    """What is to be released."""

    image: Image
    wanted: Json
    """The request to register it, but for its tags."""
    fields: Json
    """What the ledger's entry says that depends on the kind of change."""
    nothing_to_do: str = ""


def read_service(client: ecs.EcsClient, place: Json) -> tuple[Json, Json]:
    """The service, and the revision that it is pointed at."""
    service = ecs.describe_service(client, place["cluster"], place["service"])
    if service is None:
        raise plans.ReleaseRefused(
            f"Found no service {place['service']} in the cluster {place['cluster']}. "
            f"Run ansible-playbook provision.yml -e env={place['environment_name']} first."
        )
    if service["status"] != "ACTIVE":
        raise plans.ReleaseRefused(
            f"The service {place['service']} is {service['status']}, expected ACTIVE: it is being taken away. "
            f"When it is gone, ansible-playbook provision.yml -e env={place['environment_name']} makes another."
        )
    return service, ecs.describe_task_definition(client, service["taskDefinition"]) or {}


def read_source(clients: Clients, place: Json) -> plans.Source:
    service, revision = read_service(clients.ecs, place)
    entries = dynamodb.query_releases(clients.dynamodb, place["table"])
    return plans.Source(place["environment_name"], service, revision, entries)


def read(module: AnsibleAWSModule, clients: Clients, pool: ThreadPoolExecutor) -> Found:
    """Read all that decides, as much of it as possible at the same time."""
    params = module.params
    limit = None if params["change"] == plans.ROLLBACK else NEWEST_ENTRIES
    service_read = pool.submit(read_service, clients.ecs, params)
    newest_read = pool.submit(ecs.describe_task_definition, clients.ecs, params["family"])
    entries_read = pool.submit(dynamodb.query_releases, clients.dynamodb, params["table"], limit)
    service, pointed = service_read.result()
    entries = entries_read.result()
    settled = ends(clients.ecs, params["cluster"], service, entries, datetime.now(UTC))
    service = plans.completed_meanwhile(service, settled.get(release_number(pointed) or 0, {}))
    completed = serving_revision(service) or service["taskDefinition"]
    serving = (
        pointed if completed == service["taskDefinition"] else ecs.describe_task_definition(clients.ecs, completed)
    )
    open_entry = entries[0] if entries and not ledger.is_over(entries[0]) else None
    if open_entry and (end := settled.get(open_entry["number"])) and not ledger.touched_nothing(end):
        open_entry = None
    # Whether the open one is over is not decided yet.
    unseen = {number: end for number, end in settled.items() if not (open_entry and number == open_entry["number"])}
    newest = newest_read.result()
    base = plans.rendered_by_us(newest, entries)
    return Found(
        service,
        pointed,
        ledger.release_that_is(pointed, entries),
        ledger.release_that_is(serving, entries),
        ecs.describe_task_definition(clients.ecs, base) if base else newest,
        newest["taskDefinitionArn"] if newest and base else "",
        [one | unseen.get(one["number"], {}) for one in entries],
        settled,
        open_entry,
    )


def find_image(module: AnsibleAWSModule, clients: Clients) -> tuple[str, Json]:
    """The image to deploy: its reference by digest, and what ECR says of it."""
    name = module.params["repository"]
    repository = ecr_api.describe_repository(clients.ecr, name)
    if not repository:
        raise plans.ReleaseRefused(f"There is no image repository {name}. Run ansible-playbook provision.yml first.")
    uri = repository["repositoryUri"]
    found = ecr_images.find(clients.ecr, name, uri, module.params["image"] or None)
    return f"{uri}@{found['imageDigest']}", found


def read_labels(module: AnsibleAWSModule, digest: str, architecture: str) -> plans.Labels:
    """The image's labels. They are worth a line in the ledger, and never a deploy that fails."""
    try:
        client = module.client("ecr", config=WITH_LITTLE_PATIENCE)
        config = ecr_images.configuration(client, module.params["repository"], digest, architecture)
        return plans.labels_of(config)
    except (AnsibleAWSError, OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        module.warn(
            f"The labels of the image could not be read, so the ledger lacks its commit's title, and whether its "
            f"migrations are marked as not backward compatible. If they are, add -e breaking_migrations=true. {error}"
        )
        return plans.Labels()


def deployed(module: AnsibleAWSModule, clients: Clients, found: Found, uri: str, described: Json) -> Choice:
    digest = described["imageDigest"]
    labels = plans.labels_in(found.entries, digest)
    if labels is None:
        platform = (found.newest or {}).get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")
        labels = read_labels(module, digest, DOCKER_ARCHITECTURES[platform])
    refused = entry_point.refusal(labels.entry_point, module.params["release_command"])
    if refused and not module.params["force"]:
        raise plans.ReleaseRefused(refused)
    sha = git_sha(described.get("imageTags", [])) or labels.git_sha
    image = Image(uri, sha, labels, described)
    return Choice(image, with_image(module, clients, found, image), {})


def promoted(module: AnsibleAWSModule, clients: Clients, found: Found, source: plans.Source) -> Choice:
    params = module.params
    named = plans.number_of(params["release"])
    entry = plans.to_promote(source, named, params["force"], params["soak_seconds"], datetime.now(UTC))
    revision = source.revision
    if release_number(revision) != entry["number"]:
        revision = need_revision(clients, source.environment, entry)
    told = release_of(revision, params["container"])
    labels = plans.labels_in(source.entries, told["digest"]) or plans.Labels()
    image = Image(told["image"], told["git_sha"], labels, need_image(module, clients, told["digest"]))
    wanted = with_image(module, clients, found, image)
    missing = plans.missing_settings(revision, wanted, params["settings_not_promoted"])
    plans.refuse_missing_settings(source.environment, f"v{entry['number']}", params["environment_name"], missing)
    origin = {"environment": source.environment, "release": entry["number"]}
    return Choice(image, wanted, {"promoted_from": origin})


def rolled_back(module: AnsibleAWSModule, clients: Clients, found: Found) -> Choice:
    params, where, pointed = module.params, module.params["environment_name"], found.pointed_release
    named = plans.number_of(params["release"])
    back = way_back.way_back(where, found.entries, pointed, named, found.settled, params["force"])
    if back.nothing_to_do:
        return unchanged(module, found, back.nothing_to_do)
    serving = release_of(found.pointed, params["container"])["digest"]

    def same(entry: Json) -> bool:
        if entry.get("digest") != serving or params["keep_config"]:
            return bool(entry.get("digest") == serving)
        # Whether the same image has the same configuration is only known by looking.
        return not definitions.differences(
            found.pointed, request(module, clients, need_revision(clients, where, entry), "")
        )

    entry = way_back.chosen(back, same)
    if entry:
        return back_to(module, clients, found, entry, back.goes_on)
    if named is None:
        raise way_back.nothing_else(where, found.entries, pointed)
    if plans.is_complete(found.service):
        return unchanged(module, found, way_back.serves_already(where, back.candidates[0], pointed))
    return back_to(module, clients, found, back.candidates[0], goes_on=False)


def back_to(module: AnsibleAWSModule, clients: Clients, found: Found, entry: Json, goes_on: bool) -> Choice:
    params, where = module.params, module.params["environment_name"]
    if not params["force"]:
        since = found.pointed_release or found.entries[0]["number"]
        way_back.refuse_breaking(where, found.entries, entry["number"], since)
    labels = plans.labels_in([entry], entry["digest"]) or plans.Labels()
    image = Image(entry["image"], entry.get("git_sha", ""), labels, need_image(module, clients, entry["digest"]))
    if params["keep_config"]:
        wanted = with_image(module, clients, found, image)
    else:
        wanted = request(module, clients, need_revision(clients, where, entry), "")
    # One that is gone on with started from where it did.
    start = found.open_entry.get("rolled_back_from") if goes_on and found.open_entry else found.pointed_release
    return Choice(image, wanted, {"restores": entry["number"]} | ({"rolled_back_from": start} if start else {}))


def configured(module: AnsibleAWSModule, clients: Clients, found: Found) -> Choice:
    """The image that serves, with the configuration that is given, or with the one that is."""
    where = module.params["environment_name"]
    # What somebody made by hand is undone: the last good release's image is what was reviewed.
    if found.pointed_release is None and (good := ledger.last_good(found.entries)):
        labels = plans.labels_in([good], good["digest"]) or plans.Labels()
        image = Image(good["image"], good.get("git_sha", ""), labels, None)
    elif found.pointed_release is None:
        raise plans.ReleaseRefused(
            f"Nothing is released in {where} yet, so there is nothing to release again. "
            f"Run ansible-playbook deploy.yml -e env={where} first."
        )
    else:
        image = serving_image(module, found)
    return Choice(image, with_image(module, clients, found, image), {})


def unchanged(module: AnsibleAWSModule, found: Found, why: str) -> Choice:
    return Choice(serving_image(module, found), {}, {}, why)


def serving_image(module: AnsibleAWSModule, found: Found) -> Image:
    told = release_of(found.pointed, module.params["container"])
    labels = plans.labels_in(found.entries, told["digest"]) or plans.Labels()
    return Image(told["image"], told["git_sha"], labels, None)


def need_image(module: AnsibleAWSModule, clients: Clients, digest: str) -> Json:
    name = module.params["repository"]
    found: Json | None = ecr_api.describe_image(clients.ecr, name, {"imageDigest": digest})
    if not found:
        raise plans.ReleaseRefused(
            f"The image {digest[:19]} is not in {name} any more, so its release cannot run again. "
            "Build and push its commit, and deploy that."
        )
    return found


def need_revision(clients: Clients, environment: str, entry: Json) -> Json:
    arn = entry["task_definition"]
    found: Json | None = ecs.describe_task_definition(clients.ecs, arn)
    if not found:
        raise plans.ReleaseRefused(
            f"The revision {arn.rpartition('/')[2]} of v{entry['number']} is gone, and its configuration with it. "
            f"Its image alone: ansible-playbook rollback.yml -e env={environment} -e release=v{entry['number']} "
            "-e keep_config=true"
        )
    return found


def with_image(module: AnsibleAWSModule, clients: Clients, found: Found, image: Image) -> Json:
    """The configuration that is given, or the newest that provision rendered, with an image."""
    if found.newest is None:
        raise plans.ReleaseRefused(
            f"There is no task definition {module.params['family']} to set an image in. Run ansible-playbook "
            f"provision.yml -e env={module.params['environment_name']} first: it registers all but the image."
        )
    return request(module, clients, module.params["definition"] or found.newest, image.uri)


def request(module: AnsibleAWSModule, clients: Clients, definition: Json, image: str) -> Json:
    """The request to register ``definition``; refused with all that is wrong with it."""
    family = module.params["family"]
    asked: Json
    asked, problems = converted(
        plans.content(definition, module.params["container"], image),
        ecs.register_task_definition_shape(clients.ecs),
    )
    problems += fargate.problems(family, asked, blank_arns=module.check_mode)
    problems += tag_problems(module.params["tags"])
    if problems:
        raise plans.ReleaseRefused(
            f"{family} cannot be registered, put right what is wrong and run again: " + " ".join(problems)
        )
    return {"family": family} | asked


def what_lies_between(module: AnsibleAWSModule, running: str, new: str) -> plans.Commits | None:
    """What the checkout knows of two commits, or why it does not; None where there is nothing to know."""
    folder = module.params["checkout"]
    if not folder:
        return None
    git = git_in(folder, module.run_command)
    if found := commits_between(git, running, new):
        return plans.Commits(found["ahead"], found["behind"], found["titles"])
    unknown = why_unknown(git, folder, running, new) if module.params["change"] in (plans.DEPLOY, plans.PROMOTE) else ""
    return plans.Commits(0, 0, unknown=unknown) if unknown else None


def choose(module: AnsibleAWSModule, clients: Clients, pool: ThreadPoolExecutor) -> tuple[Found, Choice]:
    change = module.params["change"]
    if change == plans.DEPLOY:
        image_read = pool.submit(find_image, module, clients)
        found = read(module, clients, pool)
        return found, deployed(module, clients, found, *image_read.result())
    if change == plans.PROMOTE:
        source_read = pool.submit(read_source, clients, module.params["promote_from"])
        found = read(module, clients, pool)
        return found, promoted(module, clients, found, source_read.result())
    found = read(module, clients, pool)
    return found, (rolled_back if change == plans.ROLLBACK else configured)(module, clients, found)


def start(module: AnsibleAWSModule, clients: Clients, pool: ThreadPoolExecutor) -> Json:
    params, where, change = module.params, module.params["environment_name"], module.params["change"]
    found, choice = choose(module, clients, pool)
    image = choice.image
    serving = release_of(found.pointed, params["container"])
    if params["planned_on"] not in ("", found.service["taskDefinition"]):
        raise plans.ReleaseRefused(
            f"{where} has changed since the plan was shown: now it runs {serving['release_name'] or 'no release'}. "
            "Run the same command again to see what it would do now."
        )
    commits = what_lies_between(module, serving["git_sha"], image.git_sha) if serving["release"] else None
    if change in (plans.DEPLOY, plans.PROMOTE) and not params["force"]:
        plans.refuse_older_commit(where, serving["git_sha"], image.git_sha, commits)

    nothing_to_do = choice.nothing_to_do
    said = plans.disagreements(where, found.pointed, found.entries, found.by_hand)
    # What serves against the ledger is released, so that the two are one thing again.
    agreed = not plans.disagreements(where, found.pointed, found.entries)
    serves = agreed and plans.serves(found.service, found.pointed, choice.wanted)
    if not nothing_to_do and change != plans.SECRETS and serves:
        nothing_to_do = f"{where} runs {serving['release_name']} already, and it is what was asked for."
    adopted = None if nothing_to_do else interrupted(module, found, choice)
    settle(module, clients, found, adopted)
    if nothing_to_do:
        return result(module, found, choice, {"outcome": NO_CHANGE, "number": serving["release"]}, [nothing_to_do])

    changes = definitions.differences(found.pointed, choice.wanted)
    is_marked = params["breaking_migrations"] or image.labels.migrations == plans.BREAKING
    # Who goes back runs no new migrations, and the same image has none that did not run already.
    is_breaking = change in (plans.DEPLOY, plans.PROMOTE) and is_marked and image.digest != serving["digest"]
    entry = adopted or choice.fields | {
        "change": change,
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": params["by"],
        "reason": params["reason"] or None,
        "git_sha": image.git_sha,
        "commit_title": image.labels.title or None,
        "commit_author": image.labels.author or None,
        "digest": image.digest,
        "image": image.uri,
        "previous_release": found.previous,
        "same_as": found.pointed_release if not changes and change != plans.ROLLBACK else None,
        "migrations": plans.BREAKING if is_breaking else None,
    }
    number = adopted["number"] if adopted else plans.next_number(found.entries, found.newest)
    revision = plans.revision_of(adopted, found.newest) if adopted else None
    if clients.lease:
        clients.lease.ensure("the release's entry")
        if adopted:
            dynamodb.adopt_release(clients.dynamodb, params["table"], number, params["token"])
        else:
            while not dynamodb.put_release(
                clients.dynamodb, params["table"], entry | {"number": number}, params["token"]
            ):
                number += 1
        # From here on the entry is there to be ended, whatever goes wrong.
        try:
            protecting = pool.submit(protect, module, clients, image)
            revision = revision or register(module, clients, choice, number)
            protecting.result()
            note = {"task_definition": revision["taskDefinitionArn"], "registered_by": revision.get("registeredBy")}
            dynamodb.note_release(clients.dynamodb, params["table"], number, note, params["token"])
        except AnsibleAWSError as error:
            why = f": {error.exception}" if error.exception else ""
            module.fail_json(msg=f"{error.message}{why}", release=number)

    made = {"outcome": "", "number": number, "revision": revision, "adopted": bool(adopted)}
    lines = told(module, choice, entry, number, changes, commits)
    lines[1:1] = [f"  beware    {one}" for one in said]
    return result(module, found, choice, made, lines, changes)


def interrupted(module: AnsibleAWSModule, found: Found, choice: Choice) -> Json | None:
    """The newest entry, when it is this very release that was interrupted."""
    entry = found.open_entry
    if entry is None:
        return None
    same = {"change": module.params["change"], "digest": choice.image.digest} | choice.fields
    own = plans.revision_of(entry, found.newest)
    if entry.get("task_definition") and own is None:
        return None
    return entry if plans.goes_on_with(entry, own, choice.wanted, same) else None


def settle(module: AnsibleAWSModule, clients: Clients, found: Found, adopted: Json | None) -> None:
    """Write the ends that nobody wrote."""
    for number, end in found.settled.items():
        if clients.lease and not (adopted and number == adopted["number"]):
            clients.lease.ensure("the end of an earlier release")
            dynamodb.end_release(clients.dynamodb, module.params["table"], number, end)


def protect(module: AnsibleAWSModule, clients: Clients, image: Image) -> None:
    """Tag the image, so that the repository's lifecycle policy spares what was released."""
    if image.found is None:
        return
    name, tag = module.params["repository"], f"released-{image.digest.removeprefix('sha256:')[:12]}"
    if tag not in image.found.get("imageTags", []):
        ecr_images.tag(clients.ecr, name, image.digest, image.found.get("imageManifestMediaType"), tag)


def register(module: AnsibleAWSModule, clients: Clients, choice: Choice, number: int) -> Json:
    origin = choice.fields.get("promoted_from", {}).get("environment", "")
    tags = plans.tags(module.params["tags"], number, choice.image.git_sha, origin)

    def is_it(revision: Json) -> bool:
        return release_number(revision) == number and not definitions.differences(revision, choice.wanted)

    revision: Json = ecs.register_task_definition(clients.ecs, choice.wanted | {"tags": tag_request(tags)}, is_it)
    return revision


def told(
    module: AnsibleAWSModule,
    choice: Choice,
    entry: Json,
    number: int,
    changes: list[Any],
    commits: plans.Commits | None,
) -> list[str]:
    params, image = module.params, choice.image
    title = plans.title_line(params["environment_name"], number, entry, image.git_sha, image.digest, image.labels.title)
    more = plans.plan_lines(changes, commits, params["release_command"], entry.get("migrations") or "")
    return [title, *more]


def result(
    module: AnsibleAWSModule, found: Found, choice: Choice, made: Json, lines: list[str], changes: Any = ()
) -> Json:
    image, number = choice.image, made["number"]
    revision = found.pointed if made["outcome"] else made["revision"] or {}
    name = f"v{number} of {module.params['environment_name']}"
    verb = "Would start" if module.check_mode else "Go on with" if made.get("adopted") else "Started"
    return {
        "lock": module.params["lock"],
        "held_by_another": False,
        "changed": not made["outcome"],
        "outcome": made["outcome"],
        "release": number,
        "release_name": f"v{number}",
        "adopted": made.get("adopted", False),
        "rolling_out": bool(revision) and found.service["taskDefinition"] == revision.get("taskDefinitionArn"),
        "released": release_number(found.pointed) is not None or found.service["desiredCount"] > 0,
        "task_definition_arn": revision.get("taskDefinitionArn"),
        "image": image.uri,
        "digest": image.digest,
        "git_sha": image.git_sha,
        "promoted_from": choice.fields.get("promoted_from", {}).get("environment", ""),
        "serving_task_definition": found.service["taskDefinition"],
        "url": own_tags(found.service.get("tags", [])).get(URL_TAG, ""),
        "running": found.service["runningCount"],
        "desired": found.service["desiredCount"],
        "seconds": round(time.monotonic() - BEGUN, 2),
        "plan": lines,
        "differences": [asdict(one) for one in changes],
        "msg": lines[0] if made["outcome"] else f"{verb} {name}.",
        "diff": {
            "before": definitions.diff_lines(list(changes), "before"),
            "after": definitions.diff_lines(list(changes), "after"),
        },
    }


def take_lock(module: AnsibleAWSModule, client: dynamodb.DynamoDbClient) -> None:
    """Take the lock, or end and say who holds it."""
    params, now, asked_at = module.params, time.time(), lock.ticks()
    holder = lock.holder(os.environ, params["by"], params["pid"], params["command"])
    wanted = lock.new_lock(params["token"], holder, now)
    params["token"] = wanted["token"]
    if held := dynamodb.take_free_or_lost_lock(client, params["table"], wanted, params["seen"]):
        answer = lock.told_to_wait(params["table"], held, now, params["waited_seconds"], params["wait_seconds"])
        (module.fail_json if answer.get("failed") else module.exit_json)(**answer)
    params["lock"] = lock.handed_on(params["table"], params["token"], holder, asked_at)


def main() -> None:
    text = {"type": "str", "default": ""}
    needed = {"type": "str", "required": True}
    flag = {"type": "bool", "default": False}
    place = {name: needed for name in ("environment_name", "table", "cluster", "service")}
    module = AnsibleAWSModule(
        argument_spec={
            **place,
            "family": needed,
            "container": {"type": "str", "default": "app"},
            "repository": needed,
            "change": {"type": "str", "choices": list(plans.CHANGES), "required": True},
            "image": text,
            "definition": {"type": "dict"},
            "promote_from": {"type": "dict", "options": place},
            "release": text,
            "keep_config": flag,
            "settings_not_promoted": {"type": "list", "elements": "str", "default": []},
            "soak_seconds": {"type": "int", "default": 0},
            "planned_on": text,
            "reason": text,
            "by": text,
            "command": {"type": "str", "default": "release"},
            # No secret: it lets nobody in, and Ansible would blot it out wherever it stands.
            "token": text | {"no_log": False},
            "pid": {"type": "int", "default": 0},
            "wait_seconds": {"type": "float", "default": lock.WAIT_SECONDS},
            "waited_seconds": {"type": "float", "default": 0},
            "seen": {"type": "dict", "default": {}},
            "breaking_migrations": flag,
            "force": flag,
            "release_command": text,
            "checkout": text,
            "tags": {"type": "dict", "default": {}},
        },
        required_if=[("change", "promote", ["promote_from"]), ("change", "configuration", ["definition"])],
        supports_check_mode=True,
    )
    client = module.client("dynamodb")
    module.params["lock"] = lock.handed_on(module.params["table"], "", {}, 0.0)
    module.params["tags"] = {key: "" if one is None else str(one) for key, one in module.params["tags"].items()}
    module.params["by"] = module.params["by"] or lock.caller(os.environ)
    try:
        if not module.check_mode:
            take_lock(module, client)
        lease = None if module.check_mode else fence.lease(module.params["lock"], lambda: client)
        clients = Clients(fence.client_of(module, "ecs"), fence.client_of(module, "ecr"), client, lease)
        with ThreadPoolExecutor() as pool:
            answer = start(module, clients, pool)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    except (plans.ReleaseRefused, ImageRefused) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
