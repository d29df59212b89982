"""The workflows of GitHub Actions, step by step, with IAM enforced and credentials got for tokens as GitHub's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from examples import push
from local_aws import base_image
from tests.api_calls import recorded
from tests.e2e import builder, github_actions
from tests.e2e.account import Account, Loop
from tests.e2e.ci_roles import NEEDS_NO_PERMISSION, Ci, let_ci_deploy, listed
from tests.e2e.github_actions import Event, Ran, Runner
from tests.fake_github import FakeGitHub, fake_github

BIN = Path(sys.executable).parent
PUSH = Event("push")
TITLE = 'Show "the `time`" <b> && $(id)'
REASON = "{{ 6 * 7 }} is `it`"
PULL_REQUEST = Event("pull_request", ref="refs/pull/12/merge", pull_request=12)
PREVIEWS = "previews.towpath.example"
LABELED = Event(
    "pull_request", ref="refs/pull/21/merge", pull_request=21, action="labeled", label="preview", labels=("preview",)
)
CLOSED = replace(LABELED, action="closed", label="", state="closed")
DAILY = Event("schedule")
# Granted, and called by none of the workflows below: why it is there nevertheless.
NEEDED_ELSEWHERE = {
    "application-autoscaling:ListTagsForResource": "a preview is updated",
    "dynamodb:DescribeContinuousBackups": "a preview is updated",
    "dynamodb:GetItem": "another release holds the lock",
    "dynamodb:TagResource": "no call: AWS asks for it when something is made with tags",
    "ecr:BatchCheckLayerAvailability": "docker push asks the registry, which on AWS asks IAM",
    "ecr:CompleteLayerUpload": "docker push",
    "ecr:InitiateLayerUpload": "docker push",
    "ecr:UploadLayerPart": "docker push",
    "ecs:StopServiceDeployment": "a rollout that takes too long is rolled back",
    "ecs:StopTask": "a command that takes too long is stopped",
    "ecs:TagResource": "no call: AWS asks for it when something is made with tags",
    "elasticloadbalancing:AddTags": "a preview that is updated another day stays longer; and no call, as above",
    "elasticloadbalancing:DescribeTargetGroupAttributes": "a preview is updated",
    "elasticloadbalancing:ModifyRule": "the environment is put behind CloudFront",
    "elasticloadbalancing:ModifyTargetGroup": "the health check is changed",
    "iam:PassRole": "no call: AWS asks for it when a revision is registered and a task is run",
    "logs:ListTagsForResource": "the newer name of ListTagsLogGroup",
    "logs:TagResource": "no call, as above",
    "route53:GetHostedZone": "there is a domain",
    "route53:ListHostedZonesByName": "there is a domain",
    "route53:ListResourceRecordSets": "there is a domain",
    "route53:ListTagsForResource": "there is a domain",
    "ssm:AddTagsToResource": "no call, as above",
}


@dataclass
class Seen:
    """What became of each workflow, in the order of a team's day."""

    ci: Ci
    runner: Runner
    github: FakeGitHub
    jobs: dict[str, list[Ran]] = field(default_factory=dict)
    called: dict[str, set[str]] = field(default_factory=dict)
    """By run: what was asked of AWS."""
    commits: dict[str, str] = field(default_factory=dict)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    found: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    """What there was of previews, and when."""

    def start(self, name: str, workflow: str, event: Event, commit: str = "new") -> list[Ran]:
        with recorded() as recording:
            self.runner.environment |= recording.environment
            runner = replace(self.runner, commit=self.commits[commit])
            self.jobs[name] = runner.start(workflow, event)
        self.called[name] = set(recording.actions)
        for job in self.jobs[name]:
            for step, seconds in job.steps:
                print(f"{name:28} {job.name:38} {step:38} {seconds:6.1f} s")
        return self.jobs[name]

    def logs(self, name: str) -> str:
        return "\n".join(f"{job.name}: {job.result}\n{job.log[-4000:]}" for job in self.jobs[name])

    def entry(self, environment: str, release: str) -> dict[str, Any]:
        """What the ledger says of a release."""
        told = self.ci.account.playbook("releases.yml", "-e", f"env={environment}", "-e", "output=json")
        (found,) = [one for one in json.loads(told) if f"v{one['number']}" == release]
        return dict(found)

    def job(self, name: str, job: str) -> Ran:
        (found,) = [one for one in self.jobs[name] if one.name == job]
        return found


def runner_for(ci: Ci, folder: Path, home: Path, building: dict[str, str], github: FakeGitHub) -> Runner:
    """A machine of GitHub, whose AWS is the local one."""
    account = ci.account
    # Only curl asks names here that no DNS knows: those of the load balancers.
    (home / ".curlrc").write_text(f'connect-to = "::{account.url.removeprefix("http://")}"\n')
    machine = github_actions.machine(home, [BIN])
    variables = {"TOWPATH_ROLES": ci.arns, "TOWPATH_REGION": "us-east-1"}

    def credentials(role: str, subject: str) -> dict[str, str]:
        return ci.assume(role.removeprefix(f"{ci.arns}-"), subject)

    (folder / "jobs").mkdir()
    return Runner(
        repository=github_actions.pushed(folder / "repository", "What is in the folder"),
        folder=folder / "jobs",
        variables=variables,
        environment={**machine, **github.environment, "AWS_ENDPOINT_URL": account.url},
        credentials=credentials,
        commit="",
        actions={
            "actions/setup-python": {},
            "actions/cache": {},
            "docker/setup-buildx-action": building,
        },
    )


def adapt(repository: Path) -> None:
    """What a team would change, had it this machine: no registry of packages, an old engine, and little time."""
    deploy = repository / github_actions.WORKFLOWS / "deploy.yml"
    deploy.write_text(
        deploy.read_text().replace("      smoke_path: /\n", "      smoke_path: /\n      compression: gzip\n")
    )
    provision = repository / github_actions.WORKFLOWS / "provision.yml"
    provision.write_text(f'{provision.read_text()}      options: \'{{"env": "staging"}}\'\n')
    preview = repository / github_actions.WORKFLOWS / "preview.yml"
    preview.write_text(f"{preview.read_text()}      compression: gzip\n")
    previews = repository / "group_vars" / "previews" / "preview.yml"
    previews.write_text(
        f"{previews.read_text()}\npreview_domain: {PREVIEWS}\npreview_database_image: {base_image.POSTGRES}\n"
    )
    webapp = repository / "examples" / "webapp"
    push.fetch_packages(push.ROOT / "examples" / "webapp", log=builder.FOLDER / "packages.log")
    shutil.copytree(push.ROOT / "examples" / "webapp" / "packages", webapp / "packages", dirs_exist_ok=True)
    (webapp / ".gitignore").unlink()
    dockerfile = webapp / "Dockerfile"
    dockerfile.write_text(dockerfile.read_text().replace('PIP_NO_INDEX=""', 'PIP_NO_INDEX="1"'))


@pytest.fixture(scope="module")
def seen(loop: Loop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    if problem := builder.why_not():
        pytest.skip(f"there is no builder: {problem}")
    folder = tmp_path_factory.mktemp("github_actions")
    ci = let_ci_deploy(loop.account)
    # A socket's path is short.
    home = tmp_path_factory.mktemp("home")
    with (
        fake_github() as github,
        builder.running(tmp_path_factory.mktemp("b")) as address,
        builder.buildx(home, address) as building,
    ):
        builder.give(address, *base_image.bases((push.ROOT / "examples/webapp/Dockerfile").read_text()))
        runner = runner_for(ci, folder, home, building, github)
        adapt(runner.repository)
        seen = Seen(ci, runner, github)
        seen.commits["zstd"] = github_actions.commit(runner.repository, "What this machine needs")
        seen.commits["old"] = github_actions.commit(runner.repository, "An older commit")
        seen.commits["new"] = github_actions.commit(runner.repository, TITLE)
        github.commits |= {sha[:length]: sha for sha in seen.commits.values() for length in (12, 40)}
        go_through(seen, loop)
        yield seen
    # Other tests find the account as the loop left it.
    loop.account.release("deploy.yml", "-e", "env=staging", "-e", f"image={loop.image['digest']}")


def go_through(seen: Seen, loop: Loop) -> None:
    seen.start("pull request", "pull-request.yml", PULL_REQUEST)
    seen.start("push", "deploy.yml", PUSH)
    seen.shown["staging"] = loop.account.ask(loop.results["staging"]["url"])
    seen.start("push again", "deploy.yml", PUSH)
    seen.start("older push", "deploy.yml", PUSH, "old")
    seen.start("run", "run.yml", by_hand(environment="staging", command="echo ran '{{ 6 * 7 }}'"))
    seen.start("promote", "promote.yml", by_hand(reason=REASON))
    seen.shown["prod"] = loop.account.ask(loop.results["prod"]["url"])
    push_with_zstd(seen)
    seen.start("roll back", "rollback.yml", by_hand(environment="prod"))
    seen.start("provision", "provision.yml", PULL_REQUEST)
    preview_and_close(seen)


def preview_and_close(seen: Seen) -> None:
    account = seen.ci.account
    lead_to_the_load_balancer(account, f"pr-21.{PREVIEWS}")
    seen.start("preview", "preview.yml", LABELED)
    seen.shown["preview"] = account.ask(f"http://pr-21.{PREVIEWS}/")
    seen.found["while it is open"] = of_previews(account)
    # As one that was interrupted before it had more, on its last day long ago.
    tags = [{"Key": "towpath:expires", "Value": "2026-01-01"}]
    account.client("elbv2").create_target_group(Name="webapp-pr-22", Protocol="HTTP", Port=80, Tags=tags)
    seen.start("previews that are too old", "preview.yml", DAILY)
    seen.start("close", "preview.yml", CLOSED)
    seen.found["after closing"] = of_previews(account)


def lead_to_the_load_balancer(account: Account, name: str) -> None:
    """A record of a team's own, where staging has no domain."""
    route53 = account.client("route53")
    (found,) = account.client("elbv2").describe_load_balancers(Names=["webapp-staging"])["LoadBalancers"]
    zone = route53.create_hosted_zone(Name=PREVIEWS, CallerReference=PREVIEWS)["HostedZone"]["Id"]
    target = {"HostedZoneId": "Z35SXDOTRQ7X7K", "DNSName": found["DNSName"], "EvaluateTargetHealth": False}
    record = {"Name": name, "Type": "A", "AliasTarget": target}
    changes = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=changes)


def of_previews(account: Account) -> dict[str, list[str]]:
    """All that is there of previews, by kind."""
    ecs, balancing = account.client("ecs"), account.client("elbv2")
    services = [arn.rpartition("/")[2] for arn in ecs.list_services(cluster="webapp-staging")["serviceArns"]]
    tasks = ecs.list_tasks(cluster="webapp-staging")["taskArns"]
    described = ecs.describe_tasks(cluster="webapp-staging", tasks=tasks)["tasks"]
    (balancer,) = balancing.describe_load_balancers(Names=["webapp-staging"])["LoadBalancers"]
    listeners = balancing.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    rules = [rule for one in listeners for rule in balancing.describe_rules(ListenerArn=one["ListenerArn"])["Rules"]]
    hosts = [value for rule in rules for one in rule["Conditions"] for value in hosts_of(one)]
    groups = [one["TargetGroupName"] for one in balancing.describe_target_groups()["TargetGroups"]]
    revisions = [
        arn.rpartition("/")[2]
        for status in ("ACTIVE", "INACTIVE")
        for arn in ecs.list_task_definitions(status=status)["taskDefinitionArns"]
    ]
    parameters = account.client("ssm").describe_parameters(
        ParameterFilters=[{"Key": "Name", "Option": "BeginsWith", "Values": ["/webapp/staging/pr-"]}]
    )["Parameters"]
    logs = account.client("logs").describe_log_groups(logGroupNamePrefix="/ecs/staging/")["logGroups"]
    scaled = account.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    named = {
        "services": services,
        "tasks": [one["group"].removeprefix("service:") for one in described],
        "rules": hosts,
        "target groups": [name.removeprefix("webapp-") for name in groups],
        "revisions": [name.removeprefix("webapp-") for name in revisions],
        "parameters": [one["Name"].removeprefix("/webapp/staging/") for one in parameters],
        "log groups": [one["logGroupName"].removeprefix("/ecs/staging/") for one in logs],
        "tables": [name.removeprefix("webapp-") for name in account.client("dynamodb").list_tables()["TableNames"]],
        "scaled": [one["ResourceId"].rpartition("/")[2] for one in scaled["ScalableTargets"]],
        "databases": databases(account),
    }
    return {kind: [name for name in names if name.startswith(("pr-", "pr_"))] for kind, names in named.items()}


def hosts_of(condition: dict[str, Any]) -> list[str]:
    return list(condition.get("HostHeaderConfig", {}).get("Values", []))


def databases(account: Account) -> list[str]:
    ssm = account.client("ssm")
    url = ssm.get_parameter(Name="/webapp/staging/DATABASE_URL", WithDecryption=True)["Parameter"]["Value"]
    statement = "select datname from pg_database union select rolname from pg_roles"
    words = ["docker", "run", "--rm", "--entrypoint", "psql", base_image.POSTGRES, url, "-tA", "-c", statement]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()


def push_with_zstd(seen: Seen) -> None:
    """What the workflow does where nothing else is asked for."""
    runner = replace(seen.runner, commit=seen.commits["zstd"])
    folder = runner.folder.parent / "zstd"
    runner.check_out(folder, runner.commit, all_of_it=False)
    environment = runner.environment | runner.actions["docker/setup-buildx-action"]
    keys = seen.ci.assume("deploy-staging", PUSH.subject(""))
    subprocess.run(
        ["python3", "ci/build.py", "push", "--repository", "webapp", "examples/webapp"],
        cwd=folder,
        env={
            **environment,
            **keys,
            "GITHUB_REF_NAME": "main",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        check=True,
        capture_output=True,
    )


def by_hand(**inputs: str) -> Event:
    return Event("workflow_dispatch", inputs=inputs)


def test_a_pull_request_is_built_and_tested_without_anything_of_aws(seen: Seen):
    (job,) = seen.jobs["pull request"]
    assert job.result == "success", job.log
    assert "Ran 1" in job.log or "Ran 2" in job.log
    assert (job.subject, seen.called["pull request"]) == ("", set())


def test_a_push_is_tested_pushed_and_deployed(seen: Seen, loop: Loop):
    assert [job.result for job in seen.jobs["push"]] == ["success"] * 3, seen.logs("push")
    outputs = seen.job("push", "deploy / deploy / command").outputs
    assert outputs["outcome"] == "succeeded"
    assert seen.shown["staging"]["git_sha"] == seen.commits["new"][:12]
    assert f"{outputs['url']} answers 200" in seen.job("push", "deploy / deploy / command").log


def test_the_ledger_knows_the_commit_that_the_image_is_of(seen: Seen):
    release = seen.job("push", "deploy / deploy / command").outputs["release"]
    entry = seen.entry("staging", release)
    assert (entry["commit_title"], entry["commit_author"]) == (TITLE, "Ada")


def layers(seen: Seen, commit: str) -> set[str]:
    """The media types of an image's layers; it is in a list with what attests how it was built."""
    ecr = seen.ci.account.client("ecr")

    def manifest(**image: str) -> dict[str, Any]:
        (found,) = ecr.batch_get_image(repositoryName="webapp", imageIds=[image])["images"]
        return dict(json.loads(found["imageManifest"]))

    listed = manifest(imageTag=seen.commits[commit][:12])["manifests"]
    (image,) = [one["digest"] for one in listed if one["platform"]["os"] == "linux"]
    return {one["mediaType"].rpartition("+")[2] for one in manifest(imageDigest=image)["layers"]}


def test_every_layer_is_compressed_as_asked_for(seen: Seen):
    assert (layers(seen, "new"), layers(seen, "zstd")) == ({"gzip"}, {"zstd"})


def test_layers_are_kept_beside_the_images(seen: Seen):
    found = seen.ci.account.client("ecr").describe_images(repositoryName="webapp-cache")["imageDetails"]
    assert [one["imageTags"] for one in found if one.get("imageTags")] == [["main-amd64"]]


def test_the_same_push_again_builds_nothing_and_releases_nothing(seen: Seen):
    assert [job.result for job in seen.jobs["push again"]] == ["success"] * 2, seen.logs("push again")
    image, deploy = seen.jobs["push again"]
    assert [step for step, _ in image.steps][-1] == "Build the image"
    assert image.outputs == seen.jobs["push"][0].outputs
    assert deploy.outputs["outcome"] == "no_change"


def test_an_older_commit_never_comes_after_a_newer_one(seen: Seen):
    deploy = seen.job("older push", "deploy / deploy / command")
    assert deploy.result == "failure"
    assert "::error::" in deploy.log and "older" in deploy.log
    assert [job.name for job in seen.jobs["older push"]] == ["deploy / image", "deploy / deploy / command"]


def test_what_would_change_is_shown_before_the_job_that_asks_for_approval(seen: Seen):
    plan, change, record = seen.jobs["promote"]
    assert [job.result for job in (plan, change, record)] == ["success"] * 3, seen.logs("promote")
    assert (plan.subject, change.subject, record.subject) == (
        "repo:octo-org/webapp:ref:refs/heads/main",
        "repo:octo-org/webapp:environment:prod",
        "",
    )
    assert "### promote would change" in plan.summary
    assert seen.commits["new"][:12] in plan.summary
    assert seen.shown["prod"]["git_sha"] == seen.commits["new"][:12]
    assert "### promote · prod: succeeded" in change.summary


def test_a_reason_is_text_and_no_template(seen: Seen):
    release = seen.job("promote", "promote / change / command").outputs["release"]
    assert seen.entry("prod", release)["reason"] == REASON


def test_a_command_runs_as_it_was_given(seen: Seen):
    (job,) = seen.jobs["run"]
    assert job.result == "success", job.log
    assert "\nran {{ 6 * 7 }}\n" in job.log


def test_github_is_told_what_runs_where(seen: Seen):
    deployments = [body for _, path, body in seen.github.written() if path == "deployments"]
    assert [(one["environment"], one["ref"]) for one in deployments[:2]] == [
        ("staging", seen.commits["new"]),
        ("prod", seen.commits["new"]),
    ]
    states = [state for environment in ("staging", "prod") for _, state in seen.github.states(environment)]
    assert set(states) == {"success"}


def test_a_rollback_is_of_the_commit_that_was_good(seen: Seen):
    assert [job.result for job in seen.jobs["roll back"]][:2] == ["success"] * 2, seen.logs("roll back")
    assert seen.job("roll back", "rollback / change / command").outputs["outcome"] == "succeeded"


def test_a_pull_request_is_told_what_provisioning_would_change(seen: Seen):
    plan, comment = seen.jobs["provision"]
    assert (plan.result, comment.result) == ("success", "success"), seen.logs("provision")
    assert (plan.subject, comment.subject) == ("repo:octo-org/webapp:environment:provision", "")
    (written,) = [body["body"] for _, path, body in seen.github.written() if path == "issues/12/comments"]
    assert "### provision would change" in written and "aws-staging" in written


PREVIEW_JOBS = ["preview / preview", "preview / tell"]


def test_a_labelled_pull_request_gets_a_preview_that_answers_at_its_name(seen: Seen):
    jobs = seen.jobs["preview"]
    assert [(job.name, job.result) for job in jobs] == [(name, "success") for name in PREVIEW_JOBS], seen.logs(
        "preview"
    )
    assert [job.subject for job in jobs] == ["repo:octo-org/webapp:environment:preview", ""]
    assert "Ran 1" in jobs[0].log or "Ran 2" in jobs[0].log
    assert f"http://pr-21.{PREVIEWS}/ answers 200" in jobs[0].log
    assert (seen.shown["preview"]["git_sha"], seen.shown["preview"]["environment"]) == (
        seen.commits["new"][:12],
        "pr-21",
    )
    assert [kind for kind, names in seen.found["while it is open"].items() if not names] == []


def test_the_image_of_a_pull_request_is_kept_apart(seen: Seen):
    ecr = seen.ci.account.client("ecr")
    found = ecr.describe_images(repositoryName="webapp-previews")["imageDetails"]
    tag = f"pr-21-{seen.commits['new'][:12]}"
    assert [tag in one["imageTags"] for one in found if one.get("imageTags")] == [True]
    of_main = ecr.describe_images(repositoryName="webapp")["imageDetails"]
    assert [name for one in of_main for name in one.get("imageTags", []) if name.startswith("pr-")] == []


def test_the_pull_request_is_told_where_its_preview_is_and_when_it_is_gone(seen: Seen):
    written = [(method, body["body"]) for method, path, body in seen.github.written() if "comments" in path]
    methods, texts = zip(*[one for one in written if "towpath preview" in one[1]], strict=True)
    # The second is of a pull request whose preview was too old.
    assert methods == ("POST", "POST", "PATCH")
    assert f"### Preview: http://pr-21.{PREVIEWS}/" in texts[0]
    assert "| release | v1 |" in texts[0] and f"| commit | {seen.commits['new'][:12]} |" in texts[0]
    assert "| stays until | 2" in texts[0] and "preview.yml -e pr=21 -e state=absent" in texts[0]
    assert "Its age limit was over." in texts[1]
    assert "### Preview: gone" in texts[2]
    assert seen.github.states("preview") == [(seen.commits["new"], "inactive")]


def test_what_is_too_old_goes_every_day_and_the_others_stay(seen: Seen):
    remove, tell = seen.jobs["previews that are too old"]
    assert (remove.result, tell.result) == ("success", "success"), seen.logs("previews that are too old")
    assert remove.subject == "repo:octo-org/webapp:ref:refs/heads/main", "nobody has to approve it"
    assert (remove.outputs["expired"], tell.log) == ("pr-22", "#22: Wrote a comment.\n")


def test_nothing_of_a_preview_is_left_when_its_pull_request_is_closed(seen: Seen):
    remove, tell = seen.jobs["close"]
    assert (remove.result, tell.result) == ("success", "success"), seen.logs("close")
    assert remove.subject == "repo:octo-org/webapp:environment:preview"
    assert {kind: names for kind, names in seen.found["after closing"].items() if names} == {}


def test_a_pull_request_from_a_fork_gets_no_preview(seen: Seen):
    assert seen.start("a fork", "preview.yml", replace(LABELED, repository="evil/webapp")) == []


def test_previews_need_every_permission_of_their_role_and_no_other(seen: Seen):
    granted = seen.ci.granted("preview") | seen.ci.granted("preview-read")
    called = seen.called["preview"] | seen.called["previews that are too old"] | seen.called["close"]
    assert called - granted == NEEDS_NO_PERMISSION & called
    assert granted - called - NEEDED_ELSEWHERE.keys() == set()
    assert NEEDED_ELSEWHERE.keys() <= granted, "a reason for what is not granted"


def test_what_is_the_environments_own_is_not_changed_by_previews(seen: Seen):
    """But for what AWS knows by an ID or not at all: rules of its load balancer, tasks of its cluster, revisions."""
    statements = seen.ci.policies["preview"]["Statement"]
    by_name = [one for one in statements if one["Sid"] not in ("FollowTasks", "LeadItsNameThere", "TakeRevisionsAway")]
    resources = [
        resource
        for one in by_name
        if "Condition" not in one or one["Sid"] == "RunThem"
        for resource in listed(one["Resource"])
    ]
    assert resources
    assert [one for one in resources if "pr-*" not in one and not one.endswith("repository/webapp-previews")] == []


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(PULL_REQUEST, id="a pull request"),
        pytest.param(Event("push", ref="refs/heads/feature"), id="another branch"),
        pytest.param(Event("push", repository="evil/webapp"), id="another repository"),
    ],
)
def test_a_token_of_anything_else_is_refused_and_nothing_runs_after_it(seen: Seen, event: Event):
    (job,) = seen.start(f"refused: {event.subject('')}", "deploy.yml", event)
    assert job.result == "failure" and "AccessDenied" in job.log
    assert job.steps[-1][0] == "aws-actions/configure-aws-credentials"


@pytest.mark.parametrize(
    ("role", "action", "workflow", "event"),
    [
        pytest.param(
            "plan-prod", "ecs:DescribeServices", "rollback.yml", by_hand(environment="prod"), id="to show a change"
        ),
        pytest.param(
            "preview", "elasticloadbalancing:CreateTargetGroup", "preview.yml", LABELED, id="to make a preview"
        ),
    ],
)
def test_a_role_without_one_of_its_permissions_is_not_enough(
    seen: Seen, role: str, action: str, workflow: str, event: Event
):
    policy = seen.ci.policies[role]
    without = [
        {**one, "Action": [other for other in listed(one["Action"]) if other != action]} for one in policy["Statement"]
    ]
    seen.ci.allow(role, {**policy, "Statement": [one for one in without if one["Action"]]})
    try:
        job = seen.start(f"without {action}", workflow, event)[0]
    finally:
        seen.ci.allow(role, policy)
    assert job.result == "failure"
    assert action.partition(":")[2] in job.log


def test_every_step_of_every_workflow_ran(seen: Seen):
    ran = {step for jobs in seen.jobs.values() for job in jobs for step, _ in job.steps}
    named = {
        step["name"]
        for path in (github_actions.ROOT / github_actions.WORKFLOWS).glob("*.yml")
        for job in seen.runner.read(path.name)["jobs"].values()
        for step in job.get("steps", [])
        if "run" in step
    }
    assert named - ran == set()
