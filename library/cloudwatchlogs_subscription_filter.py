#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cloudwatchlogs_subscription_filter
short_description: Send the lines of a log group that match a pattern to a destination
description:
  - Makes, changes or deletes a subscription filter of a log group.
  - AWS takes two filters a log group at most. A third is refused before the call.
  - CloudWatch Logs tries the destination when a filter is put. So its permission must be there before,
    for a Lambda function with M(amazon.aws.lambda_policy).
  - It is here because the upstream collections have no module for it.
author: Contributors to Towpath
options:
  name:
    description: Name of the filter, unique within the log group.
    type: str
    required: true
  log_group:
    description: Name of the log group, which must be there.
    type: str
    required: true
  state:
    description: Whether the filter is to be there.
    type: str
    choices: [present, absent]
    default: present
  filter_pattern:
    description:
      - Which lines are sent, in CloudWatch Logs' filter pattern syntax. An empty one matches every line.
      - A new filter for which it is not given gets the empty one.
    type: str
  destination_arn:
    description:
      - ARN of the Lambda function, Kinesis stream, Firehose stream or logical destination that gets the lines.
      - A new filter needs it. In check mode it may be empty, for a destination that is not there yet.
    type: str
  role_arn:
    description: ARN of the role that lets CloudWatch Logs write to a stream. Empty for none, as for a Lambda function.
    type: str
  distribution:
    description:
      - Whether a Kinesis stream gets the lines of one log stream together, or in any order. Others do not heed it.
      - A new filter for which it is not given gets V(ByLogStream).
    type: str
    choices: [ByLogStream, Random]
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what it would change, and changes nothing. The log group need not be there.
  diff_mode:
    support: full
    description: Shows the options that differ, before and after.
"""

EXAMPLES = r"""
- name: Send lines that say error or failed to the notifier
  cloudwatchlogs_subscription_filter:
    name: errors
    log_group: /webapp/prod
    filter_pattern: "?error ?failed"
    destination_arn: arn:aws:lambda:us-east-1:123456789012:function:webapp-prod-notifier

- name: Send them no more
  cloudwatchlogs_subscription_filter:
    name: errors
    log_group: /webapp/prod
    state: absent
"""

RETURN = r"""
subscription_filter:
  description: The filter; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    name:
      description: The option of the same name.
      type: str
      returned: when present
      sample: errors
    log_group:
      description: The option of the same name.
      type: str
      returned: when present
      sample: /webapp/prod
    filter_pattern:
      description: Which lines are sent; empty for every line.
      type: str
      returned: when present
      sample: "?error ?failed"
    destination_arn:
      description: ARN of what gets the lines.
      type: str
      returned: when present
      sample: arn:aws:lambda:us-east-1:123456789012:function:webapp-prod-notifier
    role_arn:
      description: ARN of the role that CloudWatch Logs takes on; empty when it takes none.
      type: str
      returned: when present
      sample: ""
    distribution:
      description: How a Kinesis stream gets the lines.
      type: str
      returned: when present
      sample: ByLogStream
"""

from typing import Any

from ansible.module_utils.towpath import logs_api as logs
from ansible.module_utils.towpath.differences import diff, differences, given, sentence
from ansible.module_utils.towpath.subscription_filter import BY_LOG_STREAM, RANDOM, comparable, refusal, request
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

Filters = dict[str, dict[str, Any]]


def present(module: AnsibleAWSModule, client: logs.LogsClient, filters: Filters) -> dict[str, Any]:
    name, log_group = module.params["name"], module.params["log_group"]
    found = filters.get(name, {})
    before = comparable(found)
    options = ("filter_pattern", "destination_arn", "role_arn", "distribution")
    after = before | given({option: module.params[option] for option in options})
    others = [one for one in filters if one != name] if not found else []
    if problem := refusal(log_group, name, after, others, planned=module.check_mode):
        module.fail_json(msg=problem)

    changes = differences(before if found else {}, after)
    if changes and not module.check_mode:
        logs.put_subscription_filter(client, request(log_group, name, after, found))
    what = f"the subscription filter {name} of {log_group}"
    if not found:
        msg = f"Made {what}."
    else:
        msg = f"Changed {sentence(changes)} of {what}." if changes else f"Nothing to change in {what}."
    return {
        "changed": bool(changes),
        "diff": diff(changes),
        "msg": msg,
        "subscription_filter": {"name": name, "log_group": log_group, **after},
    }


def absent(module: AnsibleAWSModule, client: logs.LogsClient, filters: Filters) -> dict[str, Any]:
    name, log_group = module.params["name"], module.params["log_group"]
    found = name in filters
    if found and not module.check_mode:
        logs.delete_subscription_filter(client, log_group, name)
    what = f"subscription filter {name} of {log_group}"
    return {
        "changed": found,
        "diff": {"before": comparable(filters[name]) if found else {}, "after": {}},
        "msg": f"Deleted the {what}." if found else f"There is no {what}.",
        "subscription_filter": {},
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "log_group": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "filter_pattern": {"type": "str"},
            "destination_arn": {"type": "str"},
            "role_arn": {"type": "str"},
            "distribution": {"type": "str", "choices": [BY_LOG_STREAM, RANDOM]},
        },
        supports_check_mode=True,
    )
    client, log_group, state = module.client("logs"), module.params["log_group"], module.params["state"]
    try:
        filters = logs.describe_subscription_filters(client, log_group)
        if filters is None and state == "present" and not module.check_mode:
            module.fail_json(
                msg=f"There is no log group {log_group}, expected it before its filter {module.params['name']}. "
                "Make it with amazon.aws.cloudwatchlogs_log_group, and run this again."
            )
        by_name = {one["filterName"]: one for one in filters or []}
        result = {"present": present, "absent": absent}[state](module, client, by_name)
    except logs.LogsError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
