#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: dns_zone_info
short_description: Look for a public zone of Route 53
description:
  - Finds every public zone of one name. None is an answer, not an error.
  - M(amazon.aws.route53_info) lists every zone of the account, and warns that its answer will change.
author: Contributors to Towpath
options:
  name:
    description: Name of the zone, such as V(example.com).
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
- name: Look for the zone
  dns_zone_info:
    name: example.com
  register: found
"""

RETURN = r"""
zones:
  description: The public zones of that name, usually one.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Id of the zone.
      type: str
      returned: always
      sample: Z0123456789ABCDEFGHIJ
    name:
      description: Name of the zone, without a dot at the end.
      type: str
      returned: always
      sample: example.com
    name_servers:
      description: Name servers that the registrar of the domain must name.
      type: list
      elements: str
      returned: always
      sample: [ns-2048.awsdns-64.com, ns-2049.awsdns-65.net]
    tags:
      description: Tags of the zone.
      type: dict
      returned: always
      sample: {"towpath:managed-by": towpath}
"""

from ansible.module_utils.towpath import route53_api as route53
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"name": {"type": "str", "required": True}}, supports_check_mode=True)
    client = module.client("route53")
    try:
        ids = [zone["Id"].rpartition("/")[2] for zone in route53.public_zones(client, module.params["name"])]
        zones = [
            {
                "id": zone_id,
                "name": module.params["name"].rstrip("."),
                "name_servers": route53.name_servers(client, zone_id),
                "tags": route53.zone_tags(client, zone_id),
            }
            for zone_id in ids
        ]
    except route53.Route53Error as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, zones=zones)


if __name__ == "__main__":
    main()
