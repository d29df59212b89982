#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_service_scale_info
short_description: Look once at how many tasks of a service run
description:
  - M(ecs_service_scale) calls this module again and again until as many tasks run as are wanted.
author: Contributors to Towpath
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  desired:
    description: Number of tasks that was asked for.
    type: int
    required: true
  elapsed_seconds:
    description: How long the tasks have been followed.
    type: float
    default: 0
  timeout_seconds:
    description: How long to follow them at most.
    type: float
    default: 300
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
- name: Look at the tasks
  ecs_service_scale_info:
    cluster: webapp-prod
    service: app
    desired: 3
"""

RETURN = r"""
finished:
  description: Whether as many tasks run as are wanted, or the time is up.
  returned: success
  type: bool
  sample: true
timed_out:
  description: Whether the time is up before that.
  returned: success
  type: bool
  sample: false
state:
  description: How many tasks run.
  returned: success
  type: str
  sample: 2/3 running
lines:
  description: What is new since the look before.
  returned: success
  type: list
  elements: str
  sample: ["    4 s  2/3 running"]
desired:
  description: Number of tasks that are wanted now.
  returned: success
  type: int
  sample: 3
running:
  description: Number of tasks that run.
  returned: success
  type: int
  sample: 2
troubles:
  description: What ECS says that keeps tasks from running.
  returned: success
  type: list
  elements: str
  sample: []
seen:
  description: What the next look needs to tell what is new.
  returned: success
  type: dict
  sample: {state: 2/3 running}
seconds_to_next_look:
  description: When to look again.
  returned: success
  type: float
  sample: 1.0
transient:
  description: Whether another look may well succeed.
  returned: failure
  type: bool
  sample: true
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath.rollout import refusal_of_service, timed
from ansible.module_utils.towpath.scale import counts_words, is_there, running_count, troubles
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

SECONDS_BETWEEN_LOOKS = 1.0


def look(module: AnsibleAWSModule, client: ecs.EcsClient) -> dict[str, Any]:
    params, seen = module.params, module.params["seen"]
    seconds = params["elapsed_seconds"]
    service = ecs.describe_service(client, params["cluster"], params["service"])
    if wrong := refusal_of_service(service, params["cluster"], params["service"]):
        module.fail_json(msg=wrong)
    state = counts_words(service)
    begun = datetime.now(UTC) - timedelta(seconds=seconds)
    in_the_way = troubles(service, begun)
    told = seen.get("troubles", [])
    news = [words for words in in_the_way if words not in told] + ([state] if state != seen.get("state") else [])
    there = is_there(service, params["desired"], seconds)
    return {
        "finished": there or seconds >= params["timeout_seconds"],
        "timed_out": not there and seconds >= params["timeout_seconds"],
        "state": state,
        "lines": [line for words in news for line in timed(words, seconds)],
        "desired": service["desiredCount"],
        "running": running_count(service),
        "troubles": in_the_way,
        "seen": {"state": state, "troubles": list(dict.fromkeys([*told, *in_the_way]))},
        "seconds_to_next_look": SECONDS_BETWEEN_LOOKS,
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "desired": {"type": "int", "required": True},
            "elapsed_seconds": {"type": "float", "default": 0},
            "timeout_seconds": {"type": "float", "default": 300},
            "seen": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        result = look(module, module.client("ecs"))
    except ecs.EcsError as error:
        module.fail_json_aws(error.exception, msg=error.message, transient=ecs.is_transient(error))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
