# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write every result, whole, as a line of JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: aggregate
short_description: Writes every result as a line of JSON
description:
  - Writes every result, whole, to the file that RECORD_TO names.
author: Contributors to Towpath
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core ships no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"

    def _record(self, result: Any, **_: Any) -> None:
        line = {"task": result.task.name, "host": result.host.get_name(), "result": result.result}
        with Path(os.environ["RECORD_TO"]).open("a") as file:
            print(json.dumps(line, default=repr), file=file)

    v2_runner_on_ok = v2_runner_on_failed = v2_runner_on_skipped = v2_runner_on_unreachable = _record
    v2_runner_retry = v2_runner_item_on_ok = v2_runner_item_on_failed = v2_runner_item_on_skipped = _record
    v2_on_file_diff = _record
