#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ec2_single_instance
short_description: Keep one instance of a name, at an address that stays
description:
  - Runs an instance from the image that a public parameter names, with an encrypted disk, IMDSv2 and an Elastic IP.
  - An instance that differs from its options, or was stopped, is never changed. A new one takes over its address,
    and it goes. A newer image is no difference.
  - Whatever an interrupted run left behind under this name is found again, or taken away.
  - C(amazon.aws.ec2_instance) fails in check mode where the subnet is not there yet,
    and C(amazon.aws.ec2_eip) allocates another address when an answer was lost.
author: Contributors to Towpath
options:
  name:
    description: Name tag of the instance and of its address, by which both are found again.
    type: str
    required: true
  state:
    description: Whether the instance and its address are to be there.
    type: str
    choices: [present, absent]
    default: present
  image_parameter:
    description: Public parameter of Systems Manager that holds the id of the image. Required when O(state=present).
    type: str
  instance_type:
    description: Type of the instance. Required when O(state=present).
    type: str
  subnet_id:
    description: Public subnet that it stands in. Required when O(state=present).
    type: str
  security_group_ids:
    description: Its security groups. Required when O(state=present).
    type: list
    elements: str
  instance_profile_name:
    description: Instance profile whose role it has; none when empty.
    type: str
    default: ""
  user_data:
    description: What cloud-init does at the first start. It is packed, so it may be longer than the 16 KiB of EC2.
    type: str
    default: ""
  volume_gib:
    description: Size of its disk.
    type: int
    default: 8
  tags:
    description: Tags of the instance, its disk and its address, besides their name.
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what it would do, with the same keys.
  diff_mode:
    support: full
    description: Shows why the instance is replaced.
"""

EXAMPLES = r"""
- name: Create the bastion
  ec2_single_instance:
    name: webapp-prod-bastion
    image_parameter: /aws/service/debian/release/12/latest/amd64
    instance_type: t2.micro
    subnet_id: subnet-0123456789abcdef0
    security_group_ids: [sg-0123456789abcdef0]

- name: Take it away
  ec2_single_instance:
    name: webapp-prod-bastion
    state: absent
"""

RETURN = r"""
instance_id:
  description: Id of the instance; empty when there is none, as in check mode before its creation.
  returned: always
  type: str
  sample: i-0123456789abcdef0
address:
  description: Its Elastic IP; empty when there is none.
  returned: always
  type: str
  sample: 203.0.113.10
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: "Replaced the instance webapp-prod-bastion, because of its instance_type."
"""

from typing import Any

from ansible.module_utils.towpath import instance_api as ec2
from ansible.module_utils.towpath import ssm_api as ssm
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible.module_utils.towpath.ec2_api import Ec2Client, Ec2Error
from ansible.module_utils.towpath.single_instance import choose, own_tags, refusal, run_request, tags
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def present(module: AnsibleAWSModule, client: Ec2Client, name: str) -> dict[str, Any]:
    options = module.params
    if problem := refusal(options):
        module.fail_json(msg=problem)
    found = ec2.describe_instances(client, name)
    addresses = ec2.describe_addresses(client, name)
    instance, others, why = choose(found, options)
    address = addresses[0] if addresses else {}

    if not module.check_mode:
        if not instance:
            instance = ec2.run_instance(client, run_request(options, newest_image(module, client)))
        if not address:
            address = ec2.allocate_address(client, own_tags(options))
    takes_over = (address.get("InstanceId") or "") != instance.get("InstanceId", "")
    retagged = differences(tags(instance), own_tags(options)) if instance in found else []
    if not module.check_mode:
        if takes_over:
            ec2.wait_until_it_runs(client, instance["InstanceId"])
            ec2.associate_address(client, address["AllocationId"], instance["InstanceId"])
        if retagged:
            both = [instance["InstanceId"], address["AllocationId"]]
            ec2.create_tags(client, both, {one.field: one.after for one in retagged})
        take_away(client, others, addresses[1:])

    changes = why + retagged
    if why and found:
        msg = f"Replaced the instance {name}, because of its {sentence(why)}."
    elif why:
        msg = f"Created the instance {name}."
    elif takes_over:
        msg = f"Gave the instance {name} its address."
    elif others or addresses[1:]:
        msg = f"Took away what an interrupted run had left beside the instance {name}."
    else:
        msg = f"Tagged the instance {name}." if retagged else f"The instance {name} is as it should be."
    return {
        "changed": bool(changes or takes_over or others or addresses[1:]),
        "instance_id": instance.get("InstanceId", ""),
        "address": address.get("PublicIp", ""),
        "diff": diff(changes),
        "msg": msg,
    }


def newest_image(module: AnsibleAWSModule, client: Ec2Client) -> dict[str, Any]:
    parameter = module.params["image_parameter"]
    image_id = ssm.get_value(module.client("ssm"), parameter)
    if image_id is None:
        module.fail_json(
            msg=f"There is no parameter {parameter} in {client.meta.region_name}, expected one with an image's id. "
            "Look for one with: aws ssm get-parameters-by-path --path /aws/service --recursive"
        )
    image: dict[str, Any] = ec2.describe_image(client, str(image_id))
    return image


def absent(module: AnsibleAWSModule, client: Ec2Client, name: str) -> dict[str, Any]:
    found = ec2.describe_instances(client, name)
    addresses = ec2.describe_addresses(client, name)
    if not module.check_mode:
        take_away(client, found, addresses)
    there = bool(found or addresses)
    return {
        "changed": there,
        "instance_id": "",
        "address": "",
        "diff": {"before": {"name": name} if there else {}, "after": {}},
        "msg": f"Deleted the instance {name} and its address." if there else f"There is no instance {name}.",
    }


def take_away(client: Ec2Client, instances: list[dict[str, Any]], addresses: list[dict[str, Any]]) -> None:
    if instances:
        ec2.terminate(client, [one["InstanceId"] for one in instances])
    for address in addresses:
        ec2.release_address(client, address["AllocationId"])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "image_parameter": {"type": "str"},
            "instance_type": {"type": "str"},
            "subnet_id": {"type": "str"},
            "security_group_ids": {"type": "list", "elements": "str"},
            "instance_profile_name": {"type": "str", "default": ""},
            "user_data": {"type": "str", "default": ""},
            "volume_gib": {"type": "int", "default": 8},
            "tags": {"type": "dict", "default": {}},
        },
        required_if=[("state", "present", ["image_parameter", "instance_type", "subnet_id", "security_group_ids"])],
        supports_check_mode=True,
    )
    act = {"present": present, "absent": absent}[module.params["state"]]
    try:
        module.exit_json(**act(module, module.client("ec2"), module.params["name"]))
    except (Ec2Error, ssm.SsmError) as error:
        module.fail_json_aws_error(error)


if __name__ == "__main__":
    main()
