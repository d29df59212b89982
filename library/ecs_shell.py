#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_shell
short_description: Find what opens a session in the newest running task of a service
description:
  - Words the command line of the AWS CLI for ECS Exec.
  - With O(open) the session is opened when the playbook is over, on the terminal that it was started from, and
    C(ansible-playbook) exits as the session does.
  - A session needs the AWS CLI and the Session Manager plugin on this machine, and whoever opens it the permission
    C(ecs:ExecuteCommand).
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
    description: Container to open the session in.
    type: str
    default: app
  command:
    description: What to run there.
    type: str
    default: /bin/sh
  open:
    description: Whether to open the session.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Opens no session.
  diff_mode:
    support: none
    description: Changes nothing, so there is nothing to show.
"""

EXAMPLES = r"""
- name: Find the session
  ecs_shell:
    cluster: webapp-staging
    service: app
  register: shell
"""

RETURN = r"""
lines:
  description: The command line, and what this machine lacks for it.
  returned: success
  type: list
  elements: str
  sample: ["aws ecs execute-command --cluster webapp-staging --task 0123 --interactive --command /bin/sh"]
task_arn:
  description: ARN of the task.
  returned: success
  type: str
  sample: arn:aws:ecs:us-east-1:123456789012:task/webapp-staging/0123456789abcdef0123456789abcdef
hand_over_to:
  description: What takes the terminal over when the playbook is over; empty when nothing is to be opened.
  returned: success
  type: list
  elements: str
  sample: []
"""

import shlex
import shutil
from typing import Any

from ansible.module_utils.towpath.ecs_api import EcsError, describe_service, describe_service_tasks
from ansible.module_utils.towpath.rollout import refusal_of_service
from ansible.module_utils.towpath.shell import command, missing, newest_running, refusal
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "container": {"type": "str", "default": "app"},
            "command": {"type": "str", "default": "/bin/sh"},
            "open": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    cluster, service, container = (module.params[name] for name in ("cluster", "service", "container"))
    client = module.client("ecs")
    try:
        wrong = refusal_of_service(describe_service(client, cluster, service), cluster, service)
        tasks: list[dict[str, Any]] = [] if wrong else describe_service_tasks(client, cluster, service)
    except EcsError as error:
        module.fail_json_aws_error(error)
    task = newest_running(tasks)
    if wrong := wrong or refusal(task, service, container):
        module.fail_json(msg=wrong)
    assert task is not None  # noqa: S101  # refusal() has seen to it
    words = command(task, container, module.params["command"], module.region)
    programs = {name: shutil.which(name) is not None for name in ("aws", "session-manager-plugin")}
    lacks = missing(programs)
    opens = module.params["open"] and not module.check_mode
    if opens and lacks:
        module.fail_json(msg=f"The session cannot be opened. {lacks}\nThe command for it is: {shlex.join(words)}")
    module.exit_json(
        changed=False,
        task_arn=task["taskArn"],
        lines=[shlex.join(words), *([lacks] if lacks else [])],
        hand_over_to=words if opens else [],
    )


if __name__ == "__main__":
    main()
