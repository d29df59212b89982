import uuid

import pytest

from tests.integration.harness import run_module


@pytest.fixture
def cdn(aws):
    """Runs the module for a distribution of its own, and deletes it at the end."""
    name = f"cdn-{uuid.uuid4().hex[:8]}"
    usual = {
        "name": name,
        "aliases": [f"{name}.example.com"],
        "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd",
        "origin_domain_name": "webapp-1.us-east-1.elb.amazonaws.com",
        "origin_headers": {"X-Origin-Verify": "a secret"},
        "cached_paths": ["/_next/static/*"],
        "tags": {"towpath:environment": "staging"},
    }

    def run(module="cdn_distribution", **options):
        own = usual if module == "cdn_distribution" else {"name": name}
        return run_module(module, aws, **(own | options))

    yield run
    run(state="absent")


def test_check_mode_before_its_creation_says_so_and_makes_nothing(cdn):
    would = cdn(check_mode=True, certificate_arn="")
    assert (would["changed"], would["distribution"]) == (True, {})
    assert cdn("cdn_distribution_info")["distributions"] == []


def test_it_is_made_as_asked_and_a_second_run_changes_nothing(aws, cdn):
    made = cdn()
    assert made["changed"]
    assert "a secret" not in str(made["diff"])
    again = cdn()
    assert (again["changed"], again["distribution"]) == (False, made["distribution"])
    [found] = cdn("cdn_distribution_info")["distributions"]
    assert (found["id"], found["enabled"]) == (made["distribution"]["id"], True)
    config = aws.client("cloudfront").get_distribution_config(Id=found["id"])["DistributionConfig"]
    assert config["Origins"]["Items"][0]["CustomHeaders"]["Items"][0]["HeaderValue"] == "a secret"
    assert config["HttpVersion"].lower() == "http2and3"


@pytest.mark.parametrize(
    ("option", "field"),
    [
        pytest.param({"price_class": "PriceClass_All"}, "price_class", id="price class"),
        pytest.param({"cached_paths": ["/_next/static/*", "/img/*"]}, "cached_paths", id="cached paths"),
        pytest.param({"cached_by_name": True}, "cached_behavior", id="another key of the cache"),
        pytest.param({"origin_headers": {"X-Origin-Verify": "new"}}, "origin_headers", id="secret"),
        pytest.param({"error_page_path": "/_next/static/sorry.html"}, "error_pages", id="error page"),
        pytest.param({"tags": {"towpath:app": "webapp"}}, "towpath:app", id="tag"),
    ],
)
def test_a_changed_value_is_shown_before_and_then_applied_alone(cdn, option, field):
    cdn()
    would = cdn(check_mode=True, **option)
    assert list(would["diff"]["after"]) == [field]
    assert cdn(check_mode=True, **option)["changed"], "check mode had changed it already"
    assert cdn(**option)["diff"] == would["diff"]
    assert not cdn(**option)["changed"]


def test_taking_it_away_twice_changes_once(cdn):
    cdn()
    assert cdn(state="absent", check_mode=True)["changed"]
    assert cdn(state="absent")["changed"]
    assert not cdn(state="absent")["changed"]
    assert cdn("cdn_distribution_info")["distributions"] == []


def test_named_paths_are_forgotten_and_others_are_refused(cdn):
    cdn()
    assert cdn("cdn_invalidation", paths=["/a", "/b/*"], check_mode=True)["invalidation_id"] == ""
    assert cdn("cdn_invalidation", paths=["/a", "/b/*"])["invalidation_id"]
    assert "begin with /" in cdn("cdn_invalidation", paths=["logo.svg"])["msg"]


def test_without_a_distribution_there_is_nothing_to_forget(cdn):
    refused = cdn("cdn_invalidation", paths=["/a"])
    assert refused["failed"]
    assert "run again without invalidate" in refused["msg"]
