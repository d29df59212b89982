#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: lambda_package
short_description: Pack a folder of Python files for Lambda
description:
  - Packs all C(*.py) below a folder into a zip file, with their paths within it.
  - Equal files make equal bytes, on every machine and at any time, so Lambda is given new code only when the code is
    new. C(community.general.archive) writes down when each file was changed, and C(amazon.aws.lambda) takes that for
    new code in every fresh checkout.
author: Contributors to Towpath
options:
  src:
    description:
      - The folder. It is the root of the zip file, so a function in C(notifier/alarms.py) below it has the handler
        C(notifier.alarms.handler).
    type: path
    required: true
  dest:
    description: Where to write the zip file. Its folder must be there.
    type: path
    required: true
attributes:
  check_mode:
    support: partial
    description: >-
      Writes the file in check mode too, for C(amazon.aws.lambda) needs it to say whether the code is new.
      It changes nothing but that file.
  diff_mode:
    support: none
    description: Whether Lambda's code changes is what C(amazon.aws.lambda) says.
"""

EXAMPLES = r"""
- name: Pack the notifier
  lambda_package:
    src: "{{ role_path }}/files"
    dest: /tmp/webapp-notifier.zip
  register: package

- name: Create the function
  amazon.aws.lambda:
    name: webapp-notifier-alarms
    zip_file: "{{ package.path }}"
    handler: notifier.alarms.handler
    runtime: python3.12
    role: webapp-notifier
"""

RETURN = r"""
path:
  description: Where the zip file is.
  returned: success
  type: str
  sample: /tmp/webapp-notifier.zip
code_sha256:
  description: Hash of the zip file, as Lambda says it in CodeSha256.
  returned: success
  type: str
  sample: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
files:
  description: The files in it, by their paths within it, sorted.
  returned: success
  type: list
  elements: str
  sample: [notifier/__init__.py, notifier/alarms.py]
"""

import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.towpath.python_archive import archive, code_sha256, python_files


def write(module: AnsibleModule, dest: Path, content: bytes) -> bool:
    """Write a file at once or not at all, and return whether it is another one than it was."""
    if dest.is_file() and dest.read_bytes() == content:
        return False
    with tempfile.NamedTemporaryFile(dir=module.tmpdir, delete=False) as new:
        new.write(content)
    module.atomic_move(new.name, str(dest))
    return True


def main() -> None:
    module = AnsibleModule(
        argument_spec={"src": {"type": "path", "required": True}, "dest": {"type": "path", "required": True}},
        supports_check_mode=True,
    )
    src, dest = Path(module.params["src"]), Path(module.params["dest"])
    if not dest.parent.is_dir():
        module.fail_json(
            msg=f"There is no folder {dest.parent}, expected it for {dest.name}. Make it and run this again."
        )
    files = python_files(src)
    if not files:
        module.fail_json(msg=f"There are no *.py below {src}, expected the source of a Lambda function in src.")
    content = archive(files)
    changed = write(module, dest, content)
    module.exit_json(
        changed=changed,
        path=str(dest),
        code_sha256=code_sha256(content),
        files=sorted(files),
        msg=f"Packed {src} into {dest}." if changed else f"{dest} holds what is below {src} already.",
    )


if __name__ == "__main__":
    main()
