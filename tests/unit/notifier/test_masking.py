"""What of a line of the log is blotted out before anybody else sees it."""

from __future__ import annotations

import time

import pytest

from notifier.masking import masked


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param("postgres://app:hunter2@db:5432/app", "postgres://app:***@db:5432/app", id="password in a URL"),
        pytest.param("redis://:hunter2@cache", "redis://:***@cache", id="password without a user"),
        pytest.param("Authorization: Bearer abc.def-123_456", "Authorization: Bearer ***", id="bearer"),
        pytest.param("authorization: Basic dXNlcjpodW50ZXIy", "authorization: Basic ***", id="basic"),
        pytest.param('{"Authorization": "Bearer abcdefgh"}', '{"Authorization": "Bearer ***"}', id="bearer in JSON"),
        pytest.param("password=hunter2 user=app", "password=*** user=app", id="password"),
        pytest.param("PASSWORD: 'hunter 2', user", "PASSWORD: ***, user", id="quoted password"),
        pytest.param('{"db_password": "a\\"b c", "user": "x"}', '{"db_password": ***, "user": "x"}', id="in JSON"),
        pytest.param(r'"{\"token\":\"abc def\",\"a\":1}"', r'"{\"token\":***,\"a\":1}"', id="in JSON in JSON"),
        pytest.param("SECRET_KEY_BASE=abc&next=1", "SECRET_KEY_BASE=***&next=1", id="secret in a longer name"),
        pytest.param("api_key=abc apikey=def api-key: ghi", "api_key=*** apikey=*** api-key: ***", id="API keys"),
        pytest.param("secretKey => abc, accessToken=def", "secretKey => ***, accessToken=***", id="camel case"),
        pytest.param("password='cut off in the mid", "password=***", id="a quote that is not closed"),
        pytest.param("key AKIAIOSFODNN7EXAMPLE", "key ***", id="AWS access key"),
        pytest.param("ASIAIOSFODNN7EXAMPLE,", "***,", id="AWS session's access key"),
        pytest.param("as wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY.", "as ***.", id="AWS secret key"),
        pytest.param("key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "key=***", id="AWS secret key of another name"),
        pytest.param("xoxb-123456789012-abcdefGHIJ", "***", id="Slack's bot token"),
        pytest.param("xapp-1-A111-222-abc", "***", id="Slack's app token"),
        pytest.param(
            "to https://hooks.slack.com/services/T00/B00/XXXX failed",
            "to https://hooks.slack.com/*** failed",
            id="Slack's webhook",
        ),
        pytest.param(
            "https://hooks.slack-gov.com/services/T0/B0/X", "https://hooks.slack-gov.com/***", id="GovSlack's"
        ),
        pytest.param("ghp_abcdefghijklmnopqrstuvwxyz0123456789", "***", id="GitHub's token"),
        pytest.param("github_pat_11ABCDEFG0abcdefghij_klmnop", "***", id="GitHub's fine-grained token"),
        pytest.param("got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc_DEF-1 !", "got *** !", id="JSON Web Token"),
        pytest.param(
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY----- after",
            "*** after",
            id="private key",
        ),
        pytest.param("-----BEGIN PRIVATE KEY----- MIIEabc", "***", id="private key that is cut off"),
    ],
)
def test_what_looks_like_a_secret_is_blotted_out(line, shown):
    assert masked(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "ERROR password authentication failed for user app",
        "GET /tokens/4f2c9d1 200 12 ms",
        "released 4f2c9d1a0b3e5f6a7b8c9d0e1f2a3b4c5d6e7f80",
        "sha256:9c1185a5c5e9fc54612808977ee8f548b2258d31aaaaaaaaaaaaaaaaaaaaaaaa",
        "https://example.com:8080/a@b",
        "/usr/local/lib/python3.12/site-packages/App/views2.py",
        "Bearer token missing",
    ],
)
def test_what_tells_what_is_wrong_stays(line):
    assert masked(line) == line


@pytest.mark.parametrize(
    "line", ["a" * 5000, "token" * 1000, "://" * 1700, "password_" * 550, '\\"' * 2500, "eyJaaaaaa." * 500]
)
def test_a_long_line_is_looked_through_at_once(line):
    begun = time.process_time()
    masked(line)
    assert time.process_time() - begun < 0.5
