#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_service_logs_info
short_description: Read what is new in a service's log
description:
  - M(ecs_service_logs) calls this module once, or again and again.
author: Contributors to Towpath
options:
  log:
    description: Where the log is.
    type: dict
    required: true
    suboptions:
      group:
        description: Log group.
        type: str
        required: true
      prefix:
        description: What the names of its streams begin with.
        type: str
        required: true
      region:
        description: Region of the group.
        type: str
        required: true
  filter:
    description: Filter pattern of CloudWatch Logs.
    type: str
    default: ""
  since_milliseconds:
    description: From when on, in milliseconds since 1970.
    type: int
    required: true
  limit:
    description: How many lines to begin with at most.
    type: int
    default: 100
  follow:
    description: Whether another look comes after this one.
    type: bool
    default: false
  elapsed_seconds:
    description: How long the log has been followed.
    type: float
    default: 0
  timeout_seconds:
    description: Taken from the module that calls this one again and again, and not used.
    type: float
    default: 0
  seen:
    description: RV(seen) of the look before; leave it out in the first.
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Reads only.
  diff_mode:
    support: none
    description: Changes nothing, so there is nothing to show.
"""

EXAMPLES = r"""
- name: Read the log since the year began
  ecs_service_logs_info:
    log: {group: /towpath/webapp-staging, prefix: app/app/, region: us-east-1}
    since_milliseconds: 1767225600000
"""

RETURN = r"""
new_log_lines:
  description: The lines that no earlier look showed, oldest first.
  returned: success
  type: list
  elements: str
  sample: ["12:00:00 01234567  listening on port 3000"]
finished:
  description: Whether no other look is wanted.
  returned: success
  type: bool
  sample: true
seconds_to_next_look:
  description: How long to wait before the next look.
  returned: success
  type: float
  sample: 2.0
seen:
  description: What to hand to the next look.
  returned: success
  type: dict
  sample: {"newest": 1767225600000, "event_ids": []}
transient:
  description: Whether a look that failed may well succeed when it is tried again, such as after throttling.
  returned: failure
  type: bool
  sample: true
"""

from ansible.module_utils.towpath.ecs_api import is_transient
from ansible.module_utils.towpath.log_tail import SECONDS_BETWEEN_LOOKS, Seen, begin, line, unseen
from ansible.module_utils.towpath.logs_api import LogsError, filter_log_events
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "log": {
                "type": "dict",
                "required": True,
                "options": {
                    "group": {"type": "str", "required": True},
                    "prefix": {"type": "str", "required": True},
                    "region": {"type": "str", "required": True},
                },
            },
            "filter": {"type": "str", "default": ""},
            "since_milliseconds": {"type": "int", "required": True},
            "limit": {"type": "int", "default": 100},
            "follow": {"type": "bool", "default": False},
            "elapsed_seconds": {"type": "float", "default": 0},
            "timeout_seconds": {"type": "float", "default": 0},
            "seen": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    params = module.params
    log, before = params["log"], Seen(**params["seen"])
    client = module.client("logs", region=log["region"])
    try:
        from_when = begin(before, params["since_milliseconds"])
        events = filter_log_events(client, log["group"], log["prefix"], params["filter"], from_when)
    except LogsError as error:
        module.fail_json_aws(error.exception, msg=error.message, transient=is_transient(error))
    new, seen = unseen(events, before)
    # Only to begin with are there more than one wants to read.
    lines = [line(event) for event in (new if params["seen"] else new[-params["limit"] :])]
    module.exit_json(
        changed=False,
        new_log_lines=lines,
        finished=not params["follow"],
        seconds_to_next_look=SECONDS_BETWEEN_LOOKS,
        seen=seen._asdict(),
    )


if __name__ == "__main__":
    main()
