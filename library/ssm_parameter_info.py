#!/usr/bin/python
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

DOCUMENTATION = r"""
module: ssm_parameter_info
short_description: List the parameters below a path, without their values
description:
  - Lists what the Systems Manager parameter store knows of the parameters right below a path.
  - Never reads a value, encrypted or not, so neither the result nor the permission that it needs
    (C(ssm:DescribeParameters)) gives a secret away.
version_added: "0.1.0"
author:
  - Towpath
options:
  path:
    description: The path, like C(/webapp/staging).
    type: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Find the secrets of staging
  ssm_parameter_info:
    path: /webapp/staging
  register: found
"""

RETURN = r"""
parameters:
  description: The parameters, sorted by name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Full name.
      type: str
      sample: /webapp/staging/SESSION_KEY
    arn:
      description: ARN, as a task definition's secret names it; some emulators answer none.
      type: str
      sample: arn:aws:ssm:us-east-1:123456789012:parameter/webapp/staging/SESSION_KEY
    type:
      description: C(String), C(StringList) or C(SecureString).
      type: str
      sample: SecureString
    version:
      description: Number of the newest value; it grows with each one.
      type: int
      sample: 1
    last_modified:
      description: When the newest value was put, in ISO 8601.
      type: str
      sample: "2026-01-31T12:00:00+00:00"
"""

from typing import Any

from ansible.module_utils.towpath import ssm_api
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def as_result(parameter: dict[str, Any]) -> dict[str, Any]:
    """Name what DescribeParameters answers about one parameter the way Ansible does."""
    return {
        "name": parameter["Name"],
        "arn": parameter.get("ARN", ""),
        "type": parameter["Type"],
        "version": parameter["Version"],
        "last_modified": parameter["LastModifiedDate"].isoformat(),
    }


def main() -> None:
    module = AnsibleAWSModule(argument_spec={"path": {"type": "str", "required": True}}, supports_check_mode=True)
    path = module.params["path"].rstrip("/")
    if not path.startswith("/"):
        module.fail_json(msg=f"path is {module.params['path']!r}, expected a path like /webapp/staging.")
    try:
        found = ssm_api.describe_parameters(module.client("ssm"), path)
    except ssm_api.SsmError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, parameters=[as_result(parameter) for parameter in found])


if __name__ == "__main__":
    main()
