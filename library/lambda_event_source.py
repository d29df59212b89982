#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: lambda_event_source
short_description: Let Lambda bring the messages of a queue or the records of a stream to a function
description:
  - Makes an event source mapping what its options say, and waits until it is enabled, or disabled where that is asked
    for. An option that is not given is not touched.
  - It is here because C(amazon.aws.lambda_event) knows neither a limit of retries nor a destination for what failed.
    Without these one record that a function cannot take holds up all that come after it for a day. Nor does it know
    filters or tags, and it does not wait.
author: Contributors to Towpath
options:
  function_name:
    description: Name of the function.
    type: str
    required: true
  event_source_arn:
    description:
      - ARN of an SQS queue, or of the stream of a DynamoDB table or of Kinesis. Required when O(state=present).
      - In check mode it may be empty, for what is not there yet.
      - With O(state=absent) and without it, all event sources of the function are taken away.
    type: str
  state:
    description: Whether the function is to get the events.
    type: str
    choices: [present, absent]
    default: present
  enabled:
    description: Whether events are brought now. Those of a disabled source wait in it. A new one is enabled.
    type: bool
  starting_position:
    description: >-
      Where to begin in a stream: V(LATEST) with what comes from now on, V(TRIM_HORIZON) with the oldest record.
      Only a new event source takes it, and that of a stream needs it.
    type: str
    choices: [LATEST, TRIM_HORIZON]
  batch_size:
    description: How many events the function gets at once at most. AWS says 10 of a queue and 100 of a stream.
    type: int
  maximum_batching_window_seconds:
    description: >-
      How long Lambda gathers events before it calls the function, up to 300 seconds.
      More than 10 messages of a queue at once need 1 or more.
    type: int
  function_response_types:
    description: >-
      V(ReportBatchItemFailures) where the function says which events failed, so that only these are brought again.
    type: list
    elements: str
    choices: [ReportBatchItemFailures]
  filter_patterns:
    description: Event patterns; what matches none of them is not brought. None at all means everything.
    type: list
    elements: dict
  maximum_retry_attempts:
    description: How often records of a stream are brought again when the function fails; V(-1) until they expire.
    type: int
  maximum_record_age_seconds:
    description: How old records of a stream may become, 60 seconds to a week; V(-1) until they expire.
    type: int
  bisect_batch_on_function_error:
    description: Whether records of a stream are brought in two halves when the function fails.
    type: bool
  parallelization_factor:
    description: How many batches of one shard of a stream the function gets at a time, 1 to 10.
    type: int
  on_failure_destination_arn:
    description: >-
      ARN of the SQS queue or SNS topic that is told of the records of a stream that were given up.
      The function's role has to be allowed to send there. Empty means that nobody is told.
    type: str
  maximum_concurrency:
    description: How many batches of a queue the function gets at a time, 2 to 1000; V(0) for no limit.
    type: int
  tags:
    description: All tags that the event source mapping is to have. Those that AWS sets itself stay.
    type: dict
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
    description: Shows the options that differ, before and after.
"""

EXAMPLES = r"""
- name: Bring what is written into the ledger to the notifier
  lambda_event_source:
    function_name: webapp-notifier-deployments
    event_source_arn: arn:aws:dynamodb:us-east-1:123456789012:table/webapp-prod-releases/stream/2026-01-01T00:00:00.000
    starting_position: LATEST
    maximum_retry_attempts: 5
    maximum_record_age_seconds: 3600
    bisect_batch_on_function_error: true
    on_failure_destination_arn: arn:aws:sqs:us-east-1:123456789012:webapp-notifier-dead-letters

- name: Bring it messages together, up to 20 seconds' worth
  lambda_event_source:
    function_name: webapp-notifier-log-lines
    event_source_arn: arn:aws:sqs:us-east-1:123456789012:webapp-notifier-log-lines
    batch_size: 1000
    maximum_batching_window_seconds: 20
    function_response_types: [ReportBatchItemFailures]

- name: Bring it nothing more
  lambda_event_source:
    function_name: webapp-notifier-log-lines
    state: absent
"""

RETURN = r"""
event_source:
  description: The event source mapping; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    uuid:
      description: Lambda's name for it; empty in check mode when it is not there yet.
      type: str
      returned: when present
      sample: 14e0db71-5d35-4eb5-b481-8945cf9d10c2
    function_name:
      description: The option of the same name.
      type: str
      returned: when present
      sample: webapp-notifier-log-lines
    event_source_arn:
      description: The option of the same name.
      type: str
      returned: when present
      sample: arn:aws:sqs:us-east-1:123456789012:webapp-notifier-log-lines
    batch_size:
      description: As the option of the same name; so are the others.
      type: int
      returned: when present
      sample: 1000
"""

from typing import Any

from ansible.module_utils.towpath import event_source as sources
from ansible.module_utils.towpath import lambda_api as lambdas
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

Mappings = list[dict[str, Any]]


def present(module: AnsibleAWSModule, client: lambdas.LambdaClient, mappings: Mappings) -> dict[str, Any]:
    params = module.params
    found = next((one for one in mappings if one["State"] != "Deleting"), {})
    before = sources.comparable(found, lambdas.list_tags(client, found["EventSourceMappingArn"]) if found else {})
    asked = sources.wanted(params)
    after = before | asked
    if problem := sources.refusal(params, after, there=bool(found), planned=module.check_mode):
        module.fail_json(msg=problem)

    key = {option: params[option] for option in ("function_name", "event_source_arn")}
    there = bool(found)
    changes = differences(before, asked) if there else differences({}, key | asked)
    if changes and not module.check_mode:
        if there:
            change(client, found, before["tags"], {one.field: one.after for one in changes})
        else:
            # As long as one is being deleted, Lambda refuses another.
            for one in mappings:
                lambdas.wait_until(client, one["UUID"], "Gone")
            found = lambdas.create_event_source_mapping(client, sources.create_request(params, asked))
        lambdas.wait_until(client, found["UUID"], "Enabled" if after["enabled"] else "Disabled")
    what = f"the event source of {params['function_name']}"
    msg = f"Changed {sentence(changes)} of {what}." if changes else f"Nothing to change in {what}."
    return {
        "changed": bool(changes),
        "diff": diff(changes),
        "msg": msg if there else f"Created {what}.",
        "event_source": {"uuid": found.get("UUID", ""), **key, **after},
    }


def change(client: lambdas.LambdaClient, found: dict[str, Any], tags: dict[str, str], changed: dict[str, Any]) -> None:
    if request := sources.update_request(changed):
        lambdas.update_event_source_mapping(client, found["UUID"], request)
    lambdas.replace_tags(client, found["EventSourceMappingArn"], tags, changed.get("tags", tags))


def absent(module: AnsibleAWSModule, client: lambdas.LambdaClient, mappings: Mappings) -> dict[str, Any]:
    function = module.params["function_name"]
    gone = [one for one in mappings if one["State"] != "Deleting"]
    if not module.check_mode:
        for one in gone:
            lambdas.delete_event_source_mapping(client, one["UUID"])
    told = ", ".join(one["EventSourceArn"] for one in gone)
    return {
        "changed": bool(gone),
        "diff": {"before": {"event_source_arns": [one["EventSourceArn"] for one in gone]} if gone else {}, "after": {}},
        "msg": f"{function} gets nothing more of {told}." if gone else f"{function} has no such event source.",
        "event_source": {},
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "function_name": {"type": "str", "required": True},
            "event_source_arn": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "enabled": {"type": "bool"},
            "starting_position": {"type": "str", "choices": ["LATEST", "TRIM_HORIZON"]},
            "batch_size": {"type": "int"},
            "maximum_batching_window_seconds": {"type": "int"},
            "function_response_types": {"type": "list", "elements": "str", "choices": ["ReportBatchItemFailures"]},
            "filter_patterns": {"type": "list", "elements": "dict"},
            "maximum_retry_attempts": {"type": "int"},
            "maximum_record_age_seconds": {"type": "int"},
            "bisect_batch_on_function_error": {"type": "bool"},
            "parallelization_factor": {"type": "int"},
            "on_failure_destination_arn": {"type": "str"},
            "maximum_concurrency": {"type": "int"},
            "tags": {"type": "dict"},
        },
        required_if=[("state", "present", ["event_source_arn"])],
        supports_check_mode=True,
    )
    params = module.params
    if params["tags"] is not None:
        params["tags"] = {key: str(value) for key, value in params["tags"].items()}
    client = module.client("lambda")
    try:
        # Without an ARN the function has all its sources listed; with an empty one, there is none yet.
        source = params["event_source_arn"]
        mappings = [] if source == "" else lambdas.list_event_source_mappings(client, params["function_name"], source)
        result = {"present": present, "absent": absent}[params["state"]](module, client, mappings)
    except lambdas.LambdaError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
