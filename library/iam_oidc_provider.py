#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_oidc_provider
short_description: Create, change or delete an OpenID Connect identity provider
description:
  - Lets roles trust the tokens of an identity provider, such as GitHub's. There is one for each URL in an account.
  - Thumbprints are not touched. AWS verifies a provider's certificate with its own list of authorities, and looks up
    the thumbprint itself where that is not enough.
  - It is here because the upstream collections have no module for it.
author: Contributors to Towpath
options:
  url:
    description: The issuer in the provider's tokens; it begins with C(https://).
    type: str
    required: true
  state:
    description: Whether the provider is to be there.
    type: str
    choices: [present, absent]
    default: present
  client_ids:
    description: All audiences whose tokens are to be taken.
    type: list
    elements: str
  tags:
    description: All tags that the provider is to have. Those that AWS sets itself stay.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what it would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows the options that differ, before and after.
"""

EXAMPLES = r"""
- name: Let roles trust GitHub's tokens
  iam_oidc_provider:
    url: https://token.actions.githubusercontent.com
    client_ids: [sts.amazonaws.com]

- name: Take away the provider
  iam_oidc_provider:
    url: https://token.actions.githubusercontent.com
    state: absent
"""

RETURN = r"""
oidc_provider:
  description: The provider; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the provider; empty in check mode when it is not there yet.
      type: str
      returned: when present
      sample: arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com
    url:
      description: The option of the same name.
      type: str
      returned: when present
      sample: https://token.actions.githubusercontent.com
    client_ids:
      description: The audiences, sorted.
      type: list
      elements: str
      returned: when present
      sample: [sts.amazonaws.com]
    tags:
      description: The provider's tags.
      type: dict
      returned: when present
      sample: {}
"""

from typing import Any

from ansible.module_utils.towpath import iam_api as iam
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible.module_utils.towpath.oidc_provider import comparable, refusal, wanted
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def present(module: AnsibleAWSModule, client: iam.IamClient, arn: str) -> dict[str, Any]:
    url = module.params["url"]
    before = comparable(iam.get_oidc_provider(client, arn) if arn else {})
    asked = wanted({option: module.params[option] for option in ("client_ids", "tags")})
    after = before | asked
    changes = differences(before, asked) if arn else differences({}, {"url": url, **asked})
    if not module.check_mode:
        if not arn:
            arn = iam.create_oidc_provider(client, url, after["client_ids"], after["tags"])
        else:
            iam.replace_client_ids(client, arn, before["client_ids"], after["client_ids"])
            iam.replace_oidc_provider_tags(client, arn, before["tags"], after["tags"])
    return {"oidc_provider": {"arn": arn, "url": url, **after}, "changes": changes}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "client_ids": {"type": "list", "elements": "str"},
            "tags": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    client, url = module.client("iam"), module.params["url"]
    if problem := refusal(url):
        module.fail_json(msg=problem)
    try:
        arn = iam.find_oidc_provider(client, url)
        if module.params["state"] == "absent":
            if arn and not module.check_mode:
                iam.delete_oidc_provider(client, arn)
            module.exit_json(
                changed=bool(arn),
                oidc_provider={},
                diff={"before": {"url": url} if arn else {}, "after": {}},
                msg=f"Deleted the identity provider {url}." if arn else f"There is no identity provider {url}.",
            )
        result = present(module, client, arn)
    except iam.IamError as error:
        module.fail_json_aws_error(error)

    if changes := result.pop("changes"):
        msg = f"Changed {sentence(changes)} of the identity provider {url}." if arn else f"Created {url}."
    else:
        msg = f"The identity provider {url} is as it should be."
    module.exit_json(changed=bool(changes), diff=diff(changes), msg=msg, **result)


if __name__ == "__main__":
    main()
