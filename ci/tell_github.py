"""Tell GitHub what runs where, or what a pull request would change. It needs a job's token and nothing of AWS.

python3 ci/tell_github.py deployment      ENVIRONMENT, OUTCOME, RELEASE, GIT_SHA and URL say what was released
python3 ci/tell_github.py comment         PULL_REQUEST and TEXT say what to write, instead of what was written before
python3 ci/tell_github.py preview         STATE and RESULT say what was wanted of PULL_REQUEST's preview, and whether it
                                          came to be; OUTCOME, RELEASE, GIT_SHA, URL and EXPIRES_ON what was released;
                                          EXPIRED which previews went, for all of them
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]

MARK = "<!-- towpath -->"
PREVIEW_MARK = "<!-- towpath preview -->"
# One for all pull requests: GitHub keeps every environment that it ever heard of.
PREVIEW_ENVIRONMENT = "preview"
# By which the deployments of previews are found among those of the environment.
PREVIEW_TASK = "preview:pr-{}"
# Outcome of a release -> the state of a deployment, and of a commit.
STATES = {"succeeded": ("success", "success"), "superseded": ("inactive", "success")}
FAILED = ("failure", "failure")
# In a deployment's and in a commit's status.
LONGEST_DESCRIPTION = 140
PAGE = 100
SHA_LENGTH = 12


def deployment(given: Mapping[str, str]) -> Json:
    """The deployment of a commit that is known, whatever its checks say: it is released already."""
    return {
        "ref": given["GIT_SHA"],
        "environment": given["ENVIRONMENT"],
        "auto_merge": False,
        "required_contexts": [],
        "description": given.get("RELEASE", ""),
        "payload": {"release": given.get("RELEASE", "")},
    }


def statuses(given: Mapping[str, str], job_url: str) -> tuple[Json, Json]:
    """The status of the deployment, and that of the commit."""
    outcome, environment, release = given["OUTCOME"], given["ENVIRONMENT"], given.get("RELEASE", "")
    of_deployment, of_commit = STATES.get(outcome, FAILED)
    is_good = of_deployment == "success"
    runs = f"{environment} runs {release}" if is_good else f"{release}: {outcome.replace('_', ' ')}"
    told = {"description": runs[:LONGEST_DESCRIPTION]}
    url = {"environment_url": given["URL"]} if given.get("URL") and is_good else {}
    return (
        {**told, **url, "state": of_deployment, "log_url": job_url},
        {**told, "state": of_commit, "context": f"towpath/{environment}", "target_url": job_url},
    )


def preview_deployment(given: Mapping[str, str]) -> Json:
    number = int(given["PULL_REQUEST"])
    return {
        "ref": given["GIT_SHA"],
        "environment": PREVIEW_ENVIRONMENT,
        "task": PREVIEW_TASK.format(number),
        # Else each would put an end to those of the other pull requests.
        "transient_environment": True,
        "production_environment": False,
        "auto_merge": False,
        "required_contexts": [],
        "description": f"Preview of #{number}",
    }


def table(rows: Mapping[str, str]) -> str:
    lines = [f"| {name} | {value} |" for name, value in rows.items() if value]
    return "\n".join(["| | |", "|---|---|", *lines])


def preview_comment(given: Mapping[str, str], job_url: str) -> str:
    """What stands in the pull request about its preview, as Markdown."""
    number, outcome = int(given["PULL_REQUEST"]), given.get("OUTCOME", "")
    by_hand = f"`ansible-playbook preview.yml -e pr={number} -e state=absent`"
    if given["STATE"] != "present" and given["RESULT"] != "success":
        return f"### Preview: not taken away\n\n[The job]({job_url}) says why. Run it again, or type {by_hand}."
    if given["STATE"] != "present":
        why = "Its age limit was over." if given["STATE"] == "expired" else "It went with all that was made for it."
        return f"### Preview: gone\n\n{why} A push makes it anew, or the label put on again."
    if given["RESULT"] != "success":
        how = f": {outcome.replace('_', ' ')}" if outcome else ""
        before = "If there was one before, it answers as before."
        commit = given["GIT_SHA"][:SHA_LENGTH]
        return f"### Preview: failed{how}\n\n[The job]({job_url}) of {commit} says why. {before}"
    rows = {
        "release": given.get("RELEASE", ""),
        "commit": given["GIT_SHA"][:SHA_LENGTH],
        "stays until": given.get("EXPIRES_ON", ""),
    }
    return (
        f"### Preview: {given['URL']}\n\n{table(rows)}\n\n"
        "Each push brings it up to date. It goes when the pull request is closed, when the label is taken off, or with "
        f"{by_hand}."
    )


class GitHub:
    """The interface of the repository that the job belongs to."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.url = f"{environment['GITHUB_API_URL']}/repos/{environment['GITHUB_REPOSITORY']}"
        self.headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {environment['GITHUB_TOKEN']}",
            "X-GitHub-Api-Version": "2022-11-28",
        }

    def call(self, method: str, path: str, body: Json | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data, self.headers, method=method)  # noqa: S310 (GitHub's)
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.load(answer)


def tell_deployment(github: GitHub, given: Mapping[str, str], job_url: str) -> str:
    if not given.get("GIT_SHA") or not given.get("RELEASE") or given.get("OUTCOME") == "no_change":
        return "Nothing was released."
    try:
        commit = github.call("GET", f"commits/{given['GIT_SHA']}")["sha"]
    except urllib.error.HTTPError as problem:
        if problem.code not in (404, 422):
            raise
        return f"{given['GIT_SHA']} is no commit of this repository, so there is nothing to tell of it."
    of_deployment, of_commit = statuses(given, job_url)
    made = github.call("POST", "deployments", {**deployment(given), "ref": commit})
    github.call("POST", f"deployments/{made['id']}/statuses", of_deployment)
    github.call("POST", f"statuses/{commit}", of_commit)
    return str(of_deployment["description"])


def tell_comment(github: GitHub, number: int, mark: str, text: str) -> str:
    body = {"body": f"{mark}\n{text}"}
    ours = next(
        (one["id"] for one in pages(github, f"issues/{number}/comments?") if one["body"].startswith(mark)), None
    )
    if ours is None:
        github.call("POST", f"issues/{number}/comments", body)
        return "Wrote a comment."
    github.call("PATCH", f"issues/comments/{ours}", body)
    return "Wrote the comment anew."


def pages(github: GitHub, path: str) -> Iterator[Json]:
    """What GitHub lists, page by page, as far as somebody asks."""
    page = 1
    while found := github.call("GET", f"{path}per_page={PAGE}&page={page}"):
        yield from found
        if len(found) < PAGE:
            return
        page += 1


def tell_preview(github: GitHub, given: Mapping[str, str], job_url: str) -> str:
    if given["STATE"] == "expired":
        gone = given.get("EXPIRED", "").split() if given["RESULT"] == "success" else []
        told = [{**given, "PULL_REQUEST": name.removeprefix("pr-")} for name in gone]
        return (
            "\n".join(f"#{one['PULL_REQUEST']}: {tell_one(github, one, job_url)}" for one in told) or "Nobody is told."
        )
    return tell_one(github, given, job_url)


def tell_one(github: GitHub, given: Mapping[str, str], job_url: str) -> str:
    number, is_good, wanted = int(given["PULL_REQUEST"]), given["RESULT"] == "success", given["STATE"] == "present"
    made = None
    if wanted and given.get("OUTCOME"):
        made = github.call("POST", "deployments", preview_deployment(given))["id"]
    # After a failure what ran before still runs.
    if is_good:
        retire(github, number, made)
    if made:
        told = {"state": "success", "environment_url": given["URL"]} if is_good else {"state": "failure"}
        github.call("POST", f"deployments/{made}/statuses", {**told, "log_url": job_url})
    return tell_comment(github, number, PREVIEW_MARK, preview_comment(given, job_url))


def retire(github: GitHub, number: int, but: int | None = None) -> None:
    """Say of a preview's deployments that they are over; those before one of which it was said are, too."""
    of_it = f"deployments?environment={PREVIEW_ENVIRONMENT}&task={quote(PREVIEW_TASK.format(number))}&"
    for one in pages(github, of_it):
        if one["id"] == but:
            continue
        state = newest_state(github, one["id"])
        if state == "inactive":
            return
        if state == "success":
            github.call("POST", f"deployments/{one['id']}/statuses", {"state": "inactive"})


def newest_state(github: GitHub, deployment_id: int) -> str:
    found = github.call("GET", f"deployments/{deployment_id}/statuses?per_page=1")
    return str(found[0]["state"]) if found else ""


def main() -> None:
    given, way = os.environ, sys.argv[1:]
    github = GitHub(given)
    job_url = f"{given['GITHUB_SERVER_URL']}/{given['GITHUB_REPOSITORY']}/actions/runs/{given['GITHUB_RUN_ID']}"
    try:
        if way == ["deployment"]:
            print(tell_deployment(github, given, job_url))
        elif way == ["comment"]:
            print(tell_comment(github, int(given["PULL_REQUEST"]), MARK, given["TEXT"]))
        elif way == ["preview"]:
            print(tell_preview(github, given, job_url))
        else:
            sys.exit(f"Expected deployment, comment or preview, but was given {' '.join(way) or 'nothing'}")
    except urllib.error.HTTPError as problem:
        sys.exit(f"GitHub answered {problem.code} {problem.reason} to {problem.url}. Next: see the job's permissions")


if __name__ == "__main__":
    main()
