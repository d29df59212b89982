#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_task_run
short_description: Run a command once, as a task of a service's revision, and follow it to its end
description:
  - Runs a command with the image, the settings and the secrets of a revision, in the network and on the capacity of
    a service. Prints its log while it runs, and waits for its end.
  - The task fails unless the command exits with 0.
  - Ctrl-C leaves the command running. With O(started_by) the same task then follows it again.
  - C(community.aws.ecs_task) does not wait, and shows no log.
author: Contributors to Towpath
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  service:
    description: Name of the service whose network and capacity the command gets.
    type: str
    required: true
  task_definition:
    description: Revision to run, as C(family:revision) or ARN. The default is the release that serves.
    type: str
  container:
    description: Container of the revision that runs the command. Its other containers run beside it.
    type: str
    default: app
  command:
    description:
      - What to run. A list is run as it is, a string by C(/bin/sh -c).
      - An C(ENTRYPOINT) of the image stays in front of it.
    type: raw
    required: true
  environment:
    description: Environment variables for this run, name to value, over those of the revision.
    type: dict
    default: {}
  started_by:
    description:
      - Name of what may run only once at a time. A task of the same name and the same revision that still runs is
        followed and not started again, and one that exited with code 0 within the last hour has done the work.
        One of another revision of the family is waited for first.
      - Without it the command is started, whatever else runs.
    type: str
    default: ""
  timeout_seconds:
    description:
      - How long the command may take, with its start. The task carries it in its tag C(towpath:timeout-seconds).
      - Any task of the family that runs longer than its own tag says is stopped, because whoever was to stop it is
        gone. One of the same O(started_by) without the tag, which an older version started, gets this limit.
    type: float
    default: 900
  on_timeout:
    description: What to do with a command that takes longer.
    type: str
    choices: [stop, leave]
    default: stop
  environment_name:
    description: Name of the environment, for what to type next.
    type: str
    default: NAME
  lock:
    description: >-
      The lock under which this is done, as RV(lock) of M(release_lock) or M(release_start). Nothing is sent once it is
      lost.
    type: dict
    suboptions:
      table:
        description: Name of the table that the lock is in.
        type: str
        required: true
      token:
        description: Token of the lock that was taken; nothing means none.
        type: str
        default: ""
      pid:
        description: Process that holds it.
        type: int
        default: 0
      confirmed_at:
        description: When it was last written, by this machine's own clock.
        type: float
        default: 0.0
  exit_as_command:
    description: Whether C(ansible-playbook) is to exit as the command does.
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
    description: Says what it would run, and starts nothing.
  diff_mode:
    support: none
    description: A run leaves nothing to compare.
"""

EXAMPLES = r"""
- name: Migrate the database with the new release
  ecs_task_run:
    cluster: webapp-staging
    service: app
    task_definition: webapp-staging:7
    command: [rake, db:migrate]
    started_by: towpath-release

- name: Count the users
  ecs_task_run:
    cluster: webapp-staging
    service: app
    command: echo 'User.count' | rails console
    timeout_seconds: 120
"""

RETURN = r"""
outcome:
  description: >-
    How it ended. V(succeeded), V(failed) or V(timed_out); empty in check mode, and when AWS refuses to say.
  returned: always
  type: str
  sample: succeeded
exit_code:
  description: Exit code of the command; null when it never ran or its end was not waited for.
  returned: always
  type: int
  sample: 0
reason:
  description: The cause in a sentence.
  returned: always
  type: str
  sample: The command exited with code 7.
evidence:
  description: What shows the cause of a failure. The stopped task, and the last lines of the log.
  returned: always
  type: list
  elements: str
  sample: []
advice:
  description: What to do next; empty when there is nothing to do.
  returned: always
  type: str
  sample: ""
log_lines:
  description: The last 20 lines of the log, what looks like a secret blotted out.
  returned: always
  type: list
  elements: str
  sample: ["== 20260101120000 CreateUsers: migrated (0.0021s)"]
seconds:
  description: How long the command was followed, its start included.
  returned: always
  type: float
  sample: 12.5
phases:
  description: How long the start and the run took, in seconds, as far as it came.
  returned: always
  type: dict
  sample: {"start": 21.1, "run": 3.0}
release:
  description: The release that the revision carries, as M(ecs_release_info) returns it.
  returned: always
  type: dict
  sample: {"release_name": "v7", "digest": "sha256:0123", "git_sha": "6b65b39"}
task_arn:
  description: ARN of the task; empty in check mode, when it would be a new one.
  returned: always
  type: str
  sample: arn:aws:ecs:us-east-1:123456789012:task/webapp-staging/0123456789abcdef0123456789abcdef
task_definition:
  description: ARN of the revision.
  returned: always
  type: str
  sample: arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:7
"""

from typing import Any

from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath import fence
from ansible.module_utils.towpath.release import release_number, release_of
from ansible.module_utils.towpath.rollout import (
    primary,
    refusal_of_revision,
    refusal_of_service,
    serving_revision,
    short,
)
from ansible.module_utils.towpath.rollout_cause import cause_of
from ansible.module_utils.towpath.task_limit import (
    age_of,
    limit_of,
    overdue_words,
    reason_to_stop,
    task_id,
    waiting,
)
from ansible.module_utils.towpath.task_run import (
    command_words,
    done_already,
    log_stream,
    refusal,
    request,
    under_way,
)
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def find_service(module: AnsibleAWSModule, client: ecs.EcsClient) -> dict[str, Any]:
    cluster, name = module.params["cluster"], module.params["service"]
    service: dict[str, Any] = ecs.describe_service(client, cluster, name)
    if wrong := refusal_of_service(service, cluster, name):
        module.fail_json(msg=wrong)
    return service


def find_revision(module: AnsibleAWSModule, client: ecs.EcsClient, service: dict[str, Any]) -> dict[str, Any]:
    given = module.params["task_definition"]
    name = given or serving_revision(service) or primary(service).get("taskDefinition", "")
    found: dict[str, Any] = ecs.describe_task_definition(client, name)
    if wrong := refusal_of_revision(name, found):
        module.fail_json(msg=wrong)
    if not given and release_number(found) is None:
        module.fail_json(
            msg=f"Nothing is released to the service {module.params['service']} yet, so there is no image to run. "
            "Run ansible-playbook deploy.yml -e env=NAME first."
        )
    return found


def start(module: AnsibleAWSModule, client: ecs.EcsClient, asked: dict[str, Any], started_by: str) -> str:
    answer = ecs.run_task(client, asked | ({"startedBy": started_by} if started_by else {}))
    if answer["tasks"]:
        arn: str = answer["tasks"][0]["taskArn"]
        return arn
    told = "; ".join(f"{one.get('reason', '')} {one.get('detail', '')}".strip() for one in answer["failures"])
    cause = cause_of([told])
    reason, advice = (cause.sentence, cause.advice) if cause else (f"ECS started no task: {told}.", "")
    module.fail_json(
        msg=f"The command did not run. {reason}\n  {told}\n{advice}".strip(),
        **nothing_yet(module) | {"outcome": "failed", "reason": reason, "evidence": [told], "advice": advice},
    )
    raise AssertionError  # fail_json does not come back.


def nothing_yet(module: AnsibleAWSModule) -> dict[str, Any]:
    return {
        "outcome": "",
        "exit_code": None,
        "reason": "",
        "evidence": [],
        "advice": "",
        "log_lines": [],
        "seconds": 0.0,
        "phases": {},
        "release": {},
        "task_arn": "",
        "task_definition": module.params["task_definition"] or "",
    }


def run(module: AnsibleAWSModule, client: ecs.EcsClient) -> dict[str, Any]:
    params = module.params
    command, container, started_by = params["command"], params["container"], params["started_by"]
    service = find_service(module, client)
    revision = find_revision(module, client, service)
    arn = revision["taskDefinitionArn"]
    names = [one["name"] for one in revision["containerDefinitions"]]
    if wrong := refusal(command, started_by, names, container, params["environment"]):
        module.fail_json(msg=wrong)
    release = release_of(revision, container)
    result = nothing_yet(module) | {"task_definition": arn, "release": release, "changed": True}

    timeout = params["timeout_seconds"]
    tasks, now = ecs.describe_tasks_of_family(client, params["cluster"], revision["family"])
    same, others, overdue = under_way(tasks, started_by, arn, now, timeout)
    words = f"{command_words(command)} as a task of {short(arn)}"
    if done := done_already(tasks, started_by, arn, container):
        said = f"Task {task_id(done['taskArn'])} of {short(arn)} did this already, and exited with code 0."
        end = {"outcome": "succeeded", "exit_code": 0, "reason": said, "task_arn": done["taskArn"]}
        return result | end | {"changed": False, "msg": said}
    if module.check_mode:
        what = "Follow" if same else "Run"
        task_arn = same["taskArn"] if same else ""
        return result | {"changed": not same, "task_arn": task_arn, "msg": f"{what} {words}."}
    for one in overdue:
        ecs.stop_task(client, params["cluster"], one["taskArn"], reason_to_stop(limit_of(one, timeout) or timeout))
        if one not in others:
            module.warn(f"{overdue_words(one)} It is stopped.")
    limit, age = timeout, 0.0
    if same:
        result |= {"changed": False, "task_arn": same["taskArn"]}
        result["msg"] = f"Task {task_id(same['taskArn'])} of {short(arn)} runs already: follow it."
        if told := limit_of(same):
            limit, age = told, age_of(same, now)
    elif others:
        # For the action plugin: come again.
        return result | {"waits_for": waiting(others[0], now, timeout, params["environment_name"])._asdict()}
    else:
        asked = request(service, arn, container, command, params["environment"], timeout, params["on_timeout"])
        result["task_arn"] = start(module, client, asked, started_by)
        result["msg"] = f"Run {words}."
    stream = log_stream(revision, container, result["task_arn"])
    follow = {name: params[name] for name in ("cluster", "container", "on_timeout", "environment_name")}
    follow |= {"task_arn": result["task_arn"], "log": stream._asdict() if stream else None}
    follow |= {"timeout_seconds": limit, "age_seconds": age}
    # For the action plugin: what to follow, as the options of ecs_task_run_info.
    return result | {"follow": follow}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "task_definition": {"type": "str"},
            "container": {"type": "str", "default": "app"},
            "command": {"type": "raw", "required": True},
            "environment": {"type": "dict", "default": {}},
            "started_by": {"type": "str", "default": ""},
            "timeout_seconds": {"type": "float", "default": 900},
            "on_timeout": {"type": "str", "choices": ["stop", "leave"], "default": "stop"},
            "environment_name": {"type": "str", "default": "NAME"},
            # Renewed by the action plugin, too.
            "lock": fence.LOCK_OPTION,
            # Read by the action plugin.
            "exit_as_command": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module, fence.client_of(module, "ecs"))
    except AnsibleAWSError as error:
        fence.fail(module, error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
