"""Runs the workflows of GitHub Actions as a runner does: each `run:` step as it stands, in order, with its variables.

What an action of others does is done here instead, as far as later steps see it. Of the workflows' language it knows
what ours use, and stops at anything else.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = Path(".github") / "workflows"
REPOSITORY = "octo-org/webapp"
# What GitHub calls a step's shell without one being named.
SHELL = ("bash", "-e")


class Expression:
    """What stands between ${{ and }}."""

    TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z_][\w.*-]*|\d+|==|!=|&&|\|\||[!(),])")

    def __init__(self, text: str, contexts: Mapping[str, Any]) -> None:
        assert re.fullmatch(rf"(?:{self.TOKEN.pattern})+\s*", text), text
        self.tokens = self.TOKEN.findall(text)
        self.contexts = contexts

    def value(self) -> Any:
        found = self.either()
        assert not self.tokens, self.tokens
        return found

    def takes(self, token: str) -> bool:
        if self.tokens[:1] == [token]:
            self.tokens.pop(0)
            return True
        return False

    def either(self) -> Any:
        left = self.both()
        while self.takes("||"):
            right = self.both()
            left = left or right
        return left

    def both(self) -> Any:
        left = self.equal()
        while self.takes("&&"):
            right = self.equal()
            left = left and right
        return left

    def equal(self) -> Any:
        left = self.one()
        if self.takes("=="):
            return text_of(left) == text_of(self.one())
        if self.takes("!="):
            return text_of(left) != text_of(self.one())
        return left

    def one(self) -> Any:
        if self.takes("!"):
            return not self.one()
        if self.takes("("):
            found = self.either()
            assert self.takes(")")
            return found
        token = self.tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.isdigit():
            return int(token)
        if self.takes("("):
            return FUNCTIONS[token](*self.arguments())
        return within(self.contexts, token.split("."))

    def arguments(self) -> Iterator[Any]:
        while not self.takes(")"):
            yield self.either()
            self.takes(",")


def within(found: Any, names: list[str]) -> Any:
    """What is found by these names; by a * what is found in each of a list."""
    for number, name in enumerate(names):
        if name == "*":
            return [within(one, names[number + 1 :]) for one in found or []]
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def format_(form: str, *values: Any) -> str:
    return re.sub(r"\{(\d+)\}", lambda found: text_of(values[int(found[1])]), form)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "always": lambda: True,
    "cancelled": lambda: False,
    "contains": lambda where, what: what in (where or []),
    "format": format_,
    "toJSON": lambda value: json.dumps("" if value is None else value),
}


def text_of(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def filled(value: Any, contexts: Mapping[str, Any]) -> Any:
    """A value of a workflow with its expressions in place."""
    if isinstance(value, dict):
        return {name: filled(one, contexts) for name, one in value.items()}
    if not isinstance(value, str):
        return value
    if whole := re.fullmatch(r"\$\{\{((?:(?!\}\}).)*)\}\}", value.strip(), re.DOTALL):
        return Expression(whole[1].strip(), contexts).value()
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: text_of(Expression(found[1].strip(), contexts).value()), value)


@dataclass
class Event:
    """What makes a workflow run."""

    name: str
    repository: str = REPOSITORY
    """Where it comes from: another one for a pull request from a fork."""
    ref: str = "refs/heads/main"
    inputs: dict[str, Any] = field(default_factory=dict)
    pull_request: int = 0
    action: str = ""
    label: str = ""
    """That was put on or taken off."""
    labels: tuple[str, ...] = ()
    state: str = "open"

    def payload(self, commit: str) -> dict[str, Any]:
        """What GitHub tells of it, as far as ours look at it."""
        if not self.pull_request:
            return {}
        pull_request = {
            "number": self.pull_request,
            "state": self.state,
            "labels": [{"name": name} for name in self.labels],
            "head": {"sha": commit, "repo": {"full_name": self.repository}},
        }
        return {"action": self.action, "pull_request": pull_request} | (
            {"label": {"name": self.label}} if self.label else {}
        )

    def subject(self, environment: str) -> str:
        """GitHub's "OpenID Connect reference": an environment goes before everything, a pull request before its ref."""
        if environment:
            return f"repo:{self.repository}:environment:{environment}"
        return f"repo:{self.repository}:{'pull_request' if self.name == 'pull_request' else f'ref:{self.ref}'}"


@dataclass
class Ran:
    """A job that ran."""

    name: str
    result: str = "success"
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    summary: str = ""
    subject: str = ""
    """Of its token, where it may ask for one."""
    steps: list[tuple[str, float]] = field(default_factory=list)


@dataclass
class Runner:
    """Runs workflows in checkouts of one repository."""

    repository: Path
    """The repository as GitHub has it."""
    folder: Path
    variables: dict[str, str]
    environment: dict[str, str]
    """What GitHub's own machines have, and where AWS and GitHub are."""
    credentials: Callable[[str, str], dict[str, str]]
    """Changes a token with this subject for credentials of this role, or raises."""
    commit: str
    """What the event is about."""
    actions: Mapping[str, dict[str, str]] = field(default_factory=dict)
    """Name of an action of others -> the variables that it leaves."""
    ran: list[Ran] = field(default_factory=list)

    def start(self, workflow: str, event: Event) -> list[Ran]:
        """Run a workflow, and return its jobs and those of the workflows that it calls."""
        self.ran = []
        github = {
            "event_name": event.name,
            "repository": REPOSITORY,
            "ref": event.ref,
            "run_id": str(len(list(self.folder.iterdir())) + 1),
            "token": "t",
            "event": event.payload(self.commit),
        }
        inputs = {name: event.inputs.get(name, "") for name in dispatch_inputs(self.read(workflow))}
        self.workflow(workflow, inputs, event, github, {})
        return self.ran

    def read(self, name: str) -> dict[str, Any]:
        return dict(yaml.safe_load((self.repository / WORKFLOWS / name).read_text()))

    def workflow(
        self,
        name: str,
        inputs: dict[str, Any],
        event: Event,
        github: dict[str, Any],
        granted: dict[str, str],
        called: str = "",
    ) -> dict[str, Any]:
        """Run its jobs in the order in which they need each other, and return its result and outputs."""
        workflow = self.read(name)
        needs: dict[str, dict[str, Any]] = {}
        for job_name, job in workflow["jobs"].items():
            wanted = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            contexts = {
                "github": github,
                "inputs": inputs,
                "vars": self.variables,
                "needs": {one: needs[one] for one in wanted},
            }
            condition = str(job.get("if", ""))
            good = all(needs[one]["result"] == "success" for one in wanted)
            if not (good or re.search(r"(always|cancelled)\(\)", condition)) or (
                condition and not is_true(condition, contexts)
            ):
                needs[job_name] = {"result": "skipped", "outputs": {}}
                continue
            permissions = job["permissions"]
            assert granted.items() >= permissions.items() or not called, f"{name}: {job_name} asks for more"
            where = f"{called}{job_name}"
            if "uses" in job:
                below = job["uses"].rpartition("/")[2]
                given = with_defaults(self.read(below), filled(job.get("with", {}), contexts))
                needs[job_name] = self.workflow(below, given, event, github, permissions, f"{where} / ")
            else:
                needs[job_name] = self.job(where, job, contexts, event)
        outputs = (
            {
                one: filled(output["value"], {"jobs": needs})
                for one, output in ((workflow["on"] or {}).get("workflow_call") or {}).get("outputs", {}).items()
            }
            if isinstance(workflow["on"], dict)
            else {}
        )
        failed = any(need["result"] == "failure" for need in needs.values())
        return {"result": "failure" if failed else "success", "outputs": outputs}

    def job(self, name: str, job: dict[str, Any], contexts: dict[str, Any], event: Event) -> dict[str, Any]:
        ran = Ran(name)
        self.ran.append(ran)
        number = len(list(self.folder.iterdir()))
        folder = self.folder / f"{number:02}-{re.sub('[^a-z]+', '-', name.lower())}"
        workspace, temporary = folder / "work", folder / "temp"
        temporary.mkdir(parents=True)
        environment_name = text_of(filled((job.get("environment") or {}).get("name", ""), contexts))
        if job["permissions"].get("id-token") == "write":
            ran.subject = event.subject(environment_name)
        environment = {
            **self.environment,
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": event.repository,
            "GITHUB_REF": event.ref,
            "GITHUB_REF_NAME": event.ref.removeprefix("refs/heads/").removeprefix("refs/"),
            "GITHUB_RUN_ID": contexts["github"]["run_id"],
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_STEP_SUMMARY": str(temporary / "summary"),
            "RUNNER_TEMP": str(temporary),
        }
        contexts = {**contexts, "steps": {}}
        environment |= texts(filled(job.get("env", {}), contexts))
        for step_number, step in enumerate(job["steps"]):
            condition = str(step.get("if", ""))
            if ran.result != "success" or (condition and not is_true(condition, contexts)):
                continue
            began = time.monotonic()
            if "uses" in step:
                ran.result = self.action(step, filled(step.get("with", {}), contexts), workspace, ran, environment)
            else:
                output = temporary / f"output-{step_number}"
                output.touch()
                given = environment | texts(filled(step.get("env", {}), contexts)) | {"GITHUB_OUTPUT": str(output)}
                script = temporary / f"step-{step_number}.sh"
                script.write_text(step["run"])
                done = subprocess.run(
                    [*SHELL, str(script)],
                    cwd=workspace / filled(step.get("working-directory", "."), contexts),
                    env=given,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=False,
                )
                ran.log += done.stdout
                ran.result = "success" if done.returncode == 0 else "failure"
                contexts["steps"][step.get("id", str(step_number))] = {"outputs": read_outputs(output.read_text())}
            ran.steps.append((step.get("name") or step["uses"].partition("@")[0], time.monotonic() - began))
        summary = temporary / "summary"
        ran.summary = summary.read_text() if summary.is_file() else ""
        ran.outputs = texts(filled(job.get("outputs", {}), contexts))
        return {"result": ran.result, "outputs": ran.outputs}

    def action(
        self, step: dict[str, Any], given: dict[str, Any], workspace: Path, ran: Ran, environment: dict[str, str]
    ) -> str:
        name = step["uses"].partition("@")[0]
        if name == "actions/checkout":
            self.check_out(workspace, given.get("ref") or self.commit, all_of_it=given.get("fetch-depth") == 0)
        elif name == "aws-actions/configure-aws-credentials":
            assert ran.subject, f"{ran.name} may not ask for a token"
            try:
                environment |= self.credentials(given["role-to-assume"], ran.subject)
            except Exception as refusal:
                ran.log += f"{refusal}\n"
                return "failure"
            environment |= {"AWS_REGION": given["aws-region"], "AWS_DEFAULT_REGION": given["aws-region"]}
        else:
            environment |= self.actions[name]
        return "success"

    def check_out(self, workspace: Path, wanted_commit: str, *, all_of_it: bool) -> None:
        """As actions/checkout: the commit alone, or every branch, whichever commit it is."""
        git = ("git", "-C", str(workspace))
        workspace.mkdir()
        subprocess.run([*git, "init", "--quiet"], check=True)
        wanted = ["+refs/heads/*:refs/remotes/origin/*"] if all_of_it else ["--depth=1", wanted_commit]
        subprocess.run([*git, "fetch", "--quiet", f"file://{self.repository}", *wanted], check=True)
        commit = wanted_commit if all_of_it else "FETCH_HEAD"
        subprocess.run([*git, "checkout", "--quiet", "--detach", commit], check=True)


def dispatch_inputs(workflow: dict[str, Any]) -> dict[str, Any]:
    events = workflow["on"] if isinstance(workflow["on"], dict) else {}
    return dict((events.get("workflow_dispatch") or {}).get("inputs") or {})


def with_defaults(workflow: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """As GitHub takes inputs: none that is unknown, all that are required, each of its type."""
    inputs = workflow["on"]["workflow_call"]["inputs"]
    assert given.keys() <= inputs.keys(), given.keys() - inputs.keys()
    assert {name for name, one in inputs.items() if one.get("required")} <= given.keys()
    types = {"boolean": bool, "number": int, "string": str}
    taken = {name: given.get(name, one.get("default", "")) for name, one in inputs.items()}
    taken = {name: "" if value is None else value for name, value in taken.items()}
    for name, value in taken.items():
        assert isinstance(value, types[inputs[name]["type"]]), f"{name}: {value!r}"
    return taken


def is_true(condition: str, contexts: Mapping[str, Any]) -> bool:
    found = Expression(re.sub(r"^\$\{\{|\}\}$", "", condition).strip(), contexts).value()
    return found not in (None, "", 0, False)


def texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: text_of(value) for name, value in values.items()}


def read_outputs(text: str) -> dict[str, str]:
    """A file of outputs as GitHub reads it: NAME=VALUE, or NAME<<END, lines, END."""
    found: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if several := re.fullmatch(r"([\w-]+)<<(.+)", line):
            value = []
            for one in lines:
                if one == several[2]:
                    break
                value.append(one)
            found[several[1]] = "\n".join(value)
        else:
            name, _, found_value = line.partition("=")
            found[name] = found_value
    return found


def pushed(folder: Path, title: str) -> Path:
    """A clone of this repository with what is in its folder committed on top: what GitHub has after a push."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True)
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file() and not source.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    # As GitHub does, for a checkout of any commit.
    subprocess.run(["git", "-C", str(folder), "config", "uploadpack.allowAnySHA1InWant", "true"], check=True)
    commit(folder, title)
    return folder


def commit(folder: Path, title: str) -> str:
    git = ("git", "-C", str(folder), "-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run([*git, "add", "--all"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", title], check=True)
    done = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def machine(home: Path, path: list[Path]) -> dict[str, str]:
    """What a job starts with: nothing of the shell that runs the tests."""
    return {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PATH": os.pathsep.join([*(str(folder) for folder in path), os.environ["PATH"]]),
    }
