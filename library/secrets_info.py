#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: secrets_info
short_description: List the secrets of an environment, without their values
description:
  - Says of each secret how many values it had, when the last was put and by whom, which containers get it,
    and whether it is missing or unused.
  - Needs the permissions C(ssm:DescribeParameters), C(ecs:DescribeServices) and C(ecs:DescribeTaskDefinition).
    None of them shows a value.
author: Contributors to Towpath
options:
  environment:
    description: Name of the environment, for what to type next.
    type: str
    required: true
  path:
    description: Path of the parameters.
    type: str
    required: true
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  family:
    description: Family of the task definition; what its newest revision names counts, too.
    type: str
    required: true
  wanted:
    description: The names that each setting has, by the setting's name.
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
- name: List the secrets of staging
  secrets_info:
    environment: staging
    path: /webapp/staging
    cluster: webapp-staging
    service: app
    family: webapp-staging
    wanted:
      secrets_required: [STRIPE_KEY]
"""

RETURN = r"""
secrets:
  description: The secrets that are there or should be, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name, as the app knows it.
      type: str
      sample: STRIPE_KEY
    state:
      description: V(used), V(unused) or V(missing).
      type: str
      sample: used
    parameter:
      description: Name of its parameter.
      type: str
      sample: /webapp/staging/STRIPE_KEY
    version:
      description: Number of the newest value; 0 where there is none.
      type: int
      sample: 2
    changed_at:
      description: When the newest value was put, in ISO 8601; empty where there is none.
      type: str
      sample: "2026-01-31T12:00:00+00:00"
    changed_by:
      description: Who put it; empty where there is none.
      type: str
      sample: user/erika
    key_id:
      description: Key that it is encrypted with; empty where there is none.
      type: str
      sample: alias/aws/ssm
    encrypted:
      description: Whether it is encrypted.
      type: bool
      sample: true
    readers:
      description: The containers that get it, now or with the next release.
      type: list
      elements: str
      sample: [app]
    wanted_by:
      description: What names it; empty where nothing does.
      type: str
      sample: secrets_required
lines:
  description: The same for people, aligned.
  returned: success
  type: list
  elements: str
  sample: ["name        version  changed           by          read by"]
released:
  description: Whether the service runs a release, whose tasks would need another one to get a changed secret.
  returned: success
  type: bool
  sample: true
"""

from typing import Any

from ansible.module_utils.towpath import ecs_api, secret, ssm_api
from ansible.module_utils.towpath.deploy_check import parameter_name
from ansible.module_utils.towpath.release import release_number
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def read_definitions(client: ecs_api.EcsClient, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The revision that the service is pointed at, and the newest, which the next release starts from."""
    service = ecs_api.describe_service(client, params["cluster"], params["service"])
    newest = ecs_api.describe_task_definition(client, params["family"])
    serving = service["taskDefinition"] if service else None
    if not serving or (newest and newest["taskDefinitionArn"] == serving):
        return [newest] if newest else []
    return [one for one in (ecs_api.describe_task_definition(client, serving), newest) if one]


def read_parameters(client: ssm_api.SsmClient, path: str, definitions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The parameters below the path, and those that the app gets from elsewhere."""
    found: list[dict[str, Any]] = ssm_api.describe_parameters(client, path)
    named = {
        parameter_name(one["valueFrom"])
        for definition in definitions
        for container in definition["containerDefinitions"]
        for one in container.get("secrets") or []
    }
    elsewhere = sorted(name for name in named - {one["Name"] for one in found} if name)
    return [*found, *(ssm_api.describe_named_parameters(client, elsewhere) if elsewhere else [])]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            **{
                name: {"type": "str", "required": True}
                for name in ("environment", "path", "cluster", "service", "family")
            },
            "wanted": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        definitions = read_definitions(module.client("ecs"), params)
        parameters = read_parameters(module.client("ssm"), params["path"], definitions)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    found = secret.overview(params["path"], parameters, definitions, params["wanted"])
    module.exit_json(
        changed=False,
        secrets=[one._asdict() | {"state": one.state} for one in found],
        lines=secret.lines(params["environment"], found),
        released=bool(definitions) and release_number(definitions[0]) is not None,
    )


if __name__ == "__main__":
    main()
