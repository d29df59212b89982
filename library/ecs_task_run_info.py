#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_task_run_info
short_description: Look once at a task that runs a command, and read what is new in its log
description:
  - M(ecs_task_run) calls this module again and again until the command is over.
  - The log is read on after the end of the command, until nothing more comes.
author: Contributors to Towpath
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  task_arn:
    description: ARN of the task.
    type: str
    required: true
  container:
    description: Container that runs the command.
    type: str
    default: app
  log:
    description: Where that container writes its log; nothing when that is not CloudWatch Logs.
    type: dict
    suboptions:
      group:
        description: Log group.
        type: str
        required: true
      name:
        description: Log stream.
        type: str
        required: true
      region:
        description: Region of the group; empty for the module's own.
        type: str
        default: ""
  elapsed_seconds:
    description: How long the task has been followed.
    type: float
    default: 0
  age_seconds:
    description: How long the task ran before, when another had started it.
    type: float
    default: 0
  timeout_seconds:
    description: How long the task may take in all.
    type: float
    default: 900
  on_timeout:
    description: Whether to ask for the task to be stopped when the time is up.
    type: str
    choices: [stop, leave]
    default: stop
  environment_name:
    description: Name of the environment, for what to type next.
    type: str
    default: NAME
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
- name: Look at the command
  ecs_task_run_info:
    cluster: webapp-staging
    task_arn: "{{ run.task_arn }}"
"""

RETURN = r"""
finished:
  description: Whether the command is over and its log read, or the time is up.
  returned: success
  type: bool
  sample: true
outcome:
  description: How it ended. V(succeeded), V(failed) or V(timed_out); empty while it goes on.
  returned: success
  type: str
  sample: failed
exit_code:
  description: Exit code of the command; null while it runs, and when there is none.
  returned: success
  type: int
  sample: 7
reason:
  description: The cause in a sentence; empty while it goes on.
  returned: success
  type: str
  sample: The command exited with code 7.
evidence:
  description: What shows the cause.
  returned: success
  type: list
  elements: str
  sample: ["app exited with code 7 (EssentialContainerExited)"]
advice:
  description: What to do next; empty when there is nothing to do.
  returned: success
  type: str
  sample: Its last log lines tell why.
log_lines:
  description: The last 20 lines of the log, what looks like a secret blotted out.
  returned: success
  type: list
  elements: str
  sample: ["1 user"]
phases:
  description: How long the start and the run took, in seconds; empty while it goes on.
  returned: success
  type: dict
  sample: {"start": 21.1, "run": 3.0}
new_log_lines:
  description: The lines of the log that no earlier look read, as the command wrote them.
  returned: success
  type: list
  elements: str
  sample: ["1 user"]
lines:
  description: One line for each thing that this look shows and no earlier one did.
  returned: success
  type: list
  elements: str
  sample: ["   12 s  running"]
state:
  description: Where the task stands, whether that is news or not.
  returned: success
  type: str
  sample: running
stop:
  description: Options for M(ecs_task_stop), when the task is to be stopped now; else null.
  returned: success
  type: dict
  sample: null
seconds_to_next_look:
  description: How long to wait before the next look.
  returned: success
  type: float
  sample: 0.5
seen:
  description: What to hand to the next look.
  returned: success
  type: dict
  sample: {"state": "running"}
transient:
  description: Whether a look that failed may well succeed when it is tried again, such as after throttling.
  returned: failure
  type: bool
  sample: true
"""

from typing import Any

from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath.logs_api import LogsError, new_log_lines
from ansible.module_utils.towpath.rollout import timed
from ansible.module_utils.towpath.task_limit import reason_to_stop
from ansible.module_utils.towpath.task_run import (
    SECONDS_BETWEEN_LOOKS,
    Seen,
    ending,
    finished,
    is_over,
    last_lines,
    phases,
    remembered,
    should_stop,
)
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def read_log(module: AnsibleAWSModule, seen: Seen) -> tuple[list[str], str, str]:
    """The new lines, the token to go on with, and why the log may not be read.

    The log is evidence: a task is followed to its end without.
    """
    log, token = module.params["log"], seen.log_token
    if not log or seen.log_refused:
        return [], token, seen.log_refused
    client = module.client("logs", region=log["region"] or module.region)
    try:
        lines, token = new_log_lines(client, log["group"], log["name"], token)
    except LogsError as error:
        # What is throttled is read in the next look, as long as there is one.
        if ecs.is_transient(error) and module.params["elapsed_seconds"] < module.params["timeout_seconds"]:
            raise
        return [], token, str(error)
    return lines, token, ""


def look(module: AnsibleAWSModule) -> dict[str, Any]:
    params = module.params
    container, arn, seconds = params["container"], params["task_arn"], params["elapsed_seconds"]
    # Of a task that another started, its own limit is what counts, from its creation on.
    limit = (params["timeout_seconds"] - params["age_seconds"], params["on_timeout"])
    before = Seen(**params["seen"])

    # The task first: what is written before its end is then in the log.
    task = ecs.describe_task(module.client("ecs"), params["cluster"], arn)
    over = is_over(task, container, before)
    lines, token, refused = read_log(module, before)
    seen = remembered(before, task, lines, token, over, seconds)._replace(log_refused=refused)
    stop = should_stop(seen, over, seconds, *limit)
    if stop:
        seen = seen._replace(stop_asked_at=seconds)
    done = finished(seen, over, seconds, *limit)
    told = (params["timeout_seconds"], params["environment_name"])
    end = ending(task, container, arn, seen, *told) if done else None
    reason = reason_to_stop(params["timeout_seconds"])
    news = [f"{reason}: stop it"] if stop else []
    if refused and not before.log_refused:
        news.append(f"its log may not be read, so it is followed without. {refused}")
    if seen.state not in (before.state, "over"):
        news.append(seen.state)
    return {
        "finished": done,
        "outcome": end.outcome if end else "",
        "exit_code": end.exit_code if end else None,
        "reason": end.reason if end else "",
        "evidence": [*end.evidence, *([f"log: not read. {refused}"] if refused else [])] if end else [],
        "advice": end.advice if end else "",
        "log_lines": last_lines(seen),
        "phases": phases(seen, seconds) if done else {},
        "new_log_lines": lines,
        "lines": [line for words in news for line in timed(words, seconds)],
        "state": seen.state,
        "stop": {"cluster": params["cluster"], "task_arn": arn, "reason": reason} if stop else None,
        "seconds_to_next_look": SECONDS_BETWEEN_LOOKS,
        "seen": seen._asdict(),
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "task_arn": {"type": "str", "required": True},
            "container": {"type": "str", "default": "app"},
            "log": {
                "type": "dict",
                "options": {
                    "group": {"type": "str", "required": True},
                    "name": {"type": "str", "required": True},
                    "region": {"type": "str", "default": ""},
                },
            },
            "elapsed_seconds": {"type": "float", "default": 0},
            "age_seconds": {"type": "float", "default": 0},
            "timeout_seconds": {"type": "float", "default": 900},
            "environment_name": {"type": "str", "default": "NAME"},
            "on_timeout": {"type": "str", "choices": ["stop", "leave"], "default": "stop"},
            "seen": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        result = look(module)
    except AnsibleAWSError as error:
        module.fail_json_aws(error.exception, msg=error.message, transient=ecs.is_transient(error))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
