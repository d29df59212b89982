# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse what leaves out a part of a playbook: what was not done would end as a success.

A task cannot refuse it, because --limit, --tags and the like leave that one out, too. This comes before the first play.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible import context
from ansible.playbook import Playbook
from ansible.playbook.block import Block
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.plugins.callback import CallbackBase
from ansible.utils.display import Display

DOCUMENTATION = """
name: runs_whole
type: aggregate
short_description: Refuses to run a part of a playbook
description:
  - Our playbooks refuse C(--limit), C(--tags), C(--skip-tags), C(--start-at-task) and C(--step), which would
    leave out what others of their tasks need or check, and end as if all were done.
  - C(provision.yml) takes C(--skip-tags) with the tags of its roles, and C(--limit shared).
author: Contributors to Towpath
"""

display = Display()

FOLDERS = {Path(__file__).resolve().parents[1], Path(__file__).resolve().parents[2]}
# The playbook that makes things one by one, and does not need all of them.
TAKES_A_PART = "provision.yml"
ALL_TAGS = ["all"]


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core ships no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "runs_whole"

    def v2_playbook_on_start(self, playbook: Playbook) -> None:
        path = Path(playbook._file_name).resolve()
        if path.parent not in FOLDERS:
            return
        plays = playbook.get_plays()
        given = plays[0].get_variable_manager().extra_vars
        if refused := refusal(path.name, context.CLIARGS, tags_of(plays), given):
            display.error(refused)
            # Ansible takes any other exception of a callback for a warning.
            raise SystemExit(2)


def refusal(playbook: str, options: Mapping[str, Any], tags: set[str], given: Mapping[str, Any]) -> str:
    """What is wrong with Ansible's own options, and what to type. Empty where the whole playbook runs."""
    skipped = set(options.get("skip_tags") or ())
    left_out = {
        "--limit": options.get("subset") or "",
        "--tags": "" if list(options.get("tags") or ALL_TAGS) == ALL_TAGS else ",".join(sorted(options["tags"])),
        "--skip-tags": ",".join(sorted(skipped)),
        "--start-at-task": options.get("start_at_task") or "",
        "--step": options.get("step") or "",
    }
    if playbook == TAKES_A_PART:
        if left_out["--limit"] == "shared" and "env" not in given:
            left_out["--limit"] = ""
        if unknown := skipped - tags:
            return (
                f"{playbook} has no part called {', '.join(sorted(unknown))} that can be left out. "
                f"Run it again with --skip-tags and some of: {', '.join(sorted(tags))}."
            )
        left_out["--skip-tags"] = ""
    used = [name if value is True else f"{name} {value}" for name, value in left_out.items() if value]
    if not used:
        return ""
    if playbook == TAKES_A_PART:
        again = (
            "What is right already is not touched. Run it again with -e env=NAME for one environment, "
            "with --limit shared instead for what all of them share, or with --skip-tags for all but some roles."
        )
    else:
        again = f"Run it again without {' and '.join(name.split()[0] for name in used)}."
    return f"{playbook} runs as a whole: {' '.join(used)} would leave out a part, and end as if all were done. {again}"


def tags_of(plays: Iterable[Play]) -> set[str]:
    """The tags of all tasks, but for those that Ansible itself gives a meaning."""
    return {str(tag) for play in plays for task in _tasks(play.tasks) for tag in task.tags} - {"always", "never"}


def _tasks(parts: Iterable[Block | Task]) -> Iterator[Block | Task]:
    for part in parts:
        yield part
        if isinstance(part, Block):
            yield from _tasks([*part.block, *part.rescue, *part.always])
