"""preview.yml: a pull request runs beside staging, and leaves nothing behind."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from examples import demo
from tests.e2e.account import Account, Loop

NAME, HOST = "pr-12", "pr-12.previews.example"
REPOSITORY = "webapp-previews"
# Staging has no domain here, so the team lets all names below its own lead to the load balancer.
PREVIEW = ("preview.yml", "-e", "pr=12", "-e", "preview_domain=previews.example")
# The local AWS pulls nothing.
DATABASE = ("-e", "preview_database_image=postgres:17-alpine")


def push(account: Account, prefix: str, *arguments: str) -> dict[str, Any]:
    """Push an image under a tag of the pull request, as a CI job does."""
    image, ecr = account.push("--repository", REPOSITORY, *arguments), account.client("ecr")
    wanted = [{"imageDigest": image["digest"]}]
    found = ecr.batch_get_image(repositoryName=REPOSITORY, imageIds=wanted)["images"][0]
    ecr.put_image(
        repositoryName=REPOSITORY, imageManifest=found["imageManifest"], imageTag=f"{prefix}-{uuid.uuid4().hex[:12]}"
    )
    return image


def lead_names_to_the_load_balancer(account: Account) -> str:
    """What preview_domain asks of the team; returns the id of the zone."""
    balancer = account.client("elbv2").describe_load_balancers(Names=["webapp-staging"])["LoadBalancers"][0]
    zone = account.client("route53").create_hosted_zone(Name="previews.example", CallerReference=uuid.uuid4().hex)
    target = {
        "HostedZoneId": balancer["CanonicalHostedZoneId"],
        "DNSName": balancer["DNSName"],
        "EvaluateTargetHealth": False,
    }
    change(account, zone["HostedZone"]["Id"], "UPSERT", target)
    return str(zone["HostedZone"]["Id"])


def change(account: Account, zone: str, action: str, target: dict[str, Any]) -> None:
    record = {"Name": HOST, "Type": "A", "AliasTarget": target}
    account.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    )


def forget_the_names(account: Account, zone: str) -> None:
    client = account.client("route53")
    records = client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    for record in [one for one in records if "AliasTarget" in one]:
        change(account, zone, "DELETE", record["AliasTarget"])
    client.delete_hosted_zone(Id=zone)


def what_there_is(account: Account) -> dict[str, list[str]]:
    """All that a preview has, and whatever else is of the kind."""
    balancing = account.client("elbv2")
    arn = balancing.describe_load_balancers(Names=["webapp-staging"])["LoadBalancers"][0]["LoadBalancerArn"]
    rules = [
        rule
        for listener in balancing.describe_listeners(LoadBalancerArn=arn)["Listeners"]
        for rule in balancing.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    ]
    scaled = account.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    tagged = account.client("resourcegroupstaggingapi").get_resources(
        TagFilters=[{"Key": "towpath:environment", "Values": [NAME]}]
    )
    return {
        "target groups": [one["TargetGroupName"] for one in balancing.describe_target_groups()["TargetGroups"]],
        "rules": [str(rule["Conditions"]) for rule in rules],
        "services": account.client("ecs").list_services(cluster="webapp-staging")["serviceArns"],
        "scaled": [one["ResourceId"] for one in scaled["ScalableTargets"]],
        "families": account.client("ecs").list_task_definition_families(status="ACTIVE")["families"],
        "tables": account.client("dynamodb").list_tables()["TableNames"],
        "log groups": [one["logGroupName"] for one in account.client("logs").describe_log_groups()["logGroups"]],
        "parameters": sorted(
            one["Name"]
            for page in account.client("ssm").get_paginator("describe_parameters").paginate()
            for one in page["Parameters"]
        ),
        "tagged": [one["ResourceARN"] for one in tagged["ResourceTagMappingList"]],
    }


def previews(account: Account) -> list[dict[str, Any]]:
    return list(
        json.loads(account.playbook("preview.yml", "-e", "list=true", "-e", "output=json").partition("\n\n")[0])
    )


@pytest.fixture(scope="module")
def before(loop: Loop) -> dict[str, list[str]]:
    return what_there_is(loop.account)


@pytest.fixture(scope="module")
def preview(loop: Loop, before: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    """The result of a good release, after a first one that failed."""
    account = loop.account
    zone = lead_names_to_the_load_balancer(account)
    staging = account.ask(loop.results["staging"]["url"])
    push(account, NAME, "--build-arg", "WEBAPP_FAIL=exit")
    said = account.refused(*PREVIEW, *DATABASE)
    half_made = previews(account)
    # Of another pull request, and newer than its own.
    push(account, NAME)
    push(account, "pr-1", "--build-arg", "WEBAPP_FAIL=unhealthy")
    yield account.release(*PREVIEW, *DATABASE) | {
        "failed_first": said,
        "half_made": half_made,
        "staging": staging,
    }
    account.playbook("preview.yml", "-e", "pr=12", "-e", "state=absent", *DATABASE)
    forget_the_names(account, zone)


def test_a_first_release_that_fails_says_why_and_is_listed(preview):
    assert "exit" in preview["failed_first"]
    assert [(one["name"], one["tasks"]["running"]) for one in preview["half_made"]] == [(NAME, 0)]


def test_it_answers_under_its_name_with_the_newest_image_of_its_own(preview, account):
    assert (preview["outcome"], preview["environment"]) == ("succeeded", NAME)
    assert preview["url"] == f"http://{HOST}/"
    assert demo.ask_version(HOST, account.url)["environment"] == NAME


def test_staging_goes_on_as_it_was(preview, loop):
    assert loop.account.ask(loop.results["staging"]["url"]) == preview["staging"]


def test_its_database_is_its_own(preview, account):
    assert demo.write_note(HOST, account.url, "of the pull request") == ["of the pull request"]


def test_its_secrets_are_its_own(preview, account):
    ssm = account.client("ssm")
    for name in ("SECRET_KEY_BASE", "DATABASE_URL"):
        own, stagings = (
            ssm.get_parameter(Name=f"/webapp/staging{below}/{name}", WithDecryption=True)["Parameter"]["Value"]
            for below in (f"/{NAME}", "")
        )
        assert own != stagings
    assert "/webapp/staging/pr-12/NEW_DATABASE_URL" not in what_there_is(account)["parameters"]


def test_the_same_again_changes_nothing(preview, account):
    said = account.playbook(*PREVIEW, *DATABASE)
    assert "it is what was asked for" in said
    # Its last day is a later one after midnight.
    (found,) = previews(account)
    assert demo.changes(said) == int(found["expires_on"] != preview["expires_on"])


def test_it_is_listed_for_programs_and_for_people(preview, account):
    (found,) = previews(account)
    assert (found["release"], found["tasks"], found["expired"]) == (
        preview["release"],
        {"running": 1, "wanted": 1},
        False,
    )
    line = f"pr-12  {preview['release']}  {found['git_sha'][:12]}  1 of 1 tasks  until {found['expires_on']}  http://{HOST}/"
    assert line in account.playbook("preview.yml", "-e", "list=true")


def test_commands_take_it_for_an_environment(preview, account):
    assert "started" in account.playbook("logs.yml", "-e", "env=pr-12")
    said = account.playbook("run.yml", "-e", "env=pr-12", "-e", "command=echo $APP_ENVIRONMENT")
    assert f"\n{NAME}\n" in said
    assert f"{preview['release']} " in account.playbook("releases.yml", "-e", "env=pr-12")


def test_without_a_database_of_its_own_it_gets_stagings_and_runs_no_migrations(preview, account):
    said = account.playbook(
        *("preview.yml", "-e", "pr=13", "-e", "preview_domain=previews.example", "-e", f"image={preview['digest']}"),
        *("-e", "preview_database_enabled=false", "--check", "--diff"),
    )
    assert '"/webapp/staging/DATABASE_URL"' in said
    assert "database" not in said.replace("DATABASE_URL", "").lower()
    assert [one["name"] for one in previews(account)] == [NAME], "a check has made one"


def test_staging_is_not_destroyed_under_it(preview, account):
    said = account.refused("destroy.yml", "-e", "env=staging", "-e", "typed=staging")
    assert "staging carries previews" in said
    assert "ansible-playbook preview.yml -e state=absent -e pr=NUMBER" in said


def test_it_stays_to_its_last_day_and_then_nothing_is_left(preview, account, before):
    expired = ("preview.yml", "-e", "state=expired", *DATABASE)
    assert "None of them has expired." in account.playbook(*expired)
    balancing = account.client("elbv2")
    group = balancing.describe_target_groups(Names=["webapp-pr-12"])["TargetGroups"][0]["TargetGroupArn"]
    balancing.add_tags(ResourceArns=[group], Tags=[{"Key": "towpath:expires", "Value": "2020-01-31"}])
    assert "pr-12 is gone, with all that was made for it." in account.playbook(*expired)
    assert what_there_is(account) == before
    databases = (
        "python3 -c \"import database, os; print([row[0] for row in database.connect(os.environ['DATABASE_URL'])"
    )
    databases += ".run('SELECT datname FROM pg_database')])\""
    said = account.playbook("run.yml", "-e", "env=staging", "-e", json.dumps({"command": databases}))
    assert "'webapp'" in said
    assert "pr_12" not in said


def test_taking_away_what_is_not_there_is_no_error(account):
    assert demo.changes(account.playbook("preview.yml", "-e", "pr=99", "-e", "state=absent")) == 0
