#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: listener_maintenance
short_description: Let a load balancer answer with a page of maintenance
description:
  - Puts two rules before all others on every listener of an Application Load Balancer. One lets requests through that
    carry the header C(X-Maintenance-Bypass) with a token; the other answers all else with status 503 and the page.
  - Health checks go on, because they do not pass a listener.
  - The token is made when maintenance begins. It is kept in the rule alone and goes with it.
  - A load balancer cannot add C(Retry-After) to a fixed response.
  - M(amazon.aws.elb_application_lb) wants to know every rule of a listener or touches none, so nothing undoes these.
author: Contributors to Towpath
options:
  load_balancer:
    description: Name of the load balancer.
    type: str
    required: true
  target_group:
    description: Name of the target group that requests with the token go to.
    type: str
    required: true
  state:
    description: Whether the app is in maintenance.
    type: str
    choices: [present, absent]
    required: true
  page:
    description: What people see, at most 1024 bytes; HTML when it begins with C(<). Required when O(state=present).
    type: str
    default: ""
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
    description: Shows on which listeners which rule changes.
"""

EXAMPLES = r"""
- name: Show the page of maintenance
  listener_maintenance:
    load_balancer: webapp-staging
    target_group: webapp-staging
    state: present
    page: <h1>We are back in a few minutes.</h1>
"""

RETURN = r"""
active:
  description: Whether every listener answers with the page now; in check mode, whether it would.
  returned: always
  type: bool
bypass_header:
  description: Name of the header that lets a request through.
  returned: always
  type: str
  sample: X-Maintenance-Bypass
bypass_token:
  description: Value of that header; empty without maintenance, and in check mode before it begins.
  returned: always
  type: str
  sample: 5f2b7c0a9d3e4f6871a2b3c4d5e6f708
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: "Changed the page on port 80 and the way past it on port 80."
"""

import secrets
from typing import Any

from ansible.module_utils.towpath import elbv2_api as elb
from ansible.module_utils.towpath.listener_rules import (
    BYPASS_HEADER,
    BYPASS_PRIORITY,
    Step,
    at,
    in_maintenance,
    page_problem,
    strangers,
    token_in,
    turn_off,
    turn_on,
)
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

CALLS = {
    "create": elb.create_rule,
    "modify": elb.modify_rule,
    "delete": lambda client, request: elb.delete_rule(client, request["RuleArn"]),
}


def look(
    module: AnsibleAWSModule, client: elb.ElbClient
) -> tuple[list[tuple[dict[str, Any], list[dict[str, Any]]]], str]:
    """Return every listener with its rules, and the ARN of the target group."""
    name, group = module.params["load_balancer"], module.params["target_group"]
    balancer, target_group = elb.describe_load_balancer(client, name), elb.describe_target_group(client, group)
    if balancer is None or target_group is None:
        if module.params["state"] == "absent":
            return [], ""
        missing = f"load balancer {name}" if balancer is None else f"target group {group}"
        module.fail_json(msg=f"There is no {missing}. Run ansible-playbook provision.yml -e env=NAME first.")
    listeners = elb.describe_listeners(client, balancer["LoadBalancerArn"])
    seen = [(one, elb.describe_rules(client, one["ListenerArn"])) for one in listeners]
    if others := [words for _, rules in seen for words in strangers(rules)]:
        module.fail_json(
            msg=f"Listeners of {name} have rules that are not of maintenance where those belong: {', '.join(others)}. "
            "Give them another priority with aws elbv2 set-rule-priorities, then run again."
        )
    return seen, target_group["TargetGroupArn"]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "load_balancer": {"type": "str", "required": True},
            "target_group": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "required": True},
            "page": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    wanted, page = module.params["state"] == "present", module.params["page"]
    if wanted and (problem := page_problem(page)):
        module.fail_json(msg=problem)
    client = module.client("elbv2")
    try:
        seen, target_group_arn = look(module, client)
        token = next((found for _, rules in seen if (found := token_in(at(rules, BYPASS_PRIORITY), BYPASS_HEADER))), "")
        new = secrets.token_hex(16)
        steps: list[Step] = [
            step
            for listener, rules in seen
            for step in (
                turn_on(listener, rules, page, token or new, target_group_arn) if wanted else turn_off(listener, rules)
            )
        ]
        if not module.check_mode:
            for step in steps:
                CALLS[step.call](client, step.request)
            token = token or new
    except elb.ElbError as error:
        module.fail_json_aws_error(error)

    words = [step.words for step in steps]
    gone, made = (words, []) if not wanted else ([], words)
    module.exit_json(
        changed=bool(steps),
        active=wanted and bool(seen) and (bool(steps) or all(in_maintenance(rules) for _, rules in seen)),
        bypass_header=BYPASS_HEADER,
        bypass_token=token if wanted else "",
        diff={"before": {"rules": gone}, "after": {"rules": made}},
        msg=f"{'Set' if wanted else 'Took away'} {', '.join(words)}." if steps else "Nothing to change.",
    )


if __name__ == "__main__":
    main()
