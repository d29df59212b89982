#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: aws_credentials_info
short_description: Fail with what to type when a shell has no AWS credentials that modules can use
description:
  - Gets the credentials as every module of AWS would. That calls AWS only where a profile needs it, as with a login.
  - Whether AWS knows them and what they may do, the first real call tells.
author: Contributors to Towpath
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
- name: Look whether this shell has AWS credentials
  aws_credentials_info:
"""

RETURN = r"""
profile:
  description: The profile that they come from; empty where the shell names none.
  returned: success
  type: str
  sample: staging
"""

import contextlib
from typing import Any

from ansible.module_utils.towpath import aws_failure, credentials
from ansible.module_utils.towpath.credentials import Source
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

# Where botocore is not there, AnsibleAWSModule says so.
with contextlib.suppress(ImportError):
    from botocore.exceptions import NoCredentialsError, PartialCredentialsError
    from botocore.session import Session


def source_of(params: dict[str, Any]) -> Source:
    keys = bool(params["access_key"] or params["secret_key"])
    return Source(params["profile"] or "", keys, Session().full_config["profiles"])


def from_keys(params: dict[str, Any]) -> dict[str, Any]:
    for part, variable in (("access_key", "AWS_ACCESS_KEY_ID"), ("secret_key", "AWS_SECRET_ACCESS_KEY")):
        if not params[part]:
            raise PartialCredentialsError(provider="env", cred_var=variable)
    return {"access_key": params["access_key"], "secret_key": params["secret_key"], "token": params["session_token"]}


def from_session(of: Source) -> dict[str, Any]:
    found = Session(profile=of.profile or None).get_credentials()
    if found is None:
        raise NoCredentialsError
    frozen: dict[str, Any] = found.get_frozen_credentials()._asdict()
    return frozen


def problem(params: dict[str, Any]) -> tuple[Source, str]:
    of = Source("", False, {})
    try:
        of = source_of(params)
        if refused := credentials.refusal(of):
            return of, refused
        found = from_keys(params) if of.keys else from_session(of)
    # Files, processes and services of all kinds come into play.
    except Exception as error:
        said = aws_failure.cause(error)
        code, message = (said.code, said.message) if said else (type(error).__name__, str(error))
        return of, credentials.trouble(code, message, of)
    return of, credentials.unreadable(found, of)


def main() -> None:
    module = AnsibleAWSModule(argument_spec={}, supports_check_mode=True)
    of, wrong = problem(module.params)
    if wrong:
        module.fail_json(msg=wrong)
    module.exit_json(changed=False, profile=of.profile)


if __name__ == "__main__":
    main()
