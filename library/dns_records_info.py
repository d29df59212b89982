#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: dns_records_info
short_description: Look where names lead in a zone of Route 53
description:
  - Reads the addresses of each name, one call a name. A name without a record is an answer, not an error.
author: Contributors to Towpath
options:
  zone_id:
    description: Id of the zone.
    type: str
    required: true
  names:
    description: Names to look for, such as V(staging.example.com).
    type: list
    elements: str
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
- name: See where the names lead
  dns_records_info:
    zone_id: Z0123456789ABCDEFGHIJ
    names: [staging.example.com]
  register: found
"""

RETURN = r"""
records:
  description: The A and AAAA records of the names.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the record, as it was asked for.
      type: str
      returned: always
      sample: staging.example.com
    type:
      description: V(A) or V(AAAA).
      type: str
      returned: always
      sample: A
    target:
      description: Where an alias leads, without a dot at the end; empty for a record with addresses of its own.
      type: str
      returned: always
      sample: d111111abcdef8.cloudfront.net
    target_zone_id:
      description: Id of the zone that the target is in; empty for a record with addresses of its own.
      type: str
      returned: always
      sample: Z2FDTNDATAQYW2
"""

from ansible.module_utils.towpath import route53_api as route53
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "zone_id": {"type": "str", "required": True},
            "names": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    client = module.client("route53")
    zone_id = module.params["zone_id"]
    try:
        records = [
            {
                "name": name,
                "type": record["Type"],
                "target": record.get("AliasTarget", {}).get("DNSName", "").rstrip("."),
                "target_zone_id": record.get("AliasTarget", {}).get("HostedZoneId", ""),
            }
            for name in module.params["names"]
            for record in route53.records_of(client, zone_id, name)
            if record["Type"] in ("A", "AAAA")
        ]
    except route53.Route53Error as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, records=records)


if __name__ == "__main__":
    main()
