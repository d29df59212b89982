#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_service_rollout
short_description: Point a service at a revision, and follow that rollout to its end
description:
  - Starts the rollout of one task-definition revision and prints what is new until it is over.
  - It follows the deployment that it started, by its id. A rollback by the circuit breaker is a failure here,
    also when it goes back to the very same revision; a service that is stable again proves nothing.
  - A rollout of the same revision that is under way is not started again, but followed. So after Ctrl-C, which leaves
    the rollout going, the same command follows it to its end.
  - Where tasks cannot start and no other try can change that, it asks ECS at the first such task to roll back, and does
    not wait for the circuit breaker. So it is when the image or a secret does not exist, when the secret may not be
    read, and when the image is for another processor or lacks the command. Needs the permission
    C(ecs:StopServiceDeployment); without it the circuit breaker decides.
  - V(rolled_back), V(stopped), V(timed_out) and V(superseded) fail the task, with the cause, the evidence and what to
    do. Success means that the revision serves.
  - C(community.aws.ecs_service) does not wait at all, and the waiter C(services_stable) calls a rollback a success.
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
  task_definition:
    description: Revision to roll out, as C(family:revision) or ARN.
    type: str
    required: true
  desired_count:
    description: Number of tasks to run. It is left alone when this is not given, as an autoscaled service needs.
    type: int
  force:
    description: Start a new deployment even when the service runs this revision.
    type: bool
    default: false
  timeout_seconds:
    description: How long to follow the rollout. ECS goes on with it afterwards.
    type: float
    default: 900
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
    description: Says what it would roll out, and starts nothing.
  diff_mode:
    support: full
    description: Shows the revision before and after.
"""

EXAMPLES = r"""
- name: Roll out the release
  ecs_service_rollout:
    cluster: webapp-staging
    service: app
    task_definition: webapp-staging:7

- name: Roll out the first release, and start the app with it
  ecs_service_rollout:
    cluster: webapp-staging
    service: app
    task_definition: webapp-staging:2
    desired_count: 1
    timeout_seconds: 600
"""

RETURN = r"""
outcome:
  description: >-
    How the rollout ended. V(succeeded), V(rolled_back), V(superseded), V(stopped), V(timed_out) or V(no_change).
    Empty in check mode, when there is something to roll out, and when AWS refuses to say how it goes.
  returned: always
  type: str
  sample: succeeded
reason:
  description: The cause in a sentence.
  returned: always
  type: str
  sample: ECS completed the deployment.
evidence:
  description: What shows the cause of a failure. Stopped tasks, the load balancer's word on them, the last log lines.
  returned: always
  type: list
  elements: str
  sample: []
advice:
  description: What to do next; empty when there is nothing to do.
  returned: always
  type: str
  sample: ""
seconds:
  description: How long the rollout was followed.
  returned: always
  type: float
  sample: 41.5
phases:
  description: >-
    How long each part took, in seconds. C(start) is until the first task ran, C(healthy) from there until all that are
    wanted were healthy, C(drain) from there to the end, C(detection_lag) from ECS's end to our notice of it by this
    machine's clock. Only the parts that the rollout came to.
  returned: always
  type: dict
  sample: {"start": 21.1, "healthy": 6.0, "drain": 14.2, "detection_lag": 0.4}
running:
  description: Number of the rollout's own tasks that run.
  returned: always
  type: int
  sample: 2
desired:
  description: Number of tasks that are wanted.
  returned: always
  type: int
  sample: 2
task_definition:
  description: ARN of the revision.
  returned: always
  type: str
  sample: arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:7
previous_task_definition:
  description: ARN of the revision that served before; empty when none did.
  returned: always
  type: str
  sample: arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:6
deployment_id:
  description: Id of the deployment that was followed; empty in check mode, when it would be a new one.
  returned: always
  type: str
  sample: ecs-svc/1234567890123456789
started_at:
  description: When that deployment was created.
  returned: always
  type: str
  sample: "2026-01-01T12:00:00+00:00"
"""

import re
from typing import Any

from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath import fence
from ansible.module_utils.towpath.rollout import (
    primary,
    refusal_of_revision,
    refusal_of_service,
    serving_revision,
    short,
    start,
    summary,
)
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

REVISION_ARN = re.compile(r"arn:[^:]+:ecs:[^/]+:task-definition/[^:]+:\d+")


def find_service(module: AnsibleAWSModule, client: ecs.EcsClient) -> dict[str, Any]:
    cluster, name = module.params["cluster"], module.params["service"]
    service: dict[str, Any] = ecs.describe_service(client, cluster, name)
    if wrong := refusal_of_service(service, cluster, name):
        module.fail_json(msg=wrong)
    return service


def find_revision(module: AnsibleAWSModule, client: ecs.EcsClient, name: str) -> str:
    found = ecs.describe_task_definition(client, name)
    if wrong := refusal_of_revision(name, found):
        module.fail_json(msg=wrong)
    arn: str = found["taskDefinitionArn"]
    return arn


def update_service(module: AnsibleAWSModule, client: ecs.EcsClient, request: dict[str, Any]) -> dict[str, Any]:
    try:
        updated: dict[str, Any] = ecs.update_service(client, request)
        return updated
    except ecs.EcsError:
        # Ours to explain, when it is the revision that is gone.
        find_revision(module, client, request.get("taskDefinition", module.params["task_definition"]))
        raise


def roll_out(module: AnsibleAWSModule, client: ecs.EcsClient) -> dict[str, Any]:
    params = module.params
    service, revision = find_service(module, client), params["task_definition"]
    # Who gives an ARN has just asked ECS for it.
    if module.check_mode or not REVISION_ARN.fullmatch(revision):
        revision = find_revision(module, client, revision)
    wanted = start(service, revision, params["desired_count"], params["force"])
    before = {
        "task_definition": short(primary(service).get("taskDefinition", "")),
        "desired_count": service["desiredCount"],
    }
    new = "taskDefinition" in wanted.request
    # Asked before the update, which may start the first tasks.
    previous = serving_revision(service, other_than="" if new else primary(service).get("id", ""))
    if wanted.request and not module.check_mode:
        request = {"cluster": params["cluster"], "service": params["service"], **wanted.request}
        service = update_service(module, client, request)
    followed = {} if new and module.check_mode else primary(service)
    desired = wanted.request.get("desiredCount", service["desiredCount"])
    rollout = {
        "deployment_id": followed.get("id", ""),
        "started_at": followed["createdAt"].isoformat() if followed else "",
        "task_definition": revision,
        "previous_task_definition": revision if wanted.outcome else previous,
    }
    result = {
        "changed": bool(wanted.request),
        "outcome": wanted.outcome,
        "reason": "The service runs this revision already." if wanted.outcome else "",
        "evidence": [],
        "advice": "",
        "seconds": 0.0,
        "phases": {},
        "running": followed.get("runningCount", 0),
        "desired": desired,
        **rollout,
        "diff": {"before": before, "after": {"task_definition": short(revision), "desired_count": desired}},
        "msg": summary(wanted.outcome, params["service"], revision, rollout["previous_task_definition"])
        or f"{'Start' if new else 'Follow'} the rollout of {short(revision)} to {params['service']}.",
    }
    if wanted.outcome or module.check_mode:
        return result
    # For the action plugin: what to follow, as the options of ecs_service_rollout_info.
    follow = rollout | {name: params[name] for name in ("cluster", "service", "timeout_seconds")}
    return result | {"follow": follow}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "task_definition": {"type": "str", "required": True},
            "desired_count": {"type": "int"},
            "force": {"type": "bool", "default": False},
            "timeout_seconds": {"type": "float", "default": 900},
            # Renewed by the action plugin, too.
            "lock": fence.LOCK_OPTION,
        },
        supports_check_mode=True,
    )
    try:
        result = roll_out(module, fence.client_of(module, "ecs"))
    except AnsibleAWSError as error:
        fence.fail(module, error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
