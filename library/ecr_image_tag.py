#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: ecr_image_tag
short_description: Add a tag to an image that is in ECR already
description:
  - Gives an image one more tag without pulling or pushing it.
  - A tag on another image is never moved. With it a lifecycle policy can spare the images that were released.
author: Contributors to Towpath
options:
  repository:
    description: Name of the repository.
    type: str
    required: true
  digest:
    description: Digest of the image (C(sha256:...)).
    type: str
    required: true
  tag:
    description: Tag to add.
    type: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says whether the tag would be added, and adds nothing.
  diff_mode:
    support: full
    description: Shows the image's tags before and after.
"""

EXAMPLES = r"""
- name: Keep the image from expiring
  ecr_image_tag:
    repository: webapp
    digest: "{{ found.image.digest }}"
    tag: released-4f2c9d1a0b3e
"""

RETURN = r"""
digest:
  description: Digest of the image.
  returned: always
  type: str
  sample: sha256:0f3c
tags:
  description: Tags of the image, with the one that was added or would be.
  returned: always
  type: list
  elements: str
  sample: [4f2c9d1a0b3e, released-4f2c9d1a0b3e]
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: Tagged webapp@sha256:0f3c as released-4f2c9d1a0b3e.
"""

from ansible.module_utils.towpath import ecr_api, ecr_images, image
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={option: {"type": "str", "required": True} for option in ("repository", "digest", "tag")},
        supports_check_mode=True,
    )
    client = module.client("ecr")
    name, digest, tag = (module.params[option] for option in ("repository", "digest", "tag"))
    if not image.DIGEST.fullmatch(digest):
        module.fail_json(msg=f"{digest} is no digest, expected sha256: and 64 hexadecimal digits.")
    if not image.TAG.fullmatch(tag):
        module.fail_json(msg=f"{tag} is no tag, expected up to 128 letters, digits, _ . and -, not . or - first.")
    try:
        if not ecr_api.describe_repository(client, name):
            module.fail_json(msg=f"There is no image repository {name}. Run ansible-playbook provision.yml first.")
        found = ecr_api.describe_image(client, name, {"imageDigest": digest})
        if not found:
            module.fail_json(msg=f"There is no image {digest} in {name}. Push it first, or give the digest of another.")
        before = sorted(found.get("imageTags", []))
        after = sorted({*before, tag})
        if before != after:
            other = ecr_api.describe_image(client, name, {"imageTag": tag})
            if other:
                module.fail_json(
                    msg=f"The tag {tag} is on {other['imageDigest']}, expected on {digest} or on none. "
                    "Give another tag: one that is in use is never moved."
                )
            media_type = found.get("imageManifestMediaType")
            if not module.check_mode and not ecr_images.tag(client, name, digest, media_type, tag):
                module.fail_json(msg=f"ECR has {name}@{digest} but does not give its manifest. Push the image again.")
    except ecr_api.EcrError as error:
        module.fail_json_aws_error(error)

    verb = "Would tag" if module.check_mode else "Tagged"
    module.exit_json(
        changed=before != after,
        digest=digest,
        tags=after,
        msg=f"{verb} {name}@{digest} as {tag}." if before != after else f"{name}@{digest} has the tag {tag}.",
        diff={"before": "".join(f"{one}\n" for one in before), "after": "".join(f"{one}\n" for one in after)},
    )


if __name__ == "__main__":
    main()
