#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_release_info
short_description: Say which release a service is pointed at
description:
  - Reads the service and the task-definition revision that it is pointed at,
    and says which release that revision carries.
  - A release is a revision with the tag C(towpath:release). The revision that C(provision.yml) registers
    before anything was deployed is none.
  - C(community.aws.ecs_service_info) and C(community.aws.ecs_taskdefinition_info) return no tags of a revision,
    and fail where the cluster or the service does not exist yet.
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
    description: Container whose image the release is.
    type: str
    default: app
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
- name: See what serves now
  ecs_release_info:
    cluster: webapp-staging
    service: app
  register: now
"""

RETURN = r"""
exists:
  description: Whether the service is there and active.
  returned: always
  type: bool
  sample: true
released:
  description: Whether the service is pointed at a release.
  returned: always
  type: bool
  sample: true
rollout_state:
  description: State of the service's newest deployment, as ECS says it; empty where there is no service.
  returned: always
  type: str
  sample: COMPLETED
desired:
  description: Number of tasks that are wanted.
  returned: always
  type: int
  sample: 2
running:
  description: Number of tasks that run.
  returned: always
  type: int
  sample: 2
url:
  description: Where the app answers, as the service's tag C(towpath:url) says; empty where it does not.
  returned: always
  type: str
  sample: http://webapp-staging-1234567890.us-east-1.elb.amazonaws.com/
serving:
  description: The release that the service is pointed at; empty where there is no service.
  returned: always
  type: dict
  contains:
    task_definition_arn:
      description: ARN of the revision.
      type: str
      returned: when the service exists
      sample: arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:7
    release:
      description: Number of the release; null where the revision is none.
      type: int
      returned: when the service exists
      sample: 6
    release_name:
      description: Name of the release; empty where the revision is none.
      type: str
      returned: when the service exists
      sample: v6
    image:
      description: Image of the container.
      type: str
      returned: when the service exists
      sample: 123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp@sha256:0f3c
    digest:
      description: Digest of the image; empty where it is not pinned.
      type: str
      returned: when the service exists
      sample: sha256:0f3c
    git_sha:
      description: Commit that the image was built from; empty where the release does not say.
      type: str
      returned: when the service exists
      sample: 4f2c9d1a0b3e
    promoted_from:
      description: Environment that the release was promoted from; empty where it was deployed.
      type: str
      returned: when the service exists
      sample: staging
"""

from typing import Any

from ansible.module_utils.towpath.differences import own_tags
from ansible.module_utils.towpath.ecs_api import EcsError, describe_service, describe_task_definition
from ansible.module_utils.towpath.release import URL_TAG, release_of
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "container": {"type": "str", "default": "app"},
        },
        supports_check_mode=True,
    )
    client = module.client("ecs")
    serving: dict[str, Any] = {}
    try:
        service = describe_service(client, module.params["cluster"], module.params["service"]) or {}
        if service:
            revision = describe_task_definition(client, service["taskDefinition"])
            serving = release_of(revision, module.params["container"]) if revision else {}
    except EcsError as error:
        module.fail_json_aws_error(error)

    newest: dict[str, Any] = next((one for one in service.get("deployments", []) if one["status"] == "PRIMARY"), {})
    module.exit_json(
        changed=False,
        exists=bool(service),
        released=serving.get("release") is not None,
        rollout_state=newest.get("rolloutState", ""),
        desired=service.get("desiredCount", 0),
        running=service.get("runningCount", 0),
        url=own_tags(service.get("tags", [])).get(URL_TAG, ""),
        serving=serving,
    )


if __name__ == "__main__":
    main()
