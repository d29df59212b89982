"""iam_oidc_provider against emulators of AWS."""

from __future__ import annotations

import pytest

from tests.integration.harness import AwsEndpoint, run_module

URL = "https://token.actions.githubusercontent.com"
OPTIONS = {"client_ids": ["sts.amazonaws.com"], "tags": {"towpath:app": "webapp"}}


@pytest.fixture
def url(aws: AwsEndpoint):
    yield URL
    run_module("iam_oidc_provider", aws, url=URL, state="absent")


def on_aws(aws: AwsEndpoint, arn: str):
    return aws.client("iam").get_open_id_connect_provider(OpenIDConnectProviderArn=arn)


def test_a_provider_is_made_once_and_without_a_thumbprint(aws: AwsEndpoint, url: str):
    first = run_module("iam_oidc_provider", aws, url=url, **OPTIONS)
    assert first["changed"], first
    arn = first["oidc_provider"]["arn"]
    assert arn == f"arn:aws:iam::{aws.account_id}:oidc-provider/token.actions.githubusercontent.com"
    found = on_aws(aws, arn)
    assert found["ClientIDList"] == ["sts.amazonaws.com"]
    assert found["ThumbprintList"] == []
    assert found["Tags"] == [{"Key": "towpath:app", "Value": "webapp"}]

    second = run_module("iam_oidc_provider", aws, url=url, **OPTIONS)
    assert not second["changed"], second["diff"]
    assert second["oidc_provider"] == first["oidc_provider"]


def test_its_tags_can_be_changed_later(aws: AwsEndpoint, url: str):
    arn = run_module("iam_oidc_provider", aws, url=url, **OPTIONS)["oidc_provider"]["arn"]
    others = {"towpath:app": "shop", "team": "web"}
    changed = run_module("iam_oidc_provider", aws, url=url, tags=others)
    assert changed["msg"] == f"Changed tags of the identity provider {url}."
    assert not run_module("iam_oidc_provider", aws, url=url, tags=others)["changed"]
    assert {tag["Key"]: tag["Value"] for tag in on_aws(aws, arn)["Tags"]} == others
    run_module("iam_oidc_provider", aws, url=url, tags={})
    assert on_aws(aws, arn).get("Tags", []) == []


def test_its_audiences_can_be_changed_later(ministack: AwsEndpoint):
    # moto answers AddClientIDToOpenIDConnectProvider with an error of its own.
    arn = run_module("iam_oidc_provider", ministack, url=URL, **OPTIONS)["oidc_provider"]["arn"]
    changed = run_module("iam_oidc_provider", ministack, url=URL, client_ids=["b", "a"])
    assert changed["diff"] == {"before": {"client_ids": ["sts.amazonaws.com"]}, "after": {"client_ids": ["a", "b"]}}
    assert sorted(on_aws(ministack, arn)["ClientIDList"]) == ["a", "b"]
    assert not run_module("iam_oidc_provider", ministack, url=URL, client_ids=["a", "b", "a"])["changed"]
    run_module("iam_oidc_provider", ministack, url=URL, state="absent")


def test_check_mode_says_the_same_and_does_nothing(aws: AwsEndpoint, url: str):
    planned = run_module("iam_oidc_provider", aws, check_mode=True, url=url, **OPTIONS)
    assert planned["changed"]
    assert run_module("iam_oidc_provider", aws, check_mode=True, url=url, **OPTIONS)["changed"]
    made = run_module("iam_oidc_provider", aws, url=url, **OPTIONS)
    assert made.keys() == planned.keys()
    assert made["oidc_provider"].keys() == planned["oidc_provider"].keys()
    assert run_module("iam_oidc_provider", aws, check_mode=True, url=url, tags={})["changed"]
    assert on_aws(aws, made["oidc_provider"]["arn"])["Tags"] == [{"Key": "towpath:app", "Value": "webapp"}]


def test_a_provider_is_deleted_once(aws: AwsEndpoint, url: str):
    run_module("iam_oidc_provider", aws, url=url, **OPTIONS)
    assert run_module("iam_oidc_provider", aws, check_mode=True, url=url, state="absent")["changed"]
    assert run_module("iam_oidc_provider", aws, url=url, state="absent")["changed"]
    assert not run_module("iam_oidc_provider", aws, url=url, state="absent")["changed"]


def test_a_url_that_iam_would_refuse_is_refused_before_the_call(aws: AwsEndpoint):
    refused = run_module("iam_oidc_provider", aws, url="http://tokens.example.com")
    assert refused["failed"]
    assert "expected a URL such as https://token.actions.githubusercontent.com" in refused["msg"]
