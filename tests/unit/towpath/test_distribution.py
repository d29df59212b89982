import copy

import pytest
from ansible.module_utils.towpath.differences import differences
from ansible.module_utils.towpath.distribution import (
    changed_config,
    comparable,
    new_config,
    refusals,
    wanted,
)

OPTIONS = {
    "aliases": ["app.example.com", "WWW.example.com"],
    "certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
    "origin_domain_name": "Webapp-1.eu-west-1.elb.amazonaws.com",
    "origin_headers": {"X-Origin-Verify": "a secret"},
    "origin_read_timeout_seconds": 30,
    "cached_paths": ["/_next/static/*"],
    "cached_by_name": False,
    "price_class": "PriceClass_100",
    "response_headers_policy_id": "67f7725c-6f97-4210-82d7-5512b31e9d03",
    "web_acl_arn": "",
    "error_page_path": "",
}


def a_config(**options):
    """A distribution as the module makes it, with what CloudFront adds."""
    asked = OPTIONS | options
    config = changed_config(new_config("reference", "webapp"), list(wanted(asked)), asked)
    config["Staging"] = False
    config["DefaultCacheBehavior"]["GrpcConfig"] = {"Enabled": False}
    return config


def changed(config, **options):
    return [one.field for one in differences(comparable(config), wanted(OPTIONS | options))]


def test_what_was_made_is_what_was_wanted():
    assert changed(a_config()) == []


@pytest.mark.parametrize(
    ("option", "field"),
    [
        pytest.param({"aliases": ["app.example.com"]}, "aliases", id="names"),
        pytest.param(
            {"certificate_arn": "arn:aws:acm:us-east-1:123456789012:certificate/2"}, "certificate_arn", id="certificate"
        ),
        pytest.param({"origin_domain_name": "other.elb.amazonaws.com"}, "origin_domain_name", id="origin"),
        pytest.param({"origin_headers": {"X-Origin-Verify": "new"}}, "origin_headers", id="secret"),
        pytest.param({"origin_read_timeout_seconds": 60}, "origin_read_timeout_seconds", id="timeout"),
        pytest.param({"cached_paths": []}, "cached_paths", id="no cached path"),
        pytest.param({"cached_paths": ["/_next/static/*", "/img/*"]}, "cached_paths", id="another cached path"),
        pytest.param({"cached_by_name": True}, "cached_behavior", id="another key of the cache"),
        pytest.param({"price_class": "PriceClass_All"}, "price_class", id="price class"),
        pytest.param({"response_headers_policy_id": ""}, "response_headers_policy_id", id="no security headers"),
        pytest.param({"web_acl_arn": "arn:aws:wafv2:us-east-1:1:global/webacl/a/1"}, "web_acl_arn", id="firewall"),
        pytest.param({"error_page_path": "/_next/static/sorry.html"}, "error_pages", id="error page"),
    ],
)
def test_one_changed_option_is_one_difference_and_applying_it_leaves_none(option, field):
    config = a_config()
    assert changed(config, **option) == [field]
    after = changed_config(config, [field], OPTIONS | option)
    assert changed(after, **option) == []
    assert changed(changed_config(after, [field], OPTIONS)) == []


def test_the_same_names_in_capitals_and_another_order_are_no_difference():
    assert changed(a_config(), aliases=["www.example.com", "APP.example.com"]) == []


def test_names_that_show_different_apps_share_no_cached_file():
    [path] = a_config(cached_by_name=True)["CacheBehaviors"]["Items"]
    assert path["CachePolicyId"] == "83da9c7e-98b4-4e11-a168-04f0df8e2c65"
    assert path["OriginRequestPolicyId"] == a_config()["CacheBehaviors"]["Items"][0]["OriginRequestPolicyId"]
    assert changed(a_config(cached_paths=[], cached_by_name=True), cached_paths=[], cached_by_name=True) == []


def test_what_is_not_ours_stays():
    config = a_config()
    function = {"Quantity": 1, "Items": [{"EventType": "viewer-request", "FunctionARN": "arn"}]}
    config["DefaultCacheBehavior"]["FunctionAssociations"] = function
    config["Logging"]["Enabled"] = True
    before = copy.deepcopy(config)
    after = changed_config(config, ["price_class"], OPTIONS | {"price_class": "PriceClass_All"})
    assert config == before, "the settings that were read are not touched"
    assert after == before | {"PriceClass": "PriceClass_All"}


@pytest.mark.parametrize(
    ("by_hand", "field"),
    [
        pytest.param(lambda c: c.update(Enabled=False), "enabled", id="disabled"),
        pytest.param(lambda c: c["DefaultCacheBehavior"].update(Compress=False), "compress", id="compression"),
        pytest.param(
            lambda c: c["DefaultCacheBehavior"].update(CachePolicyId="658327ea"), "default_behavior", id="cache policy"
        ),
        pytest.param(
            lambda c: c["CacheBehaviors"]["Items"][0].pop("OriginRequestPolicyId"), "cached_behavior", id="no host"
        ),
        pytest.param(
            lambda c: c["Origins"]["Items"][0]["CustomOriginConfig"].update(OriginProtocolPolicy="http-only"),
            "origin_protocol",
            id="origin over HTTP",
        ),
        pytest.param(
            lambda c: c["ViewerCertificate"].update(MinimumProtocolVersion="TLSv1"),
            "minimum_protocol_version",
            id="old TLS",
        ),
        pytest.param(
            lambda c: c["CustomErrorResponses"]["Items"][0].update(ErrorCachingMinTTL=300), "error_seconds", id="404"
        ),
    ],
)
def test_a_hand_edit_is_one_difference_and_is_undone(by_hand, field):
    config = a_config()
    by_hand(config)
    assert changed(config) == [field]
    assert changed(changed_config(config, [field], OPTIONS)) == []


def test_a_secret_is_sent_and_only_its_fingerprint_is_shown():
    header = a_config()["Origins"]["Items"][0]["CustomHeaders"]["Items"][0]
    assert header == {"HeaderName": "X-Origin-Verify", "HeaderValue": "a secret"}
    assert "a secret" not in str(wanted(OPTIONS)) + str(comparable(a_config()))


def test_what_is_cached_is_asked_for_without_cookies_and_by_the_name_of_the_certificate():
    cached = a_config()["CacheBehaviors"]["Items"][0]
    assert cached["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert cached["OriginRequestPolicyId"] == "bf0718e1-ba1e-49d1-88b1-f726733018ae"
    assert cached["AllowedMethods"]["Items"] == ["GET", "HEAD"]


def test_a_page_of_maintenance_is_neither_kept_nor_replaced_by_the_error_page():
    config = a_config(error_page_path="/_next/static/sorry.html")
    errors = {one["ErrorCode"]: one for one in config["CustomErrorResponses"]["Items"]}
    assert (errors[503]["ErrorCachingMinTTL"], errors[503]["ResponsePagePath"]) == (0, "")
    assert (errors[502]["ResponsePagePath"], errors[502]["ResponseCode"]) == ("/_next/static/sorry.html", "502")


def test_every_list_says_its_length():
    def lists(node):
        if isinstance(node, dict):
            if "Quantity" in node:
                yield node
            for value in node.values():
                yield from lists(value)
        elif isinstance(node, list):
            for value in node:
                yield from lists(value)

    found = list(lists(a_config(cached_paths=["/a/*", "/b/*"])))
    assert found
    assert [one for one in found if one["Quantity"] != len(one.get("Items", []))] == []


@pytest.mark.parametrize(
    ("option", "words"),
    [
        pytest.param({"aliases": []}, "aliases is empty", id="no name"),
        pytest.param({"certificate_arn": ""}, "certificate_arn is empty", id="no certificate"),
        pytest.param({"certificate_arn": "arn:aws:acm:eu-west-1:1:certificate/1"}, "in us-east-1", id="another region"),
        pytest.param({"origin_read_timeout_seconds": 0}, "expected 1 to 120", id="timeout"),
        pytest.param({"cached_paths": ["img/*"]}, "expected paths such as", id="path without a slash"),
        pytest.param({"cached_paths": ["/a", "/a"]}, "names a path twice", id="path twice"),
        pytest.param({"error_page_path": "/sorry.html"}, "one below a path of cached_paths", id="page not kept"),
    ],
)
def test_what_cloudfront_would_refuse_is_refused_before(option, words):
    assert refusals(OPTIONS) == []
    [problem] = refusals(OPTIONS | option)
    assert words in problem


def test_a_plan_may_stand_on_a_certificate_that_is_not_there_yet():
    assert refusals(OPTIONS | {"certificate_arn": ""}, planned=True) == []
