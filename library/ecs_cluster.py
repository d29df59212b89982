#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_cluster
short_description: Create, change or delete an ECS cluster
description:
  - Makes a cluster what its options say. An option that is not given is not touched.
  - It is here because C(community.aws.ecs_cluster) knows neither settings (Container Insights),
    nor the configuration of ECS Exec, nor tags.
author: Contributors to Towpath
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description:
      - Whether the cluster is to be there.
      - V(absent) stops the tasks that still run in it, and waits a while for them.
    type: str
    choices: [present, absent]
    default: present
  container_insights:
    description: Metrics of the cluster's services and tasks; V(enhanced) adds those of each container and costs more.
    type: str
    choices: [disabled, enabled, enhanced]
  execute_command_configuration:
    description: What becomes of the sessions of ECS Exec.
    type: dict
    suboptions:
      logging:
        description: >-
          V(NONE) logs no session, V(DEFAULT) logs it where the container logs,
          V(OVERRIDE) to O(execute_command_configuration.log_group_name).
        type: str
        choices: [NONE, DEFAULT, OVERRIDE]
      log_group_name:
        description: CloudWatch log group, which must exist.
        type: str
      kms_key_id:
        description: Key that encrypts the session between client and container.
        type: str
  capacity_providers:
    description: All capacity providers that the cluster is to have, such as C(FARGATE) and C(FARGATE_SPOT).
    type: list
    elements: str
  default_capacity_provider_strategy:
    description: Where tasks run for which nothing else is said.
    type: list
    elements: dict
    suboptions:
      capacity_provider:
        description: One of O(capacity_providers).
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
  tags:
    description: All tags that the cluster is to have. Those that AWS sets itself stay.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what it would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows the options that differ, before and after.
"""

EXAMPLES = r"""
- name: Create the cluster
  ecs_cluster:
    name: webapp-staging
    container_insights: enabled
    capacity_providers: [FARGATE, FARGATE_SPOT]
    tags:
      towpath:environment: staging

- name: Take away the cluster
  ecs_cluster:
    name: webapp-staging
    state: absent
"""

RETURN = r"""
cluster:
  description: The cluster; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the cluster; empty in check mode when it is not there yet.
      type: str
      returned: when present
      sample: arn:aws:ecs:us-east-1:123456789012:cluster/webapp-staging
    name:
      description: Name of the cluster.
      type: str
      returned: when present
      sample: webapp-staging
    status:
      description: Status of the cluster.
      type: str
      returned: when present
      sample: ACTIVE
    container_insights:
      description: As the option of the same name; so are the others.
      type: str
      returned: when present
      sample: enabled
"""

from typing import Any

from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath.cluster import (
    capacity_request,
    comparable,
    create_request,
    refusal,
    update_request,
    wanted,
)
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

OPTIONS = (
    "container_insights",
    "execute_command_configuration",
    "capacity_providers",
    "default_capacity_provider_strategy",
    "tags",
)


def present(module: AnsibleAWSModule, client: ecs.EcsClient, found: dict[str, Any]) -> dict[str, Any]:
    name = module.params["name"]
    before = comparable(found)
    asked = wanted({option: module.params[option] for option in OPTIONS}, before)
    after = before | asked
    if problem := refusal(after):
        module.fail_json(msg=problem)
    changes = differences(before, asked) if found else differences({}, {"name": name, **asked})

    if not module.check_mode:
        if not found:
            found = ecs.create_cluster(client, create_request(name, asked))
        elif changes:
            change(client, found, before, {one.field: one.after for one in changes}, after)

    facts = {"arn": found.get("clusterArn", ""), "name": name, "status": found.get("status", "ACTIVE"), **after}
    return {"cluster": facts, "changes": changes}


def change(
    client: ecs.EcsClient,
    found: dict[str, Any],
    before: dict[str, Any],
    changed: dict[str, Any],
    after: dict[str, Any],
) -> None:
    arn = found["clusterArn"]
    if request := update_request(changed, found.get("configuration", {})):
        ecs.update_cluster(client, {"cluster": arn, **request})
    if changed.keys() & {"capacity_providers", "default_capacity_provider_strategy"}:
        ecs.put_cluster_capacity_providers(client, {"cluster": arn, **capacity_request(after)})
    if "tags" in changed:
        ecs.replace_tags(client, arn, before["tags"], after["tags"])


def main() -> None:
    strategy = {
        "capacity_provider": {"type": "str", "required": True},
        "base": {"type": "int", "default": 0},
        "weight": {"type": "int", "default": 0},
    }
    execute_command = {
        "logging": {"type": "str", "choices": ["NONE", "DEFAULT", "OVERRIDE"]},
        "log_group_name": {"type": "str"},
        "kms_key_id": {"type": "str", "no_log": False},
    }
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "container_insights": {"type": "str", "choices": ["disabled", "enabled", "enhanced"]},
            "execute_command_configuration": {
                "type": "dict",
                "options": execute_command,
                "required_if": [("logging", "OVERRIDE", ["log_group_name"])],
            },
            "capacity_providers": {"type": "list", "elements": "str"},
            "default_capacity_provider_strategy": {"type": "list", "elements": "dict", "options": strategy},
            "tags": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    client = module.client("ecs")
    name = module.params["name"]
    try:
        found = ecs.describe_cluster(client, name)
        if module.params["state"] == "absent":
            if found and not module.check_mode:
                for task in ecs.list_tasks(client, name):
                    ecs.stop_task(client, name, task, f"The cluster {name} is deleted.")
                ecs.delete_cluster(client, name)
            module.exit_json(
                changed=found is not None,
                cluster={},
                diff={"before": {"name": name} if found else {}, "after": {}},
                msg=f"Deleted the cluster {name}." if found else f"There is no cluster {name}.",
            )
        result = present(module, client, found or {})
    except ecs.EcsError as error:
        module.fail_json_aws_error(error)

    if changes := result.pop("changes"):
        msg = f"Changed {sentence(changes)} of the cluster {name}." if found else f"Created the cluster {name}."
    else:
        msg = f"The cluster {name} is as it should be."
    module.exit_json(changed=bool(changes), diff=diff(changes), msg=msg, **result)


if __name__ == "__main__":
    main()
