# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run AWS modules in forks of one process that has all of boto3 loaded, and what runs no module in no fork at all.

How it works. Ansible forks a worker for each task, and the worker starts a new Python for each module, which unpacks
and compiles the module's helpers, imports boto3 and parses botocore's models, again for every task. Here a process of
its own, the server, imports boto3 while Ansible still reads the playbook, and then the modules of the play, a few ahead
of their tasks, with the models of the services that they name. ActionBase._execute_module stays Ansible's own; only the
three steps inside it that start a Python are replaced, so that the worker asks the server, which forks, and the child
runs the module with the very function that Ansible's wrapper would call. The child is a process of its own: what a
module prints, changes or breaks ends with it, as ever. Who waits for a module and goes, by Ctrl-C, a timeout or a kill,
hangs up, and the server interrupts the module. A task that keeps nobody waiting runs in Ansible's first process itself,
without a worker, which would cost several times its work.

Why it is a vars plugin, though it gives no variables. Ansible loads those first, as soon as it has read the inventory.

Which tasks need no worker. Those of the actions in _TELL_OR_DECIDE; others without a loop whose condition does not
hold; and in a play on one host those without a loop that run a module as below, unless by an action of its own that
does not say `needs_no_worker`. Never with async, a timeout, retries or delegation.

Which modules. Those of amazon.aws and community.aws, and those in the folders of ansible.cfg's `library`; on a local
connection, with the Python that runs Ansible, without async and become. All others start a Python as before.

What else it does. A failure's message names what AWS said, where the module hides that, and its result has in
`access_advice` what to do about a refusal for who asked. Modules that start a Python as before say what they say.

What it relies on in ansible-core is in _ASSUMED, and is looked at before anything is replaced: where it does not hold,
one warning says so and every module runs Ansible's own way. What it keeps of botocore is in _session, and a botocore
that has it no more is only slower. Tried with ansible-core 2.19.14, amazon.aws 10.1.2,
community.aws 10.0.0 and botocore 1.44.5, on Python 3.11.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import inspect
import io
import json
import logging
import operator
import os
import re
import select
import signal
import socket
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

import ansible.module_utils
from ansible import constants, context
from ansible._internal._task import TaskContext
from ansible.errors import AnsibleError
from ansible.executor.task_executor import TaskExecutor
from ansible.executor.task_result import _RawTaskResult
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.playbook import Playbook
from ansible.playbook.block import Block
from ansible.playbook.task import Task
from ansible.plugins import strategy
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import action_loader, module_loader
from ansible.plugins.vars import BaseVarsPlugin
from ansible.utils.fqcn import add_internal_fqcns

DOCUMENTATION = """
name: forked_modules
short_description: Runs AWS modules in forks of a process that has boto3 loaded
description:
  - AWS modules start in a fraction of the time, with the same results.
options:
  enabled:
    description: Whether to do so. When false, every module runs Ansible's own way.
    type: bool
    default: true
    env:
      - name: TOWPATH_FORKED_MODULES
    ini:
      - section: forked_modules
        key: enabled
author: Contributors to Towpath
"""

COLLECTIONS = {"amazon.aws", "community.aws"}

# What each of these must accept; the empty ones must only be there.
_ASSUMED = {
    "ansible.plugins.action:ActionBase._execute_module": "self module_name task_vars wrap_async",
    "ansible.plugins.action:ActionBase._configure_module": "self module_name module_args task_vars",
    "ansible.plugins.action:ActionBase._is_pipelining_enabled": "self module_style wrap_async",
    "ansible.plugins.action:ActionBase._low_level_execute_command": "self cmd sudoable in_data",
    "ansible.plugins.action:ActionBase._compute_environment_string": "self raw_environment_out",
    "ansible.plugins.strategy:WorkerProcess": (
        "final_q task_vars host task play_context loader variable_manager shared_loader_obj"
    ),
    "ansible.executor.task_executor:TaskExecutor": (
        "host task job_vars play_context loader shared_loader_obj final_q variable_manager"
    ),
    "ansible.executor.task_executor:TaskExecutor._get_connection": "",
    "ansible.executor.task_result:_RawTaskResult": "host task return_data task_fields",
    "ansible.executor.task_queue_manager:FinalQueue.send_task_result": "self task_result",
    "ansible.playbook:Playbook.load": "file_name variable_manager loader",
    "ansible.playbook:Playbook.get_plays": "",
    "ansible.playbook.block:Block": "",
    "ansible.playbook.task:Task._resolve_conditional": "self conditional variables",
    "ansible._internal._task:TaskContext": "task",
    "ansible.executor.module_common:_BuiltModule": "b_module_data module_style shebang serialization_profile",
    "ansible.executor.module_common:NEW_STYLE_PYTHON_MODULE_RE": "",
    "ansible.module_utils._internal._ansiballz._loader:run_module": (
        "json_params profile module_fqn modlib_path extensions"
    ),
    "ansible.module_utils._internal._ansiballz._loader:_handle_exception": "exception profile",
    "ansible.module_utils.basic:AnsibleModule.fail_json": "self msg",
    "ansible.module_utils._internal:is_controller": "",
    "ansible.module_utils._internal:import_controller_module": "",
    "ansible.module_utils._internal:get_controller_serialize_map": "",
    "ansible.module_utils._internal._deprecator:_path_as_core_plugininfo": "path",
    "ansible.module_utils._internal._messages:PluginInfo": "resolved_name type",
    "ansible.module_utils._internal._messages:PluginType.MODULE": "",
    "ansible.module_utils._internal._traceback:_is_traceback_enabled": "",
    "ansible.module_utils._internal._traceback:_is_module_traceback_enabled": "event",
}
_PROFILE = "legacy"
# Actions that touch nothing but Ansible's own variables, so that it makes no difference which process runs them.
_TELL_OR_DECIDE = {
    *constants._ACTION_DEBUG,
    *constants._ACTION_SET_FACT,
    *add_internal_fqcns(("assert", "fail", "validate_argument_spec")),
    "check_settings",
}
# The package that Ansible puts a module in that belongs to no collection.
_OWN = "ansible.legacy"

_start_python = ActionBase._execute_module
_load_playbook_alone = Playbook.load


class VarsModule(BaseVarsPlugin):  # type: ignore[misc]  # ansible-core ships no types
    """Replaces the steps when Ansible first asks for variables, and gives none."""

    is_stateless = True

    def __init__(self) -> None:
        super().__init__()
        # Only what runs tasks has this option; ansible-inventory, for one, has not.
        if "forks" not in context.CLIARGS or not self.get_option("enabled"):
            return
        # Ansible makes more than one of this class.
        if broken := _take_over():
            self._display.warning(
                "AWS modules run Ansible's own, slower way, because this ansible-core is not the one expected: "
                f"{'; '.join(broken)}. Install what requirements.lock names, or set TOWPATH_FORKED_MODULES=false."
            )

    def get_vars(self, loader: object, path: object, entities: object) -> dict[str, Any]:
        return {}


def broken_assumptions() -> list[str]:
    """Name what this ansible-core lacks of what we rely on."""
    return [wrong for name, parameters in _ASSUMED.items() if (wrong := _broken(name, parameters.split()))]


def _broken(name: str, parameters: list[str]) -> str | None:
    module, _, attribute = name.partition(":")
    try:
        found = operator.attrgetter(attribute)(importlib.import_module(module))
    except (ImportError, AttributeError):
        return f"there is no {name}"
    missing = parameters and sorted(set(parameters) - set(inspect.signature(found).parameters))
    return f"{name} does not take {', '.join(missing)}" if missing else None


@functools.cache
def _take_over() -> list[str]:
    """Replace what Ansible does, unless it is not what we know; then name what differs."""
    if broken := broken_assumptions():
        return broken
    # Nearly all that a playbook makes stays until its end, and to look through it for garbage, as often as Python does
    # by itself, takes a third of the time of an import.
    gc.set_threshold(100_000)
    # A child that collects garbage need not walk all that it inherits, and so copy it. Nor need Python at its end.
    os.register_at_fork(before=gc.freeze, after_in_parent=gc.unfreeze)
    atexit.register(gc.freeze)
    # Python finds our modules and their helpers by the names that they have in Ansible's wrapper.
    package = types.ModuleType(_OWN)
    package.__path__ = constants.DEFAULT_MODULE_PATH
    sys.modules[_OWN] = package
    ansible.module_utils.__path__.extend(constants.DEFAULT_MODULE_UTILS_PATH)
    _start_server()
    ActionBase._execute_module = _execute_module
    Playbook.load = _load_playbook
    strategy.WorkerProcess = Worker
    return []


def _load_playbook(*args: Any, **options: Any) -> Playbook:
    """Do what Playbook.load does, and let the server begin with what the tasks need."""
    playbook = _load_playbook_alone(*args, **options)
    tasks = [task for play in playbook.get_plays() for task in (*play.pre_tasks, *play.tasks, *play.post_tasks)]
    _ask(_COMING, [(module.name, str(module.path)) for module in dict.fromkeys(_modules_of(tasks))])
    return playbook


def _modules_of(tasks: Iterable[Block | Task]) -> Iterator[Module]:
    for one in tasks:
        if isinstance(one, Block):
            yield from _modules_of([*one.block, *one.rescue, *one.always])
        elif module := _find(one.resolved_action or one.action):
            yield module


class Worker(strategy.WorkerProcess):  # type: ignore[misc]  # ansible-core ships no types
    """Forks for a task that would keep others waiting; any other runs where it is."""

    def start(self) -> None:
        if not self._ran_here():
            super().start()

    def _ran_here(self) -> bool:
        task = self._task
        if task.async_val or task.timeout or task.until or task.retries or task.delegate_to:
            return False
        # A worker changes only what ends with it, so this gets copies.
        task_vars, task = self._task_vars.copy(), task.copy(exclude_parent=True)
        task._parent = self._task._parent
        runs_here = task.action in _TELL_OR_DECIDE or _keeps_nobody_waiting(task, task_vars)
        executor = TaskExecutor if runs_here else _OnlySkips
        if executor is _OnlySkips and not _is_skipped(task, task_vars):
            return False
        try:
            with TaskContext(task):
                result = executor(
                    self._host,
                    task,
                    task_vars,
                    self._play_context,
                    self._loader,
                    self._shared_loader_obj,
                    self._final_q,
                    self._variable_manager,
                ).run()
        except _NotSkippedError:
            return False
        self._final_q.send_task_result(
            _RawTaskResult(host=self._host, task=task, return_data=result, task_fields=task.dump_attrs())
        )
        return True


def _keeps_nobody_waiting(task: Task, task_vars: Mapping[str, Any]) -> bool:
    """Tell whether a task does no more than let the server run modules, while no other host has anything to do."""
    # What a loop displays comes in turn with its items' results only from a worker.
    if len(task_vars.get("ansible_play_batch", ())) != 1 or task.loop is not None:
        return False
    action = task.resolved_action or task.action
    if not _find(action, tuple(task.collections or ())):
        return False
    plugin = action_loader.get(action, class_only=True, collection_list=task.collections)
    return plugin is None or getattr(plugin, "needs_no_worker", False)


def _is_skipped(task: Task, task_vars: Mapping[str, Any]) -> bool:
    """Tell whether a task's condition is known not to hold. Of a loop each item has one."""
    if not task.when or task.loop is not None:
        return False
    try:
        return not task._resolve_conditional(task.when, task_vars)
    except AnsibleError:
        # The worker has more variables, or says what is wrong.
        return False


class _NotSkippedError(BaseException):
    """A task does something, though its condition seemed not to hold."""


class _OnlySkips(TaskExecutor):  # type: ignore[misc]
    def _get_connection(self, *args: Any, **options: Any) -> NoReturn:
        raise _NotSkippedError


class Module(NamedTuple):
    name: str
    """What Python imports it by."""
    path: Path


@functools.cache
def _find(action: str, collections: tuple[str, ...] = ()) -> Module | None:
    """Return the module of an action if it is one that we run, else None."""
    from ansible.executor.module_common import NEW_STYLE_PYTHON_MODULE_RE

    found = module_loader.find_plugin_with_context(action, collection_list=list(collections))
    path = Path(found.plugin_resolved_path or "")
    if not found.resolved or path.suffix != ".py":
        return None
    if found.plugin_resolved_collection in COLLECTIONS:
        package = f"ansible_collections.{found.plugin_resolved_collection}.plugins.modules"
    elif path.parent in map(Path, constants.DEFAULT_MODULE_PATH):
        package = _OWN
    else:
        return None
    source = path.read_bytes()
    suits = (
        NEW_STYLE_PYTHON_MODULE_RE.search(source)
        # Another first line means another interpreter.
        and (source.startswith(b"#!/usr/bin/python\n") or not source.startswith(b"#!"))
        # Without this line to import is to run.
        and re.search(rb"""^if __name__ == ["']__main__["']:""", source, re.MULTILINE)
    )
    return Module(f"{package}.{path.stem}", path) if suits else None


@functools.cache
def _preload(module: Module) -> None:
    """Import a module, and load the models of the services that it names, for every child to inherit."""
    # What goes wrong here goes wrong again in the module's own run, which reports it.
    with contextlib.suppress(Exception, SystemExit):
        importlib.import_module(module.name)
        for service in re.findall(r"""\bclient\(\s*["']([a-z0-9-]+)["']""", module.path.read_text()):
            _load_model(service)


@functools.cache
def _load_model(service: str) -> None:
    # Making a client reads the models, and opens no connection as long as it need not look for keys.
    _session().client(service)


@functools.cache
def _session() -> Any:
    import boto3
    import botocore.client
    import botocore.hooks
    import botocore.session

    # What botocore would read or build again for each client of the service.
    _build_once(botocore.session, "create_loader")
    _build_once(botocore.client.ClientCreator, "_load_service_model")
    _build_once(botocore.client.ClientCreator, "_create_client_class")
    # What it would find out again for each session: of 130 handlers how they are called, and the names of their events.
    _build_once(botocore.hooks, "accepts_kwargs")
    _build_once(botocore.hooks.EventAliaser, "_alias_event_name")
    return boto3.session.Session("none", "none", region_name="us-east-1")


def _build_once(owner: Any, name: str) -> None:
    """Keep what botocore would build again for each client, from the same model."""
    build = getattr(owner, name, None)
    if build is None or hasattr(build, "built"):
        return
    built: dict[tuple[Any, ...], Any] = {}

    def keep(*given: Any) -> Any:
        # Of a method, the object that builds makes no difference.
        key = given[inspect.isclass(owner) :]
        if key not in built:
            built[key] = build(*given)
        return built[key]

    keep.built = built  # type: ignore[attr-defined]
    setattr(owner, name, keep)


def _execute_module(action: ActionBase, *args: Any, **options: Any) -> dict[str, Any]:
    """Do what ActionBase._execute_module does, in a fork where we can."""
    given = inspect.signature(_start_python).bind(action, *args, **options).arguments
    module = _find(given.get("module_name") or action._task.action, tuple(action._task.collections or ()))
    if module is None or given.get("wrap_async") or not _is_here(action, given.get("task_vars") or {}):
        return _start_python(action, *args, **options)  # type: ignore[no-any-return]  # ansible-core ships no types
    with _forking(action, module):
        return _start_python(action, *args, **options)  # type: ignore[no-any-return]


def _is_here(action: ActionBase, task_vars: Mapping[str, Any]) -> bool:
    """Tell whether a module would run on this machine, as this user, with this Python, and be waited for."""
    task = action._task
    host_vars = task_vars["ansible_delegated_vars"][task.delegate_to] if task.delegate_to else task_vars
    python = constants.config.get_config_value("INTERPRETER_PYTHON", variables=host_vars)
    return (
        action._connection.transport == "local"
        and not action._connection.become
        and not task.async_val
        and action._templar.template(python) == sys.executable
    )


@contextlib.contextmanager
def _forking(action: ActionBase, module: Module) -> Iterator[None]:
    """Replace the steps of an action that would start a Python. The module's arguments go from one to the other."""
    from ansible.executor.module_common import _BuiltModule

    def configure_module(module_name: str, module_args: dict[str, Any], task_vars: object) -> tuple[Any, str]:
        encoder = get_module_encoder(_PROFILE, Direction.CONTROLLER_TO_MODULE)
        arguments = json.dumps({"ANSIBLE_MODULE_ARGS": module_args}, cls=encoder).encode()
        built = _BuiltModule(
            b_module_data=arguments,
            module_style="new",
            shebang=f"#!{sys.executable}",
            serialization_profile=_PROFILE,
        )
        return built, str(module.path)

    def execute_command(cmd: str, sudoable: bool, in_data: bytes) -> dict[str, Any]:
        environment: dict[str, Any] = {}
        action._compute_environment_string(environment)
        return _run(module, in_data, environment, action._loader.get_basedir())

    steps = {
        # So that no folder is made to put the module in, and the arguments come as in_data.
        "_is_pipelining_enabled": lambda module_style, wrap_async=False: True,
        "_configure_module": configure_module,
        "_low_level_execute_command": execute_command,
    }
    vars(action).update(steps)
    try:
        yield
    finally:
        for name in steps:
            delattr(action, name)


def _run(module: Module, arguments: bytes, environment: Mapping[str, Any], directory: str) -> dict[str, Any]:
    """Let the server run a module, and return what ActionBase._low_level_execute_command returns."""
    with _file() as stdout, _file() as stderr:
        here, there = socket.socketpair()
        with here:
            with there:
                request = {
                    "module": (module.name, str(module.path)),
                    "arguments": arguments.decode(),
                    "environment": {**os.environ, **{name: str(value) for name, value in environment.items()}},
                    "directory": directory,
                }
                _ask(_RUN, request, stdout.fileno(), stderr.fileno(), there.fileno())
            status = here.recv(16)
        if not status:
            raise AnsibleError(f"The process that ran the module {module.name} is gone. {_WITHOUT_SERVER}")
        code = os.waitstatus_to_exitcode(int(status))
        if code < 0:
            # As a shell has it, through which Ansible would run the module.
            stderr.write(f"{signal.strsignal(-code)}\n".encode())
            code = 128 - code
        return {"rc": code, "stdout": _text(stdout), "stderr": _text(stderr)}


def _file() -> IO[bytes]:
    """A file without a name, and on Linux in memory only: arguments and results may be secret."""
    return os.fdopen(os.memfd_create("forked_modules"), "w+b") if sys.platform == "linux" else tempfile.TemporaryFile()


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="surrogateescape")


# What the server is asked for: to import what is coming, or to run a module.
_COMING, _RUN = b"coming", b"run"
# More would keep the module waiting that is asked for meanwhile.
_IMPORTED_AHEAD = 3
_WITHOUT_SERVER = (
    "Run the same command again, and if it fails again, with TOWPATH_FORKED_MODULES=false, which needs no such process."
)
_requests: socket.socket


def _start_server() -> None:
    global _requests
    inbox, _requests = socket.socketpair(type=socket.SOCK_DGRAM)
    # Who might ask holds one end of it. When all of them are gone, however they went, the other says so.
    lifeline, held = os.pipe()
    first, server = os.getpid(), os.fork()
    if server == 0:
        try:
            _requests.close()
            os.close(held)
            _Server(inbox, lifeline).serve()
        finally:
            os._exit(0)
    inbox.close()
    os.close(lifeline)

    def end() -> None:
        if os.getpid() == first:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(server, signal.SIGTERM)
                os.waitpid(server, 0)

    atexit.register(end)


def _ask(what: bytes, content: object, *files: int) -> None:
    with _file() as file:
        file.write(json.dumps(content).encode())
        file.flush()
        try:
            socket.send_fds(_requests, [what], [file.fileno(), *files])
        except OSError as error:
            raise AnsibleError(f"The process that runs modules is gone. {_WITHOUT_SERVER}") from error


class _Server:
    def __init__(self, inbox: socket.socket, lifeline: int) -> None:
        self.inbox, self.lifeline = inbox, lifeline
        self.coming: list[Module] = []
        self.imported: set[Module] = set()
        # The children, each with the socket of who waits for it, unless that has hung up.
        self.running: dict[int, socket.socket | None] = {}

    def serve(self) -> NoReturn:
        # Ansible's terminal and pipes are not ours: Ctrl-C is for the first process, and who reads waits for the last.
        os.setsid()
        for fd in range(3):
            os.dup2(os.open(os.devnull, os.O_RDWR), fd)
        ended, tell = os.pipe()
        os.set_blocking(tell, False)
        signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGTERM, lambda number, frame: self.end())
        # Half of the time of the first client goes into what all services share.
        with contextlib.suppress(Exception):
            _load_model("sts")
        while True:
            ahead = next((one for one in self.coming[:_IMPORTED_AHEAD] if one not in self.imported), None)
            workers = {worker: child for child, worker in self.running.items() if worker}
            heard: list[Any] = [self.inbox, self.lifeline, ended, *workers]
            ready, _, _ = select.select(heard, [], [], 0 if ahead else None)
            if ahead and not ready:
                self.load(ahead)
            if ended in ready:
                os.read(ended, 4096)
                self.tell_who_waits()
            for worker in workers.keys() & set(ready):
                self.interrupt(workers[worker])
            if self.lifeline in ready:
                self.end()
            if self.inbox in ready:
                self.do_what_is_asked()

    def end(self) -> NoReturn:
        for child in list(self.running):
            self.interrupt(child)
        os._exit(0)

    def load(self, module: Module) -> None:
        self.imported.add(module)
        _preload(module)

    def do_what_is_asked(self) -> None:
        what, files, _, _ = socket.recv_fds(self.inbox, 16, 4)
        for fd in files:
            os.set_inheritable(fd, False)
        with open(files[0]) as file:  # noqa: PTH123 (a file descriptor has no path)
            file.seek(0)
            content = json.load(file)
        if what == _COMING:
            self.coming = [Module(name, Path(path)) for name, path in content]
        else:
            self.run(content, *files[1:])

    def run(self, request: Mapping[str, Any], stdout: int, stderr: int, worker: int) -> None:
        module = Module(request["module"][0], Path(request["module"][1]))
        self.load(module)
        if module in self.coming:
            del self.coming[: self.coming.index(module) + 1]
        child = os.fork()
        if child == 0:
            _be_the_module(module, request, stdout, stderr)
        # The child does so, too; whichever comes first, from now on it can be interrupted with all that it starts.
        with contextlib.suppress(OSError):
            os.setpgid(child, child)
        os.close(stdout)
        os.close(stderr)
        self.running[child] = socket.socket(fileno=worker)

    def tell_who_waits(self) -> None:
        for child, worker in list(self.running.items()):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                del self.running[child]
                if worker:
                    with worker, contextlib.suppress(OSError):
                        worker.send(str(status).encode())

    def interrupt(self, child: int) -> None:
        """Give a module, and what it started, what Ctrl-C would: nobody waits for it any more."""
        if worker := self.running[child]:
            worker.close()
            self.running[child] = None
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGINT)


def _be_the_module(module: Module, request: Mapping[str, Any], stdout: int, stderr: int) -> NoReturn:
    """Make this process what a new Python would be, as far as a module can tell, run the module and end."""
    code = 1
    try:
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        atexit._clear()
        logging.root.handlers.clear()
        # It is, so that it need not be compiled again.
        warnings.filterwarnings("ignore", ".* found in sys.modules", RuntimeWarning)
        for fd, file in enumerate((os.open(os.devnull, os.O_RDONLY), stdout, stderr)):
            os.dup2(file, fd)
        sys.stdin, sys.stdout, sys.stderr = (
            io.TextIOWrapper(io.FileIO(fd, mode, closefd=False), encoding="utf-8", errors="surrogateescape")
            for fd, mode in enumerate(("r", "w", "w"))
        )
        sys.argv = [str(module.path)]
        os.chdir(request["directory"])
        os.environ.clear()
        os.environ.update(request["environment"])
        code = _exit_code_of(module, request["arguments"].encode())
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _exit_code_of(module: Module, arguments: bytes) -> int:
    from ansible.module_utils import _internal
    from ansible.module_utils._internal import _deprecator, _messages, _traceback
    from ansible.module_utils._internal._ansiballz import _loader

    # A module puts its warnings in its result; the controller displays them.
    _internal.is_controller = False
    _internal.import_controller_module = lambda name: None
    _internal.get_controller_serialize_map = dict
    _traceback._is_traceback_enabled = _traceback._is_module_traceback_enabled
    if module.name.startswith(f"{_OWN}."):
        # A deprecation names the module that it comes from, which Ansible tells by the place in its wrapper.
        own = _messages.PluginInfo(resolved_name=module.name, type=_messages.PluginType.MODULE)
        of_core = _deprecator._path_as_core_plugininfo
        _deprecator._path_as_core_plugininfo = lambda path: own if path == str(module.path) else of_core(path)
    _let_failures_name_their_cause()
    try:
        _loader.run_module(
            json_params=arguments,
            profile=_PROFILE,
            module_fqn=module.name,
            modlib_path=str(Path(ansible.__path__[0]).parent),
            extensions={},
        )
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _let_failures_name_their_cause() -> None:
    """Add to what a module says of its failure what AWS said, where it hides that, and what to do about a refusal.

    Many modules of amazon.aws say no more than "Failed to describe vpcs", whether it was a permission or the network.
    """
    from ansible.module_utils._internal._ansiballz import _loader
    from ansible.module_utils.basic import AnsibleModule

    try:
        from ansible.module_utils.towpath import aws_failure, credentials
    except ImportError:
        # Another project's ansible.cfg.
        return
    fail, crash = AnsibleModule.fail_json, _loader._handle_exception

    def what_aws_said(message: str, error: BaseException | None) -> dict[str, str]:
        found = aws_failure.cause(error) or aws_failure.told(message)
        if found is None:
            return {}
        of = credentials.source(os.environ, _profiles())
        advice = credentials.advice(found.code, found.message, found.operation, of)
        return {"msg": aws_failure.named(message, found)} | ({"access_advice": advice} if advice else {})

    def fail_json(self: AnsibleModule, msg: str, **details: Any) -> NoReturn:
        # For Ansible, which would show this frame in a traceback.
        _skip_stackwalk = True
        fail(self, **{"msg": msg, **details, **what_aws_said(str(msg), sys.exc_info()[1])})
        raise AssertionError("fail_json ends the process")

    def handle_exception(exception: BaseException, profile: str) -> NoReturn:
        """Make a failure of an error that the module let pass."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
            crash(exception, profile)
        said = what_aws_said(str(getattr(exception, "message", None) or exception), exception)
        print(json.dumps(json.loads(printed.getvalue()) | said))
        sys.exit(1)

    AnsibleModule.fail_json, _loader._handle_exception = fail_json, handle_exception


def _profiles() -> dict[str, dict[str, str]]:
    """What the files of the AWS command line say of each profile; nothing where they cannot be read."""
    import botocore.session

    with contextlib.suppress(Exception):
        return botocore.session.Session().full_config["profiles"]  # type: ignore[no-any-return]
    return {}
