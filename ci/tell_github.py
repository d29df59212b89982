"""Tell GitHub what runs where, or what a pull request would change. It needs a job's token and nothing of AWS.

python3 ci/tell_github.py deployment      ENVIRONMENT, OUTCOME, RELEASE, GIT_SHA and URL say what was released
python3 ci/tell_github.py comment         PULL_REQUEST and TEXT say what to write, instead of what was written before
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

MARK = "<!-- towpath -->"
# Outcome of a release -> the state of a deployment, and of a commit.
STATES = {"succeeded": ("success", "success"), "superseded": ("inactive", "success")}
FAILED = ("failure", "failure")
# In a deployment's and in a commit's status.
LONGEST_DESCRIPTION = 140
COMMENTS_A_PAGE = 100


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


def tell_comment(github: GitHub, given: Mapping[str, str]) -> str:
    number, text = int(given["PULL_REQUEST"]), f"{MARK}\n{given['TEXT']}"
    page, ours = 1, None
    while ours is None and (comments := github.call("GET", f"issues/{number}/comments?per_page=100&page={page}")):
        ours = next((one["id"] for one in comments if str(one["body"]).startswith(MARK)), None)
        page += 1
        if len(comments) < COMMENTS_A_PAGE:
            break
    if ours is None:
        github.call("POST", f"issues/{number}/comments", {"body": text})
        return "Wrote a comment."
    github.call("PATCH", f"issues/comments/{ours}", {"body": text})
    return "Wrote the comment anew."


def main() -> None:
    given, way = os.environ, sys.argv[1:]
    github = GitHub(given)
    try:
        if way == ["deployment"]:
            job_url = f"{given['GITHUB_SERVER_URL']}/{given['GITHUB_REPOSITORY']}/actions/runs/{given['GITHUB_RUN_ID']}"
            print(tell_deployment(github, given, job_url))
        elif way == ["comment"]:
            print(tell_comment(github, given))
        else:
            sys.exit(f"Expected deployment or comment, but was given {' '.join(way) or 'nothing'}")
    except urllib.error.HTTPError as problem:
        sys.exit(f"GitHub answered {problem.code} {problem.reason} to {problem.url}. Next: see the job's permissions")


if __name__ == "__main__":
    main()
