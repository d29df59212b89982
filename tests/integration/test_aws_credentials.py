"""A command whose shell has no good credentials says in a sentence what is wrong and what to type, and does no more."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.integration.harness import ROOT

CONFIG = """
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/deployer
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile process]
credential_process = sh -c "echo the vault is sealed >&2; exit 3"
[profile tool]
credential_process = /no/such/tool
[profile sso]
sso_session = us
sso_account_id = 123456789012
sso_role_name = deployer
[sso-session us]
sso_region = us-east-1
sso_start_url = https://example.awsapps.com/start
[profile old-sso]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = deployer
[profile login]
login_session = arn:aws:iam::123456789012:user/me
[profile token]
role_arn = arn:aws:iam::123456789012:role/deployer
web_identity_token_file = /no/such/file
"""
BASE = "[base]\naws_access_key_id = a\naws_secret_access_key = b\n"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "0123456789"}


@pytest.fixture
def says(tmp_path):
    """Run a command in a shell that has these variables alone, and return what it says in one line."""
    (tmp_path / ".aws").mkdir()

    def run(playbook="status.yml", *arguments, config=CONFIG, **shell):
        (tmp_path / ".aws/config").write_text(config)
        (tmp_path / ".aws/credentials").write_text(BASE)
        own = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_"))}
        nowhere = {
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
        }
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", playbook, "-e", "env=staging", *arguments],
            cwd=ROOT,
            env=own | nowhere | {"HOME": str(tmp_path), "COLUMNS": "1000"} | shell,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "aws-staging" not in done.stdout, "a play of an environment has begun"
        return " ".join((done.stdout + done.stderr).split())

    return run


@pytest.mark.parametrize(
    ("shell", "wrong", "advice"),
    [
        pytest.param(
            {"AWS_PROFILE": "mfa"},
            "The AWS profile mfa asks for an MFA code (mfa_serial), and a module of Ansible has no terminal to ask on.",
            'eval "$(aws configure export-credentials --profile mfa --format env)"',
            id="mfa",
        ),
        pytest.param(
            {"AWS_PROFILE": "process"},
            "process cannot be read: Error when retrieving credentials from custom-process: the vault is sealed.",
            "Run the credential_process of the profile process by itself",
            id="process",
        ),
        pytest.param(
            {"AWS_PROFILE": "tool"}, "No such file or directory: '/no/such/tool'", "Run the credential", id="tool"
        ),
        pytest.param(
            {"AWS_PROFILE": "sso"},
            "The profile sso has no login that still holds.",
            "Type aws sso login --profile sso.",
            id="sso",
        ),
        pytest.param(
            {"AWS_PROFILE": "old-sso"},
            "The profile old-sso has no",
            "Type aws sso login --profile old-sso.",
            id="old_sso",
        ),
        pytest.param(
            {"AWS_PROFILE": "login"}, "which Python needs botocore[crt] for.", "--profile login", id="login_without_crt"
        ),
        pytest.param(
            {"AWS_PROFILE": "token"}, "profile token cannot be read: [Errno 2]", "unset AWS_PROFILE and", id="no_token"
        ),
        pytest.param(
            {"AWS_PROFILE": "gone"}, "There is no AWS profile gone", "Type export AWS_PROFILE=NAME", id="no_profile"
        ),
        pytest.param({}, "This shell has no AWS credentials.", "Type aws sso login --profile NAME", id="none"),
        pytest.param(
            {"AWS_ACCESS_KEY_ID": "a"}, "AWS_SECRET_ACCESS_KEY is missing.", "Take new keys and export", id="half"
        ),
        pytest.param(
            KEYS | {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE\n"},
            "The access key in AWS_ACCESS_KEY_ID has a line end at its end",
            "Set it again without.",
            id="newline",
        ),
        pytest.param(
            KEYS | {"AWS_PROFILE": "base"},
            "profile base in AWS_PROFILE and keys in",
            "Type unset AWS_PROFILE",
            id="both",
        ),
    ],
)
def test_what_is_wrong_with_the_credentials_is_a_sentence_with_what_to_type(says, shell, wrong, advice):
    said = says(**shell)
    assert wrong in said
    assert advice in said


def test_a_file_that_nobody_can_read_is_named(says):
    assert "Unable to parse config file" in says(config="rubbish", AWS_PROFILE="base")


@pytest.mark.parametrize(
    "playbook", sorted(path.name for path in ROOT.glob("*.yml") if path.name != "requirements.yml")
)
def test_every_command_says_so(says, playbook):
    assert "The AWS profile mfa asks for an MFA code" in says(playbook, "-e", "from=prod", AWS_PROFILE="mfa")
