from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader

from ci import command

ROOT = Path(__file__).parents[3]


HOSTILE = "{{ lookup('pipe', 'touch ' ~ playbook_dir ~ '/ran') }}"


def as_ansible_reads(folder: Path, options: dict[str, Any]) -> Any:
    file = folder / "options.yml"
    file.write_text(command.options_file(options), encoding="utf-8")
    return DataLoader().load_from_file(str(file), trusted_as_template=True)


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        "two words",
        "true",
        "12",
        "v12",
        "a: b",
        'a "quoted" \\ word',
        "#jinja2: x",
        "ünï",
        "a\nb",
        "ship it \U0001f680",
        *("\0", "\a", "\x1b[31m", "\x7f", "\x85", "\x9b31m", "\u2028", "\u202e", "\ufeff", "\ufffe", "\U0010ffff"),
    ],
)
def test_text_is_text_at_any_depth_whatever_it_looks_like(tmp_path, text):
    options = {"reason": text, "nested": [text, {text: [text]}]}
    assert as_ansible_reads(tmp_path, options) == options


@pytest.mark.parametrize(
    "value",
    [HOSTILE, [HOSTILE], {"a": HOSTILE}, {HOSTILE: "a"}, [{"a": [HOSTILE]}], [[HOSTILE]]],
    ids=["text", "a list", "a mapping", "a key", "a list in a mapping in a list", "a list in a list"],
)
def test_no_option_at_any_depth_is_a_template(tmp_path, value):
    file, play = tmp_path / "options.yml", tmp_path / "play.yml"
    file.write_text(command.options_file({"reason": value}))
    # Whatever a playbook does with it: take it as it is, or take it apart.
    told = [
        {"debug": {"msg": text}} for text in ("{{ reason }}", "{{ {'a': reason} | dict2items }}", "{{ reason | list }}")
    ]
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": told}]))
    words = [Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", play, "-e", f"@{file}"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lookup(" in done.stdout
    assert not (tmp_path / "ran").exists()


def test_half_a_character_is_refused_before_anything_runs():
    with pytest.raises(SystemExit, match=r"'\\ud83d' is half a character"):
        command.read_options(r'{"reason": ["\ud83d"]}')


def test_what_is_not_given_is_left_to_the_playbook():
    assert command.options_file({"env": "prod", "release": "", "reason": None, "yes": True}) == (
        '!unsafe {"env": "prod", "yes": true}\n'
    )


@pytest.mark.parametrize("text", ["[]", "{", '{"a b": 1}', '{"e\\n": 1}', "env=prod"])
def test_options_that_are_none_are_refused(text):
    with pytest.raises(SystemExit, match="Expected the options as a JSON object"):
        command.read_options(text)


def test_the_output_is_read_by_people_without_what_is_meant_for_github():
    said = "::group::Deploy\n  changed   x\n::endgroup::\n::error::one%0Atwo 100%25\nok=1\n"
    assert command.without_commands(said) == "  changed   x\none\ntwo 100%\nok=1"


@pytest.mark.parametrize(
    ("text", "fence"), [("plain", "```"), ("a ``` b", "````"), ("`````", "``````"), ("a `b` c", "```")]
)
def test_nothing_in_a_text_ends_its_code_block(text, fence):
    assert command.fenced(text) == f"{fence}text\n{text}\n{fence}"


RESULT = {
    "outcome": "succeeded",
    "environment": "staging",
    "release": "v12",
    "git_sha": "0123456789abcdef",
    "digest": "sha256:0123456789abcdef0123",
    "tasks_running": 2,
    "tasks_desired": 2,
    "url": "https://staging.example.com",
    "seconds": 41,
}


def test_a_release_is_a_table():
    told = command.summary("deploy", RESULT, "")
    assert told.splitlines()[0] == "### deploy · staging: succeeded"
    assert "| release | `v12` |" in told
    assert "| commit | `0123456789ab` |" in told
    assert "| tasks | 2 of 2 |" in told
    assert "| URL | https://staging.example.com |" in told
    assert "promoted from" not in told


def test_a_release_that_failed_tells_why_and_what_to_do():
    verdict = {"reason": "the tasks stopped", "evidence": ["exit code 3", "a ``` b"], "advice": "see the log"}
    told = command.summary("deploy", {**RESULT, "outcome": "rolled_back", "verdict": verdict}, "")
    assert told.startswith("### deploy · staging: rolled back\n")
    assert "````text\nthe tasks stopped\nexit code 3\na ``` b\nsee the log\n````" in told


def test_a_command_that_failed_without_a_result_shows_the_end_of_its_output():
    told = command.summary("deploy", {}, "\n".join(f"line {number}" for number in range(30)))
    assert told.startswith("### deploy: failed\n")
    assert "line 29" in told and "line 10\n" in told and "line 9\n" not in told


def test_a_plan_fits_a_comment():
    told = command.plan("provision", "x" * 100_000)
    assert len(told) < 65_536
    assert "the rest is in the job's log" in told


def test_an_output_of_several_lines_ends_where_it_ends():
    assert command.output_lines({"a": "1", "plan": "x\nEND\ny"}) == "a<<END_\n1\nEND_\nplan<<END_\nx\nEND\ny\nEND_\n"


def test_an_output_of_several_names_is_told_as_words():
    assert command.output_lines({"expired": ["pr-7", "pr-12"]}) == "expired<<END\npr-7 pr-12\nEND\n"


def as_a_job(folder: Path, playbook: str) -> tuple[dict[str, str], list[str]]:
    """A command whose playbook is a program of the test's."""
    program = folder / "ansible-playbook"
    program.write_text(f"#!{sys.executable}\nimport json, os, signal, sys, time\n{playbook}")
    program.chmod(0o755)
    files = {"GITHUB_OUTPUT": str(folder / "outputs"), "GITHUB_STEP_SUMMARY": str(folder / "summary")}
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, **files, "PATH": path}, [sys.executable, str(ROOT / "ci" / "command.py")]


def test_the_end_of_a_command_is_that_of_the_job(tmp_path):
    environment, words = as_a_job(
        tmp_path,
        "told = open(sys.argv[3].removeprefix('@')).read()\n"
        "file = json.loads(told.removeprefix('!unsafe '))['result_file']\n"
        "open(file, 'w').write(json.dumps({'outcome': 'rolled_back', 'release': 'v3', 'environment': 'staging'}))\n"
        "print('::error::bad'); sys.exit(2)",
    )
    options = json.dumps({"env": "staging"})
    done = subprocess.run(
        [*words, "deploy", "--options", options], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "::error::bad\n"), done.stderr
    outputs = (tmp_path / "outputs").read_text()
    assert "outcome<<END\nrolled_back\nEND\n" in outputs
    assert "release<<END\nv3\nEND\n" in outputs
    assert "### deploy · staging: rolled back" in (tmp_path / "summary").read_text()


def test_a_check_tells_what_would_change(tmp_path):
    environment, words = as_a_job(tmp_path, "print(sys.argv[1], *sys.argv[-2:])")
    subprocess.run([*words, "promote", "--check"], env=environment, capture_output=True, check=True)
    assert "promote.yml --check --diff" in (tmp_path / "summary").read_text()
    assert "### promote would change" in (tmp_path / "outputs").read_text()


def test_a_job_that_is_cancelled_ends_the_command_as_ctrl_c_does(tmp_path):
    environment, words = as_a_job(
        tmp_path,
        "signal.signal(signal.SIGINT, lambda *_: (print('the lock is given back', flush=True), sys.exit(99)))\n"
        "print('began', flush=True); time.sleep(20)",
    )
    with subprocess.Popen([*words, "deploy"], env=environment, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        assert job.stdout.readline() == "began\n"
        time.sleep(0.1)
        job.send_signal(signal.SIGTERM)
        assert job.stdout.read() == "the lock is given back\n"
    assert job.returncode == 99
