#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cdn_distribution
short_description: Put CloudFront before a load balancer
description:
  - Keeps one CloudFront distribution with a load balancer as its only origin, asked over HTTPS. Some paths are cached
    as long as the app says (CachingOptimized); everything else is asked for each time, with all that the browser sent
    (CachingDisabled, AllViewer).
  - TLS 1.2 of 2021 and newer, HTTP/2 and HTTP/3, compression, IPv6, HTTP redirected to HTTPS. Errors are not kept.
  - The distribution is found by its comment. Only what differs is changed, so settings that this module does not know,
    such as functions, stay.
  - C(community.aws.cloudfront_distribution) has no check mode, and replaces a distribution's behaviors on each run.
author: Contributors to Towpath
options:
  name:
    description: Comment of the distribution, by which it is found.
    type: str
    required: true
  state:
    description: Whether the distribution should be there. One that should not is disabled first, which takes minutes.
    type: str
    choices: [present, absent]
    default: present
  aliases:
    description: Names that people type. Required when O(state=present).
    type: list
    elements: str
    default: []
  certificate_arn:
    description: Certificate of those names, from ACM in us-east-1. Required when O(state=present).
    type: str
    default: ""
  origin_domain_name:
    description: DNS name of the load balancer. Required when O(state=present).
    type: str
    default: ""
  origin_headers:
    description: Headers that CloudFront adds to each request, with their secret values.
    type: dict
    default: {}
  origin_read_timeout_seconds:
    description: Seconds that CloudFront waits for an answer, 1 to 120; more than 60 need a raised quota.
    type: int
    default: 30
  cached_paths:
    description: Paths whose content never changes, in the order in which they are matched.
    type: list
    elements: str
    default: []
  cached_by_name:
    description:
      - Whether a cached path is kept for each name by itself, because the names show different apps. The managed policy
        UseOriginCacheControlHeaders, which does this, keeps it for each value of the browser's cookies, too.
    type: bool
    default: false
  price_class:
    description: From which parts of the world it answers.
    type: str
    choices: [PriceClass_100, PriceClass_200, PriceClass_All]
    default: PriceClass_100
  response_headers_policy_id:
    description: Policy of the headers that CloudFront adds to answers; empty for none.
    type: str
    default: ""
  web_acl_arn:
    description: Web ACL of AWS WAF, with scope CLOUDFRONT; empty for none.
    type: str
    default: ""
  error_page_path:
    description: Page for when the load balancer does not answer, below one of O(cached_paths); empty for none.
    type: str
    default: ""
  tags:
    description: Tags that the distribution should carry. Others are left alone.
    type: dict
    default: {}
  wait_seconds:
    description: Seconds to wait until all of CloudFront has a change.
    type: int
    default: 1800
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what would change, with the same keys.
  diff_mode:
    support: full
    description: Shows the values that change; of secret ones a fingerprint.
"""

EXAMPLES = r"""
- name: Put CloudFront before the load balancer
  cdn_distribution:
    name: webapp-prod
    aliases: [example.com]
    certificate_arn: arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123-0123-0123-0123456789ab
    origin_domain_name: webapp-prod-1234567890.eu-central-1.elb.amazonaws.com
    origin_headers: {X-Origin-Verify: "{{ secret }}"}
    cached_paths: [/_next/static/*]
"""

RETURN = r"""
distribution:
  description: The distribution; empty when there is none, as in check mode before its creation.
  returned: always
  type: dict
  contains:
    id:
      description: Id of the distribution.
      type: str
      returned: when there is one
      sample: E2QWRUHAPOMQZL
    arn:
      description: ARN of the distribution.
      type: str
      returned: when there is one
      sample: arn:aws:cloudfront::123456789012:distribution/E2QWRUHAPOMQZL
    domain_name:
      description: Name that CloudFront gave it.
      type: str
      returned: when there is one
      sample: d111111abcdef8.cloudfront.net
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: "Changed price_class of the distribution webapp-prod."
"""

import uuid
from typing import Any

from ansible.module_utils.towpath import cloudfront_api as cloudfront
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible.module_utils.towpath.distribution import changed_config, comparable, new_config, refusals, wanted
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def facts(found: dict[str, Any] | None) -> dict[str, str]:
    return {"id": found["Id"], "arn": found["ARN"], "domain_name": found["DomainName"]} if found else {}


def present(
    module: AnsibleAWSModule, client: cloudfront.CloudFrontClient, found: dict[str, Any] | None
) -> dict[str, Any]:
    params, name = module.params, module.params["name"]
    if problems := refusals(params, planned=module.check_mode):
        module.fail_json(msg=" ".join(problems))
    tags = {key: str(value) for key, value in params["tags"].items()}
    created = found is None

    if found is None:
        changes = differences({}, {"name": name, **wanted(params), "tags": tags})
        if not module.check_mode:
            # A reference of its own: a request that is sent again because its answer was lost makes no second one.
            config = new_config(f"{name}-{uuid.uuid4()}", name)
            found = cloudfront.create_distribution(client, changed_config(config, list(wanted(params)), params), tags)
    else:
        config, version = cloudfront.distribution_config(client, found["Id"])
        changed = differences(comparable(config), wanted(params))
        changed_tags = differences(cloudfront.distribution_tags(client, found["ARN"]), tags)
        changes = changed + changed_tags
        if changed and not module.check_mode:
            fields = [one.field for one in changed]
            cloudfront.update_distribution(client, found["Id"], version, changed_config(config, fields, params))
        if changed_tags and not module.check_mode:
            cloudfront.tag_distribution(client, found["ARN"], {one.field: one.after for one in changed_tags})
        if changed:
            found = found | {"Status": "InProgress"}

    if found and found["Status"] != "Deployed" and not module.check_mode:
        cloudfront.wait_until_deployed(client, found["Id"], params["wait_seconds"])
    if created:
        msg = f"Created the distribution {name}."
    elif changes:
        msg = f"Changed {sentence(changes)} of the distribution {name}."
    else:
        msg = f"The distribution {name} is as it should be."
    return {"changed": bool(changes), "diff": diff(changes), "distribution": facts(found), "msg": msg}


def absent(
    module: AnsibleAWSModule, client: cloudfront.CloudFrontClient, found: dict[str, Any] | None
) -> dict[str, Any]:
    name = module.params["name"]
    if found and not module.check_mode:
        config, version = cloudfront.distribution_config(client, found["Id"])
        if config["Enabled"]:
            cloudfront.update_distribution(client, found["Id"], version, config | {"Enabled": False})
        cloudfront.wait_until_deployed(client, found["Id"], module.params["wait_seconds"])
        cloudfront.delete_distribution(client, found["Id"], cloudfront.distribution_config(client, found["Id"])[1])
    return {
        "changed": found is not None,
        "diff": {"before": {"name": name} if found else {}, "after": {}},
        "distribution": {},
        "msg": f"Deleted the distribution {name}." if found else f"There is no distribution {name}.",
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "aliases": {"type": "list", "elements": "str", "default": []},
            "certificate_arn": {"type": "str", "default": ""},
            "origin_domain_name": {"type": "str", "default": ""},
            "origin_headers": {"type": "dict", "default": {}, "no_log": True},
            "origin_read_timeout_seconds": {"type": "int", "default": 30},
            "cached_paths": {"type": "list", "elements": "str", "default": []},
            "cached_by_name": {"type": "bool", "default": False},
            "price_class": {
                "type": "str",
                "choices": ["PriceClass_100", "PriceClass_200", "PriceClass_All"],
                "default": "PriceClass_100",
            },
            "response_headers_policy_id": {"type": "str", "default": ""},
            "web_acl_arn": {"type": "str", "default": ""},
            "error_page_path": {"type": "str", "default": ""},
            "tags": {"type": "dict", "default": {}},
            "wait_seconds": {"type": "int", "default": 1800},
        },
        supports_check_mode=True,
    )
    client, name = module.client("cloudfront"), module.params["name"]
    try:
        all_found = cloudfront.distributions_called(client, name)
        if len(all_found) > 1:
            ids = ", ".join(one["Id"] for one in all_found)
            module.fail_json(
                msg=f"Found {len(all_found)} distributions with the comment {name} ({ids}), expected at most 1. "
                "Give the other another comment, then run again."
            )
        act = {"present": present, "absent": absent}[module.params["state"]]
        result = act(module, client, all_found[0] if all_found else None)
    except cloudfront.CloudFrontError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
