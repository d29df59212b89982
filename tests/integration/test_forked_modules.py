"""Modules that run in a fork give what they give when Ansible starts a Python for each of them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.integration.harness import ROOT

HERE = Path(__file__).parent / "forked_modules"
CASES = [
    task["name"]
    for part in yaml.safe_load((HERE / "cases.yml").read_text())[0]["tasks"]
    for task in [*part.get("block", [part]), *part.get("rescue", [])]
]

# What is of one run only.
VOLATILE = re.compile(r"\b\d{13}\b")
# How a module was brought to its place, which only -vvv tells.
TRANSPORT = re.compile(r"(<[\w.]+> |Pipelining is enabled\.).*\n")
# Where a file lies, and the line itself, which a module in Ansible's wrapper cannot show.
FRAME = re.compile(r'File ".*/([^/"]+", line \d+, in [^\n]+)((?:\n    [^\n]*)*)')


def environment(forked, endpoint, **more):
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))} | {
        **(endpoint.environment if endpoint else {}),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        # A warning that nobody shows is equal both ways.
        "ANSIBLE_DEPRECATION_WARNINGS": "true",
        "ANSIBLE_INVENTORY": str(HERE / "inventory.yml"),
        "ANSIBLE_LIBRARY": f"{HERE / 'library'}:{ROOT / 'library'}",
        "ANSIBLE_ACTION_PLUGINS": str(HERE / "action_plugins"),
        "ANSIBLE_CALLBACK_PLUGINS": f"{ROOT / 'playbooks/callback_plugins'}:{HERE / 'callback_plugins'}",
        "TOWPATH_FORKED_MODULES": str(forked),
        **more,
    }


def play(playbook, forked, record_to, endpoint=None, arguments=(), **more):
    """Run a playbook and return what it displayed, and the results of each task on the host localhost."""
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", *arguments, playbook],
        cwd=HERE,
        env=environment(forked, endpoint, RECORD_TO=str(record_to), **more),
        capture_output=True,
        text=True,
        check=False,
    )
    results = {}
    for line in record_to.read_text().splitlines():
        entry = json.loads(line)
        if entry["host"] == "another":
            continue
        results.setdefault(entry["task"], []).append(entry["result"])
    return done, results


def comparable(value):
    """Leave out of a result, or of what was displayed, what is of one run or of one way only."""
    if isinstance(value, dict):
        return {name: comparable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    return VOLATILE.sub("0", TRANSPORT.sub("", value if isinstance(value, str) else repr(value)))


@pytest.fixture(scope="module")
def both(moto, tmp_path_factory):
    folder = tmp_path_factory.mktemp("both")
    temporary = {forked: folder / f"remote_tmp_{forked}" for forked in (True, False)}
    for path in temporary.values():
        path.mkdir(mode=0o700)
    runs = {
        forked: play(
            "cases.yml",
            forked,
            folder / f"results_{forked}",
            moto,
            arguments=["-vvv"],
            ANSIBLE_REMOTE_TMP=str(temporary[forked]),
        )
        for forked in (True, False)
    }
    return runs | {"temporary": temporary}


@pytest.mark.parametrize("case", CASES)
def test_the_results_are_the_same(both, case):
    (_, forked), (_, started) = both[True], both[False]
    assert started[case]
    assert comparable(forked[case]) == comparable(started[case])


@pytest.fixture(scope="module")
def beside_another(moto, tmp_path_factory):
    results = tmp_path_factory.mktemp("beside_another") / "results"
    return play("cases.yml", True, results, moto, arguments=["-vvv", "-e", "run_on=all"])[1]


@pytest.mark.parametrize("case", CASES)
def test_the_results_are_the_same_beside_another_host(both, beside_another, case):
    (_, started) = both[False]
    assert comparable(beside_another[case]) == comparable(started[case])


def test_the_terminal_shows_the_same(both):
    (forked, _), (started, _) = both[True], both[False]
    assert comparable(forked.stdout) == comparable(started.stdout)
    assert comparable(forked.stderr) == comparable(started.stderr)
    assert forked.returncode == started.returncode == 0


def test_secrets_are_shown_nowhere(both):
    done, results = both[True]
    assert "never to be seen" not in done.stdout + done.stderr + json.dumps(results)


def test_an_exception_comes_with_the_same_traceback(tmp_path):
    shown = {"ANSIBLE_DISPLAY_TRACEBACK": "error"}
    tracebacks = {}
    for forked in (True, False):
        _, results = play("traceback.yml", forked, tmp_path / f"results_{forked}", **shown)
        [result] = results["An exception"]
        tracebacks[forked] = FRAME.sub(r'File "\1', result["exception"])
    assert tracebacks[True] == tracebacks[False]
    assert "in raise_an_exception" in tracebacks[True]


def test_nothing_stays_in_the_temporary_folder(both):
    assert list(both["temporary"][True].iterdir()) == []


def test_modules_run_in_a_fork_where_they_can(tmp_path):
    _, results = play("how.yml", True, tmp_path / "results")
    assert {task: result["seen"] for task, [result] in results.items()} == {
        "A plain task": "forked",
        "A task of an action that runs modules": "forked",
        "Another interpreter": "started",
    }


def test_one_setting_turns_it_off(tmp_path):
    _, results = play("how.yml", False, tmp_path / "results")
    assert {result["seen"] for [result] in results.values()} == {"started"}


def test_what_keeps_nobody_waiting_runs_where_it_is(tmp_path):
    processes = where_tasks_run(True, tmp_path)
    workers = {processes.pop(task) for task in ("A module in a loop", "A module of an action that may need a worker")}
    assert len(workers) == 2
    [first] = set(processes.values())
    assert first not in workers


def test_beside_another_host_modules_run_in_workers(tmp_path):
    processes = where_tasks_run(True, tmp_path, "-e", "run_on=all")
    assert processes["A message"] == processes["A fact"] == processes["A skipped module"]
    assert len(set(processes.values())) == 4


def test_one_setting_makes_each_task_a_process(tmp_path):
    processes = where_tasks_run(False, tmp_path)
    assert len(set(processes.values())) == len(processes) == 6


def where_tasks_run(forked, tmp_path, *arguments):
    """The process that each task's values are made in, by the task's name."""
    mark = tmp_path / "mark"
    done, results = play("where.yml", forked, tmp_path / "results", arguments=arguments, TOWPATH_MARK=str(mark))
    assert done.returncode == 0
    # Of two hosts one skips it before the other, in the same process.
    [message], [fact], [skipper, *_] = results["A message"], results["A fact"], mark.read_text().split()
    found = {"A message": message["msg"], "A fact": fact["ansible_facts"]["fact_made_in"], "A skipped module": skipper}
    for task in ("A module", "A module in a loop", "A module of an action that may need a worker"):
        found[task] = results[task][-1].get("results", results[task])[-1]["seen"]["environment"]["TOWPATH_PROBE"]
    return found


def test_on_an_ansible_core_that_lacks_something_one_warning_says_so(tmp_path):
    plugins = [HERE / "broken_core", ROOT / "playbooks/vars_plugins"]
    done, results = play("how.yml", True, tmp_path / "results", ANSIBLE_VARS_PLUGINS=":".join(map(str, plugins)))
    assert {result["seen"] for [result] in results.values()} == {"started"}
    assert done.stderr.count("[WARNING]") == 1
    assert "there is no ansible.module_utils._internal._traceback:_is_module_traceback_enabled" in " ".join(
        done.stderr.split()
    )
    assert done.returncode == 0


def test_two_playbooks_in_one_command_run_in_forks(tmp_path):
    done, results = play("how.yml", True, tmp_path / "results", arguments=["how.yml"])
    assert [result["seen"] for result in results["A plain task"]] == ["forked", "forked"]
    assert done.stderr == ""


def test_an_interrupt_ends_the_module_too(tmp_path):
    assert interrupted(True, tmp_path) == interrupted(False, tmp_path)


def interrupted(forked, tmp_path):
    """Interrupt a playbook while its module sleeps. Return how it ended, and whether the module heard of it."""
    playbook, mark = sleeping(forked, tmp_path)
    module = mark.read_text()
    os.killpg(playbook.pid, signal.SIGINT)
    displayed = playbook.communicate(timeout=20)
    wait_until(lambda: not runs(module))
    return playbook.returncode, displayed, mark.with_suffix(".heard").exists()


def test_a_command_that_is_killed_leaves_nothing_that_runs(tmp_path):
    playbook, mark = sleeping(True, tmp_path)
    module = mark.read_text()
    server = parent_of(module)
    playbook.kill()
    wait_until(lambda: not runs(module) and not runs(server))
    assert mark.with_suffix(".heard").exists()
    playbook.communicate()


def test_when_what_runs_modules_is_killed_the_task_fails_and_says_what_to_do(tmp_path):
    playbook, mark = sleeping(True, tmp_path)
    module = mark.read_text()
    os.kill(int(parent_of(module)), signal.SIGKILL)
    os.kill(int(module), signal.SIGKILL)
    output, _ = playbook.communicate(timeout=20)
    said = " ".join(output.split())
    assert "The process that ran the module ansible.legacy.probe is gone. Run the same command again" in said
    assert "TOWPATH_FORKED_MODULES=false" in said
    assert playbook.returncode == 2


def sleeping(forked, tmp_path):
    """A playbook whose module sleeps, and the file in which that wrote its process down."""
    mark = tmp_path / f"mark_{forked}"
    playbook = subprocess.Popen(
        [sys.executable, "-m", "ansible", "playbook", "interrupt.yml"],
        cwd=HERE,
        env=environment(forked, None, TOWPATH_MARK=str(mark), RECORD_TO=str(tmp_path / "results")),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(lambda: mark.exists() and mark.read_text())
    return playbook, mark


def stat_of(process):
    """What Linux says of a process, from its state on; its name, in brackets, may hold anything."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def parent_of(process):
    return stat_of(process)[1]


def runs(process):
    try:
        return stat_of(process)[0] != "Z"
    except OSError:
        return False


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not come to pass."
        time.sleep(0.05)
