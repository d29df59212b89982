"""An identity provider: which URLs IAM takes, and which ARN is a URL's."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.oidc_provider import comparable, named_by, refusal, wanted

GITHUB = "https://token.actions.githubusercontent.com"
ARN = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"


@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        pytest.param(GITHUB, True, id="a host"),
        pytest.param("https://gitlab.example.com/oidc", True, id="a path"),
        pytest.param("http://tokens.example.com", False, id="no TLS"),
        pytest.param("https://tokens.example.com:8443", False, id="a port"),
        pytest.param("https://tokens.example.com/?a=b", False, id="a query"),
        pytest.param("token.actions.githubusercontent.com", False, id="no scheme"),
    ],
)
def test_a_url_is_taken_where_iam_takes_it(url, is_taken):
    assert (refusal(url) == "") == is_taken


@pytest.mark.parametrize(
    ("arn", "url", "is_its"),
    [
        pytest.param(ARN, GITHUB, True, id="the same"),
        pytest.param(ARN, f"{GITHUB}/", True, id="a slash at the end"),
        pytest.param(ARN, "https://githubusercontent.com", False, id="its end only"),
        pytest.param(f"{ARN}/enterprise", GITHUB, False, id="an enterprise's own"),
    ],
)
def test_an_arn_is_known_as_that_of_a_url(arn, url, is_its):
    assert named_by(arn, url) == is_its


def test_audiences_are_compared_without_order_and_aws_own_tags_are_left_alone():
    found = {"ClientIDList": ["b", "a"], "Tags": [{"Key": "k", "Value": "1"}, {"Key": "aws:x", "Value": "2"}]}
    assert comparable(found) == wanted({"client_ids": ["a", "b", "a"], "tags": {"k": 1}})
    assert comparable({}) == {"client_ids": [], "tags": {}}


def test_an_option_that_is_not_given_is_not_wanted():
    assert wanted({"client_ids": None, "tags": None}) == {}
