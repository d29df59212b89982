#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: elb_target_group
short_description: Create the target group that an ECS service registers its tasks with
description:
  - Creates or changes a target group of IP addresses behind an Application Load Balancer.
  - The targets belong to ECS, so this module neither reads nor touches them.
  - C(community.aws.elb_target_group) has no check mode, shows no diff,
    and deregisters running tasks unless it is told not to.
author: Contributors to Towpath
options:
  name:
    description: Name of the target group, at most 32 letters, digits and hyphens.
    type: str
    required: true
  state:
    description: Whether the target group should be there.
    type: str
    choices: [present, absent]
    default: present
  vpc_id:
    description: VPC of the targets. Required when O(state=present). Cannot be changed later.
    type: str
  port:
    description: Port of the targets. Required when O(state=present). Cannot be changed later.
    type: int
  health_check:
    description: How a target's health is found out. What is not given is left as it is.
    type: dict
    default: {}
    suboptions:
      path:
        description: Path that is asked for.
        type: str
      interval_seconds:
        description: Seconds between two checks, 5 to 300.
        type: int
      timeout_seconds:
        description: Seconds after which a check without an answer has failed, 2 to 120.
        type: int
      healthy_threshold_count:
        description: Good checks in a row that make an unhealthy target healthy, 2 to 10.
        type: int
      unhealthy_threshold_count:
        description: Bad checks in a row that make a target unhealthy, 2 to 10.
        type: int
      codes:
        description: Status codes that count as healthy.
        type: str
  attributes:
    description: Attributes of the target group by their AWS names, such as C(deregistration_delay.timeout_seconds).
    type: dict
    default: {}
  tags:
    description: Tags that the target group should carry. Others are left alone.
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what would change, with the same keys.
  diff_mode:
    support: full
    description: Shows the values that change.
"""

EXAMPLES = r"""
- name: Create the target group
  elb_target_group:
    name: webapp-staging
    vpc_id: vpc-0123456789abcdef0
    port: 3000
    health_check:
      path: /healthz
      interval_seconds: 5
      timeout_seconds: 4
    attributes:
      deregistration_delay.timeout_seconds: 5

- name: Take it away
  elb_target_group:
    name: webapp-staging
    state: absent
"""

RETURN = r"""
target_group_arn:
  description: ARN of the target group; empty when there is none, as in check mode before its creation.
  returned: always
  type: str
  sample: arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/webapp-staging/73e2d6bc24d8a067
changed_values:
  description: What was changed, or would be in check mode, with the new values; for a new target group all of it.
  returned: always
  type: dict
  sample: {HealthCheckIntervalSeconds: 5}
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: "Changed target group webapp-staging: HealthCheckIntervalSeconds."
"""

from typing import Any

from ansible.module_utils.towpath import elbv2_api as elb
from ansible.module_utils.towpath.aws_tags import tag_list
from ansible.module_utils.towpath.target_group import (
    attribute_values,
    changed_values,
    health_check_request,
)
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def present(module: AnsibleAWSModule, client: elb.ElbClient, found: dict[str, Any]) -> dict[str, Any]:
    params = module.params
    name = params["name"]
    # ModifyTargetGroup cannot change these: another value needs another target group.
    fixed = {"VpcId": params["vpc_id"], "Port": params["port"], "Protocol": "HTTP", "TargetType": "ip"}
    health_check = health_check_request(params["health_check"])
    attributes = attribute_values(params["attributes"])
    tags = {key: str(value) for key, value in params["tags"].items()}
    arn = found.get("TargetGroupArn", "")

    if found and (other := changed_values(fixed, found)):
        was = ", ".join(f"{field} is {found.get(field)}, not {value}" for field, value in other.items())
        module.fail_json(
            msg=f"Target group {name} exists and cannot become what is wanted ({was}). AWS changes none of these: "
            "give the new target group another name, move the service to it, then delete this one."
        )

    attributes_now = elb.describe_target_group_attributes(client, arn) if arn else {}
    tags_now = elb.describe_tags(client, arn) if arn else {}
    changed_health = changed_values(health_check, found)
    changed_attributes = changed_values(attributes, attributes_now)
    changed_tags = changed_values(tags, tags_now)
    changes = ({} if found else {"Name": name} | fixed) | changed_health | changed_attributes | changed_tags

    if changes and not module.check_mode:
        if not found:
            request = {"Name": name, **fixed, **health_check}
            if tags:
                request["Tags"] = tag_list(tags)
            arn = elb.create_target_group(client, request)["TargetGroupArn"]
        elif changed_health:
            elb.modify_target_group(client, arn, changed_health)
        if found and changed_tags:
            elb.add_tags(client, arn, changed_tags)
        if changed_attributes:
            elb.modify_target_group_attributes(client, arn, changed_attributes)

    verb = ("Changed" if found else "Created") if changes else "Nothing to change in"
    now = found | attributes_now | tags_now
    before = {field: now[field] for field in changes if field in now}
    return {
        "changed": bool(changes),
        "changed_values": changes,
        "target_group_arn": arn,
        "diff": {"before": before, "after": changes},
        "msg": f"{verb} target group {name}" + (f": {', '.join(sorted(changes))}." if found and changes else "."),
    }


def absent(module: AnsibleAWSModule, client: elb.ElbClient, found: dict[str, Any]) -> dict[str, Any]:
    if found and not module.check_mode:
        elb.delete_target_group(client, found["TargetGroupArn"])
    name = module.params["name"]
    return {
        "changed": bool(found),
        "changed_values": {},
        "target_group_arn": "",
        "diff": {"before": {"Name": name} if found else {}, "after": {}},
        "msg": f"Deleted target group {name}." if found else f"There is no target group {name}.",
    }


def main() -> None:
    health_check = {
        "path": {"type": "str"},
        "interval_seconds": {"type": "int"},
        "timeout_seconds": {"type": "int"},
        "healthy_threshold_count": {"type": "int"},
        "unhealthy_threshold_count": {"type": "int"},
        "codes": {"type": "str"},
    }
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "vpc_id": {"type": "str"},
            "port": {"type": "int"},
            "health_check": {"type": "dict", "default": {}, "options": health_check},
            "attributes": {"type": "dict", "default": {}},
            "tags": {"type": "dict", "default": {}},
        },
        required_if=[("state", "present", ["vpc_id", "port"])],
        supports_check_mode=True,
    )
    client = module.client("elbv2")
    try:
        found = elb.describe_target_group(client, module.params["name"]) or {}
        result = {"present": present, "absent": absent}[module.params["state"]](module, client, found)
    except elb.ElbError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
