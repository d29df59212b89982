#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_service_rollout_stop
short_description: Ask ECS to stop a rollout and go back to what served before
description:
  - Stops one service deployment, by its ARN, so that a newer one is never touched.
  - ECS then rolls back as its circuit breaker would. This module does not wait for it.
  - A service deployment that is over, or on its way back, is left as it is.
  - Needs the permission C(ecs:StopServiceDeployment).
author: Contributors to Towpath
options:
  service_deployment_arn:
    description: ARN of the service deployment.
    type: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Stops nothing, and says that it would.
  diff_mode:
    support: none
    description: There is nothing to compare.
"""

EXAMPLES = r"""
- name: Roll back without waiting for the circuit breaker
  ecs_service_rollout_stop:
    service_deployment_arn: "{{ deployment_arn }}"
"""

RETURN = r"""#"""

from ansible.module_utils.towpath.ecs_api import EcsError, roll_back_service_deployment
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={"service_deployment_arn": {"type": "str", "required": True}}, supports_check_mode=True
    )
    try:
        arn = module.params["service_deployment_arn"]
        changed = module.check_mode or roll_back_service_deployment(module.client("ecs"), arn)
    except EcsError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
