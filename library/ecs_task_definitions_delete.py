#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_task_definitions_delete
short_description: Delete all revisions of a task definition
description:
  - Deregisters the revisions of a family that are active, and deletes them with those that are inactive already.
  - ECS keeps a deleted revision, as C(DELETE_IN_PROGRESS), while a task or a service still uses it, and then lets it go
    by itself. Nobody waits for that here.
author: Contributors to Towpath
options:
  family:
    description: Name that all revisions share.
    type: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says which revisions it would delete, and deletes none.
  diff_mode:
    support: full
    description: Shows the revisions that go.
"""

EXAMPLES = r"""
- name: Take away the revisions
  ecs_task_definitions_delete:
    family: webapp-staging
"""

RETURN = r"""
deleted:
  description: Revisions that were deleted, or in check mode would be.
  returned: always
  type: list
  elements: str
  sample: ["webapp-staging:1", "webapp-staging:2"]
kept:
  description: Deleted revisions that ECS keeps until nothing uses them.
  returned: always
  type: list
  elements: str
  sample: ["webapp-staging:2"]
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: Deleted 2 revisions of webapp-staging.
"""

from ansible.module_utils.towpath import ecs_api as ecs
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def name_of(arn: str) -> str:
    return arn.rpartition("/")[2]


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"family": {"type": "str", "required": True}}, supports_check_mode=True)
    client, family = module.client("ecs"), module.params["family"]
    refused = []
    try:
        active = ecs.list_task_definitions(client, family, "ACTIVE")
        unwanted = active + ecs.list_task_definitions(client, family, "INACTIVE")
        if not module.check_mode:
            for arn in active:
                ecs.deregister_task_definition(client, arn)
            refused = ecs.delete_task_definitions(client, unwanted)
        kept = ecs.list_task_definitions(client, family, "DELETE_IN_PROGRESS")
    except ecs.EcsError as error:
        module.fail_json_aws_error(error)
    if refused:
        reasons = ", ".join(f"{name_of(one['arn'])} ({one.get('reason', 'no reason given')})" for one in refused)
        module.fail_json(msg=f"ECS did not delete {reasons}. Run the same command again.")

    deleted = [name_of(arn) for arn in unwanted]
    verb = "Would delete" if module.check_mode else "Deleted"
    number = "one revision" if len(deleted) == 1 else f"{len(deleted)} revisions"
    module.exit_json(
        changed=bool(deleted),
        deleted=deleted,
        kept=[name_of(arn) for arn in kept],
        diff={"before": {"revisions": deleted}, "after": {"revisions": []}},
        msg=f"{verb} {number} of {family}." if deleted else f"There are no revisions of {family} to delete.",
    )


if __name__ == "__main__":
    main()
