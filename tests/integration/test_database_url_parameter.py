import json
import uuid

import pytest

from tests.integration.harness import run_module

GIVEN = {"username": "webapp", "address": "db.example", "database": "webapp"}


@pytest.fixture
def name():
    return f"/webapp/{uuid.uuid4().hex[:8]}/DATABASE_URL"


@pytest.fixture
def url(aws, name):
    def run(check_mode=False, diff=False, **options):
        return run_module("database_url_parameter", aws, check_mode=check_mode, diff=diff, name=name, **options)

    return run


@pytest.fixture
def value(aws, name):
    def read():
        found = aws.client("ssm").get_parameters(Names=[name], WithDecryption=True)["Parameters"]
        return [(one["Type"], one["Value"]) for one in found]

    return read


def test_the_url_is_written_once_and_encrypted(url, value):
    first = url(**GIVEN, password="s3cret", tags={"Name": "DATABASE_URL"})
    second = url(**GIVEN)
    assert first["changed"]
    assert not first["exists"]
    assert not second["changed"]
    assert value() == [("SecureString", "postgres://webapp:s3cret@db.example:5432/webapp?sslmode=require")]


def test_a_new_address_keeps_the_password(url, value):
    url(**GIVEN, password="s3cret")
    moved = url(**GIVEN | {"address": "elsewhere"}, port=6543, diff=True)
    assert moved["changed"]
    assert moved["diff"]["after"] == {"address": "elsewhere", "port": "6543"}
    assert value() == [("SecureString", "postgres://webapp:s3cret@elsewhere:6543/webapp?sslmode=require")]


def test_the_password_is_in_no_answer(url):
    answers = [
        url(**GIVEN, password="s3cret", diff=True),
        url(**GIVEN, password="n3wer", diff=True),
        url(state="query"),
    ]
    assert all(word not in json.dumps(answers) for word in ("s3cret", "n3wer"))


def test_check_mode_writes_nothing(url, value):
    assert url(**GIVEN, password="s3cret", check_mode=True)["changed"]
    assert value() == []


@pytest.mark.parametrize("before", [None, "changeme"])
def test_without_any_password_it_says_what_to_run(url, aws, name, before):
    if before:
        aws.client("ssm").put_parameter(Name=name, Value=before, Type="SecureString")
    answer = url(**GIVEN)
    assert answer["failed"]
    assert "provision.yml" in answer["msg"]


def test_a_query_says_whether_there_is_a_password(url):
    assert not url(state="query")["exists"]
    url(**GIVEN, password="s3cret")
    assert url(state="query")["exists"]
