# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse to go on without ansible.cfg, which says where roles, modules and environments are."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from pathlib import Path

from ansible import constants
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

DOCUMENTATION = """
name: configured
short_description: The name of a file, where ansible.cfg is read
description:
  - Ansible leaves out the C(ansible.cfg) of a folder that everybody may write to, and of any folder but the one where
    the command is typed. All that it says then is that the first role was not found.
  - In the path of an import it is read before any role is looked for. It says what to type, and ends the command.
options:
  _terms:
    description: Name of the file.
    required: true
author: Contributors to Towpath
"""

EXAMPLES = """
- name: Go on where ansible.cfg is read
  ansible.builtin.import_tasks: "{{ lookup('configured', 'tasks/environments.yml') }}"
"""

RETURN = """
_raw:
  description: The name.
  type: list
"""

ROOT = Path(__file__).resolve().parents[2]


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    def run(self, terms: Sequence[str], variables: object = None, **kwargs: object) -> list[str]:
        if (ROOT / "roles").resolve() not in [Path(path).resolve() for path in constants.DEFAULT_ROLES_PATH]:
            # An exception would be told as a fault of the playbook.
            Display().display(_why(Path.cwd()), color=constants.COLOR_ERROR)
            raise SystemExit(2)
        return list(terms)


def _why(folder: Path) -> str:
    config = ROOT / "ansible.cfg"
    export = f"export ANSIBLE_CONFIG={config}"
    if constants.CONFIG_FILE:
        return f"Ansible reads {constants.CONFIG_FILE} and not {config}. Type {export}"
    if folder != ROOT:
        return f"Ansible reads no ansible.cfg in {folder}. Type cd {ROOT}; or {export}"
    if folder.stat().st_mode & stat.S_IWOTH:
        return (
            f"Ansible does not read {config}, because everybody may write to its folder. "
            f"Type chmod o-w {ROOT}; or, where that changes nothing, {export}"
        )
    return f"Ansible does not read {config}. Type {export}"
