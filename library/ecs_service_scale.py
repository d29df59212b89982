#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_service_scale
short_description: Run another number of tasks, or let scaling choose between other bounds
description:
  - Changes the number of tasks of a service within the bounds of its M(scalable_target), or the bounds themselves,
    and prints how many tasks run until all do.
  - Where the bounds are one count, another count takes their place.
  - V(0) stops the app and suspends its scaling, so that nothing starts it again; any other count ends that.
  - Scaling is no release. The tasks that are added run what serves, and those that go are drained first.
author: Contributors to Towpath
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  count:
    description: Number of tasks to run.
    type: int
  minimum:
    description: The lowest number of tasks that scaling may choose.
    type: int
  maximum:
    description: The highest number of tasks that scaling may choose.
    type: int
  configured_minimum:
    description: The lowest number in group_vars, to tell the way back.
    type: int
    required: true
  configured_maximum:
    description: The highest number in group_vars, to tell the way back.
    type: int
    required: true
  environment_name:
    description: Name of the environment, for the commands that messages name.
    type: str
    required: true
  timeout_seconds:
    description: How long to follow the tasks. ECS goes on afterwards.
    type: float
    default: 300
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  action:
    support: full
    description: The part that waits and prints runs on the controller.
  check_mode:
    support: full
    description: Says what it would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows the count and the bounds, before and after.
"""

EXAMPLES = r"""
- name: Run three tasks
  ecs_service_scale:
    cluster: webapp-prod
    service: app
    count: 3
    configured_minimum: 2
    configured_maximum: 6
    environment_name: prod
"""

RETURN = r"""
desired:
  description: Number of tasks that are wanted.
  returned: success
  type: int
  sample: 3
running:
  description: Number of tasks that run.
  returned: success
  type: int
  sample: 3
lines:
  description: What becomes of the count from now on, a sentence each.
  returned: success
  type: list
  elements: str
  sample: ["The count stays at 3 until somebody changes it."]
"""

from typing import Any

from ansible.module_utils.towpath import application_autoscaling_api as scaling
from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath.differences import diff, differences
from ansible.module_utils.towpath.rollout import refusal_of_service
from ansible.module_utils.towpath.scale import Asked, Plan, outlook, plan, running_count
from ansible.module_utils.towpath.scaling import comparable_target, resource_of, target_request
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def scale(module: AnsibleAWSModule) -> dict[str, Any]:
    params = module.params
    cluster, name, environment = params["cluster"], params["service"], params["environment_name"]
    client, scaling_client = module.client("ecs"), module.client("application-autoscaling")
    resource = resource_of(cluster, name)
    service = ecs.describe_service(client, cluster, name)
    if wrong := refusal_of_service(service, cluster, name):
        module.fail_json(msg=wrong)
    target = scaling.describe_target(scaling_client, resource)
    if target is None:
        module.fail_json(
            msg=f"Nothing says between how many tasks {name} is scaled. "
            f"Run ansible-playbook provision.yml -e env={environment} first."
        )

    before = comparable_target(target) | {"desired_count": service["desiredCount"]}
    asked = Asked(params["count"], params["minimum"], params["maximum"])
    wanted = plan(asked, comparable_target(target), service["desiredCount"], environment)
    if wanted.refusal:
        module.fail_json(msg=wanted.refusal)
    changes = differences(before, wanted.target | {"desired_count": wanted.desired})
    if changes and not module.check_mode:
        changed = {one.field for one in changes}
        apply(module, client, scaling_client, wanted, changed)
    policies = scaling.describe_policies(scaling_client, resource)
    actions = scaling.describe_scheduled_actions(scaling_client, resource)
    configured = {"minimum": params["configured_minimum"], "maximum": params["configured_maximum"]}
    result = {
        "changed": bool(changes),
        "diff": diff(changes),
        "desired": wanted.desired,
        "running": running_count(service),
        "lines": outlook(wanted, len(policies), actions, configured, environment),
        "msg": f"{name} is to run {wanted.desired} tasks, and ran {running_count(service)}.",
    }
    if module.check_mode:
        return result
    # For the action plugin: what to follow, as the options of ecs_service_scale_info.
    follow = {"desired": wanted.desired, "timeout_seconds": params["timeout_seconds"]}
    return result | {"follow": follow | {"cluster": cluster, "service": name}}


def apply(
    module: AnsibleAWSModule,
    client: ecs.EcsClient,
    scaling_client: scaling.ScalingClient,
    wanted: Plan,
    changed: set[str],
) -> None:
    """Change the bounds while the count is within them: AWS moves one that is not, also when scaling is suspended."""
    cluster, name = module.params["cluster"], module.params["service"]
    steps = []
    if "desired_count" in changed:
        request = {"cluster": cluster, "service": name, "desiredCount": wanted.desired}
        steps.append(lambda: ecs.update_service(client, request))
    if changed - {"desired_count"}:
        resource = resource_of(cluster, name)
        steps.append(lambda: scaling.register_target(scaling_client, resource, target_request(wanted.target)))
    # What stops the app is suspended before it stops, and what starts it begins again once it runs.
    for step in reversed(steps) if wanted.desired == 0 else steps:
        step()


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "count": {"type": "int"},
            "minimum": {"type": "int"},
            "maximum": {"type": "int"},
            "configured_minimum": {"type": "int", "required": True},
            "configured_maximum": {"type": "int", "required": True},
            "environment_name": {"type": "str", "required": True},
            "timeout_seconds": {"type": "float", "default": 300},
        },
        supports_check_mode=True,
    )
    try:
        result = scale(module)
    except (ecs.EcsError, scaling.ScalingError) as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
