#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: secret_parameter
short_description: Ask for a secret and keep it as an encrypted parameter
description:
  - Reads a value where nobody else can see it, and hands it to M(community.aws.ssm_parameter), which does the writing.
    The value is in no task, no result and no command line.
  - Asks in the terminal, without showing what is typed, unless a file or standard input is named.
  - One newline at the end of the value is no part of it.
  - A value that is there already is not written again.
  - In check mode nobody is asked, and the answer is that the secret would be changed.
  - This is an action plugin; see C(playbooks/action_plugins/secret_parameter.py).
author: Contributors to Towpath
options:
  name:
    description: Name of the parameter.
    type: str
    required: true
  secret:
    description: What to call the secret when asking for it.
    type: str
    required: true
  from_file:
    description: File that holds the value; also a descriptor, such as V(/dev/fd/3). Empty for none.
    type: str
    default: ""
  from_stdin:
    description: Whether the value is piped into C(ansible-playbook). Needs Linux.
    type: bool
    default: false
  key_id:
    description: Key to encrypt it with.
    type: str
    default: alias/aws/ssm
  tags:
    description: Tags of the parameter.
    type: dict
attributes:
  check_mode:
    support: full
    description: Asks nobody and writes nothing.
  diff_mode:
    support: none
    description: A secret is not shown.
"""

EXAMPLES = r"""
- name: Ask for the secret and keep it
  secret_parameter:
    name: /webapp/staging/STRIPE_KEY
    secret: STRIPE_KEY of staging
"""

RETURN = r"""
version:
  description: Number of the value that is kept now; 0 in check mode.
  returned: success
  type: int
  sample: 2
"""

from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    module.fail_json(msg="The terminal is out of a module's reach: the action plugin secret_parameter does the work.")


if __name__ == "__main__":
    main()
