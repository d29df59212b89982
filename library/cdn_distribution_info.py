#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cdn_distribution_info
short_description: Find a CloudFront distribution by its comment
description:
  - Finds the distribution that M(cdn_distribution) made. None is an answer, not an error.
author: Contributors to Towpath
options:
  name:
    description: Comment of the distribution.
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
- name: Find the distribution
  cdn_distribution_info:
    name: webapp-prod
  register: found
"""

RETURN = r"""
distributions:
  description: The distributions with that comment, usually one.
  returned: always
  type: list
  elements: dict
  sample: [{id: E2QWRUHAPOMQZL, domain_name: d111111abcdef8.cloudfront.net, status: Deployed, enabled: true}]
"""

from ansible.module_utils.towpath import cloudfront_api as cloudfront
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"name": {"type": "str", "required": True}}, supports_check_mode=True)
    try:
        found = cloudfront.distributions_called(module.client("cloudfront"), module.params["name"])
    except cloudfront.CloudFrontError as error:
        module.fail_json_aws_error(error)
    distributions = [
        {"id": one["Id"], "domain_name": one["DomainName"], "status": one["Status"], "enabled": one["Enabled"]}
        for one in found
    ]
    module.exit_json(changed=False, distributions=distributions)


if __name__ == "__main__":
    main()
