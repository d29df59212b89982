#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_single_instance_info
short_description: Find the one instance of a name, its address and the keys that it is known by
description:
  - Reads what M(ec2_single_instance) made. An instance that is missing is an answer, not an error.
  - The host keys come from the console, so they are right even where somebody listens in between.
    EC2 has them some minutes after the first start.
author: Contributors to Towpath
options:
  name:
    description: Name tag of both.
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
- name: Find the bastion
  ec2_single_instance_info:
    name: webapp-prod-bastion
  register: found
"""

RETURN = r"""
instance_id:
  description: Id of the newest instance of this name; empty where there is none.
  returned: always
  type: str
  sample: i-0123456789abcdef0
address:
  description: The Elastic IP of this name; empty where there is none.
  returned: always
  type: str
  sample: 203.0.113.10
host_keys:
  description: Its public host keys; empty until EC2 has them.
  returned: always
  type: list
  elements: str
  sample: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEl7]
host_key_fingerprints:
  description: The fingerprints of those keys, as ssh shows them when it asks.
  returned: always
  type: list
  elements: str
  sample: ["SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"]
"""

from ansible.module_utils.towpath import instance_api as ec2
from ansible.module_utils.towpath.ec2_api import Ec2Error
from ansible.module_utils.towpath.single_instance import fingerprint, host_keys
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"name": {"type": "str", "required": True}}, supports_check_mode=True)
    client = module.client("ec2")
    name = module.params["name"]
    try:
        instances = ec2.describe_instances(client, name)
        addresses = ec2.describe_addresses(client, name)
        instance_id = instances[0]["InstanceId"] if instances else ""
        keys = host_keys(ec2.console_output(client, instance_id)) if instance_id else []
    except Ec2Error as error:
        module.fail_json_aws_error(error)
    module.exit_json(
        changed=False,
        instance_id=instance_id,
        address=addresses[0]["PublicIp"] if addresses else "",
        host_keys=keys,
        host_key_fingerprints=[fingerprint(key) for key in keys],
    )


if __name__ == "__main__":
    main()
