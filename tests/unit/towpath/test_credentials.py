"""What is wrong with a shell's credentials, in a sentence, and what to type."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath import credentials
from ansible.module_utils.towpath.credentials import Source

PROFILES = {
    "base": {"aws_access_key_id": "a"},
    "mfa": {"role_arn": "r", "source_profile": "base", "mfa_serial": "m"},
    "above-mfa": {"role_arn": "r", "source_profile": "mfa"},
    "sso": {"sso_session": "s"},
    "role-by-sso": {"role_arn": "r", "source_profile": "sso"},
    "login": {"login_session": "l"},
    "process": {"credential_process": "vault"},
    "round": {"role_arn": "r", "source_profile": "round"},
    "no-role": {"mfa_serial": "m"},
}


def a_shell(profile="", keys=False):
    return Source(profile, keys, PROFILES)


@pytest.mark.parametrize(
    ("of", "wrong", "advice"),
    [
        pytest.param(a_shell("base", keys=True), "expected one of them.", "Type unset AWS_PROFILE; or", id="both"),
        pytest.param(a_shell("gone"), "There is no AWS profile gone", "export AWS_PROFILE=NAME", id="no_such_profile"),
        pytest.param(Source("gone", False, {}), "and no other profile is there", "configure sso", id="no_profile"),
        pytest.param(a_shell("mfa"), "The AWS profile mfa asks for an MFA code", "export-credentials", id="mfa"),
        pytest.param(a_shell("above-mfa"), "The AWS profile mfa asks", "--profile above-mfa", id="mfa_below"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked_for(of, wrong, advice):
    told = credentials.refusal(of)
    assert wrong in told
    assert advice in told


@pytest.mark.parametrize(
    "of",
    [a_shell(), a_shell(keys=True), *(a_shell(name) for name in ("base", "sso", "role-by-sso", "round", "no-role"))],
)
def test_what_may_be_right_is_not_refused(of):
    assert credentials.refusal(of) == ""


@pytest.mark.parametrize(
    ("of", "code", "message", "told"),
    [
        pytest.param(a_shell(), "NoCredentialsError", "", "This shell has no AWS credentials. Type aws sso", id="none"),
        pytest.param(
            a_shell(keys=True),
            "PartialCredentialsError",
            "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY",
            "This shell has half of its AWS credentials, AWS_SECRET_ACCESS_KEY is missing. Take new keys",
            id="half",
        ),
        pytest.param(
            a_shell("sso"),
            "SSOTokenLoadError",
            "",
            "The profile sso has no login that still holds. Type aws sso login --profile sso.",
            id="sso",
        ),
        pytest.param(
            a_shell("role-by-sso"), "UnauthorizedSSOTokenError", "", "Type aws sso login --profile", id="role_by_sso"
        ),
        pytest.param(a_shell("login"), "LoginRefreshRequired", "", "Type aws login --profile login.", id="login"),
        pytest.param(
            a_shell("login"), "MissingDependencyException", "", 'pip install "botocore[crt]"', id="login_without_crt"
        ),
        pytest.param(
            a_shell("process"),
            "CredentialRetrievalError",
            "Error from custom-process: vault is sealed",
            "cannot be read: Error from custom-process: vault is sealed. Run the credential_process of the profile",
            id="process",
        ),
        pytest.param(
            a_shell("base"), "EOFError", "", "of the profile base cannot be read: EOFError. Look", id="silent"
        ),
        pytest.param(
            a_shell("round"), "AccessDenied", "may not", "AWS gives no credentials for the profile round", id="denied"
        ),
        pytest.param(a_shell(), "EndpointConnectionError", "x", "AWS does not answer: x. Look at the", id="no_network"),
    ],
)
def test_why_there_are_none_is_said_with_what_to_type(of, code, message, told):
    assert told in credentials.trouble(code, message, of)


@pytest.mark.parametrize("part", ["access_key", "secret_key", "token"])
@pytest.mark.parametrize(
    ("value", "what"),
    [("abc\n", "a line end at its end"), ("abc\r\n", "a line end at its end"), (" abc", "a space"), ("aäc", "a space")],
)
def test_a_credential_that_was_pasted_badly_is_named(part, value, what):
    told = credentials.unreadable({"access_key": "a", part: value}, a_shell(keys=True))
    assert what in told
    assert {"access_key": "AWS_ACCESS_KEY_ID", "secret_key": "AWS_SECRET_ACCESS_KEY"}.get(
        part, "AWS_SESSION_TOKEN"
    ) in told
    assert value not in told
    assert "of the profile base" in credentials.unreadable({part: value}, a_shell("base"))


def test_a_credential_of_letters_and_signs_is_left_alone():
    assert credentials.unreadable({"access_key": "AKIA", "secret_key": "a/b+c=", "token": None}, a_shell()) == ""


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        pytest.param(
            "UnauthorizedOperation",
            "You are not authorized. User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: "
            "ec2:DescribeVpcs because no identity-based policy allows the ec2:DescribeVpcs action",
            "assumed-role/ci/x may not ec2:DescribeVpcs, which this needs. Allow that action in a policy of theirs",
            id="action",
        ),
        pytest.param("AccessDenied", "No.", "These credentials may not DescribeVpcs, which this needs.", id="terse"),
        pytest.param("AccessDenied", "with an explicit deny in a", "let whoever runs the account lift that", id="deny"),
        pytest.param("ExpiredToken", "", "The AWS credentials of this shell have expired. Take new keys", id="expired"),
        pytest.param("AuthFailure", "", "AWS does not know the credentials of this shell. Take new keys", id="unknown"),
    ],
)
def test_a_refusal_for_who_asked_says_what_to_do(code, message, told):
    assert told in credentials.advice(code, message, "DescribeVpcs", a_shell(keys=True))


def test_any_other_failure_needs_no_advice_on_credentials():
    assert credentials.advice("Throttling", "Rate exceeded", "DescribeVpcs", a_shell()) == ""


def test_the_variables_of_the_shell_name_the_source():
    assert credentials.source({"AWS_DEFAULT_PROFILE": "sso"}, PROFILES) == a_shell("sso")
    assert credentials.source({"AWS_ACCESS_KEY_ID": "a"}, PROFILES) == a_shell(keys=True)
