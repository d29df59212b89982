#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_cluster_info
short_description: Say whether an ECS cluster is there
description:
  - Reads one cluster. A cluster that is missing or inactive is an answer, not an error.
  - The upstream collections have no module that does.
author: Contributors to Towpath
options:
  name:
    description: Name or ARN of the cluster.
    type: str
    required: true
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
- name: Find the cluster
  ecs_cluster_info:
    name: webapp-staging
  register: found
"""

RETURN = r"""
exists:
  description: Whether the cluster is there and active.
  returned: always
  type: bool
  sample: true
cluster:
  description: The cluster as ECS describes it; empty where there is none.
  returned: always
  type: dict
  sample: {clusterName: webapp-staging, status: ACTIVE}
"""

from ansible.module_utils.towpath.ecs_api import EcsError, describe_cluster
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"name": {"type": "str", "required": True}}, supports_check_mode=True)
    try:
        cluster = describe_cluster(module.client("ecs"), module.params["name"])
    except EcsError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, exists=cluster is not None, cluster=cluster or {})


if __name__ == "__main__":
    main()
