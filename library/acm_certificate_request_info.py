#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: acm_certificate_request_info
short_description: Look at one certificate
description:
  - Reads how far a certificate is, which DNS records ACM wants for it, and whether it is for the names given.
    One that is missing is an answer, not an error.
  - M(community.aws.acm_certificate_info) reads every certificate of the account, and no DNS records.
author: Contributors to Towpath
options:
  certificate_arn:
    description: ARN of the certificate. Its region is where it is looked for.
    type: str
  name:
    description: Name under which M(acm_certificate_request) requested it for just O(domain_names).
    type: str
  domain_names:
    description: Names that the certificate should be for.
    type: list
    elements: str
    default: []
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
- name: Wait until the certificate is issued
  acm_certificate_request_info:
    certificate_arn: "{{ requested.certificate_arn }}"
    domain_names: [staging.example.com]
  register: certificate
  until: certificate.status != 'PENDING_VALIDATION'
  retries: 60
  delay: 10
"""

RETURN = r"""
certificate_arn:
  description: ARN of the certificate; empty when there is none.
  returned: always
  type: str
  sample: arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123-0123-0123-0123456789ab
status:
  description: Status of the certificate by its AWS name; empty when there is none.
  returned: always
  type: str
  sample: ISSUED
reason:
  description: Why ACM gave up; empty otherwise.
  returned: always
  type: str
  sample: CAA_ERROR
validation_records:
  description: DNS records that ACM wants to see, each once.
  returned: always
  type: list
  elements: dict
  sample: [{name: _a79865eb4cd1a6ab.example.com., type: CNAME, value: _424c7224e9b0146f.acm-validations.aws.}]
records_known:
  description: Whether ACM has named a record for every name.
  returned: always
  type: bool
uncovered_names:
  description: Of O(domain_names) those that the certificate is not for.
  returned: always
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.towpath import acm_api as acm
from ansible.module_utils.towpath.certificate import Certificate, facts, find
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def by_arn(module: AnsibleAWSModule, arn: str) -> Certificate | None:
    parts = arn.split(":")
    if len(parts) != 6 or parts[2] != "acm":
        module.fail_json(
            msg=f"{arn} is no certificate's ARN, expected one like "
            "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd-0123-0123-0123-0123456789ab."
        )
    module.params["region"] = parts[3]
    return acm.describe_certificate(module.client("acm"), arn)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "certificate_arn": {"type": "str"},
            "name": {"type": "str"},
            "domain_names": {"type": "list", "elements": "str", "default": []},
        },
        required_one_of=[("certificate_arn", "name")],
        supports_check_mode=True,
    )
    names = module.params["domain_names"]
    try:
        if arn := module.params["certificate_arn"]:
            found = by_arn(module, arn)
        else:
            found = find(acm.candidates(module.client("acm"), names), module.params["name"], names)
    except acm.AcmError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, **facts(found, names))


if __name__ == "__main__":
    main()
