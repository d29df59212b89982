#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cloudwatch_dashboard
short_description: Make, change or delete a CloudWatch dashboard
description:
  - Makes a dashboard show what its body says. A dashboard is of the account, not of a region.
  - What CloudWatch finds fault with, be it an error or a warning that a widget might not be drawn, fails the task,
    and the dashboard stays what it was before.
  - It is here because the upstream collections have no module for it.
author: Contributors to Towpath
options:
  name:
    description: Name of the dashboard, of the characters A-Z, a-z, 0-9, C(-) and C(_).
    type: str
    required: true
  state:
    description: Whether the dashboard is to be there.
    type: str
    choices: [present, absent]
    default: present
  body:
    description:
      - The whole dashboard, with its C(widgets), as CloudWatch's dashboard body structure has it.
        Required when O(state=present).
      - It is compared as JSON, so the order of keys does not matter. The order of widgets does.
    type: dict
  keep_markers:
    description:
      - Whether the vertical annotations that the dashboard has on its graphs, such as those of releases, stay.
        Every graph of the body gets them.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what it would change, and changes nothing. Only CloudWatch knows all that is wrong with a widget.
  diff_mode:
    support: full
    description: Shows the widgets, by their place, and the other settings that differ, before and after.
"""

EXAMPLES = r"""
- name: Draw the service's load
  cloudwatch_dashboard:
    name: webapp-prod
    body:
      start: -PT6H
      widgets:
        - type: metric
          x: 0
          y: 0
          width: 12
          height: 6
          properties:
            title: CPU of the app
            region: us-east-1
            stat: Average
            period: 60
            metrics:
              - [AWS/ECS, CPUUtilization, ClusterName, webapp-prod, ServiceName, app]

- name: Take the dashboard away
  cloudwatch_dashboard:
    name: webapp-prod
    state: absent
"""

RETURN = r"""
dashboard:
  description: The dashboard; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    name:
      description: The option of the same name.
      type: str
      returned: when present
      sample: webapp-prod
    body:
      description: The option of the same name.
      type: dict
      returned: when present
      sample:
        widgets:
          - type: text
            properties:
              markdown: "# webapp"
"""

import json
from typing import Any

from ansible.module_utils.towpath import cloudwatch_api as cloudwatch
from ansible.module_utils.towpath.dashboard import (
    as_json,
    changes,
    fault,
    refusal,
    validation_messages,
    with_markers_of,
)
from ansible.module_utils.towpath.differences import diff, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def put(client: cloudwatch.CloudWatchClient, name: str, body: dict[str, Any], before: str | None) -> list[str]:
    """Put a dashboard and return its faults. One that has any does not replace what was there ``before``."""
    try:
        messages = cloudwatch.put_dashboard(client, name, as_json(body))
    except cloudwatch.CloudWatchError as error:
        messages = validation_messages(getattr(error.exception, "response", {}))
        if not messages:
            raise
    else:
        # Kept, it would be no change for the next run, which would then succeed.
        if messages and before is None:
            cloudwatch.delete_dashboard(client, name)
        elif messages:
            cloudwatch.put_dashboard(client, name, before)
    return [fault(message, body) for message in messages]


def present(module: AnsibleAWSModule, client: cloudwatch.CloudWatchClient, found: str | None) -> dict[str, Any]:
    name, body = module.params["name"], module.params["body"]
    before = json.loads(found) if found is not None else {}
    if module.params["keep_markers"]:
        body = with_markers_of(before, body)
    different = changes(before, body)
    changed = bool(different) or found is None
    if changed and not module.check_mode and (faults := put(client, name, body, found)):
        told = "".join(f"\n  {one}" for one in faults)
        module.fail_json(msg=f"CloudWatch finds fault with the dashboard {name}:{told}\nCorrect it and run this again.")
    if found is None:
        msg = f"Made the dashboard {name}."
    else:
        verb = f"Changed {sentence(different)} of" if different else "Nothing to change in"
        msg = f"{verb} the dashboard {name}."
    return {"changed": changed, "diff": diff(different), "msg": msg, "dashboard": {"name": name, "body": body}}


def absent(module: AnsibleAWSModule, client: cloudwatch.CloudWatchClient, found: str | None) -> dict[str, Any]:
    name = module.params["name"]
    there = found is not None
    if there and not module.check_mode:
        cloudwatch.delete_dashboard(client, name)
    return {
        "changed": there,
        "diff": {"before": json.loads(found) if found is not None else {}, "after": {}},
        "msg": f"Deleted the dashboard {name}." if there else f"There is no dashboard {name}.",
        "dashboard": {},
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "body": {"type": "dict"},
            "keep_markers": {"type": "bool", "default": False},
        },
        required_if=[("state", "present", ["body"])],
        supports_check_mode=True,
    )
    name, state = module.params["name"], module.params["state"]
    if state == "present" and (problem := refusal(name, module.params["body"])):
        module.fail_json(msg=problem)
    client = module.client("cloudwatch")
    try:
        found = cloudwatch.get_dashboard(client, name)
        result = {"present": present, "absent": absent}[state](module, client, found)
    except cloudwatch.CloudWatchError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
