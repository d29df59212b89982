#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecs_task_definition
short_description: Register a revision of a Fargate task definition when its meaning changed
description:
  - Registers a revision if and only if something in it means something else. Defaults that ECS fills in,
    the order of sets such as C(environment), and other ways to write the same cpu or memory are no change.
  - Refuses, before anything is sent, what Fargate would refuse, all of it at once.
  - C(community.aws.ecs_taskdefinition) does not notice changes of environment, secrets, command, ports,
    cpu, memory or execution role, and knows no tags.
author: Contributors to Towpath
options:
  family:
    description: Name that all revisions share.
    type: str
    required: true
  definition:
    description:
      - The task definition with the key names of the ECS API's RegisterTaskDefinition, without family and tags.
      - Numbers and booleans may be written as strings, and strings as numbers or booleans;
        a boolean becomes C(true) or C(false).
      - Mutually exclusive with O(images); one of them is required.
    type: dict
  images:
    description:
      - Image by container, each with its digest. All else is taken from the newest revision of the family.
      - Mutually exclusive with O(definition); one of them is required.
    type: dict
  compare_with:
    description:
      - The revision that serves, as C(family:revision) or ARN.
        When it means the same, it is returned and nothing changes.
      - The newest revision of the family when not given.
    type: str
  tags:
    description: Tags of a new revision. They are no part of the meaning, and those of other revisions stay as they are.
    type: dict
    default: {}
  numbered:
    description:
      - Whether a new revision is a release, with a number one above that of the newest revision in its tag
        C(towpath:release).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Answers as a real run would, but for what only a registered revision has, and registers nothing.
  diff_mode:
    support: full
    description: Shows the lines that change, without the values of environment variables that look secret.
"""

EXAMPLES = r"""
- name: Register the configuration
  ecs_task_definition:
    family: webapp-staging
    definition:
      requiresCompatibilities: [FARGATE]
      networkMode: awsvpc
      cpu: 256
      memory: 512
      executionRoleArn: arn:aws:iam::123456789012:role/webapp-staging-execution
      containerDefinitions:
        - name: app
          image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp@{{ digest }}
          portMappings:
            - containerPort: 3000
          environment:
            - name: LOG_LEVEL
              value: info
          secrets:
            - name: DATABASE_URL
              valueFrom: /webapp/staging/DATABASE_URL

- name: Register the release, the same configuration with another image
  ecs_task_definition:
    family: webapp-staging
    images:
      app: 123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp@{{ digest }}
    compare_with: webapp-staging:7
    numbered: true
    tags:
      towpath:git-sha: 4f2c9d1a0b3e
  register: revision
"""

RETURN = r"""
task_definition_arn:
  description: ARN of the revision that means what was asked, new or already there; null where check mode made none.
  returned: always
  type: str
  sample: arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:8
family:
  description: Family of the revision.
  returned: always
  type: str
  sample: webapp-staging
revision:
  description: Number of the revision in its family; null where check mode made none.
  returned: always
  type: int
  sample: 8
release:
  description: Number of the release that the revision carries, or would carry; null where it is none.
  returned: always
  type: int
  sample: 7
images:
  description: Image by container.
  returned: always
  type: dict
  sample: {app: "123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp@sha256:0f3c"}
changed_fields:
  description: Fields at the top of the definition that made a new revision necessary.
  returned: always
  type: list
  elements: str
  sample: [containerDefinitions]
differences:
  description: Everything that changed. Values that look secret are hidden.
  returned: always
  type: list
  elements: dict
  contains:
    field:
      description: Path of what changed.
      type: str
      returned: always
      sample: containerDefinitions[app].environment[LOG_LEVEL]
    before:
      description: What it was; null where it was not there.
      type: raw
      returned: always
      sample: info
    after:
      description: What it is; null where it is gone.
      type: raw
      returned: always
      sample: debug
task_definition:
  description:
    - The revision as ECS answers it, with its tags; in check mode what would be registered.
    - Values of environment variables that look secret are hidden, and O(definition) refuses such a value.
  returned: always
  type: dict
  sample: {family: webapp-staging, revision: 8, cpu: "256", memory: "512"}
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: "Registered webapp-staging:8, release 7: containerDefinitions[app].image changed."
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath import fargate
from ansible.module_utils.towpath import task_definition as definitions
from ansible.module_utils.towpath.aws_tags import tag_problems
from ansible.module_utils.towpath.differences import sentence
from ansible.module_utils.towpath.release import AFTER_TAG, RELEASE_TAG, last_release, release_number
from ansible.module_utils.towpath.task_definition_request import converted, image_problems
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def wanted(
    module: AnsibleAWSModule, client: ecs.EcsClient, definition: dict[str, Any], newest: dict[str, Any] | None
) -> dict[str, Any]:
    """What to send, made of ``definition`` or of the newest revision; fails with all that is wrong with it."""
    family, images = module.params["family"], module.params["images"]
    problems = image_problems(family, newest, images) if images is not None else []
    if problems:
        module.fail_json(msg=" ".join(problems))

    if images is not None:
        definition = definitions.with_images(newest or {}, images)
    request: dict[str, Any]
    request, problems = converted(definition, ecs.register_task_definition_shape(client))
    problems += fargate.problems(family, request, blank_arns=module.check_mode)
    problems += tag_problems(module.params["tags"])
    if module.params["numbered"] and RELEASE_TAG in module.params["tags"]:
        problems.append(f"The tag {RELEASE_TAG} is given and numbered too: take the tag out, it is counted.")
    if problems:
        module.fail_json(
            msg=f"{family} cannot be registered, put right what is wrong and run again: " + " ".join(problems),
            problems=problems,
        )
    return {"family": family} | request


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "family": {"type": "str", "required": True},
            "definition": {"type": "dict"},
            "images": {"type": "dict"},
            "compare_with": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
            "numbered": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("definition", "images")],
        required_one_of=[("definition", "images")],
        supports_check_mode=True,
    )
    client = module.client("ecs")
    family, compare_with = module.params["family"], module.params["compare_with"]
    definition = module.params["definition"]
    # What was asked is part of every answer, and an environment can carry secrets.
    module.params["definition"] = definitions.without_secrets(definition)
    module.params["tags"] = tags = {key: "" if one is None else str(one) for key, one in module.params["tags"].items()}
    try:
        newest = ecs.describe_task_definition(client, family)
        compared = ecs.describe_task_definition(client, compare_with) if compare_with else newest
        if compare_with and not compared:
            module.fail_json(
                msg=f"There is no revision {compare_with} to compare with. Give the one that serves, or leave it out."
            )
        request = wanted(module, client, definition, newest)
        changes = definitions.differences(compared or {}, request)
        if module.params["numbered"]:
            tags = tags | {RELEASE_TAG: str(last_release(newest) + 1)}
        elif last_release(newest):
            tags = tags | {AFTER_TAG: str(last_release(newest))}
        request |= {"tags": [{"key": key, "value": one} for key, one in tags.items()]} if tags else {}
        if not changes and compared:
            revision = compared
        elif module.check_mode:
            revision = request
        else:
            revision = ecs.register_task_definition(client, request)
    except ecs.EcsError as error:
        module.fail_json_aws_error(error)

    was = f"{compared['family']}:{compared['revision']}" if compared else "no revision"
    name = f"{family}:{revision['revision']}" if "revision" in revision else f"a revision of {family}"
    release = release_number(revision)
    called = name if release is None else f"{name}, release {release}"
    verb = "Would register" if module.check_mode else "Registered"
    why = f"{sentence(changes)} changed" if compared else "it is the first revision"
    module.exit_json(
        changed=bool(changes),
        task_definition_arn=revision.get("taskDefinitionArn"),
        family=family,
        revision=revision.get("revision"),
        release=release,
        images=definitions.images_of(revision),
        changed_fields=sorted({change.field.split(".")[0].split("[")[0] for change in changes}),
        differences=[asdict(change) for change in changes],
        task_definition=definitions.without_secrets(revision),
        msg=f"{verb} {called}: {why}." if changes else f"{called} says all that was asked.",
        diff={
            "before_header": was,
            "after_header": called,
            "before": definitions.diff_lines(changes, "before"),
            "after": definitions.diff_lines(changes, "after"),
        },
    )


if __name__ == "__main__":
    main()
