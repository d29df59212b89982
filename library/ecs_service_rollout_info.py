#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_service_rollout_info
short_description: Look once at a rollout, and say what is new and whether it is over
description:
  - Follows one deployment of a service by its id. That the service runs as many tasks as it should proves nothing,
    because the old tasks run too.
  - The verdict comes from ECS's own record of the service deployment where there is one,
    and from the state of the deployment where there is none.
  - M(ecs_service_rollout) calls this module again and again until the rollout is over.
    When all its tasks are healthy, it looks five times a second, and four of five times at ECS's record alone: the
    end is seen soon, and AWS is asked no more than before.
  - Needs the permissions C(ecs:DescribeServices), C(ecs:ListTasks), C(ecs:DescribeTasks),
    C(ecs:DescribeTaskDefinition), C(ecs:ListServiceDeployments), C(ecs:DescribeServiceDeployments),
    C(ecs:DescribeServiceRevisions),
    C(elasticloadbalancing:DescribeTargetHealth) and C(logs:GetLogEvents).
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
  deployment_id:
    description: Id of the deployment to follow.
    type: str
    required: true
  task_definition:
    description: ARN of the revision that the deployment rolls out.
    type: str
    required: true
  previous_task_definition:
    description: ARN of the revision that served before; empty when none did.
    type: str
    default: ""
  started_at:
    description: When the deployment was created, in ISO 8601 with its time zone.
    type: str
    required: true
  elapsed_seconds:
    description: How long the rollout has been followed.
    type: float
    default: 0
  timeout_seconds:
    description: How long to follow it at most.
    type: float
    default: 900
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
- name: Look at the rollout
  ecs_service_rollout_info:
    cluster: webapp-staging
    service: app
    deployment_id: "{{ rollout.deployment_id }}"
    task_definition: "{{ rollout.task_definition }}"
    previous_task_definition: "{{ rollout.previous_task_definition }}"
    started_at: "{{ rollout.started_at }}"
"""

RETURN = r"""
finished:
  description: Whether the rollout is over, or the time is up.
  returned: success
  type: bool
  sample: true
outcome:
  description: >-
    How it ended. V(succeeded), V(rolled_back), V(superseded), V(stopped) or V(timed_out); empty while it goes on.
  returned: success
  type: str
  sample: rolled_back
failed_rollout:
  description: Whether the outcome is one to fail on.
  returned: success
  type: bool
  sample: true
summary:
  description: The outcome in a sentence; empty while the rollout goes on.
  returned: success
  type: str
  sample: ECS rolled app back to webapp-staging:6.
reason:
  description: The cause in a sentence; empty while the rollout goes on.
  returned: success
  type: str
  sample: The container app exited with code 3.
evidence:
  description: What shows the cause. Stopped tasks, the load balancer's word on them, and the last lines of the log.
  returned: success
  type: list
  elements: str
  sample: ["app exited with code 3 (EssentialContainerExited)", "log: DATABASE_URL is not set"]
advice:
  description: What to do next; empty when there is nothing to do.
  returned: success
  type: str
  sample: Look at its last log lines, put the app right and deploy again.
lines:
  description: One line for each thing that this look shows and no earlier one did.
  returned: success
  type: list
  elements: str
  sample: ["  12 s  1/2 running, 1/2 healthy"]
state:
  description: Where the rollout stands, whether that is news or not.
  returned: success
  type: str
  sample: 1/2 running, 1/2 healthy
running:
  description: Number of the rollout's own tasks that run.
  returned: success
  type: int
  sample: 1
desired:
  description: Number of tasks that are wanted.
  returned: success
  type: int
  sample: 2
phases:
  description: >-
    How long each part of a rollout that is over took, in seconds. C(start) is until the first task ran, C(healthy) from
    there until all that are wanted were healthy, C(drain) from there to the end, C(detection_lag) from ECS's end to
    this look by this machine's clock. Only the parts that it came to; empty while the rollout goes on.
  returned: success
  type: dict
  sample: {"start": 21.1, "healthy": 6.0, "drain": 14.2, "detection_lag": 0.4}
stop:
  description: >-
    Options for M(ecs_service_rollout_stop), when no further try can heal what makes the tasks fail; else null.
  returned: success
  type: dict
  sample: null
seconds_to_next_look:
  description: How long to wait before the next look.
  returned: success
  type: float
  sample: 1.0
seen:
  description: What to hand to the next look.
  returned: success
  type: dict
  sample: {"state": "1/2 running, 1/2 healthy"}
transient:
  description: Whether a look that failed may well succeed when it is tried again, such as after throttling.
  returned: failure
  type: bool
  sample: true
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath.elbv2_api import describe_target_health
from ansible.module_utils.towpath.logs_api import last_log_lines
from ansible.module_utils.towpath.rollout import (
    FAILURES,
    SUCCEEDED,
    Ending,
    Look,
    Rollout,
    Seen,
    Verdict,
    deployment_to_stop,
    ending,
    hopeless,
    in_time,
    is_a_glance,
    log_stream,
    news,
    phases,
    reached,
    record_of,
    seconds_to_next_look,
    sick_task,
    summary,
    timed,
    verdict,
    wants_log,
    without_hope,
)
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

LOG_LINES = 10


def find_record(client: ecs.EcsClient, params: dict[str, Any], rollout: Rollout, seen: Seen) -> dict[str, Any] | None:
    arn = seen.record_arn
    if not arn:
        records = ecs.list_service_deployments(client, params["cluster"], params["service"], after=rollout.started_at)
        targets = [one["targetServiceRevisionArn"] for one in records]
        revisions = ecs.describe_service_revisions(client, targets) if targets else []
        arn = record_of(records, revisions, rollout)
    record: dict[str, Any] | None = ecs.describe_service_deployment(client, arn) if arn else None
    return record


def look_at_targets(module: AnsibleAWSModule, service: dict[str, Any] | None) -> list[dict[str, Any]]:
    groups = [one["targetGroupArn"] for one in (service or {}).get("loadBalancers", []) if "targetGroupArn" in one]
    elb = module.client("elbv2") if groups else None
    return [target for group in groups for target in describe_target_health(elb, group)]


def log_of_sick_task(module: AnsibleAWSModule, client: ecs.EcsClient, look: Look, rollout: Rollout) -> list[str]:
    task = sick_task(look, rollout)
    try:
        definition = ecs.describe_task_definition(client, rollout.task_definition)
        stream = log_stream(definition, task) if definition and task else None
        if stream is None:
            return []
        logs = module.client("logs", region=stream.region or module.region)
        lines: list[str] = last_log_lines(logs, stream.group, stream.name, LOG_LINES)
        return lines
    except AnsibleAWSError as error:
        # The log is evidence: the verdict stands without.
        return [f"({error})"]


def answer(ended: Verdict, end: Ending, seen: Seen) -> dict[str, Any]:
    """What a look returns, but for what is new in it."""
    return {
        "finished": bool(ended.outcome),
        "outcome": ended.outcome,
        "failed_rollout": ended.outcome in FAILURES,
        "summary": "",
        "reason": end.reason,
        "evidence": end.evidence,
        "advice": end.advice,
        "lines": [],
        "state": seen.state,
        "running": seen.running,
        "desired": seen.desired,
        "phases": {},
        "stop": None,
        "seconds_to_next_look": seconds_to_next_look(seen),
        "seen": seen._asdict(),
    }


def look(module: AnsibleAWSModule) -> dict[str, Any]:
    params = module.params
    client = module.client("ecs")
    rollout = Rollout(
        params["deployment_id"],
        params["task_definition"],
        params["previous_task_definition"],
        datetime.fromisoformat(params["started_at"]),
    )
    before = Seen(**params["seen"])
    seconds = params["elapsed_seconds"]

    record = find_record(client, params, rollout, before)
    if is_a_glance(record, before, seconds, params["timeout_seconds"]):
        return answer(Verdict("", ""), Ending("", [], ""), before)
    service = ecs.describe_service(client, params["cluster"], params["service"])
    ended = verdict(service, record, rollout, before)
    found, lines, seen = Look(service, record, [], []), [], before
    # What succeeded after all were healthy needs no evidence.
    if ended.outcome != SUCCEEDED or before.healthy_at is None:
        tasks = ecs.describe_service_tasks(client, params["cluster"], params["service"])
        found = found._replace(tasks=tasks, targets=look_at_targets(module, service))
        lines, seen = news(found, rollout, before)
    seen = reached(found, rollout, seen, seconds)

    log_lines: list[str] = []
    if not ended.outcome and wants_log(found, rollout, seen):
        log_lines = log_of_sick_task(module, client, found, rollout)
        seen = seen._replace(logs_read=seen.logs_read + 1)
    cause = hopeless(found, rollout, log_lines)
    ended = without_hope(ended, rollout, cause)
    stop = deployment_to_stop(ended, found, seen, cause)
    if cause and stop:
        seen = seen._replace(stop_asked=True)
        lines.append(f"{cause.sentence} No other try can heal that: roll back now")
    ended = in_time(ended, seconds, params["timeout_seconds"], seen.state)

    told = summary(ended.outcome, params["service"], rollout.task_definition, rollout.previous_task_definition)
    if ended.outcome in FAILURES and not log_lines:
        log_lines = log_of_sick_task(module, client, found, rollout)
    return answer(ended, ending(ended, found, rollout, seen, log_lines), seen) | {
        "summary": told,
        "lines": [line for words in (*lines, told) for line in timed(words, seconds)],
        "phases": phases(found, seen, seconds, datetime.now(UTC)) if ended.outcome else {},
        "stop": {"service_deployment_arn": stop} if stop else None,
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "deployment_id": {"type": "str", "required": True},
            "task_definition": {"type": "str", "required": True},
            "previous_task_definition": {"type": "str", "default": ""},
            "started_at": {"type": "str", "required": True},
            "elapsed_seconds": {"type": "float", "default": 0},
            "timeout_seconds": {"type": "float", "default": 900},
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
