#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cdn_invalidation
short_description: Let CloudFront forget what it keeps under some paths
description:
  - Starts an invalidation and does not wait for its end, which comes within minutes. It always changes something.
  - C(community.aws.cloudfront_invalidation) has no check mode.
author: Contributors to Towpath
options:
  name:
    description: Comment of the distribution.
    type: str
    required: true
  paths:
    description: Paths to forget, each beginning with C(/); a star at the end stands for all below.
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what would be forgotten, with the same keys.
  diff_mode:
    support: none
    description: What is kept is not known.
"""

EXAMPLES = r"""
- name: Forget the logo
  cdn_invalidation:
    name: webapp-prod
    paths: [/logo.svg]
"""

RETURN = r"""
invalidation_id:
  description: Id of the invalidation; empty in check mode.
  returned: always
  type: str
  sample: I1JLWSDAP8FU89
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: CloudFront forgets /logo.svg.
"""

import uuid

from ansible.module_utils.towpath import cloudfront_api as cloudfront
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "paths": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    name, paths = module.params["name"], list(dict.fromkeys(module.params["paths"]))
    if wrong := [path for path in paths if not path.startswith("/")]:
        module.fail_json(msg=f"Expected paths that begin with /, such as /logo.svg, but got {', '.join(wrong)}.")
    client, invalidation = module.client("cloudfront"), ""
    try:
        found = cloudfront.distributions_called(client, name)
        if len(found) != 1:
            module.fail_json(
                msg=f"Found {len(found)} distributions with the comment {name}, expected 1. "
                "Without CloudFront nothing is kept, so there is nothing to forget: run again without invalidate."
            )
        if not module.check_mode:
            invalidation = cloudfront.create_invalidation(client, found[0]["Id"], paths, str(uuid.uuid4()))
    except cloudfront.CloudFrontError as error:
        module.fail_json_aws_error(error)
    verb = "would forget" if module.check_mode else "forgets"
    module.exit_json(changed=True, invalidation_id=invalidation, msg=f"CloudFront {verb} {', '.join(paths)}.")


if __name__ == "__main__":
    main()
