#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: preview_info
short_description: Find the previews of pull requests, and how they are
description:
  - Finds the previews that are behind an environment's load balancer, half made ones, too, what each runs, and how long
    it stays.
  - Upstream has modules that tell of target groups or of services, each of those whose name is known.
author: Contributors to Towpath
options:
  app:
    description: Name of the app, with which the names of the previews' target groups begin.
    type: str
    required: true
  cluster:
    description: Name of the cluster that runs them.
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
- name: See which previews there are
  preview_info:
    app: webapp
    cluster: webapp-staging
  register: found
"""

RETURN = r"""
previews:
  description: The previews, by the number of their pull request.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name of the preview.
      type: str
      returned: always
      sample: pr-12
    pr:
      description: Number of the pull request.
      type: int
      returned: always
      sample: 12
    release:
      description: Name of the release that serves; empty before the first.
      type: str
      returned: always
      sample: v3
    git_sha:
      description: Commit that its image was built from; empty where nothing says so.
      type: str
      returned: always
      sample: 4f2c9d1a0b3e
    tasks:
      description: How many tasks are running, and how many are wanted.
      type: dict
      returned: always
      sample: {running: 1, wanted: 1}
    url:
      description: Where it answers.
      type: str
      returned: always
      sample: https://pr-12.staging.example.com/
    expires_on:
      description: The last day on which it stays, in UTC; empty where nothing says so.
      type: str
      returned: always
      sample: "2026-11-30"
    expired:
      description: Whether that day is over.
      type: bool
      returned: always
      sample: false
lines:
  description: The same as a table.
  returned: always
  type: list
  elements: str
  sample: ["pr-12  v3  4f2c9d1a0b3e  1 of 1 tasks  until 2026-11-30  https://pr-12.staging.example.com/"]
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath import elbv2_api as elb
from ansible.module_utils.towpath.preview import lines, name_in, preview
from ansible.module_utils.towpath.release import release_of
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

CONTAINER = "app"


def look(module: AnsibleAWSModule) -> list[dict[str, Any]]:
    balancing, containers = module.client("elbv2"), module.client("ecs")
    arns = {
        name: one["TargetGroupArn"]
        for one in elb.describe_all_target_groups(balancing)
        if (name := name_in(one["TargetGroupName"], module.params["app"]))
    }
    tags = elb.describe_tags_of(balancing, list(arns.values()))
    today = datetime.now(UTC).date()
    found = []
    for name, arn in arns.items():
        service = ecs.describe_service(containers, module.params["cluster"], name) or {}
        revision = ecs.describe_task_definition(containers, service["taskDefinition"]) if service else None
        serving = release_of(revision, CONTAINER) if revision else {}
        found.append(preview(name, tags[arn], service, serving, today))
    return sorted(found, key=lambda one: one["pr"])


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={"app": {"type": "str", "required": True}, "cluster": {"type": "str", "required": True}},
        supports_check_mode=True,
    )
    try:
        found = look(module)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, previews=found, lines=lines(found))


if __name__ == "__main__":
    main()
