#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_task_stop
short_description: Ask ECS to stop a task
description:
  - ECS sends SIGTERM, and SIGKILL after the stop timeout. This module does not wait for it.
  - A task that has stopped already is left as it is. One that a service runs is refused: ECS would start another.
author: Contributors to Towpath
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  task_arn:
    description: ARN of the task, or its ID.
    type: str
    required: true
  reason:
    description: Why, as ECS shows it with the stopped task.
    type: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says whether there is a task to stop, and stops nothing.
  diff_mode:
    support: none
    description: There is nothing to compare.
"""

EXAMPLES = r"""
- name: Stop the command
  ecs_task_stop:
    cluster: webapp-staging
    task_arn: "{{ run.task_arn }}"
    reason: It takes too long
"""

RETURN = r"""
found:
  description: Whether ECS knows the task.
  returned: success
  type: bool
  sample: true
"""

from typing import Any

from ansible.module_utils.towpath.ecs_api import EcsError, describe_task, stop_task
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def refusal(task: dict[str, Any]) -> str:
    kind, _, service = task.get("group", "").partition(":")
    if kind != "service":
        return ""
    return (
        f"The task {task['taskArn'].rpartition('/')[2]} is one of the service {service}, which would start another in "
        "its place. Expected the task of a command. For new tasks of the service type: "
        "ansible-playbook restart.yml -e env=NAME"
    )


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "task_arn": {"type": "str", "required": True},
            "reason": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    cluster, arn = module.params["cluster"], module.params["task_arn"]
    client = module.client("ecs")
    try:
        task = describe_task(client, cluster, arn)
        if wrong := refusal(task or {}):
            module.fail_json(msg=wrong)
        runs = task is not None and task["desiredStatus"] != "STOPPED"
        if runs and not module.check_mode:
            stop_task(client, cluster, arn, module.params["reason"])
    except EcsError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=runs, found=task is not None)


if __name__ == "__main__":
    main()
