#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: output_file_info
short_description: Fail when a file that a command writes at its end cannot be written
description:
  - What is found at the end only makes a command fail that has done its work.
author: Contributors to Towpath
options:
  option:
    description: Option of the command line that names the file, for the message.
    type: str
    required: true
  path:
    description: The file.
    type: path
    required: true
attributes:
  check_mode:
    support: full
    description: Reads only.
  diff_mode:
    support: none
    description: Changes nothing, so there is nothing to show.
"""

EXAMPLES = r"""
- name: Refuse a file that could not be written
  output_file_info:
    option: result_file
    path: "{{ result_file | realpath }}"
"""

RETURN = r"""
path:
  description: The file.
  returned: success
  type: path
  sample: /home/me/result.json
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.towpath import output_file


def main() -> None:
    module = AnsibleModule(
        argument_spec={"option": {"type": "str", "required": True}, "path": {"type": "path", "required": True}},
        supports_check_mode=True,
    )
    path = Path(module.params["path"])
    if wrong := output_file.refusal(module.params["option"], path):
        module.fail_json(msg=wrong)
    module.exit_json(changed=False, path=str(path))


if __name__ == "__main__":
    main()
