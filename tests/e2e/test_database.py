"""A database's data goes through a snapshot, into a new instance, and from there to the app."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from examples import demo
from local_aws import base_image
from tests.e2e.account import Account, Loop

PARAMETER = "/webapp/staging/DATABASE_URL"


@pytest.fixture
def sql(account: Account) -> Callable[[str], str]:
    """Ask the database as the app does: with the URL that is kept for it, from a container."""

    def ask(statement: str) -> str:
        ssm = account.client("ssm")
        url = ssm.get_parameter(Name=PARAMETER, WithDecryption=True)["Parameter"]["Value"]
        words = ["docker", "run", "--rm", "--entrypoint", "psql", base_image.POSTGRES, url, "-tA", "-c", statement]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()

    return ask


def test_a_snapshot_is_restored_beside_the_database_and_serves_after_a_switch(
    account: Account, loop: Loop, sql: Callable[[str], str]
):
    database, rds = ("database.yml", "-e", "env=staging"), account.client("rds")
    sql("create table words (word text); insert into words values ('good')")
    account.playbook(*database, "-e", "snapshot=good-day")
    sql("update words set word = 'bad'")

    restored = account.playbook(*database, "-e", "restore=good-day")
    assert "webapp-staging-restored-good-day has the data of good-day" in restored
    assert sql("select word from words") == "bad", "a restore touches nothing that serves"

    assert "-e yes=true" in account.refused(*database, "-e", "switch=webapp-staging-restored-good-day")
    assert sql("select word from words") == "bad", "a refusal touches nothing"
    said = account.playbook(*database, "-e", "switch=webapp-staging-restored-good-day", "-e", "yes=true")
    assert sql("select word from words") == "good"
    for line in ("restart.yml -e env=staging", "provision.yml -e env=staging"):
        assert line in said
    retired = [
        one["DBInstanceIdentifier"]
        for one in rds.describe_db_instances()["DBInstances"]
        if "-until-" in one["DBInstanceIdentifier"]
    ]
    assert len(retired) == 1
    assert retired[0] in account.playbook(*database)
    rds.delete_db_instance(DBInstanceIdentifier=retired[0], SkipFinalSnapshot=True)

    account.playbook("restart.yml", "-e", "env=staging")
    assert "of the restored one" in demo.write_note(
        demo.host_of(loop.results["staging"]["url"]), account.url, "of the restored one"
    )
    account.playbook("provision.yml", "-e", "env=staging")


@pytest.mark.parametrize(
    ("order", "says"),
    [
        pytest.param(["restore=no-such"], "Found no complete snapshot no-such", id="a snapshot that is not there"),
        pytest.param(["switch=no-such"], "no-such is no available instance", id="an instance that is not there"),
        pytest.param(["switch=webapp-staging"], "no available instance beside", id="the one that serves"),
        pytest.param(["snapshot=a", "restore=b"], "Give one of", id="two things at once"),
    ],
)
def test_what_cannot_be_meant_is_refused(account: Account, order: list[str], says: str):
    extra = [word for one in order for word in ("-e", one)]
    assert says in account.refused("database.yml", "-e", "env=staging", *extra)
