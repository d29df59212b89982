"""Run a command of Towpath as a CI job does: its log live, its end as the job's outputs and on the job's page.

python3 ci/command.py deploy --options '{"env": "staging", "image": "sha256:…"}'
python3 ci/command.py promote --check

Run it in the folder of the playbooks. OPTIONS may hold the options instead, as a JSON object. Where GITHUB_OUTPUT and
GITHUB_STEP_SUMMARY name files, outputs and summary are written there; anywhere else they are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OUTPUTS = ("outcome", "release", "environment", "git_sha", "digest", "url", "expires_on", "expired")
GOOD = ("succeeded", "no_change")
# GitHub takes comments of 65,536 characters.
LONGEST_PLAN = 60_000


def options_file(options: Mapping[str, Any]) -> str:
    """The options as a file for -e: text is text at any depth, whatever it looks like to Ansible."""
    given = {name: value for name, value in options.items() if value not in ("", None)}
    # JSON is YAML but for characters that YAML refuses, folds, or wants whole: each of those has its number instead.
    text = re.sub("[^ -~]", lambda found: f"\\U{ord(found[0]):08x}", json.dumps(given, ensure_ascii=False))
    # Ansible would run what stands between {{ and }}. The mark holds for all that is inside, keys too.
    return f"!unsafe {text}\n"


def read_options(text: str) -> dict[str, Any]:
    try:
        options = json.loads(text or "{}")
    except json.JSONDecodeError as problem:
        raise SystemExit(f"Expected the options as a JSON object, but {problem}. They are: {text}") from None
    wrong = not isinstance(options, dict) or [name for name in options if not re.fullmatch(r"[a-z_]+", name)]
    if wrong:
        raise SystemExit(f'Expected the options as a JSON object such as {{"env": "staging"}}, but they are: {text}')
    # Half of a character beyond the first 65,536 is none, and cannot be written in any file.
    if half := re.search("[\ud800-\udfff]", json.dumps(options, ensure_ascii=False)):
        raise SystemExit(f"Expected the options as text in UTF-8, but {half[0]!a} is half a character. Correct it")
    return dict(options)


def without_commands(output: str) -> str:
    """The output as people read it: what speaks to GitHub alone goes."""
    kept = [line for line in output.split("\n") if not re.match(r"::(end)?group::", line)]
    return "\n".join(re.sub(r"^::error::", "", line).replace("%0A", "\n").replace("%25", "%") for line in kept).strip(
        "\n"
    )


def fenced(text: str) -> str:
    """A code block that nothing in the text ends."""
    longest = max((len(ticks) for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def code(text: str) -> str:
    """Foreign text within a line, as what it is."""
    return "`" + re.sub(r"[`\s]+", " ", text).strip().replace("|", "\\|") + "`" if text.strip() else ""


def summary(command: str, result: Mapping[str, Any], output: str) -> str:
    """What stands on the job's page, as Markdown."""
    outcome = str(result.get("outcome", "")).replace("_", " ") or "failed"
    where = str(result.get("environment", ""))
    lines = [f"### {command}{f' · {where}' if where else ''}: {outcome}", ""]
    rows = {
        "release": code(str(result.get("release", ""))),
        "commit": code(str(result.get("git_sha", ""))[:12]),
        "digest": code(str(result.get("digest", ""))[:19]),
        "promoted from": code(str(result.get("promoted_from") or "")),
        "tasks": f"{result['tasks_running']} of {result['tasks_desired']}" if result.get("tasks_desired") else "",
        "seconds": str(result.get("seconds") or ""),
        "URL": str(result.get("url") or ""),
    }
    lines += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items() if value), ""]
    verdict = result.get("verdict") or {}
    if outcome.replace(" ", "_") not in GOOD and verdict.get("reason"):
        evidence = [str(line) for line in verdict.get("evidence") or []]
        lines += [fenced("\n".join([str(verdict["reason"]), *evidence, str(verdict.get("advice") or "")]).strip()), ""]
    elif outcome == "failed":
        lines += [fenced("\n".join(output.split("\n")[-20:])), ""]
    return "\n".join(lines)


def plan(command: str, output: str) -> str:
    """What a command would change, as Markdown."""
    kept = output if len(output) <= LONGEST_PLAN else f"{output[:LONGEST_PLAN]}\n… the rest is in the job's log"
    return f"### {command} would change\n\n{fenced(kept)}\n"


def output_lines(values: Mapping[str, Any]) -> str:
    """As GitHub reads a file of outputs, several lines each; the delimiter is in none of them."""
    text = {name: " ".join(value) if isinstance(value, list) else str(value) for name, value in values.items()}
    delimiter = "END"
    while any(delimiter in value for value in text.values()):
        delimiter += "_"
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in text.items())


def playbook(words: list[str]) -> tuple[int, str]:
    """Run it with its output live, and return its exit code and what it said."""
    said: list[str] = []
    given: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "encoding": "utf-8"}
    # Ansible reads none by itself in a folder that everybody may write to, as some runners check out.
    given["env"] = {"ANSIBLE_CONFIG": str(Path("ansible.cfg").resolve()), **os.environ}
    # The words are checked, and there is no shell.
    with subprocess.Popen(words, **given) as process:  # noqa: S603
        # A job that is cancelled ends the command as Ctrl-C does, and what that says is still to be heard.
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_: process.send_signal(signal.SIGINT))
        for line in process.stdout or ():
            print(line, end="", flush=True)
            said.append(line)
    return process.returncode, "".join(said)


def append(variable: str, text: str) -> None:
    if file := os.environ.get(variable):
        with Path(file).open("a", encoding="utf-8") as opened:
            opened.write(text)


def main() -> int:
    parser = argparse.ArgumentParser(description="Run a command of Towpath as a CI job does.")
    parser.add_argument("command", help="the playbook's name, such as deploy")
    parser.add_argument("--options", default=os.environ.get("OPTIONS", ""), help="its options, as a JSON object")
    parser.add_argument("--check", action="store_true", help="only show what would change")
    given = parser.parse_args()
    options = read_options(given.options)
    if not re.fullmatch(r"[a-z]+", given.command):
        raise SystemExit(f"Expected a command such as deploy, but was given {given.command!r}")
    with tempfile.TemporaryDirectory() as folder:
        told, result_file = Path(folder) / "options.yml", Path(folder) / "result.json"
        told.write_text(options_file({**options, "result_file": str(result_file)}), encoding="utf-8")
        words = ["ansible-playbook", f"{given.command}.yml", "-e", f"@{told}"]
        exit_code, output = playbook([*words, *(["--check", "--diff"] if given.check else [])])
        result = json.loads(result_file.read_text(encoding="utf-8")) if result_file.is_file() else {}
    output = without_commands(output)
    changes = plan(given.command, output) if given.check and exit_code == 0 else ""
    environment = {"environment": options.get("env") or options.get("to") or ""}
    result = environment | result if exit_code else environment | {"outcome": "succeeded"} | result
    append("GITHUB_OUTPUT", output_lines({name: result.get(name, "") for name in OUTPUTS} | {"plan": changes}))
    append("GITHUB_STEP_SUMMARY", changes or summary(given.command, result, output))
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
