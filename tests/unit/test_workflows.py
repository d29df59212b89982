"""What holds for every workflow of GitHub Actions: what actionlint and zizmor do not ask for, or not by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.github_actions import filled, is_true

REPOSITORY = "octo-org/webapp"
ROOT = Path(__file__).parents[2]
OURS = ROOT / ".github" / "workflows"
EXAMPLES = ROOT / "examples" / "github"
WORKFLOWS = {path: yaml.safe_load(path.read_text()) for path in sorted([*OURS.glob("*"), *EXAMPLES.glob("*")])}
REUSABLE = {path.name: workflow for path, workflow in WORKFLOWS.items() if "workflow_call" in workflow["on"]}

# Stood in the repositories of the actions beside the tag of that name, when this was written.
ACTIONS = {
    "actions/cache": "27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5",
    "actions/checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "actions/setup-python": "5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0",
    "aws-actions/configure-aws-credentials": "e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3",
    "docker/setup-buildx-action": "37fe631027851001ddb9b187196cc803df7f5f0e # v4.3.0",
}


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, workflow in WORKFLOWS.items():
        for name, job in workflow["jobs"].items():
            yield f"{path.relative_to(ROOT)}: {name}", job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for where, job in jobs():
        for step in job.get("steps", []):
            yield where, step


def test_there_are_workflows_to_look_at():
    assert len(REUSABLE) == 7
    assert len(list(steps())) > 20


def test_every_action_is_pinned_by_its_commit_and_named_by_its_version():
    for path in WORKFLOWS:
        for used in re.findall(r"\buses: ([^$\s].*)", path.read_text()):
            name, _, pinned = used.partition("@")
            assert pinned == ACTIONS[name], f"{path.name}: {used}"


def test_what_others_wrote_reaches_a_shell_as_a_variable_only():
    assert [where for where, step in steps() if "${{" in step.get("run", "")] == []


def test_no_job_keeps_the_token_of_its_checkout_where_code_could_read_it():
    checkouts = [step for _, step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_a_workflow_grants_nothing_and_a_job_what_it_names():
    assert all(workflow["permissions"] == {} for workflow in WORKFLOWS.values())
    assert [where for where, job in jobs() if not job.get("permissions")] == []


def test_no_job_holds_a_token_that_writes_beside_one_for_aws():
    """Where a reusable workflow is called, what is granted is what its jobs may ask for between them."""
    for where, job in jobs():
        granted = job["permissions"]
        if "uses" not in job and granted.get("id-token") == "write":
            assert granted == {"id-token": "write", "contents": "read"}, where


def test_a_caller_grants_what_the_called_jobs_ask_for_and_no_more():
    for where, job in jobs():
        if "uses" in job:
            asked: dict[str, str] = {}
            for called in REUSABLE[job["uses"].rpartition("/")[2]]["jobs"].values():
                asked |= called["permissions"]
            assert job["permissions"] == asked, where


def test_a_job_ends_by_itself():
    assert [where for where, job in jobs() if "uses" not in job and "timeout-minutes" not in job] == []


def test_secrets_are_handed_on_nowhere():
    assert [
        path.name for path in WORKFLOWS if re.search(r"\$\{\{[^}]*secrets|^ *secrets:", path.read_text(), re.MULTILINE)
    ] == []


def test_only_the_check_runs_on_a_pull_request_without_an_approval_or_a_label():
    on_pull_requests = {path.name for path, workflow in WORKFLOWS.items() if "pull_request" in workflow["on"]}
    assert on_pull_requests == {"pull-request.yml", "preview.yml", "provision.yml"}
    assert "pull_request_target" not in "".join(path.read_text() for path in WORKFLOWS)
    granted = WORKFLOWS[OURS / "pull-request.yml"]["jobs"]["check"]["permissions"]
    assert granted == {"contents": "read"}
    assert "github_environment" in WORKFLOWS[OURS / "towpath-provision.yml"]["jobs"]["provision"]["with"]
    previewing = WORKFLOWS[OURS / "towpath-preview.yml"]["jobs"]
    assert previewing["preview"]["environment"]["name"] == "${{ inputs.github_environment }}"
    assert "inputs.github_environment" in previewing["remove"]["with"]["github_environment"]


def a_pull_request(action: str = "synchronize", label: str = "", **changed: Any) -> dict[str, Any]:
    """An event as GitHub tells it, as far as previews look at it."""
    given = {"number": 12, "state": "open", "labels": [{"name": "preview"}, {"name": "bug"}], "repository": REPOSITORY}
    given |= changed
    told = {
        **{name: given[name] for name in ("number", "state", "labels")},
        "head": {"sha": "beef", "repo": {"full_name": given["repository"]}},
    }
    event = {"action": action, "pull_request": told} | ({"label": {"name": label}} if label else {})
    return {"event_name": "pull_request", "repository": REPOSITORY, "event": event}


UNLABELED = [{"name": "bug"}]


@pytest.mark.parametrize(
    ("github", "state"),
    [
        pytest.param(a_pull_request("labeled", "preview"), "present", id="the label is put on"),
        pytest.param(a_pull_request("labeled", "bug"), "", id="another label is put on one that has a preview"),
        pytest.param(a_pull_request("synchronize"), "present", id="a push"),
        pytest.param(a_pull_request("reopened"), "present", id="opened again"),
        pytest.param(a_pull_request("synchronize", labels=UNLABELED), "", id="a push without the label"),
        pytest.param(a_pull_request("closed", state="closed"), "absent", id="closed"),
        pytest.param(a_pull_request("closed", state="closed", labels=UNLABELED), "", id="closed without the label"),
        pytest.param(a_pull_request("unlabeled", "preview", labels=UNLABELED), "absent", id="the label is taken off"),
        pytest.param(a_pull_request("unlabeled", "bug", labels=[{"name": "preview"}]), "", id="another is taken off"),
        pytest.param(a_pull_request("labeled", "preview", state="closed"), "absent", id="the label on a closed one"),
        pytest.param(a_pull_request("labeled", "preview", repository="evil/webapp"), "", id="a fork"),
        pytest.param({"event_name": "schedule", "repository": REPOSITORY, "event": {}}, "expired", id="a day later"),
        pytest.param({"event_name": "workflow_dispatch", "event": {"inputs": None}}, "expired", id="by hand"),
    ],
)
def test_a_pull_request_has_a_preview_while_it_is_open_and_labelled(github: dict[str, Any], state: str):
    job = WORKFLOWS[OURS / "preview.yml"]["jobs"]["preview"]
    runs = is_true(job["if"], {"github": github})
    given = filled(job["with"], {"github": github, "vars": {}})
    assert (given["state"] if runs else "") == state
    if runs:
        of_one = state != "expired"
        assert (given["pull_request"], given["commit"]) == ((12, "beef") if of_one else (0, ""))


def test_every_input_says_what_it_is():
    for path, workflow in WORKFLOWS.items():
        events = workflow["on"] if isinstance(workflow["on"], dict) else {}
        for event in ("workflow_call", "workflow_dispatch"):
            for name, given in (events.get(event) or {}).get("inputs", {}).items():
                assert given["description"], f"{path.name}: {name}"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*")), ids=lambda path: path.name)
def test_this_repository_calls_what_a_team_copies_for_its_own_app(path: Path):
    def without_the_app(file: Path) -> list[str]:
        first, *lines = file.read_text().replace("# Copy this to .github/workflows/. ", "# ").splitlines()
        return [first, *(re.sub(r"(folder|test_command): .*", r"\1:", line) for line in lines)]

    assert without_the_app(OURS / path.name) == without_the_app(path)


def test_every_reusable_workflow_is_called():
    called = {job["uses"].rpartition("/")[2] for _, job in jobs() if "uses" in job}
    assert called == REUSABLE.keys()


def test_the_commands_are_there():
    for where, job in jobs():
        command = (job.get("with") or {}).get("command", "")
        if command and "${{" not in command:
            assert (ROOT / f"{command}.yml").is_file(), where
