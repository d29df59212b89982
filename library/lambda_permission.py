#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: lambda_permission
short_description: Let a service of AWS call a Lambda function
description:
  - Adds a statement to a function's policy, or makes it what the options say.
  - It is here because C(amazon.aws.lambda_policy) says in check mode that nothing would change, whatever would.
author: Contributors to Towpath
options:
  function_name:
    description: Name of the function.
    type: str
    required: true
  statement_id:
    description: Name of the permission, of the characters A-Z, a-z, 0-9, C(-) and C(_).
    type: str
    required: true
  state:
    description: Whether the service may call the function.
    type: str
    choices: [present, absent]
    default: present
  principal:
    description: The service, such as C(sns.amazonaws.com). Required when O(state=present).
    type: str
  source_arn:
    description: >-
      ARN of what the service calls it for, such as a topic; C(*) stands for any part of its name, but of no other part.
      In check mode it may be empty.
    type: str
    default: ""
  source_account:
    description: >-
      Account of what the service calls it for. Either this or O(source_arn) has to be given.
      EventBridge does not say it, so it is refused for C(events.amazonaws.com).
    type: str
    default: ""
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what it would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows what differs, before and after.
"""

EXAMPLES = r"""
- name: Let the topic of the alarms call the notifier
  lambda_permission:
    function_name: webapp-notifier-alarms
    statement_id: alarms
    principal: sns.amazonaws.com
    source_arn: arn:aws:sns:us-east-1:123456789012:webapp-alarms

- name: Let the logs of the account call it
  lambda_permission:
    function_name: webapp-notifier-log-lines
    statement_id: logs
    principal: logs.amazonaws.com
    source_arn: arn:aws:logs:us-east-1:123456789012:log-group:/ecs/*
    source_account: "123456789012"
"""

RETURN = r"""
permission:
  description: The permission; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    function_name:
      description: The option of the same name.
      type: str
      returned: when present
      sample: webapp-notifier-alarms
    statement_id:
      description: The option of the same name; so are the others.
      type: str
      returned: when present
      sample: alarms
"""

from typing import Any

from ansible.module_utils.towpath import lambda_api as lambdas
from ansible.module_utils.towpath import permission as permissions
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def present(module: AnsibleAWSModule, client: lambdas.LambdaClient, before: dict[str, Any]) -> dict[str, Any]:
    key = {option: module.params[option] for option in ("function_name", "statement_id")}
    after = permissions.wanted(module.params)
    changes = differences(before, after) if before else differences({}, key | after)
    if changes and not module.check_mode:
        if before:
            # Lambda takes no second one of a name, and changes none.
            lambdas.remove_permission(client, **key)
        lambdas.add_permission(client, permissions.request(module.params))
    what = f"the permission {key['statement_id']} of {key['function_name']}"
    msg = f"Changed {sentence(changes)} of {what}." if changes else f"Nothing to change in {what}."
    return {
        "changed": bool(changes),
        "diff": diff(changes),
        "msg": msg if before else f"Added {what}.",
        "permission": key | after,
    }


def absent(module: AnsibleAWSModule, client: lambdas.LambdaClient, before: dict[str, Any]) -> dict[str, Any]:
    function, statement = module.params["function_name"], module.params["statement_id"]
    if before and not module.check_mode:
        lambdas.remove_permission(client, function, statement)
    what = f"permission {statement} of {function}"
    return {
        "changed": bool(before),
        "diff": {"before": before, "after": {}},
        "msg": f"Removed the {what}." if before else f"There is no {what}.",
        "permission": {},
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "function_name": {"type": "str", "required": True},
            "statement_id": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "principal": {"type": "str"},
            "source_arn": {"type": "str", "default": ""},
            "source_account": {"type": "str", "default": ""},
        },
        required_if=[("state", "present", ["principal"])],
        supports_check_mode=True,
    )
    params, state = module.params, module.params["state"]
    if state == "present" and (problem := permissions.refusal(params, planned=module.check_mode)):
        module.fail_json(msg=problem)
    client = module.client("lambda")
    try:
        before = permissions.comparable(lambdas.get_policy(client, params["function_name"]), params["statement_id"])
        result = {"present": present, "absent": absent}[state](module, client, before)
    except lambdas.LambdaError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
