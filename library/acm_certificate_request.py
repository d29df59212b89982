#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: acm_certificate_request
short_description: Request a certificate that is validated by DNS records
description:
  - Finds the certificate that was requested under this name for just these domain names, or requests it.
  - It does not wait. The answer names the DNS records that ACM wants to see before it issues the certificate;
    M(acm_certificate_request_info) tells how far it is. Renewal needs nothing, as long as the records stay.
  - A certificate cannot change its names. For other names another one is requested,
    and the old one stays until O(state=absent), because something may still serve with it.
  - C(community.aws.acm_certificate) imports certificates and requests none.
author: Contributors to Towpath
options:
  name:
    description: What the certificate is found by, kept in its tag C(Name).
    type: str
    required: true
  state:
    description: Whether there should be a certificate. With V(absent) all that were requested under the name go.
    type: str
    choices: [present, absent]
    default: present
  domain_names:
    description: Names that the certificate is for, the first as its main one. Required when O(state=present).
    type: list
    elements: str
    default: []
  tags:
    description: Tags that the certificate should carry beside C(Name). Others are left alone.
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what would be requested or deleted, with the same keys.
  diff_mode:
    support: full
    description: Shows the names and tags.
"""

EXAMPLES = r"""
- name: Request the certificate
  acm_certificate_request:
    name: webapp-staging
    domain_names: [staging.example.com]
  register: requested

- name: Request one for CloudFront, which takes them from this region only
  acm_certificate_request:
    name: webapp-staging
    domain_names: [staging.example.com]
    region: us-east-1
"""

RETURN = r"""
certificate_arn:
  description: ARN of the certificate; empty when there is none, as in check mode before the request.
  returned: always
  type: str
  sample: arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123-0123-0123-0123456789ab
status:
  description: Status of the certificate by its AWS name; empty when there is none.
  returned: always
  type: str
  sample: PENDING_VALIDATION
reason:
  description: Why ACM gave up; empty otherwise.
  returned: always
  type: str
  sample: ""
validation_records:
  description: DNS records that ACM wants to see, each once.
  returned: always
  type: list
  elements: dict
  sample: [{name: _a79865eb4cd1a6ab.example.com., type: CNAME, value: _424c7224e9b0146f.acm-validations.aws.}]
records_known:
  description: Whether ACM has named a record for every name, which takes some seconds after the request.
  returned: always
  type: bool
uncovered_names:
  description: Names that the certificate is not for.
  returned: always
  type: list
  elements: str
  sample: []
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: Requested a certificate for staging.example.com.
"""

from typing import Any

from ansible.module_utils.towpath import acm_api as acm
from ansible.module_utils.towpath.certificate import facts, find, request
from ansible.module_utils.towpath.differences import diff, differences
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def present(module: AnsibleAWSModule, client: acm.AcmClient) -> dict[str, Any]:
    name = module.params["name"]
    names = [one.lower() for one in module.params["domain_names"]]
    tags = {"Name": name} | {key: str(value) for key, value in module.params["tags"].items()}
    certificate = find(acm.candidates(client, names), name, names)

    if certificate is None:
        if not module.check_mode:
            arn = acm.request_certificate(client, request(name, names, tags))
            certificate = acm.describe_certificate(client, arn) or {"CertificateArn": arn, "DomainName": names[0]}
        changes = differences({}, {"domain_names": names, **tags})
        msg = f"Requested a certificate for {', '.join(names)}."
    else:
        changes = differences(certificate["Tags"], tags)
        if changes and not module.check_mode:
            acm.add_tags(client, certificate["CertificateArn"], {one.field: one.after for one in changes})
        msg = f"The certificate for {', '.join(names)} is {certificate['Status']}."
    return {"changed": bool(changes), "diff": diff(changes), "msg": msg, **facts(certificate, names)}


def absent(module: AnsibleAWSModule, client: acm.AcmClient) -> dict[str, Any]:
    name = module.params["name"]
    arns = [one["CertificateArn"] for one in acm.list_certificates(client)]
    ours = [arn for arn in arns if acm.list_tags(client, arn).get("Name") == name]
    if not module.check_mode:
        for arn in ours:
            acm.delete_certificate(client, arn)
    return {
        "changed": bool(ours),
        "diff": {"before": {"certificates": ours}, "after": {"certificates": []}},
        "msg": f"Deleted {len(ours)} certificates of {name}." if ours else f"There is no certificate of {name}.",
        **facts(None, []),
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "domain_names": {"type": "list", "elements": "str", "default": []},
            "tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    if module.params["state"] == "present" and not module.params["domain_names"]:
        module.fail_json(msg="domain_names is empty, expected at least one name, such as [staging.example.com].")
    try:
        result = {"present": present, "absent": absent}[module.params["state"]](module, module.client("acm"))
    except acm.AcmError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
