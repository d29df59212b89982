#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_oidc_provider_info
short_description: Find an OpenID Connect identity provider
description:
  - Says what is known of the provider of a URL. It changes nothing.
author: Contributors to Towpath
options:
  url:
    description: The issuer in the provider's tokens; it begins with C(https://).
    type: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: It changes nothing anyway.
"""

EXAMPLES = r"""
- name: Find GitHub's identity provider
  iam_oidc_provider_info:
    url: https://token.actions.githubusercontent.com
"""

RETURN = r"""
oidc_provider:
  description: The provider, empty when there is none.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the provider.
      type: str
      returned: when there is one
      sample: arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com
    url:
      description: The option of the same name.
      type: str
      returned: when there is one
      sample: https://token.actions.githubusercontent.com
    client_ids:
      description: The audiences, sorted.
      type: list
      elements: str
      returned: when there is one
      sample: [sts.amazonaws.com]
    tags:
      description: The provider's tags.
      type: dict
      returned: when there is one
      sample: {}
"""

from ansible.module_utils.towpath import iam_api as iam
from ansible.module_utils.towpath.oidc_provider import comparable
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"url": {"type": "str", "required": True}}, supports_check_mode=True)
    client, url = module.client("iam"), module.params["url"]
    try:
        arn = iam.find_oidc_provider(client, url)
        found = {"arn": arn, "url": url, **comparable(iam.get_oidc_provider(client, arn))} if arn else {}
    except iam.IamError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, oidc_provider=found)


if __name__ == "__main__":
    main()
