#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: ecr_repository_info
short_description: Look up an image repository in ECR
description:
  - Finds one repository of the account's own registry, with its lifecycle policy.
  - A missing one is an empty list, not a failure.
version_added: "0.1.0"
author:
  - Towpath
options:
  name:
    description: Name of the repository.
    type: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Find the image repository
  ecr_repository_info:
    name: webapp
  register: found
"""

RETURN = r"""
repositories:
  description: The repository, or nothing.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Name.
      type: str
      sample: webapp
    arn:
      description: ARN.
      type: str
      sample: arn:aws:ecr:us-east-1:123456789012:repository/webapp
    uri:
      description: What an image's reference starts with.
      type: str
      sample: 123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp
    image_tag_mutability:
      description: Whether a tag can move to another image, C(MUTABLE) or C(IMMUTABLE), also with exclusions.
      type: str
      sample: IMMUTABLE
    scan_on_push:
      description: Whether each pushed image is scanned.
      type: bool
      sample: true
    lifecycle_policy:
      description: The lifecycle policy; empty when there is none.
      type: dict
      sample: {rules: []}
"""

import json
from typing import Any

from ansible.module_utils.towpath import ecr_api
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def as_result(repository: dict[str, Any], lifecycle_policy: str | None) -> dict[str, Any]:
    """Name what ECR answers about one repository the way Ansible does."""
    return {
        "name": repository["repositoryName"],
        "arn": repository["repositoryArn"],
        "uri": repository["repositoryUri"],
        "image_tag_mutability": repository["imageTagMutability"],
        "scan_on_push": repository["imageScanningConfiguration"]["scanOnPush"],
        "lifecycle_policy": json.loads(lifecycle_policy) if lifecycle_policy else {},
    }


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"name": {"type": "str", "required": True}}, supports_check_mode=True)
    name = module.params["name"]
    client = module.client("ecr")
    try:
        repository = ecr_api.describe_repository(client, name)
        found = [as_result(repository, ecr_api.get_lifecycle_policy(client, name))] if repository else []
    except ecr_api.EcrError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, repositories=found)


if __name__ == "__main__":
    main()
