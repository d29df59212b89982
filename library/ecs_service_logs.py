#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_service_logs
short_description: Show the newest lines of a service's log, and go on with them as they come
description:
  - Shows what the tasks of a service wrote to CloudWatch Logs, each line with its time (UTC) and its task.
  - Says how to see the same with the AWS CLI.
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
  container:
    description: Container whose log to show.
    type: str
    default: app
  since:
    description: How far back to begin, such as C(30s), C(10m), C(2h), C(1d) or C(1w).
    type: str
    default: 10m
  filter:
    description: Filter pattern of CloudWatch Logs; only lines that match are shown.
    type: str
    default: ""
  limit:
    description: How many lines to begin with at most.
    type: int
    default: 100
  follow:
    description: Whether to go on until Ctrl-C.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  action:
    support: full
    description: The part that waits and prints runs on the controller.
  check_mode:
    support: full
    description: Reads only.
  diff_mode:
    support: none
    description: Changes nothing, so there is nothing to show.
"""

EXAMPLES = r"""
- name: Show the errors of the last hour
  ecs_service_logs:
    cluster: webapp-staging
    service: app
    since: 1h
    filter: ERROR
"""

RETURN = r"""
command:
  description: The command line that shows the same.
  returned: success
  type: str
  sample: aws logs tail /towpath/webapp-staging --region us-east-1 --since 10m
shown:
  description: Number of lines that were shown.
  returned: success
  type: int
  sample: 12
"""

import time
from typing import Any

from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath.log_tail import command, seconds_since
from ansible.module_utils.towpath.rollout import refusal_of_service
from ansible.module_utils.towpath.task_run import log_stream
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def begin(module: AnsibleAWSModule) -> dict[str, Any]:
    params = module.params
    client = module.client("ecs")
    seconds = seconds_since(params["since"])
    if seconds is None:
        module.fail_json(msg=f"since is {params['since']}, expected a number and s, m, h, d or w, as in 10m.")
    if params["limit"] < 1:
        module.fail_json(msg=f"limit is {params['limit']}, expected 1 or more.")
    service = ecs.describe_service(client, params["cluster"], params["service"])
    if wrong := refusal_of_service(service, params["cluster"], params["service"]):
        module.fail_json(msg=wrong)
    definition = ecs.describe_task_definition(client, service["taskDefinition"])
    names = [one["name"] for one in definition["containerDefinitions"]]
    if params["container"] not in names:
        module.fail_json(msg=f"The task definition has no container {params['container']}. It has {', '.join(names)}.")
    stream = log_stream(definition, params["container"], "")
    if stream is None:
        module.fail_json(msg=f"The container {params['container']} does not write to CloudWatch Logs.")
    region = stream.region or module.region
    follow = {
        # Without the task's id this is what the names of its streams begin with.
        "log": {"group": stream.group, "prefix": stream.name, "region": region},
        "filter": params["filter"],
        "since_milliseconds": int((time.time() - seconds) * 1000),
        "limit": params["limit"],
        "follow": params["follow"],
        "timeout_seconds": 0,
    }
    line = command(stream.group, region, params["since"], params["filter"], params["follow"])
    # For the action plugin: what to follow, as the options of ecs_service_logs_info.
    return {"changed": False, "command": line, "shown": 0, "msg": line, "follow": follow}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "container": {"type": "str", "default": "app"},
            "since": {"type": "str", "default": "10m"},
            "filter": {"type": "str", "default": ""},
            "limit": {"type": "int", "default": 100},
            "follow": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = begin(module)
    except ecs.EcsError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
