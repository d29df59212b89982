#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: scheduled_action
short_description: Change between which counts an ECS service is scaled, at certain times
description:
  - Creates, changes or deletes one scheduled action of Application Auto Scaling.
    The service must be a M(scalable_target).
  - At its time the action sets the target's bounds, and AWS moves the count into them. The bounds stay until somebody,
    or another action, changes them.
  - No module of amazon.aws or community.aws does this.
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
  name:
    description: Name of the action, among those of the service.
    type: str
    required: true
  state:
    description: Whether the action is to be there.
    type: str
    choices: [present, absent]
    default: present
  schedule:
    description: >-
      When, as C(cron(0 20 ? * MON-FRI *)), C(at(2030-12-31T20:00:00)) or C(rate(1 day)).
      Required when O(state=present).
    type: str
  timezone:
    description: Time zone of the schedule, by its IANA name.
    type: str
    default: UTC
  minimum:
    description: The lowest number of tasks from then on. Required when O(state=present).
    type: int
  maximum:
    description: The highest number of tasks from then on. Required when O(state=present).
    type: int
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what it would change, and changes nothing. The service need not be there.
  diff_mode:
    support: full
    description: Shows the options that differ, before and after.
"""

EXAMPLES = r"""
- name: Stop the app in the evening
  scheduled_action:
    cluster: webapp-staging
    service: app
    name: night-stop
    schedule: cron(0 20 ? * MON-FRI *)
    timezone: Europe/Berlin
    minimum: 0
    maximum: 0
"""

RETURN = r"""
action:
  description: The scheduled action; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the action.
      type: str
      returned: when present
      sample: night-stop
    schedule:
      description: As the option of the same name; so are the others.
      type: str
      returned: when present
      sample: cron(0 20 ? * MON-FRI *)
"""

from typing import Any

from ansible.module_utils.towpath import application_autoscaling_api as scaling
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible.module_utils.towpath.scaling import (
    action_request,
    comparable_action,
    resource_of,
    schedule_problem,
    target_refusal,
)
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def present(module: AnsibleAWSModule, client: scaling.ScalingClient, found: dict[str, Any]) -> dict[str, Any]:
    params = module.params
    name = params["name"]
    asked = {option: params[option] for option in ("schedule", "timezone", "minimum", "maximum")}
    if problem := schedule_problem(asked["schedule"]) or target_refusal(asked):
        module.fail_json(msg=f"The scheduled action {name} cannot be: {problem}")
    changes = differences(comparable_action(found) if found else {}, asked)
    if changes and not module.check_mode:
        resource = resource_of(params["cluster"], params["service"])
        scaling.put_scheduled_action(client, resource, action_request(name, asked))
    verb = (f"Changed {sentence(changes)} of" if found else "Created") if changes else "Nothing to change in"
    return {
        "changed": bool(changes),
        "diff": diff(changes),
        "msg": f"{verb} the scheduled action {name} of {params['service']}.",
        "action": {"name": name, **asked},
    }


def absent(module: AnsibleAWSModule, client: scaling.ScalingClient, found: dict[str, Any]) -> dict[str, Any]:
    params = module.params
    name = params["name"]
    if found and not module.check_mode:
        scaling.delete_scheduled_action(client, resource_of(params["cluster"], params["service"]), name)
    return {
        "changed": bool(found),
        "diff": {"before": comparable_action(found) if found else {}, "after": {}},
        "msg": f"Deleted the scheduled action {name}." if found else f"There is no scheduled action {name}.",
        "action": {},
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "schedule": {"type": "str"},
            "timezone": {"type": "str", "default": "UTC"},
            "minimum": {"type": "int"},
            "maximum": {"type": "int"},
        },
        required_if=[("state", "present", ["schedule", "minimum", "maximum"])],
        supports_check_mode=True,
    )
    client = module.client("application-autoscaling")
    try:
        resource = resource_of(module.params["cluster"], module.params["service"])
        actions = scaling.describe_scheduled_actions(client, resource)
        name = module.params["name"]
        found: dict[str, Any] = next((one for one in actions if one["ScheduledActionName"] == name), {})
        result = {"present": present, "absent": absent}[module.params["state"]](module, client, found)
    except scaling.ScalingError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
