"""maintenance.yml: everybody sees the page but those who know the token, and nothing undoes it by accident."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples import demo
from tests.e2e.account import Account, Loop

STAGING = ("-e", "env=staging")


def ask(account: Account, url: str, **headers: str) -> tuple[int, str]:
    """What a visitor of ``url`` gets: status and text."""
    request = urllib.request.Request(account.url, headers=demo.headers_for(demo.host_of(url)) | headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


@pytest.fixture(scope="module")
def begun(loop: Loop) -> Iterator[str]:
    """What is said when maintenance begins in staging; at the end of the module the app answers again."""
    yield loop.account.playbook("maintenance.yml", *STAGING, "-e", "maintenance=true")
    loop.account.playbook("maintenance.yml", *STAGING, "-e", "maintenance=false")


def test_everybody_sees_the_page_and_prod_goes_on(loop: Loop, begun: str):
    status, text = ask(loop.account, loop.results["staging"]["url"])
    assert status == 503
    assert "<h1>Back soon</h1>" in text
    assert ask(loop.account, loop.results["prod"]["url"])[0] == 200


def test_the_line_that_is_printed_leads_past_the_page(loop: Loop, begun: str):
    found = re.search(r"curl -H '([\w-]+): ([0-9a-f]{32})' (\S+)", begun)
    assert found, begun
    header, token, url = found.groups()
    assert ask(loop.account, url, **{header: token})[0] == 200
    assert ask(loop.account, url, **{header: "0" * 32})[0] == 503


def test_a_second_time_and_a_provision_change_nothing(loop: Loop, begun: str):
    again = loop.account.playbook("maintenance.yml", *STAGING, "-e", "maintenance=true")
    assert demo.changes(again) == 0, again
    assert re.search(r"'.*'", again)[0] == re.search(r"'.*'", begun)[0], "the same token"
    provisioned = loop.account.playbook("provision.yml", *STAGING)
    assert demo.changes(provisioned) == 0, provisioned
    assert ask(loop.account, loop.results["staging"]["url"])[0] == 503


def test_another_page_is_shown_at_once_and_one_that_is_too_long_is_not(loop: Loop, begun: str, tmp_path: Path):
    page = tmp_path / "page.txt"
    another = (*STAGING, "-e", "maintenance=true", "-e", f"load_balancer_maintenance_page={page}")
    page.write_text("Back at noon.")
    loop.account.playbook("maintenance.yml", *another)
    assert ask(loop.account, loop.results["staging"]["url"]) == (503, "Back at noon.")
    page.write_text("x" * 1025)
    assert "1025 bytes, expected at most 1024" in loop.account.refused("maintenance.yml", *another)
    assert ask(loop.account, loop.results["staging"]["url"]) == (503, "Back at noon.")


@pytest.mark.parametrize("given", [(), ("-e", "maintenance=on")], ids=["nothing", "another word"])
def test_what_to_type_is_said_to_whoever_does_not_say_it(account: Account, given: tuple[str, ...]):
    said = account.refused("maintenance.yml", *STAGING, *given)
    assert "Run again with -e maintenance=true or -e maintenance=false." in said


def test_the_end_brings_the_app_back(loop: Loop):
    loop.account.playbook("maintenance.yml", *STAGING, "-e", "maintenance=true")
    said = loop.account.playbook("maintenance.yml", *STAGING, "-e", "maintenance=false")
    assert f"staging answers again at {loop.results['staging']['url']}" in said
    assert ask(loop.account, loop.results["staging"]["url"])[0] == 200
