"""A name for staging, and CloudFront turned on and off under the eyes of visitors."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from examples import demo
from tests.e2e.account import Account, Loop

NAME = "staging.towpath.example"
# What has nothing to do with names, so that each of these runs takes a third of the time.
PROVISION = (
    "provision.yml",
    "-e",
    "env=staging",
    "-e",
    "dns_move_seconds=2",
    "--skip-tags=ci_identity,notifier,bastion,secrets,database,cluster,ledger,app_service,alerts,dashboard",
)
DOMAIN = ("-e", "dns_zone_name=towpath.example")
CDN_OFF = ("-e", "cdn_enabled=false")


def ask(account: Account, host: str) -> tuple[int, bool]:
    """The status that a browser gets over HTTPS, and whether CloudFront gave the answer."""
    headers = {"Host": f"{host}:443", "X-Forwarded-Proto": "https"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{account.url}/", headers=headers), timeout=10) as answer:
            return answer.status, "X-Cache" in answer.headers
    except urllib.error.HTTPError as refused:
        return refused.code, "X-Cache" in refused.headers


class Visitors:
    """They ask all the time, and write down what they get."""

    def __init__(self, account: Account) -> None:
        self.seen: list[tuple[int, bool]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_asking, args=(account,))

    def _keep_asking(self, account: Account) -> None:
        while not self._over.wait(0.1):
            self.seen.append(ask(account, NAME))

    def __enter__(self) -> Visitors:
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture(scope="module")
def named(loop: Loop) -> Iterator[Account]:
    """Staging with a name of its own and no CloudFront; afterwards without a name, as it was."""
    loop.account.playbook(*PROVISION, *DOMAIN, *CDN_OFF)
    yield loop.account
    loop.account.playbook(*PROVISION)


def load_balancer(account: Account) -> str:
    found = account.client("elbv2").describe_load_balancers(Names=["webapp-staging"])["LoadBalancers"]
    return str(found[0]["DNSName"])


def test_the_app_answers_at_its_name_over_https(named: Account):
    assert ask(named, NAME) == (200, False)


def test_no_visitor_notices_that_cloudfront_comes_and_goes(named: Account):
    with Visitors(named) as visitors:
        named.playbook(*PROVISION, *DOMAIN)
    assert {status for status, _ in visitors.seen} == {200}
    assert (visitors.seen[0][1], visitors.seen[-1][1]) == (False, True)
    assert ask(named, load_balancer(named)) == (403, False), "the load balancer answers CloudFront alone"

    assert demo.changes(named.playbook(*PROVISION, *DOMAIN)) == 0

    with Visitors(named) as visitors:
        named.playbook(*PROVISION, *DOMAIN, *CDN_OFF)
    assert {status for status, _ in visitors.seen} == {200}
    assert (visitors.seen[0][1], visitors.seen[-1][1]) == (True, False)
    assert ask(named, load_balancer(named)) == (200, False)


def test_a_name_outside_the_zone_is_refused_before_anything_is_made(account: Account):
    said = account.refused(*PROVISION, *DOMAIN, "-e", '{"dns_names": ["staging.example.com"]}')
    assert (
        "dns_names is staging.example.com, expected at most 10 different names in small letters, each in the zone"
        in said
    )


def test_cloudfront_without_a_name_is_refused_with_what_to_set(account: Account):
    assert "Set dns_zone_name in group_vars/all/dns_zone.yml" in account.refused(*PROVISION, "-e", "cdn_enabled=true")
