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
NO_PREVIEW = f"pr-404.{NAME}"
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
NO_PREVIEWS = ("-e", "preview_environment=")


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
    """Staging with a name of its own, no CloudFront and no previews; afterwards without a name, as it was."""
    loop.account.playbook(*PROVISION, *DOMAIN, *CDN_OFF, *NO_PREVIEWS)
    yield loop.account
    loop.account.playbook(*PROVISION)


def load_balancer(account: Account) -> str:
    found = account.client("elbv2").describe_load_balancers(Names=["webapp-staging"])["LoadBalancers"]
    return str(found[0]["DNSName"])


def test_the_app_answers_at_its_name_over_https(named: Account):
    assert ask(named, NAME) == (200, False)
    assert certificate_names(named) == [NAME]


def certificate_names(account: Account) -> list[str]:
    """The names of the certificate that the load balancer shows."""
    elbv2 = account.client("elbv2")
    arn = elbv2.describe_load_balancers(Names=["webapp-staging"])["LoadBalancers"][0]["LoadBalancerArn"]
    [https] = [one for one in elbv2.describe_listeners(LoadBalancerArn=arn)["Listeners"] if one["Port"] == 443]
    shown = account.client("acm").describe_certificate(CertificateArn=https["Certificates"][0]["CertificateArn"])
    return sorted(shown["Certificate"]["SubjectAlternativeNames"])


def test_no_visitor_notices_that_cloudfront_and_the_names_of_previews_come_and_go(named: Account):
    with Visitors(named) as visitors:
        named.playbook(*PROVISION, *DOMAIN)
    assert {status for status, _ in visitors.seen} == {200}
    assert (visitors.seen[0][1], visitors.seen[-1][1]) == (False, True)
    assert ask(named, load_balancer(named)) == (403, False), "the load balancer answers CloudFront alone"
    assert certificate_names(named) == [f"*.{NAME}", NAME]
    assert ask(named, NO_PREVIEW) == (404, True)

    again = named.playbook(*PROVISION, *DOMAIN)
    assert demo.changes(again) == 0, again

    with Visitors(named) as visitors:
        named.playbook(*PROVISION, *DOMAIN, *CDN_OFF)
    assert {status for status, _ in visitors.seen} == {200}
    assert (visitors.seen[0][1], visitors.seen[-1][1]) == (True, False)
    assert ask(named, load_balancer(named)) == (200, False)
    assert ask(named, NO_PREVIEW) == (404, False)

    with Visitors(named) as visitors:
        named.playbook(*PROVISION, *DOMAIN, *CDN_OFF, *NO_PREVIEWS)
    assert {status for status, _ in visitors.seen} == {200}
    assert certificate_names(named) == [NAME]
    assert ask(named, NO_PREVIEW) == (200, False), "no rule is left that turns the name away"


def test_a_name_outside_the_zone_is_refused_before_anything_is_made(account: Account):
    said = account.refused(*PROVISION, *DOMAIN, "-e", '{"dns_names": ["staging.example.com"]}')
    assert (
        "dns_names is staging.example.com, expected at most 9 different names in small letters, each in the zone"
        in said
    )


def test_cloudfront_without_a_name_is_refused_with_what_to_set(account: Account):
    assert "Set dns_zone_name in group_vars/all/dns_zone.yml" in account.refused(*PROVISION, "-e", "cdn_enabled=true")
