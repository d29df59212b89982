# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Say what a playbook does in few and plain lines: what changed, what it tells, and what failed and why."""

from __future__ import annotations

import functools
import json
import os
import re
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.executor.stats import AggregateStats
from ansible.executor.task_result import CallbackTaskResult
from ansible.inventory.host import Host
from ansible.playbook.play import Play
from ansible.playbook.task import Task
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback.default import CallbackModule as Default
from ansible.utils.color import colorize, hostcolor
from ansible.utils.display import Display

DOCUMENTATION = """
name: plain
type: stdout
short_description: Says what changed, what is told and what failed
description:
  - A task that changes nothing prints nothing. One that changes something is a line, a failure a paragraph.
  - C(-e output=json) leaves the output to the JSON text that a playbook tells, and puts what failed on standard error.
  - With C(-v) and more, or with E(ANSIBLE_STDOUT_CALLBACK=default), the output is Ansible's own.
options:
  seconds_of_silence:
    description: A task that takes longer says that it runs, and again each time that has doubled.
    type: float
    default: 10
    env:
      - name: TOWPATH_SECONDS_OF_SILENCE
extends_documentation_fragment:
  - default_callback
  - result_format_callback
author: Contributors to Towpath
"""

# Actions of ours print their own progress, and a question must not be talked over.
_SPEAK_FOR_THEMSELVES = {
    *(path.stem for path in (Path(__file__).parents[1] / "action_plugins").glob("*.py")),
    *("pause", "ansible.builtin.pause"),
} - {"check_settings"}
# Their message is all that there is to say: what was tried would only explain the playbook.
_WORDED_FOR_PEOPLE = {"assert", "ansible.builtin.assert", "fail", "ansible.builtin.fail", "check_settings"}
_WORDED_BY_NOBODY = "Assertion failed"
_LOOKUPS = "|".join(path.stem for path in (Path(__file__).parents[1] / "lookup_plugins").glob("*.py"))

_OUTPUTS = ("module_stderr", "module_stdout", "stderr", "stdout")
_LAST_LINES = 20
_LONGEST_LABEL = 60

# What Ansible counts, as its own recap shows it: people and programs read that line.
_RECAP = {
    "ok": ("ok", constants.COLOR_OK),
    "changed": ("changed", constants.COLOR_CHANGED),
    "unreachable": ("unreachable", constants.COLOR_UNREACHABLE),
    "failures": ("failed", constants.COLOR_ERROR),
    "skipped": ("skipped", constants.COLOR_SKIP),
    "rescued": ("rescued", constants.COLOR_OK),
    "ignored": ("ignored", constants.COLOR_WARN),
}

_ON_GITHUB = os.environ.get("GITHUB_ACTIONS") == "true"
# What a terminal obeys: control characters, and those that turn the direction of writing. \r\n is a line's end.
_OBEYED = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n|\\Z)"
if Display().verbosity:
    # Ansible's own output comes with its colours.
    _OBEYED = rf"(?!\x1b\[[\d;]*m)(?:{_OBEYED})"
if _ON_GITHUB:
    # And what GitHub obeys: a line that begins with ::, and ##[ anywhere.
    _OBEYED = rf"(?m:^\s*:)(?=:)|#(?=#\[)|{_OBEYED}"


def _shown(told: Any) -> Any:
    """What others wrote, such as a reason, a commit's title or a log, as it is to be seen and not obeyed.

    The number of a character is written as in JSON, so that JSON stays what it is.
    """
    if isinstance(told, dict):
        return {_shown(name): _shown(value) for name, value in told.items()}
    if isinstance(told, list):
        return [_shown(one) for one in told]
    if isinstance(told, str):
        return re.sub(_OBEYED, lambda found: f"{found[0][:-1]}\\u{ord(found[0][-1]):04x}", told)
    return told


# All that is printed passes here: what callbacks and actions say, Ansible's own errors and warnings, questions.
_display_as_is = Display().display


@functools.wraps(_display_as_is)
def _display(msg: str, *arguments: Any, **options: Any) -> None:
    _display_as_is(_shown(msg), *arguments, **options)


Display().display = _display


class CallbackModule(Default):  # type: ignore[misc]  # ansible-core ships no types
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "plain"

    def __init__(self) -> None:
        super().__init__()
        self._json = False
        self._said_something = False
        self._group_is_open = False
        self._play_name = ""
        self._several_hosts = False
        self._task_name = ""
        self._began = 0.0
        self._running: dict[str, Host] = {}
        self._clock: threading.Timer | None = None
        # The clock speaks from a thread of its own, and must not do so when the task has just ended.
        self._turn = threading.Lock()

    def v2_playbook_on_start(self, playbook: object) -> None:
        pass

    def v2_playbook_on_play_start(self, play: Play) -> None:
        self._stop_clock()
        self._end_group()
        variables = play.get_variable_manager()
        self._json = variables.extra_vars.get("output") == "json"
        self._several_hosts = len(variables._inventory.get_hosts(play.hosts)) > 1
        self._play_name = play.get_name().strip()

    def v2_playbook_on_task_start(self, task: Task, is_conditional: bool = False) -> None:
        self._stop_clock()
        self._task_name = task.name or task.action
        self._last_task_banner = task._uuid
        if task.action in _SPEAK_FOR_THEMSELVES:
            self._name_play()
        elif not self._json:
            self._began = time.monotonic()
            self._start_clock(self.get_option("seconds_of_silence"))

    v2_playbook_on_handler_task_start = v2_playbook_on_task_start

    def v2_runner_on_start(self, host: Host, task: Task) -> None:
        with self._turn:
            self._running[host.get_name()] = host

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._ended(result)
        if isinstance(result.task, TaskInclude):
            return
        self._handle_warnings(result.result)
        # Of a loop each item has told its part.
        if not _is_loop(result):
            self._tell(result)

    def v2_runner_item_on_ok(self, result: CallbackTaskResult) -> None:
        if isinstance(result.task, TaskInclude):
            return
        self._handle_warnings(result.result)
        self._tell(result, _label(self._get_item_label(result.result)))

    def v2_runner_on_skipped(self, result: CallbackTaskResult) -> None:
        self._ended(result)
        self._handle_warnings(result.result)

    def v2_runner_item_on_skipped(self, result: CallbackTaskResult) -> None:
        self._handle_warnings(result.result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        self._ended(result)
        self._handle_warnings(result.result)
        if not _is_loop(result):
            self._tell_failure(result)

    def v2_runner_item_on_failed(self, result: CallbackTaskResult) -> None:
        self._handle_warnings(result.result)
        self._tell_failure(result, _label(self._get_item_label(result.result)))

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        self._ended(result)
        self._handle_warnings(result.result)
        self._paragraph([f"Could not reach {result.host.get_name()}.", *_lines(result.result.get("msg"))])

    def v2_on_file_diff(self, result: CallbackTaskResult) -> None:
        """The diff stands below the line of what changed."""

    def v2_playbook_on_include(self, included_file: object) -> None:
        pass

    # A pattern that matches nothing by mistake stops the run; a play that is left out on purpose is no news.
    def v2_playbook_on_no_hosts_matched(self) -> None:
        pass

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        pass

    # A task that waits says so when it takes long.
    def v2_runner_retry(self, result: CallbackTaskResult) -> None:
        pass

    def v2_runner_on_async_poll(self, result: CallbackTaskResult) -> None:
        pass

    v2_runner_on_async_ok = v2_runner_on_async_failed = v2_runner_on_async_poll

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        self._stop_clock()
        self._end_group()
        if self._json:
            return
        if self._said_something:
            self._print("")
        for host in sorted(stats.processed):
            counts = stats.summarize(host)
            # The guard runs on this machine, which is no environment.
            if host != "localhost" or any(counts[name] for name in counts if name not in ("ok", "skipped")):
                for colours, where in ((True, "screen_only"), (False, "log_only")):
                    _display_as_is(_recap(host, counts, colours), **{where: True})

    def _tell(self, result: CallbackTaskResult, label: str = "") -> None:
        if result.task.action in constants._ACTION_DEBUG:
            self._end_group()
            self._say_message(result)
        elif result.result.get("changed") and not self._json:
            self._say(self._line(_changed(result.task), result, label), constants.COLOR_CHANGED)
            if diff := result.task.diff and self._get_diff(_shown(result.result.get("diff") or [])):
                _display_as_is(diff.rstrip("\n"))

    def _say_message(self, result: CallbackTaskResult) -> None:
        self._clean_results(result.result, result.task.action)
        told = {name: value for name, value in result.result.items() if not name.startswith(("_", "ansible_"))}
        message = told.get("msg", told)
        if self._json:
            self._print(message if isinstance(message, str) else json.dumps(message))
            return
        where = f"{_place(result.host)}: " if self._several_hosts and not result.task.run_once else ""
        lines = _lines(message) if isinstance(message, (str, list)) else self._as_yaml(told)
        for line in lines:
            self._print(f"{where}{line}")

    def _tell_failure(self, result: CallbackTaskResult, label: str = "") -> None:
        message = _lines(result.result.get("msg") or result.result.get("censored"))
        if _is_rescued(result.task) or result.task.ignore_errors:
            if not self._json:
                self._say(self._line("rescued", result, label) + f": {' '.join(message[:1])}")
            return
        if refused := re.search(rf"The lookup plugin '(?:{_LOOKUPS})' failed: (.*)", "\n".join(message), re.DOTALL):
            # A lookup of ours refuses what was typed, and where the playbook reads it is of no help.
            self._paragraph(refused[1].split("\n"))
            return
        if result.exception and message and message[0].startswith("Task failed: "):
            # The playbook itself is wrong, and Ansible shows where.
            self._end_group()
            self._display._error(result.exception, stderr=self._json)
            return
        if result.task.action in _WORDED_FOR_PEOPLE and message != [_WORDED_BY_NOBODY] and "msg" in result.result:
            where = f"{_place(result.host)}: " if self._several_hosts else ""
            self._paragraph([f"{where}{message[0]}", *message[1:]])
            return
        tried = f"{result.task_name}{f' ({label})' if label else ''}"
        place = "" if result.host.get_name() == "localhost" else f" in {_place(result.host)}"
        outputs = [f"  {line}" for name in _OUTPUTS for line in _lines(result.result.get(name))[-_LAST_LINES:]]
        why = message or self._as_yaml(result.result)
        if message == [_WORDED_BY_NOBODY]:
            why = [f"Expected: {result.result.get('assertion')}"]
        advice = _lines(result.result.get("access_advice") or _where_to_set(result))
        self._paragraph([f"Failed{place}: {tried}", *why, *advice, *outputs])

    def _as_yaml(self, values: dict[str, Any]) -> list[str]:
        return textwrap.dedent(self._dump_results(values)).strip("\n").split("\n")

    def _line(self, word: str, result: CallbackTaskResult, label: str) -> str:
        place = f"{_place(result.host)}: " if self._several_hosts and not result.task.run_once else ""
        return f"  {word}   {place}{result.task_name}{f': {label}' if label else ''}"

    def _paragraph(self, lines: list[str]) -> None:
        self._end_group()
        if _ON_GITHUB and not self._json:
            self._tell_github(f"::error::{_escaped([_shown(line) for line in lines])}")
            return
        if self._said_something:
            self._print("", failed=True)
        for number, line in enumerate(lines):
            self._print(line, None if number else constants.COLOR_ERROR, failed=True)

    def _say(self, line: str, colour: str | None = None) -> None:
        self._name_play()
        self._print(line, colour)

    def _name_play(self) -> None:
        if not self._play_name or self._json:
            return
        if self._said_something and not _ON_GITHUB:
            self._print("")
        if _ON_GITHUB:
            self._tell_github(f"::group::{self._play_name}")
        else:
            self._print(self._play_name)
        self._group_is_open, self._play_name = _ON_GITHUB, ""

    def _end_group(self) -> None:
        if self._group_is_open:
            self._tell_github("::endgroup::")
            self._group_is_open = False

    def _print(self, line: str, colour: str | None = None, failed: bool = False) -> None:
        self._display.display(line, color=colour, stderr=failed and self._json)
        self._said_something = True

    def _tell_github(self, command: str) -> None:
        _display_as_is(command)
        self._said_something = True

    def _start_clock(self, seconds: float) -> None:
        self._clock = threading.Timer(seconds, self._say_what_runs)
        self._clock.daemon = True
        self._clock.start()

    def _stop_clock(self) -> None:
        with self._turn:
            self._running.clear()
            if self._clock:
                self._clock.cancel()

    def _say_what_runs(self) -> None:
        with self._turn:
            if self._running:
                seconds = time.monotonic() - self._began
                places = ", ".join(_place(host) for host in self._running.values())
                where = f"{places}: " if self._several_hosts else ""
                self._say(f"  running   {where}{self._task_name} ({seconds:.0f} s)")
                # Again when it has taken twice as long.
                self._start_clock(seconds)

    def _ended(self, result: CallbackTaskResult) -> None:
        with self._turn:
            self._running.pop(result.host.get_name(), None)


def _recap(host: str, counts: dict[str, int], colours: bool) -> str:
    numbers = (colorize(word, counts[name], colour if colours else None) for name, (word, colour) in _RECAP.items())
    return f"{hostcolor(host, counts, colours)} : {' '.join(numbers)}"


def _changed(task: Task) -> str:
    return "would change" if task.check_mode else "changed"


def _is_loop(result: CallbackTaskResult) -> bool:
    return bool(result.task.loop) and "results" in result.result


def _is_rescued(task: Task) -> bool:
    """Whether a failure of the task is one that the playbook itself takes care of."""
    child, parent = task, task._parent
    while parent:
        if getattr(parent, "rescue", None) and child._uuid in {one._uuid for one in parent.block}:
            return True
        child, parent = parent, parent._parent
    return False


def _place(host: Host) -> str:
    """The environment that a host of the inventory stands for."""
    return str(host.get_name()).removeprefix("aws-")


def _where_to_set(result: CallbackTaskResult) -> str | None:
    """Where a role's settings are, of which Ansible says only what is wrong with them."""
    role = result.result.get("validate_args_context", {}).get("name")
    return role and f"Correct it in group_vars/{_place(result.host)}/{role}.yml, or what -e gives."


def _label(item: Any) -> str:
    text = str(item)
    return text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"


def _lines(message: Any) -> list[str]:
    parts = message if isinstance(message, list) else [message]
    return [line for part in parts if part is not None for line in str(part).rstrip("\n").split("\n")]


def _escaped(lines: list[str]) -> str:
    """As GitHub wants the message of a command: https://docs.github.com/actions, workflow commands."""
    return "\n".join(lines).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


if Display().verbosity:
    # Whoever asks for more wants to see what Ansible does.
    CallbackModule = Default  # type: ignore[misc]
