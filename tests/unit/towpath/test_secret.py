from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible.module_utils.towpath import secret

PATH = "/webapp/prod"
AT = datetime(2026, 1, 31, 12, 5, tzinfo=UTC)


def parameter(name, path=PATH, **changes):
    return {
        "Name": f"{path}/{name}" if path else name,
        "Type": "SecureString",
        "Version": 2,
        "LastModifiedDate": AT,
        "LastModifiedUser": "arn:aws:iam::123456789012:user/erika",
        "KeyId": "alias/aws/ssm",
    } | changes


def definition(**value_from):
    secrets = [{"name": name, "valueFrom": value} for name, value in value_from.items()]
    return {"containerDefinitions": [{"name": "app", "secrets": secrets}]}


def seen(parameters=(), definitions=(), **wanted):
    return {one.name: one for one in secret.overview(PATH, parameters, definitions, wanted)}


@pytest.mark.parametrize(
    ("given", "state", "wanted_by", "readers"),
    [
        pytest.param({}, None, None, None, id="neither there nor wanted"),
        pytest.param({"parameters": [parameter("KEY")]}, "unused", "", (), id="there, and nobody wants it"),
        pytest.param({"secrets_required": ["KEY"]}, "missing", "secrets_required", (), id="required"),
        pytest.param({"secrets_generated": ["KEY"]}, "missing", "secrets_generated", (), id="made up"),
        pytest.param(
            {"definitions": [definition(KEY="/webapp/prod/KEY")]},
            "missing",
            "the service",
            ("app",),
            id="named by the service",
        ),
        pytest.param(
            {"parameters": [parameter("KEY")], "definitions": [definition(KEY="/webapp/prod/KEY")]},
            "used",
            "the service",
            ("app",),
            id="there, and the app gets it",
        ),
        pytest.param(
            {
                "parameters": [parameter("KEY")],
                "definitions": [definition(KEY="/webapp/prod/KEY")],
                "secrets_generated": ["KEY"],
                "app_service_secrets": ["KEY"],
            },
            "used",
            "secrets_generated",
            ("app",),
            id="what is named first counts most",
        ),
    ],
)
def test_what_is_known_of_a_secret(given, state, wanted_by, readers):
    found = seen(**given).get("KEY")
    assert (found and (found.state, found.wanted_by, found.readers)) == (state and (state, wanted_by, readers))


def test_a_secret_that_the_app_knows_by_another_name_is_listed_by_the_name_of_its_parameter():
    found = seen([parameter("KEY")], [definition(API_KEY="/webapp/prod/KEY")])
    assert list(found) == ["KEY"]
    assert found["KEY"].readers == ("app",)


def test_a_secret_from_elsewhere_is_listed_by_the_apps_name_for_it():
    found = seen([parameter("shared-key", path="")], [definition(API_KEY="shared-key")])
    assert (found["API_KEY"].parameter, found["API_KEY"].version) == ("shared-key", 2)


def test_a_revision_that_is_to_serve_next_counts_too():
    found = seen([], [definition(OLD="/webapp/prod/OLD"), definition(NEW="/webapp/prod/NEW")])
    assert [one.readers for one in found.values()] == [("app",), ("app",)]


def test_the_table_says_who_gets_what_and_what_to_type():
    found = secret.overview(
        PATH,
        [parameter("KEY"), parameter("OLD", Type="String")],
        [definition(KEY="/webapp/prod/KEY")],
        {"secrets_generated": ["SEED"], "secrets_required": ["KEY", "STRIPE"]},
    )
    assert secret.lines("prod", found) == [
        "name    version  changed           by          read by",
        "KEY     2        2026-01-31 12:05  user/erika  app",
        "OLD     2        2026-01-31 12:05  user/erika  nobody: unused",
        "SEED    missing                                named in secrets_generated",
        "STRIPE  missing                                named in secrets_required",
        "OLD is unused: ansible-playbook secrets.yml -e env=prod -e unset=OLD deletes it.",
        "OLD is not encrypted: ansible-playbook secrets.yml -e env=prod -e set=OLD encrypts it.",
        "SEED is missing: ansible-playbook provision.yml -e env=prod makes it up.",
        "STRIPE is missing: ansible-playbook secrets.yml -e env=prod -e set=STRIPE asks for it.",
    ]


def test_an_environment_without_secrets_says_so():
    assert secret.lines("prod", []) == ["prod has no secrets."]
