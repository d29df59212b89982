#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecr_image_info
short_description: Find one image in ECR, and its digest
description:
  - Resolves a tag, a digest, a full reference or nothing (the newest image pushed) to one image
    that is in the repository.
  - A deploy resolves its image once, here, and pins the digest; tags are not asked again.
author: Contributors to Towpath
options:
  repository:
    description: Name of the repository.
    type: str
    required: true
  reference:
    description:
      - A tag, a digest (C(sha256:...)), or a full reference (C(URI:TAG), C(URI@DIGEST)).
      - When not given, the newest image pushed. Tagged images go first; signatures, attestations,
        and the parts of a multi-platform image are left out.
    type: str
  tag_prefix:
    description: The newest image is looked for among those with a tag that begins so; O(reference) is not bound to it.
    type: str
    default: ""
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
- name: Find the newest image
  ecr_image_info:
    repository: webapp
  register: newest

- name: Find the image of a commit
  ecr_image_info:
    repository: webapp
    reference: 4f2c9d1a0b3e

- name: Find the newest image of a pull request
  ecr_image_info:
    repository: webapp-previews
    tag_prefix: pr-12-
"""

RETURN = r"""
repository_uri:
  description: URI of the repository, without tag or digest.
  returned: always
  type: str
  sample: 123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp
image:
  description: The image.
  returned: always
  type: dict
  contains:
    digest:
      description: Digest of the manifest.
      type: str
      returned: always
      sample: sha256:0f3c
    uri:
      description: Reference by digest, fit for a task definition.
      type: str
      returned: always
      sample: 123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp@sha256:0f3c
    tags:
      description: Tags of the image.
      type: list
      elements: str
      returned: always
      sample: [4f2c9d1a0b3e]
    pushed_at:
      description: Time of the push, in UTC.
      type: str
      returned: always
      sample: "2026-01-31T12:00:00+00:00"
    git_sha:
      description: The tag that looks like a commit's, with what follows it such as C(-dirty); empty when there is none.
      type: str
      returned: always
      sample: 4f2c9d1a0b3e
    size:
      description: Size in bytes, as ECR reports it.
      type: int
      returned: always
      sample: 48317724
"""

from ansible.module_utils.towpath import ecr_api, ecr_images, image
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "repository": {"type": "str", "required": True},
            "reference": {"type": "str"},
            "tag_prefix": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    client = module.client("ecr")
    name = module.params["repository"]
    try:
        repository = ecr_api.describe_repository(client, name)
        if not repository:
            module.fail_json(msg=f"There is no image repository {name}. Run ansible-playbook provision.yml first.")
        uri = repository["repositoryUri"]
        found = ecr_images.find(client, name, uri, module.params["reference"], module.params["tag_prefix"])
    except ecr_api.EcrError as error:
        module.fail_json_aws_error(error)
    except image.ImageRefused as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, repository_uri=uri, image=image.as_result(found, uri))


if __name__ == "__main__":
    main()
