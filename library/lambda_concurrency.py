#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: lambda_concurrency
short_description: Reserve concurrent executions for a Lambda function
description:
  - Reserves executions for a function, which are then also the most that it ever has at a time.
  - AWS keeps 100 of an account's executions for the functions for which nothing is reserved, and a new account often
    has 10 in all. Where the account cannot spare as many, nothing changes, and a warning says what to ask AWS for.
  - It is here because the upstream collections have no module for it.
author: Contributors to Towpath
options:
  function_name:
    description: Name of the function.
    type: str
    required: true
  state:
    description: V(absent) takes back what is reserved.
    type: str
    choices: [present, absent]
    default: present
  reserved:
    description: >-
      How many executions to reserve. V(0) lets the function run no more. Required when O(state=present).
    type: int
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: >-
      Says what it would change, and changes nothing. A function that is not there yet would have them reserved.
  diff_mode:
    support: full
    description: Shows how many were reserved, before and after.
"""

EXAMPLES = r"""
- name: Let no flood of alarms take the account's executions
  lambda_concurrency:
    function_name: webapp-notifier-alarms
    reserved: 2

- name: Take them back
  lambda_concurrency:
    function_name: webapp-notifier-alarms
    state: absent
"""

RETURN = r"""
concurrency:
  description: What is reserved; in check mode, as it would be.
  returned: success
  type: dict
  contains:
    function_name:
      description: The option of the same name.
      type: str
      sample: webapp-notifier-alarms
    reserved:
      description: How many executions are reserved, or null when none are, be it that the account cannot spare them.
      type: int
      sample: 2
"""

from ansible.module_utils.towpath import lambda_api as lambdas
from ansible.module_utils.towpath.concurrency import shortage, warning
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def reserve(module: AnsibleAWSModule, client: lambdas.LambdaClient, before: int | None, there: bool) -> int | None:
    """Reserve as many as are asked for, and return how many then are."""
    function: str = module.params["function_name"]
    wanted: int = module.params["reserved"]
    if wanted == before or not there:
        return wanted
    if module.check_mode:
        why = shortage(lambdas.get_account_limit(client), before or 0, wanted)
    else:
        why = lambdas.put_function_concurrency(client, function, wanted)
    if why:
        module.warn(warning(function, wanted, why))
        return before
    return wanted


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "function_name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "reserved": {"type": "int"},
        },
        required_if=[("state", "present", ["reserved"])],
        supports_check_mode=True,
    )
    function, present = module.params["function_name"], module.params["state"] == "present"
    if present and module.params["reserved"] < 0:
        module.fail_json(msg=f"reserved is {module.params['reserved']}, expected 0 or more for {function}.")
    client = module.client("lambda")
    try:
        found = lambdas.get_function_concurrency(client, function)
        if found is None and present and not module.check_mode:
            module.fail_json(
                msg=f"There is no function {function}, expected it before executions are reserved for it. "
                "Make it with amazon.aws.lambda, and run this again."
            )
        before = (found or {}).get("ReservedConcurrentExecutions")
        after = reserve(module, client, before, found is not None) if present else None
        if not present and before is not None and not module.check_mode:
            lambdas.delete_function_concurrency(client, function)
    except lambdas.LambdaError as error:
        module.fail_json_aws_error(error)
    module.exit_json(
        changed=after != before,
        diff={"before": {"reserved": before}, "after": {"reserved": after}} if after != before else {},
        msg=f"{'Nothing is' if after is None else f'{after} executions are'} reserved for {function}.",
        concurrency={"function_name": function, "reserved": after},
    )


if __name__ == "__main__":
    main()
