#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: listener_origin_rule
short_description: Let requests with a secret header through a listener
description:
  - Keeps one rule on a listener of an Application Load Balancer, that forwards requests which carry a header with a
    secret value. CloudFront adds the header; the listener itself may refuse all other requests.
  - It is the last rule of the listener but the default, so that those of single hosts are looked at before. One that
    stands elsewhere is moved.
  - The secret is made with the rule and kept in it alone. Who takes the rule away makes a new secret the next time.
author: Contributors to Towpath
options:
  load_balancer:
    description: Name of the load balancer.
    type: str
    required: true
  port:
    description: Port of the listener.
    type: int
    default: 443
  header:
    description: Name of the header.
    type: str
    required: true
  target_group_arn:
    description: Target group that such requests go to. Required when O(state=present).
    type: str
    default: ""
  state:
    description: Whether the rule should be there.
    type: str
    choices: [present, absent]
    default: present
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
    description: Shows the rule, without its secret.
"""

EXAMPLES = r"""
- name: Let CloudFront through
  listener_origin_rule:
    load_balancer: webapp-staging
    header: X-Origin-Verify
    target_group_arn: "{{ target_group.target_group_arn }}"
  register: origin
  no_log: true
"""

RETURN = r"""
header_value:
  description: The secret value; empty when there is no rule, as in check mode before its creation.
  returned: always
  type: str
  sample: 5f2b7c0a9d3e4f6871a2b3c4d5e6f708
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: Set the rule for X-Origin-Verify on port 443.
"""

import secrets

from ansible.module_utils.towpath import elbv2_api as elb
from ansible.module_utils.towpath.listener_rules import ORIGIN_PRIORITY, at, let_through, origin_rule, token_in
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

CALLS = {"create": elb.create_rule, "modify": elb.modify_rule, "move": elb.set_rule_priorities}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "load_balancer": {"type": "str", "required": True},
            "port": {"type": "int", "default": 443},
            "header": {"type": "str", "required": True},
            "target_group_arn": {"type": "str", "default": ""},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    client, header, port = module.client("elbv2"), module.params["header"], module.params["port"]
    wanted = module.params["state"] == "present"
    try:
        balancer = elb.describe_load_balancer(client, module.params["load_balancer"])
        listeners = elb.describe_listeners(client, balancer["LoadBalancerArn"]) if balancer else []
        listener = next((one for one in listeners if one["Port"] == port), None)
        if listener is None and wanted and not module.check_mode:
            module.fail_json(msg=f"The load balancer {module.params['load_balancer']} has no listener on port {port}.")
        rules = elb.describe_rules(client, listener["ListenerArn"]) if listener else []
        found, last = origin_rule(rules, header), at(rules, ORIGIN_PRIORITY)
        if wanted and last and last is not found:
            module.fail_json(
                msg=f"Another rule of the listener on port {port} has priority {ORIGIN_PRIORITY} ({last['RuleArn']}). "
                "Give it another with aws elbv2 set-rule-priorities, then run again."
            )
        value = token_in(found, header)
        changed = bool(found) if not wanted else listener is None
        if listener and wanted:
            new = value or secrets.token_hex(16)
            steps = let_through(listener, rules, header, new, module.params["target_group_arn"])
            changed = bool(steps)
            if not module.check_mode:
                for step in steps:
                    CALLS[step.call](client, step.request)
                value = new
        elif found and not module.check_mode:
            elb.delete_rule(client, found["RuleArn"])
    except elb.ElbError as error:
        module.fail_json_aws_error(error)

    before = {"rule": header, "priority": found["Priority"]} if found else {}
    after = {"rule": header, "priority": str(ORIGIN_PRIORITY)} if wanted else {}
    verb = ("Set" if wanted else "Took away") if changed else "Nothing to change in"
    module.exit_json(
        changed=changed,
        header_value=value if wanted else "",
        diff={"before": before, "after": after},
        msg=f"{verb} the rule for {header} on port {port}.",
    )


if __name__ == "__main__":
    main()
