# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make this ansible-core one that lacks something."""

from __future__ import annotations

from ansible.module_utils._internal import _traceback
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: break_core
type: aggregate
short_description: Takes something away from ansible-core
description:
  - Takes something away that the project relies on, and that Ansible itself does not need in this process.
author: Contributors to Towpath
"""

del _traceback._is_module_traceback_enabled


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core ships no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "break_core"
