#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: load_balancer_info
short_description: Look at a load balancer and the target group of the same name
description:
  - Reads one load balancer and one target group with two calls. One that is missing is an answer, not an error.
  - M(amazon.aws.elb_application_lb_info) and M(community.aws.elb_target_group_info) fail with a Python error
    where the name is not there, and describe listeners, rules, attributes and tags one by one.
author: Contributors to Towpath
options:
  name:
    description: Name of both.
    type: str
    required: true
  attributes:
    description: Whether to read the load balancer's attributes, too.
    type: bool
    default: false
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
- name: Find the load balancer
  load_balancer_info:
    name: webapp-staging
  register: found
"""

RETURN = r"""
load_balancer:
  description: The load balancer as Elastic Load Balancing describes it; empty where there is none.
  returned: always
  type: dict
  sample: {LoadBalancerName: webapp-staging, DNSName: webapp-staging-1234567890.us-east-1.elb.amazonaws.com}
target_group:
  description: The target group as Elastic Load Balancing describes it; empty where there is none.
  returned: always
  type: dict
  sample: {TargetGroupName: webapp-staging, Port: 3000}
attributes:
  description: Attributes of the load balancer by their AWS names; empty unless O(attributes=true) and there is one.
  returned: always
  type: dict
  sample: {access_logs.s3.enabled: "false", access_logs.s3.bucket: ""}
"""

from ansible.module_utils.towpath import elbv2_api as elb
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "attributes": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    client = module.client("elbv2")
    name = module.params["name"]
    try:
        balancer = elb.describe_load_balancer(client, name) or {}
        wanted = balancer and module.params["attributes"]
        module.exit_json(
            changed=False,
            load_balancer=balancer,
            target_group=elb.describe_target_group(client, name) or {},
            attributes=elb.describe_attributes(client, balancer["LoadBalancerArn"]) if wanted else {},
        )
    except elb.ElbError as error:
        module.fail_json_aws_error(error)


if __name__ == "__main__":
    main()
