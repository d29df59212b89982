#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: database_url_parameter
short_description: Keep the URL of a database in an encrypted parameter, without ever showing it
description:
  - Keeps C(postgres://user:password@address:port/name?sslmode=require) in a SecureString parameter.
  - The password lives in that parameter only. When no new one is given, the one that is there stays, and the rest
    of the URL is put right around it, such as the address after a restore.
  - C(community.aws.ssm_parameter) can only write a whole value, so the caller would have to read the password first.
author: Contributors to Towpath
options:
  name:
    description: Name of the parameter.
    type: str
    required: true
  state:
    description: V(query) only says whether a password is there.
    type: str
    choices: [present, query]
    default: present
  username:
    description: User of the database. Required when O(state=present).
    type: str
  password:
    description: The new password; leave it out to keep the one that is there.
    type: str
  address:
    description: Address of the database. Required when O(state=present).
    type: str
  port:
    description: Port of the database.
    type: int
    default: 5432
  database:
    description: Name of the database. Required when O(state=present).
    type: str
  tags:
    description: Tags of a new parameter.
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what would change, and writes nothing.
  diff_mode:
    support: full
    description: Shows what changes but for the password.
"""

EXAMPLES = r"""
- name: Tell the app where its database is
  database_url_parameter:
    name: /webapp/staging/DATABASE_URL
    username: webapp
    address: webapp-staging.abc123.us-east-1.rds.amazonaws.com
    database: webapp
"""

RETURN = r"""
exists:
  description: Whether there was a URL with a password before.
  returned: always
  type: bool
  sample: true
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: "Changed address of the URL in /webapp/staging/DATABASE_URL."
"""

from typing import Any

from ansible.module_utils.towpath import ssm_api
from ansible.module_utils.towpath.database_url import DatabaseUrl, differing, parsed
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def present(module: AnsibleAWSModule, client: ssm_api.SsmClient, value: str | None) -> dict[str, Any]:
    params, before = module.params, parsed(value)
    password = params["password"] or (before.password if before else "")
    if not password:
        module.fail_json(
            msg=f"There is no password in {params['name']} to keep, and none is given. Give the database a new one "
            "(ansible-playbook provision.yml -e env=NAME does), and hand it to this module."
        )
    after = DatabaseUrl(params["username"], password, params["address"], params["port"], params["database"])
    changes = differing(before, after)
    if changes and not module.check_mode:
        ssm_api.put_secure_string(client, params["name"], str(after), params["tags"], exists=value is not None)
    verb = "Changed" if value is not None else "Set"
    return {
        "changed": bool(changes),
        "exists": before is not None,
        "diff": {
            "before": {name: old for name, (old, _) in changes.items()},
            "after": {name: new for name, (_, new) in changes.items()},
        },
        "msg": f"{verb} {', '.join(changes)} of the URL in {params['name']}."
        if changes
        else f"The URL in {params['name']} says all of it.",
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "query"], "default": "present"},
            "username": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "address": {"type": "str"},
            "port": {"type": "int", "default": 5432},
            "database": {"type": "str"},
            "tags": {"type": "dict", "default": {}},
        },
        required_if=[("state", "present", ("username", "address", "database"))],
        supports_check_mode=True,
    )
    client = module.client("ssm")
    name = module.params["name"]
    try:
        value = ssm_api.get_value(client, name)
        if module.params["state"] == "present":
            result = present(module, client, value)
        else:
            there = parsed(value) is not None
            says = "has" if there else "has no"
            result = {"changed": False, "exists": there, "msg": f"{name} {says} URL with a password."}
    except ssm_api.SsmError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
