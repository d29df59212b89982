# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make this ansible-core one that lacks something."""

from __future__ import annotations

from typing import Any

from ansible.module_utils._internal import _traceback
from ansible.plugins.vars import BaseVarsPlugin

DOCUMENTATION = """
name: a_core_that_is_broken
short_description: Takes something away from ansible-core
description:
  - Takes something away that the project relies on, and that Ansible itself does not need in this process.
author: Contributors to Towpath
"""

del _traceback._is_module_traceback_enabled


class VarsModule(BaseVarsPlugin):  # type: ignore[misc]  # ansible-core ships no types
    def get_vars(self, loader: object, path: object, entities: object) -> dict[str, Any]:
        return {}
