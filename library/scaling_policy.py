#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: scaling_policy
short_description: Scale an ECS service so that a metric stays near a value
description:
  - Creates, changes or deletes one target tracking policy of Application Auto Scaling.
    The service must be a M(scalable_target).
  - AWS makes the policy's alarms and deletes them with it. It adds tasks when any policy asks for more, and
    takes tasks away only when all agree. While a deployment is in progress it takes none away.
  - C(community.aws.application_autoscaling_policy) writes in check mode, compares a policy word by word with what AWS
    answers, so that a default that AWS adds is a change in every run, and shows no diff.
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
    description: Name of the policy, among those of the service.
    type: str
    required: true
  state:
    description: Whether the policy is to be there.
    type: str
    choices: [present, absent]
    default: present
  metric:
    description:
      - What is kept near O(target_value). V(cpu) and V(memory) are the service's average use of what its tasks have,
        in percent; V(requests) is the number of requests a minute for each target of a target group.
      - Required when O(state=present).
    type: str
    choices: [cpu, memory, requests]
  target_value:
    description: Value that the metric is kept near. Required when O(state=present).
    type: float
  load_balancer_arn:
    description: Load balancer whose requests are counted, for O(metric=requests). Only in check mode it may be empty.
    type: str
  target_group_arn:
    description: Target group whose targets share them, for O(metric=requests). Only in check mode it may be empty.
    type: str
  scale_out_cooldown_seconds:
    description: How long to wait for new tasks to take effect before even more are added.
    type: int
    default: 300
  scale_in_cooldown_seconds:
    description: How long to wait between two times that tasks are taken away.
    type: int
    default: 300
  scale_in:
    description: Whether the policy takes tasks away, too.
    type: bool
    default: true
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
- name: Add tasks when they are busy, and take them away when they are not
  scaling_policy:
    cluster: webapp-prod
    service: app
    name: cpu
    metric: cpu
    target_value: 60

- name: Give each task at most 1200 requests a minute
  scaling_policy:
    cluster: webapp-prod
    service: app
    name: requests
    metric: requests
    target_value: 1200
    load_balancer_arn: "{{ load_balancer_outputs.arn }}"
    target_group_arn: "{{ load_balancer_outputs.target_group_arn }}"
"""

RETURN = r"""
policy:
  description: The policy; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the policy.
      type: str
      returned: when present
      sample: cpu
    metric:
      description: As the option of the same name; so are the others.
      type: str
      returned: when present
      sample: cpu
    resource_label:
      description: What AWS calls the target group behind the load balancer; empty for the other metrics.
      type: str
      returned: when present
      sample: app/webapp-prod/50dc6c495c0c9188/targetgroup/webapp-prod/73e2d6bc24d8a067
"""

from typing import Any

from ansible.module_utils.towpath import application_autoscaling_api as scaling
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible.module_utils.towpath.scaling import (
    METRICS,
    comparable_policy,
    policy_request,
    resource_label,
    resource_of,
)
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def present(module: AnsibleAWSModule, client: scaling.ScalingClient, found: dict[str, Any]) -> dict[str, Any]:
    params = module.params
    name, requests = params["name"], params["metric"] == "requests"
    label = resource_label(params["load_balancer_arn"], params["target_group_arn"]) if requests else ""
    if requests and not label and not module.check_mode:
        module.fail_json(
            msg="metric is requests, and load_balancer_arn or target_group_arn is empty. "
            "Give the ARN of the load balancer and of its target group, whose requests are to be counted."
        )
    kept = ("metric", "target_value", "scale_in_cooldown_seconds", "scale_out_cooldown_seconds", "scale_in")
    asked = {option: params[option] for option in kept} | {"resource_label": label}
    changes = differences(comparable_policy(found) if found else {}, asked)
    if changes and not module.check_mode:
        resource = resource_of(params["cluster"], params["service"])
        scaling.put_policy(client, resource, policy_request(name, asked))
    verb = (f"Changed {sentence(changes)} of" if found else "Created") if changes else "Nothing to change in"
    return {
        "changed": bool(changes),
        "diff": diff(changes),
        "msg": f"{verb} the scaling policy {name} of {params['service']}.",
        "policy": {"name": name, **asked},
    }


def absent(module: AnsibleAWSModule, client: scaling.ScalingClient, found: dict[str, Any]) -> dict[str, Any]:
    params = module.params
    name = params["name"]
    if found and not module.check_mode:
        scaling.delete_policy(client, resource_of(params["cluster"], params["service"]), name)
    return {
        "changed": bool(found),
        "diff": {"before": comparable_policy(found) if found else {}, "after": {}},
        "msg": f"Deleted the scaling policy {name}." if found else f"There is no scaling policy {name}.",
        "policy": {},
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "metric": {"type": "str", "choices": list(METRICS)},
            "target_value": {"type": "float"},
            "load_balancer_arn": {"type": "str"},
            "target_group_arn": {"type": "str"},
            "scale_out_cooldown_seconds": {"type": "int", "default": 300},
            "scale_in_cooldown_seconds": {"type": "int", "default": 300},
            "scale_in": {"type": "bool", "default": True},
        },
        required_if=[
            ("state", "present", ["metric", "target_value"]),
            ("metric", "requests", ["load_balancer_arn", "target_group_arn"]),
        ],
        supports_check_mode=True,
    )
    client = module.client("application-autoscaling")
    try:
        policies = scaling.describe_policies(client, resource_of(module.params["cluster"], module.params["service"]))
        found: dict[str, Any] = next((one for one in policies if one["PolicyName"] == module.params["name"]), {})
        result = {"present": present, "absent": absent}[module.params["state"]](module, client, found)
    except scaling.ScalingError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
