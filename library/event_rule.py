#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: event_rule
short_description: Create, change or delete an EventBridge rule with its targets
description:
  - Makes a rule on the default event bus, which AWS's own services send to, what its options say.
    An option that is not given is not touched.
  - It is here because C(amazon.aws.cloudwatchevent_rule) skips in check mode, knows no dead-letter queue, retries
    or tags, and does not look whether EventBridge took every target.
author: Contributors to Towpath
options:
  name:
    description: Name of the rule, of the characters A-Z, a-z, 0-9, C(.), C(-) and C(_).
    type: str
    required: true
  state:
    description:
      - Whether the rule is to be there.
      - V(absent) removes its targets first.
    type: str
    choices: [present, absent]
    default: present
  event_pattern:
    description: Which events it matches, as EventBridge's event patterns have it. Required when O(state=present).
    type: dict
  enabled:
    description: Whether the rule sends events. A new one does.
    type: bool
  description:
    description: What the rule is for.
    type: str
  targets:
    description: All that get the events, 5 at most. Others are removed.
    type: list
    elements: dict
    suboptions:
      id:
        description: Name of the target within the rule.
        type: str
        required: true
      arn:
        description: ARN of what gets the events, such as a Lambda function. In check mode it may be empty.
        type: str
        required: true
      dead_letter_queue_arn:
        description: >-
          ARN of the SQS queue that gets the events that could not be brought. Its policy has to let
          C(events.amazonaws.com) send to it. Empty means that they are lost.
        type: str
        default: ""
      maximum_retry_attempts:
        description: How often EventBridge tries again to bring an event.
        type: int
        default: 185
      maximum_event_age_seconds:
        description: How long EventBridge tries to bring an event, 60 seconds to a day.
        type: int
        default: 86400
  tags:
    description: All tags that the rule is to have. Those that AWS sets itself stay.
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
    description: Shows the options that differ, each target for itself, before and after.
"""

EXAMPLES = r"""
- name: Tell the notifier of deployments
  event_rule:
    name: webapp-deployments
    event_pattern:
      source: [aws.ecs]
      detail-type: [ECS Deployment State Change]
    targets:
      - id: notifier
        arn: arn:aws:lambda:us-east-1:123456789012:function:webapp-notifier-deployments
        dead_letter_queue_arn: arn:aws:sqs:us-east-1:123456789012:webapp-notifier-dead-letters
        maximum_event_age_seconds: 3600

- name: Tell it no more
  event_rule:
    name: webapp-deployments
    state: absent
"""

RETURN = r"""
rule:
  description: The rule; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the rule; empty in check mode when it is not there yet.
      type: str
      returned: when present
      sample: arn:aws:events:us-east-1:123456789012:rule/webapp-deployments
    name:
      description: Name of the rule.
      type: str
      returned: when present
      sample: webapp-deployments
    event_pattern:
      description: As the option of the same name; so are the others.
      type: dict
      returned: when present
      sample:
        source: [aws.ecs]
"""

from typing import Any

from ansible.module_utils.towpath import eventbridge_rule as rules
from ansible.module_utils.towpath import events_api as events
from ansible.module_utils.towpath.differences import diff, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def present(module: AnsibleAWSModule, client: events.EventsClient, found: dict[str, Any]) -> dict[str, Any]:
    name = module.params["name"]
    targets = events.list_targets(client, name) if found else []
    before = rules.comparable(found, targets, events.list_tags(client, found["Arn"]) if found else {})
    asked = rules.wanted(module.params)
    after = before | asked
    changes = rules.changes(before, asked) if found else rules.changes({}, {"name": name, **asked})
    arn = found.get("Arn", "")
    if changes and not module.check_mode:
        changed = {one.field for one in changes}
        if not found or changed & {"event_pattern", "enabled", "description"}:
            arn = events.put_rule(client, rules.rule_request(name, after, found))
        # New ones first, so that no event finds nobody.
        new = [one for one in after["targets"] if rules.title(one["id"]) in changed]
        events.put_targets(client, name, rules.target_requests(new))
        named = [one["id"] for one in after["targets"]]
        events.remove_targets(client, name, [one["Id"] for one in targets if one["Id"] not in named])
        if found:
            events.replace_tags(client, arn, before["tags"], after["tags"])
    what = f"the rule {name}"
    msg = f"Changed {sentence(changes)} of {what}." if changes else f"Nothing to change in {what}."
    return {
        "changed": bool(changes),
        "diff": diff(changes),
        "msg": msg if found else f"Created {what}.",
        "rule": {"arn": arn, "name": name, **after},
    }


def absent(module: AnsibleAWSModule, client: events.EventsClient, found: dict[str, Any]) -> dict[str, Any]:
    name = module.params["name"]
    if found and not module.check_mode:
        events.remove_targets(client, name, [one["Id"] for one in events.list_targets(client, name)])
        events.delete_rule(client, name)
    return {
        "changed": bool(found),
        "diff": {"before": {"name": name} if found else {}, "after": {}},
        "msg": f"Deleted the rule {name}." if found else f"There is no rule {name}.",
        "rule": {},
    }


def main() -> None:
    target = {
        "id": {"type": "str", "required": True},
        "arn": {"type": "str", "required": True},
        "dead_letter_queue_arn": {"type": "str", "default": ""},
        "maximum_retry_attempts": {"type": "int", "default": rules.MOST_ATTEMPTS},
        "maximum_event_age_seconds": {"type": "int", "default": rules.OLDEST_SECONDS},
    }
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "event_pattern": {"type": "dict"},
            "enabled": {"type": "bool"},
            "description": {"type": "str"},
            "targets": {"type": "list", "elements": "dict", "options": target},
            "tags": {"type": "dict"},
        },
        required_if=[("state", "present", ["event_pattern"])],
        supports_check_mode=True,
    )
    name, state = module.params["name"], module.params["state"]
    if module.params["tags"] is not None:
        module.params["tags"] = {key: str(value) for key, value in module.params["tags"].items()}
    if problem := rules.refusal(module.params, planned=module.check_mode):
        module.fail_json(msg=problem)
    client = module.client("events")
    try:
        found = events.describe_rule(client, name) or {}
        result = {"present": present, "absent": absent}[state](module, client, found)
    except events.EventsError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
