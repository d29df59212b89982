#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: prefix_list_info
short_description: Find a managed prefix list by its name
description:
  - Finds the id of a managed prefix list, such as the one that holds the addresses from which CloudFront asks origins.
    There is no upstream module for it.
author: Contributors to Towpath
options:
  name:
    description: Name of the prefix list.
    type: str
    required: true
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
- name: Find CloudFront's addresses
  prefix_list_info:
    name: com.amazonaws.global.cloudfront.origin-facing
  register: cloudfront
"""

RETURN = r"""
prefix_list_id:
  description: Id of the prefix list; empty when the region has none of that name.
  returned: always
  type: str
  sample: pl-3b927c52
"""

from ansible.module_utils.towpath.ec2_api import Ec2Error, prefix_list_id
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"name": {"type": "str", "required": True}}, supports_check_mode=True)
    try:
        found = prefix_list_id(module.client("ec2"), module.params["name"])
    except Ec2Error as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, prefix_list_id=found)


if __name__ == "__main__":
    main()
