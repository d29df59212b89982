#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: deploy_check_info
short_description: Look at everything that a deploy needs, changing nothing
description:
  - Says in a sentence each what is good, what is bad, and what could not be looked at, with what to do about it.
  - A permission that the caller lacks makes a check unknown, and nothing else.
  - Needs C(ecs:DescribeServices) and C(ecs:DescribeTaskDefinition); and for one check each C(ecr:DescribeRepositories),
    C(ecr:DescribeImages), C(ecr:BatchGetImage) and C(ecr:GetDownloadUrlForLayer), C(ssm:DescribeParameters),
    C(iam:SimulatePrincipalPolicy), C(logs:DescribeLogGroups), C(ec2:DescribeSubnets),
    C(elasticloadbalancing:DescribeTargetGroups) and C(elasticloadbalancing:DescribeTargetHealth),
    C(cloudwatch:DescribeAlarms), C(servicequotas:GetServiceQuota) and C(cloudwatch:GetMetricStatistics),
    C(dynamodb:Query) and C(dynamodb:GetItem).
author: Contributors to Towpath
options:
  environment:
    description: Name of the environment, for what to type next.
    type: str
    required: true
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  family:
    description: Family of the task definition; its newest revision is what the next release starts from.
    type: str
    required: true
  repository:
    description: Name of the image repository.
    type: str
    required: true
  image:
    description: A tag, a digest or a full reference; empty for the newest image pushed.
    type: str
    default: ""
  ledger_table:
    description: Table of the environment's releases, which tells a change by hand; empty where there is none.
    type: str
    default: ""
  checkout:
    description: Folder of the git checkout that tells an older commit from a newer one; empty where none is asked.
    type: str
    default: ""
  deploying:
    description:
      - Whether a deploy asks, for itself. Then only what would make it fail is looked at, free addresses and the quota
        only where the rollout starts many tasks, because that takes longest and seldom says anything.
    type: bool
    default: false
  many_tasks:
    description: How many tasks are many.
    type: int
    default: 10
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Reads only.
  diff_mode:
    support: none
    description: Changes nothing, so there is nothing to show.
"""

EXAMPLES = r"""
- name: Look at everything that a deploy needs
  deploy_check_info:
    environment: staging
    cluster: webapp-staging
    service: app
    family: webapp-staging
    repository: webapp
    image: 4f2c9d1a0b3e
"""

RETURN = r"""
checks:
  description: What was looked at, in the order in which a deploy needs it.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: What was looked at.
      type: str
      sample: image
    state:
      description: V(good), V(bad) or V(unknown).
      type: str
      sample: good
    sentence:
      description: What was found.
      type: str
      sample: webapp:4f2c9d1a0b3e is there, X86_64 as the task definition
    advice:
      description: What to do about it; empty where there is nothing to do.
      type: str
      sample: ""
lines:
  description: The same for people, aligned.
  returned: success
  type: list
  elements: str
  sample: ["good     image  webapp:4f2c9d1a0b3e is there, X86_64 as the task definition"]
in_the_way:
  description: The lines of what is bad.
  returned: success
  type: list
  elements: str
  sample: []
"""

import contextlib
import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.towpath import (
    cloudwatch_api,
    deploy_check,
    drift,
    dynamodb_api,
    ec2_api,
    ecr_api,
    ecr_images,
    ecs_api,
    elbv2_api,
    iam_api,
    image,
    logs_api,
    release_plan,
    service_quotas_api,
    ssm_api,
    sts_api,
)
from ansible.module_utils.towpath.checkout import git_in, what_is_missing
from ansible.module_utils.towpath.deploy_check import Check, Failure
from ansible.module_utils.towpath.differences import own_tags
from ansible.module_utils.towpath.image_config import get_image_config
from ansible.module_utils.towpath.release import GIT_SHA_TAG
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

# Where botocore is not there, AnsibleAWSModule says so.
with contextlib.suppress(ImportError):
    from botocore.parsers import ResponseParserError

# By its name, which is also what cannot be looked at when it fails.
Looks = dict[str, Callable[[], Check]]

# The newest good release is among these, unless as many in a row have failed.
RELEASES = 50

FARGATE_VCPUS = "L-3032A538"
FARGATE_SPOT_VCPUS = "L-36FBB829"


def failure_of(error: AnsibleAWSError) -> Failure:
    if not error.exception:
        return Failure("", "", str(error.message))
    response = getattr(error.exception, "response", {})
    code = response.get("Error", {}).get("Code") or type(error.exception).__name__
    message = response.get("Error", {}).get("Message") or str(error.exception)
    return Failure(str(error.message).removeprefix("Failed to "), code, message)


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """Whatever goes wrong with one check is that check's own matter."""
    try:
        return check()
    except AnsibleAWSError as error:
        return deploy_check.not_looked_at(name, failure_of(error))
    except ResponseParserError:
        # Something on the way to AWS answers in its place.
        return deploy_check.not_looked_at(name, Failure("", "", "What answered was not AWS."))


def find_image(client: ecr_api.EcrClient, repository: str, reference: str) -> dict[str, Any]:
    """The image that is meant, as ECR describes it; raises ImageRefused when there is none."""
    registry = ecr_api.describe_repository(client, repository)
    if not registry:
        raise image.ImageRefused(
            f"There is no image repository {repository}. Run ansible-playbook provision.yml first."
        )
    found: dict[str, Any] = ecr_images.find(client, repository, registry["repositoryUri"], reference)
    return found


def architectures(client: ecr_api.EcrClient, repository: str, found: dict[str, Any]) -> list[str]:
    """What the image was built for; none where it does not say."""
    media_type = found.get("imageManifestMediaType")
    answer = ecr_api.get_image_manifest(client, repository, found["imageDigest"], media_type)
    manifest = json.loads(answer["imageManifest"]) if answer else {}
    if "manifests" in manifest or "config" not in manifest:
        offered: list[str] = deploy_check.manifest_architectures(manifest)
        return offered
    config = get_image_config(client, repository, manifest["config"]["digest"])
    return [str(config["architecture"])] if config.get("architecture") else []


def read_image(client: ecr_api.EcrClient, params: dict[str, Any]) -> tuple[str, list[str]]:
    """The image as people name it, and what it was built for; raises ImageRefused when there is none."""
    repository = params["repository"]
    found = find_image(client, repository, params["image"])
    tags = sorted(found.get("imageTags", []))
    name = image.git_sha(tags) or next(iter(tags), "")
    shown = f"{repository}:{name}" if name else f"{repository}@{found['imageDigest'][:19]}"
    try:
        return shown, architectures(client, repository, found)
    except ecr_api.EcrError:
        # That the image is there is known all the same.
        return shown, []


def check_image(reading: Future[tuple[str, list[str]]], definition: dict[str, Any]) -> Check:
    try:
        shown, built_for = reading.result()
    except image.ImageRefused as refused:
        return deploy_check.missing_image(str(refused))
    return deploy_check.image(shown, built_for, definition)


def check_secrets(
    ssm: ssm_api.SsmClient, iam: iam_api.IamClient, definition: dict[str, Any], environment: str
) -> Check:
    wanted = deploy_check.parameters_of(definition)
    parameters = ssm_api.describe_named_parameters(ssm, sorted(set(wanted.values()))) if wanted else []
    found = {one["Name"]: one for one in parameters}
    role = definition.get("executionRoleArn")
    decisions: dict[str, str] | Failure = {}
    if parameters and role:
        arns = [deploy_check.parameter_arn(name, role, ssm.meta.region_name) for name in found]
        try:
            results = iam_api.simulate_principal_policy(iam, role, "ssm:GetParameters", arns)
            decisions = dict.fromkeys(arns, "noSuchRole") if results is None else deploy_check.simulated(results)
        except iam_api.IamError as error:
            decisions = failure_of(error)
    return deploy_check.secrets(wanted, found, decisions, environment)


def check_target_group(
    client: elbv2_api.ElbClient, service: dict[str, Any], definition: dict[str, Any], deploying: bool
) -> Check:
    balancers = [one for one in service.get("loadBalancers", []) if "targetGroupArn" in one]
    checked = Check("target group", deploy_check.GOOD, "the service has none")
    for balancer in balancers:
        group = elbv2_api.describe_target_group_by_arn(client, balancer["targetGroupArn"])
        checked = deploy_check.target_group(group, balancer, definition)
        if group and not deploying:
            targets = elbv2_api.describe_target_health(client, balancer["targetGroupArn"])
            checked = deploy_check.answers(group, targets, checked)
        if checked.state != deploy_check.GOOD:
            break
    return checked


def check_alarms(client: cloudwatch_api.CloudWatchClient, service: dict[str, Any]) -> Check:
    wanted = (service.get("deploymentConfiguration") or {}).get("alarms") or {}
    names = wanted.get("alarmNames") or []
    found = cloudwatch_api.describe_alarms(client, names) if names and wanted.get("enable") else []
    return deploy_check.alarms(wanted, found)


def check_addresses(client: ec2_api.Ec2Client, service: dict[str, Any]) -> Check:
    network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration", {})
    free = ec2_api.free_addresses(client, network.get("subnets", []))
    return deploy_check.addresses(deploy_check.tasks_besides(service), free)


def check_quota(
    quotas: service_quotas_api.ServiceQuotasClient,
    cloudwatch: cloudwatch_api.CloudWatchClient,
    service: dict[str, Any],
    definition: dict[str, Any],
) -> Check:
    providers = {one["capacityProvider"] for one in service.get("capacityProviderStrategy") or []}
    code = FARGATE_SPOT_VCPUS if providers == {"FARGATE_SPOT"} else FARGATE_VCPUS
    quota = service_quotas_api.get_quota(quotas, "fargate", code)
    used = cloudwatch_api.newest_datapoint(cloudwatch, quota["UsageMetric"], datetime.now(UTC))
    needed = deploy_check.vcpus_of(definition, deploy_check.tasks_besides(service))
    return deploy_check.vcpus(needed, used, quota["Value"], code)


def check_drift(
    dynamodb: dynamodb_api.DynamoDbClient,
    ecs: ecs_api.EcsClient,
    table: str,
    service: dict[str, Any],
    environment: str,
) -> Check:
    serving = service["taskDefinition"]
    settings = dynamodb_api.get_settings(dynamodb, table)
    entries = dynamodb_api.query_releases(dynamodb, table, RELEASES)
    expected = drift.expected_revision(entries, serving)
    running = ecs_api.describe_task_definition(ecs, serving)
    by_hand = running is not None and expected not in ("", serving)
    expects = ecs_api.describe_task_definition(ecs, expected) if by_hand else None
    found = drift.drift(settings, service, None, expects, running if by_hand else None)
    said = release_plan.disagreements(environment, running or {}, entries)
    return deploy_check.drift([*said, *drift.lines(found)], drift.puts_right(environment, found, entries))


def check_commits(module: AnsibleAWSModule, definition: dict[str, Any]) -> Check:
    folder = module.params["checkout"]
    running = image.commit_of(own_tags(definition.get("tags", [])).get(GIT_SHA_TAG, ""))
    missing = what_is_missing(git_in(folder, module.run_command), folder, *filter(None, [running]))
    return deploy_check.commits(missing)


def what_a_deploy_needs(module: AnsibleAWSModule, service: dict[str, Any], definition: dict[str, Any]) -> Looks:
    params = module.params
    ssm, iam = module.client("ssm"), module.client("iam")
    logs, elb = module.client("logs"), module.client("elbv2")
    wanted = deploy_check.log_groups_of(definition)

    def log_group() -> Check:
        return deploy_check.log_group(wanted, logs_api.log_group_names(logs, wanted), params["environment"])

    return {
        "secrets": lambda: check_secrets(ssm, iam, definition, params["environment"]),
        "log group": log_group,
        "target group": lambda: check_target_group(elb, service, definition, params["deploying"]),
    }


def room_for_its_tasks(module: AnsibleAWSModule, service: dict[str, Any], definition: dict[str, Any]) -> Looks:
    ec2, quotas, cloudwatch = (module.client(name) for name in ("ec2", "service-quotas", "cloudwatch"))
    return {
        "addresses": lambda: check_addresses(ec2, service),
        "quota": lambda: check_quota(quotas, cloudwatch, service, definition),
    }


def what_else_to_know(module: AnsibleAWSModule, ecs: ecs_api.EcsClient, service: dict[str, Any]) -> Looks:
    sts, cloudwatch, dynamodb = (module.client(name) for name in ("sts", "cloudwatch", "dynamodb"))
    table, environment = module.params["ledger_table"], module.params["environment"]
    by_hand: Looks = {"drift": lambda: check_drift(dynamodb, ecs, table, service, environment)} if table else {}
    return by_hand | {
        "credentials": lambda: deploy_check.credentials(sts_api.get_caller_identity(sts)),
        "rollout": lambda: deploy_check.rollout(service),
        "alarms": lambda: check_alarms(cloudwatch, service),
    }


def look(module: AnsibleAWSModule) -> list[Check]:
    """Look at each thing in a thread. Threads may share clients, but not make them."""
    params = module.params
    ecs, deploying = module.client("ecs"), params["deploying"]
    with ThreadPoolExecutor(max_workers=10) as pool:
        reads = [
            pool.submit(ecs_api.describe_service, ecs, params["cluster"], params["service"]),
            pool.submit(ecs_api.describe_task_definition, ecs, params["family"]),
        ]
        # The longest chain of calls, and nothing that comes before it matters to it.
        image_read = pool.submit(read_image, module.client("ecr"), params)
        try:
            service, definition = (one.result() for one in reads)
        except ecs_api.EcsError as error:
            return [deploy_check.refused(failure_of(error))]
        checked = deploy_check.service(params["service"], service, params["environment"])
        if not service or not definition:
            return [checked]
        looks: Looks = {"service": lambda: checked, "image": lambda: check_image(image_read, definition)}
        looks |= what_a_deploy_needs(module, service, definition)
        if not deploying or deploy_check.tasks_besides(service) >= params["many_tasks"]:
            looks |= room_for_its_tasks(module, service, definition)
        if not deploying:
            looks |= what_else_to_know(module, ecs, service)
            if params["checkout"]:
                looks["commits"] = lambda: check_commits(module, definition)
        running = [pool.submit(guarded, name, check) for name, check in looks.items()]
        checks: list[Check] = deploy_check.in_order([one.result() for one in running])
        return checks


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "environment": {"type": "str", "required": True},
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "family": {"type": "str", "required": True},
            "repository": {"type": "str", "required": True},
            "image": {"type": "str", "default": ""},
            "ledger_table": {"type": "str", "default": ""},
            "checkout": {"type": "str", "default": ""},
            "deploying": {"type": "bool", "default": False},
            "many_tasks": {"type": "int", "default": 10},
        },
        supports_check_mode=True,
    )
    checks = look(module)
    module.exit_json(
        changed=False,
        checks=[one._asdict() for one in checks],
        lines=deploy_check.lines(checks),
        in_the_way=deploy_check.lines([one for one in checks if one.state == deploy_check.BAD]),
    )


if __name__ == "__main__":
    main()
