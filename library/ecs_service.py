#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_service
short_description: Create, change or delete an ECS service
description:
  - Makes a service what its options say, all but the revision that it runs, which M(ecs_service_rollout) moves.
  - An option that is not given is not touched, so an autoscaler's desired count is never fought.
  - A change of network, load balancers, platform version or capacity provider strategy makes ECS start new tasks.
    Nobody waits for these here; the next M(ecs_service_rollout) does.
  - C(community.aws.ecs_service) does not notice a change of network or deployment configuration, fails when tags
    change, and sends an empty deployment configuration when none is given, which can switch the circuit breaker off.
author: Contributors to Towpath
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  name:
    description: Name of the service.
    type: str
    required: true
  state:
    description: Whether the service is to be there. V(absent) stops its tasks and waits until it is gone.
    type: str
    choices: [present, absent]
    default: present
  task_definition:
    description: Revision that a new service begins with. A service that exists stays with its own.
    type: str
  desired_count:
    description: Number of tasks. A new service begins with 1 when this is not given.
    type: int
  subnets:
    description: All subnets that the tasks may run in.
    type: list
    elements: str
  security_groups:
    description: All security groups of the tasks.
    type: list
    elements: str
  assign_public_ip:
    description: Whether a task gets a public address.
    type: bool
  load_balancers:
    description: All target groups that the tasks are put into. An empty list takes the service out of all.
    type: list
    elements: dict
    suboptions:
      target_group_arn:
        description: ARN of the target group.
        type: str
        required: true
      container_name:
        description: Container that answers.
        type: str
        required: true
      container_port:
        description: Port that it answers on.
        type: int
        required: true
  health_check_grace_period_seconds:
    description: For how long after the start of a task its failed health checks do not count.
    type: int
  minimum_healthy_percent:
    description: Share of the tasks that stay healthy during a rollout.
    type: int
  maximum_percent:
    description: Share of the tasks that there may be during a rollout.
    type: int
  circuit_breaker:
    description: What ECS does about a rollout whose tasks fail. What is not given stays as it is.
    type: dict
    suboptions:
      enable:
        description: Whether it gives the rollout up.
        type: bool
      rollback:
        description: Whether it then rolls the service back.
        type: bool
  alarms:
    description: CloudWatch alarms that end a rollout. What is not given stays as it is.
    type: dict
    suboptions:
      names:
        description: All names of alarms.
        type: list
        elements: str
      enable:
        description: Whether they are heeded.
        type: bool
      rollback:
        description: Whether ECS then rolls the service back.
        type: bool
  enable_execute_command:
    description: Whether ECS Exec may open a shell in new tasks.
    type: bool
  launch_type:
    description: Where the tasks run. AWS does not change it once the service is there.
    type: str
    choices: [FARGATE, EC2, EXTERNAL]
  capacity_provider_strategy:
    description: Where the tasks run, by capacity providers.
    type: list
    elements: dict
    suboptions:
      capacity_provider:
        description: One of the cluster's capacity providers.
        type: str
        required: true
      base:
        description: Number of tasks that run there at least.
        type: int
        default: 0
      weight:
        description: Share of the tasks beyond the base.
        type: int
        default: 0
  platform_version:
    description: Version of the Fargate platform.
    type: str
  propagate_tags:
    description: Whose tags the tasks get.
    type: str
    choices: [TASK_DEFINITION, SERVICE, NONE]
  enable_ecs_managed_tags:
    description: Whether tasks get ECS's own tags of cluster and service.
    type: bool
  tags:
    description: All tags that the service is to have. Those that AWS sets itself stay.
    type: dict
  ledger_table:
    description:
      - DynamoDB table that remembers what the service was made, so that a change by somebody else is told from ours.
      - The number of tasks is not remembered, because others rightly change it. Not given, nothing is remembered.
    type: str
  wait_timeout_seconds:
    description: How long to wait for a service that is being deleted.
    type: int
    default: 600
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
  check_mode:
    support: full
    description: Says what it would change, and changes nothing. The cluster need not be there.
  diff_mode:
    support: full
    description: Shows the options that differ, before and after.
"""

EXAMPLES = r"""
- name: Create the service
  ecs_service:
    cluster: webapp-staging
    name: app
    task_definition: webapp-staging:1
    desired_count: 1
    launch_type: FARGATE
    subnets: [subnet-0a1b2c3d, subnet-1a2b3c4d]
    security_groups: [sg-0a1b2c3d]
    load_balancers:
      - target_group_arn: "{{ load_balancer_outputs.target_group_arn }}"
        container_name: app
        container_port: 3000
    health_check_grace_period_seconds: 30
    circuit_breaker: {enable: true, rollback: true}

- name: Take away the service
  ecs_service:
    cluster: webapp-staging
    name: app
    state: absent
"""

RETURN = r"""
service:
  description: The service; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the service; empty in check mode when it is not there yet.
      type: str
      returned: when present
      sample: arn:aws:ecs:us-east-1:123456789012:service/webapp-staging/app
    name:
      description: Name of the service.
      type: str
      returned: when present
      sample: app
    status:
      description: Status of the service.
      type: str
      returned: when present
      sample: ACTIVE
    task_definition:
      description: ARN of the revision that the service is pointed at.
      type: str
      returned: when present
      sample: arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:7
    desired_count:
      description: As the option of the same name; so are the others.
      type: int
      returned: when present
      sample: 2
"""

from typing import Any

from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath import fence
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible.module_utils.towpath.drift import settings_to_remember
from ansible.module_utils.towpath.dynamodb_api import put_settings
from ansible.module_utils.towpath.service import comparable, create_request, refusal, update_request, wanted
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

# What an option is, apart from those that say which service is meant.
STRATEGY = {
    "capacity_provider": {"type": "str", "required": True},
    "base": {"type": "int", "default": 0},
    "weight": {"type": "int", "default": 0},
}
LOAD_BALANCER = {
    "target_group_arn": {"type": "str", "required": True},
    "container_name": {"type": "str", "required": True},
    "container_port": {"type": "int", "required": True},
}
BREAKER = {"enable": {"type": "bool"}, "rollback": {"type": "bool"}}
SETTINGS: dict[str, dict[str, Any]] = {
    "desired_count": {"type": "int"},
    "subnets": {"type": "list", "elements": "str"},
    "security_groups": {"type": "list", "elements": "str"},
    "assign_public_ip": {"type": "bool"},
    "load_balancers": {"type": "list", "elements": "dict", "options": LOAD_BALANCER},
    "health_check_grace_period_seconds": {"type": "int"},
    "minimum_healthy_percent": {"type": "int"},
    "maximum_percent": {"type": "int"},
    "circuit_breaker": {"type": "dict", "options": BREAKER},
    "alarms": {"type": "dict", "options": BREAKER | {"names": {"type": "list", "elements": "str"}}},
    "enable_execute_command": {"type": "bool"},
    "launch_type": {"type": "str", "choices": ["FARGATE", "EC2", "EXTERNAL"]},
    "capacity_provider_strategy": {"type": "list", "elements": "dict", "options": STRATEGY},
    "platform_version": {"type": "str"},
    "propagate_tags": {"type": "str", "choices": ["TASK_DEFINITION", "SERVICE", "NONE"]},
    "enable_ecs_managed_tags": {"type": "bool"},
    "tags": {"type": "dict"},
}


def present(module: AnsibleAWSModule, client: ecs.EcsClient, found: dict[str, Any]) -> dict[str, Any]:
    params = module.params
    options = {name: params[name] for name in SETTINGS}
    if not found:
        return create(module, client, wanted(options, {}))
    if found["status"] != "ACTIVE":
        module.fail_json(
            msg=f"The service {params['name']} is {found['status']}, expected ACTIVE: it is being deleted. "
            "Run the same command again when it is gone."
        )
    before = comparable(found)
    asked = wanted(options, before)
    after = before | asked
    changes = differences(before, asked)
    if problem := refusal(changes):
        module.fail_json(msg=f"Cannot change the service {params['name']}: {problem}")
    if changes and not module.check_mode:
        if request := update_request(changes, after, found):
            ecs.update_service(client, {"cluster": params["cluster"], "service": params["name"], **request})
        if before["tags"] != after["tags"]:
            ecs.replace_tags(client, found["serviceArn"], before["tags"], after["tags"])
    remember(module, asked)
    msg = f"Changed {sentence(changes)} of" if changes else "Nothing to change in"
    return {
        "changed": bool(changes),
        "diff": diff(changes),
        "msg": f"{msg} the service {params['name']}.",
        "service": facts(found, after),
    }


def create(module: AnsibleAWSModule, client: ecs.EcsClient, asked: dict[str, Any]) -> dict[str, Any]:
    params = module.params
    named = {"serviceName": params["name"], "taskDefinition": params["task_definition"] or ""}
    request = create_request(asked)
    made = named | request
    if not module.check_mode:
        if not params["task_definition"]:
            module.fail_json(
                msg=f"The service {params['name']} is not there yet, and a new service needs task_definition, which is "
                "not given. Register a revision with ecs_task_definition and name it here."
            )
        if ecs.describe_cluster(client, params["cluster"]) is None:
            module.fail_json(
                msg=f"There is no cluster {params['cluster']}. Run ansible-playbook provision.yml -e env=NAME first."
            )
        made = ecs.create_service(client, {"cluster": params["cluster"], **made})
    remember(module, asked)
    return {
        "changed": True,
        "diff": diff(differences({}, {"name": params["name"], **asked})),
        "msg": f"Created the service {params['name']}.",
        "service": facts(made, comparable(made) | asked),
    }


def remember(module: AnsibleAWSModule, asked: dict[str, Any]) -> None:
    if module.params["ledger_table"] and not module.check_mode:
        put_settings(module.client("dynamodb"), module.params["ledger_table"], settings_to_remember(asked))


def absent(module: AnsibleAWSModule, client: ecs.EcsClient, found: dict[str, Any]) -> dict[str, Any]:
    cluster, name = module.params["cluster"], module.params["name"]
    active = found.get("status") == "ACTIVE"
    if found and not module.check_mode:
        if active:
            ecs.delete_service(client, cluster, name)
        ecs.wait_until_service_is_gone(client, cluster, name, module.params["wait_timeout_seconds"])
    return {
        "changed": active,
        "diff": {"before": {"name": name} if active else {}, "after": {}},
        "msg": f"Deleted the service {name}." if active else f"There is no service {name}.",
        "service": {},
    }


def facts(service: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {
        "arn": service.get("serviceArn", ""),
        "name": service["serviceName"],
        "status": service.get("status", "ACTIVE"),
        "task_definition": service["taskDefinition"],
        **values,
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "task_definition": {"type": "str"},
            "ledger_table": {"type": "str"},
            "wait_timeout_seconds": {"type": "int", "default": 600},
            "lock": fence.LOCK_OPTION,
            **SETTINGS,
        },
        mutually_exclusive=[("launch_type", "capacity_provider_strategy")],
        supports_check_mode=True,
    )
    client = fence.client_of(module, "ecs")
    try:
        found = ecs.describe_service(client, module.params["cluster"], module.params["name"]) or {}
        result = {"present": present, "absent": absent}[module.params["state"]](module, client, found)
    except AnsibleAWSError as error:
        fence.fail(module, error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
