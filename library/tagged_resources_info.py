#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: tagged_resources_info
short_description: Count by kind what carries certain tags
description:
  - Asks the Resource Groups Tagging API, which knows what carries tags, whatever service it belongs to.
  - It goes on listing some of what was deleted, for up to an hour or two.
author: Contributors to Towpath
options:
  tags:
    description: Tags that each resource carries, all of them.
    type: dict
    required: true
  regions:
    description: Regions to look in. What belongs to no region, such as CloudFront, is listed in us-east-1.
    type: list
    elements: str
    required: true
  leave_out:
    description: Types that are not counted, such as V(rds:snapshot).
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Never changes anything.
  diff_mode:
    support: none
    description: Never changes anything.
"""

EXAMPLES = r"""
- name: See what belongs to the environment
  tagged_resources_info:
    tags: {"towpath:app": webapp, "towpath:environment": staging}
    regions: [eu-central-1, us-east-1]
"""

RETURN = r"""
arns:
  description: ARN of each resource.
  returned: always
  type: list
  elements: str
  sample: ["arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-1"]
lines:
  description: A line for each kind.
  returned: always
  type: list
  elements: str
  sample: [" 6 subnets", " 1 VPC"]
"""

from ansible.module_utils.towpath import tagged
from ansible.module_utils.towpath.tagging_api import TaggingError, arns_with_tags
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "tags": {"type": "dict", "required": True},
            "regions": {"type": "list", "elements": "str", "required": True},
            "leave_out": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        found = {
            arn
            for region in dict.fromkeys(params["regions"])
            for arn in arns_with_tags(module.client("resourcegroupstaggingapi", region=region), params["tags"])
        }
    except TaggingError as error:
        module.fail_json_aws_error(error)
    arns = sorted(arn for arn in found if tagged.type_of(arn) not in params["leave_out"])
    module.exit_json(changed=False, arns=arns, lines=tagged.counted(arns))


if __name__ == "__main__":
    main()
