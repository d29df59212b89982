#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: listener_host_rule
short_description: Lead one host of a load balancer elsewhere
description:
  - Keeps one rule for a host on the listener of an Application Load Balancer that answers people, on port 443 where
    there is one, else on port 80. It forwards to a target group, or says with status 404 that nobody is there.
  - The rule is found by its host. A new one takes the lowest priority that is free, after the rules of maintenance and
    before the one of M(listener_origin_rule). Those that say 404 come after all that forward, so a host with C(*) may
    stand for the hosts that have no rule of their own.
  - M(amazon.aws.elb_application_lb) wants to know every rule of a listener or touches none, so nothing undoes these.
  - AWS allows a load balancer 100 rules unless it raises that, and a rule five values; this one has two at most.
author: Contributors to Towpath
options:
  load_balancer:
    description: Name of the load balancer.
    type: str
    required: true
  host:
    description: Host name that requests ask for. A C(*) stands for any number of characters, a C(?) for one.
    type: str
    required: true
  target_group_arn:
    description: Target group that the requests go to. This or O(not_found) is required when O(state=present).
    type: str
    default: ""
  not_found:
    description: What the requests are told with status 404, at most 1024 bytes; HTML when it begins with C(<).
    type: str
    default: ""
  origin_header:
    description:
      - Name of the header that M(listener_origin_rule) asks for on this listener; empty where CloudFront does not stand
        before the load balancer. The rule then wants the header to have the same value, which it reads from there.
    type: str
    default: ""
  state:
    description: Whether the rule should be there. Without the load balancer there is none to take away.
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
    description: Shows where the host leads, without the header's value.
"""

EXAMPLES = r"""
- name: Let the preview answer at its name
  listener_host_rule:
    load_balancer: webapp-staging
    host: pr-12.staging.example.com
    target_group_arn: "{{ target_group.target_group_arn }}"
    origin_header: X-Origin-Verify

- name: Say that there is no preview of any other name
  listener_host_rule:
    load_balancer: webapp-staging
    host: "*.staging.example.com"
    not_found: There is no preview of this name.
    origin_header: X-Origin-Verify
"""

RETURN = r"""
https:
  description: Whether that listener speaks HTTPS.
  returned: always
  type: bool
  sample: true
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: Set the rule for pr-12.staging.example.com on port 443.
port:
  description: Port of the listener that answers people; 0 without one.
  returned: always
  type: int
  sample: 443
"""

from typing import Any

from ansible.module_utils.towpath import elbv2_api as elb
from ansible.module_utils.towpath.listener_rules import (
    Step,
    answer_of,
    fixed_response,
    forward_to,
    free,
    give_host,
    header_condition,
    host_condition,
    host_problem,
    of_host,
    origin_rule,
    page_problem,
    places_of,
    take_host,
    token_in,
    way_in,
)
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

Listener = dict[str, Any]
Rules = list[dict[str, Any]]


def look(client: elb.ElbClient, name: str) -> list[tuple[Listener, Rules]]:
    """Return every listener with its rules; none when there is no load balancer."""
    balancer = elb.describe_load_balancer(client, name)
    listeners = elb.describe_listeners(client, balancer["LoadBalancerArn"]) if balancer else []
    return [(one, elb.describe_rules(client, one["ListenerArn"])) for one in listeners]


def conditions(module: AnsibleAWSModule, rules: Rules, places: range) -> list[dict[str, Any]]:
    """What the rule asks of a request: its host, and CloudFront's secret where CloudFront stands before."""
    host, header = [host_condition(module.params["host"])], module.params["origin_header"]
    if not header:
        return host
    origin = origin_rule(rules, header)
    if origin and int(origin["Priority"]) >= places.stop:
        return [*host, header_condition(header, token_in(origin, header))]
    if not module.check_mode:
        wrong = "would come before this one" if origin else "is not there, so its secret is not known"
        module.fail_json(
            msg=f"The rule of the load balancer {module.params['load_balancer']} that lets CloudFront through "
            f"with {header} {wrong}. Run ansible-playbook provision.yml -e env=NAME first."
        )
    return host


def carry_out(client: elb.ElbClient, step: Step, priorities: list[int]) -> None:
    """Carry out one step. A rule that another run took the priority of meanwhile gets the next one."""
    if step.call == "delete":
        elb.delete_rule(client, step.request["RuleArn"])
    elif step.call == "modify":
        elb.modify_rule(client, step.request)
    else:
        for priority in priorities:
            if elb.create_rule_if_free(client, step.request | {"Priority": priority}):
                break


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "load_balancer": {"type": "str", "required": True},
            "host": {"type": "str", "required": True},
            "target_group_arn": {"type": "str", "default": ""},
            "not_found": {"type": "str", "default": ""},
            "origin_header": {"type": "str", "default": ""},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    host = module.params["host"] = module.params["host"].lower()
    target_group_arn, not_found = module.params["target_group_arn"], module.params["not_found"]
    wanted = module.params["state"] == "present"
    if problem := host_problem(host) or (page_problem(not_found) if not_found else ""):
        module.fail_json(msg=problem)
    if wanted and bool(target_group_arn) == bool(not_found):
        module.fail_json(msg="Give either target_group_arn or not_found: where the host leads, or what it is told.")
    client = module.client("elbv2")
    actions = forward_to(target_group_arn) if target_group_arn else fixed_response(404, not_found)
    try:
        seen = look(client, module.params["load_balancer"])
        listener = way_in([one for one, _ in seen])
        if wanted and listener is None and not module.check_mode:
            module.fail_json(
                msg=f"There is no load balancer {module.params['load_balancer']} with a listener on port 443 or 80. "
                "Run ansible-playbook provision.yml -e env=NAME first."
            )
        steps: list[Step] = []
        for one, rules in seen:
            if wanted and one is listener:
                places = places_of(actions)
                new = give_host(one, rules, host, conditions(module, rules, places), actions)
                priorities = free(rules, places)
            else:
                new, priorities = take_host(one, rules, host), []
            if not module.check_mode:
                for step in new:
                    carry_out(client, step, priorities)
            steps += new
    except elb.ElbError as error:
        module.fail_json_aws_error(error)

    port = listener["Port"] if listener else 0
    before = [f"port {one['Port']}: {answer_of(rule)}" for one, rules in seen for rule in of_host(rules, host)]
    after = [f"port {port}: {answer_of({'Actions': actions})}"] if wanted else []
    changed = bool(steps) or (wanted and listener is None)
    done = ", ".join(dict.fromkeys(step.words for step in steps)) or f"the rule for {host}"
    verb = ("Set" if wanted else "Took away") if changed else "Nothing to change in"
    module.exit_json(
        changed=changed,
        port=port,
        https=listener is not None and listener["Protocol"] == "HTTPS",
        diff={"before": {"rules": before}, "after": {"rules": after}},
        msg=f"{verb} {done}.",
    )


if __name__ == "__main__":
    main()
