"""The page of the environments, from the same facts as the tables. What a browser makes of it is tested beside."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible.module_utils.towpath.status import compared, not_provisioned, status
from ansible.module_utils.towpath.status_page import page
from ansible.module_utils.towpath.status_words import condition, outcome

from tests.unit.towpath import pages
from tests.unit.towpath.pages import BAD_DAY, CASES, FIRST_DAY, GOOD_DAY, VERDICT, entry, facts, looks


class Read(HTMLParser):
    """The elements of a page, each with the names of its attributes, its links and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, list[str]]] = []
        self.references: list[str] = []
        self.said: list[str] = []
        self.feed(text)
        self.text = " ".join(" ".join(self.said).split())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, sorted(name for name, _ in attributes)))
        self.references += [value for name, value in attributes if name in ("src", "href", "action", "data")]

    def handle_data(self, data):
        if self.lasttag != "style":
            self.said.append(data)


def text_of(*statuses: dict[str, Any], **changes: Any) -> str:
    return Read(page(facts(*statuses, **changes))).text


def staging(**changes: Any) -> dict[str, Any]:
    return status("staging", looks("staging", 7, "6b65b39", **changes))


def prod(sha: str = "866bbde", **changes: Any) -> dict[str, Any]:
    return status("prod", looks("prod", 5, sha, **changes))


def tasks(desired: int, running: int) -> dict[str, Any]:
    return {"service": looks("staging", 7, "6b65b39").service | {"desiredCount": desired, "runningCount": running}}


GOOD = {"number": 7, "outcome": "succeeded", "started_at": "2026-01-01T12:00:00+00:00"}
BY_HAND = status("staging", looks("staging", 0, "6b65b39", entries=[GOOD]))


@pytest.mark.parametrize(
    ("one", "kind", "words"),
    [
        pytest.param(staging(), "good", "Healthy", id="well"),
        pytest.param(not_provisioned("demo"), "neutral", "Not provisioned", id="not there"),
        pytest.param(status("demo", looks("demo", 0, "866bbde")), "neutral", "No release yet", id="no release"),
        pytest.param(BY_HAND, "warning", "Serves no release", id="rolled out by hand"),
        pytest.param(staging(alarms=["a", "b"], maintenance=True), "bad", "2 alarms", id="alarms"),
        pytest.param(staging(alarms=["a"]), "bad", "1 alarm", id="an alarm"),
        pytest.param(staging(**tasks(3, 2)), "bad", "2 of 3 tasks run", id="a task is missing"),
        pytest.param(staging(targets=[]), "bad", "0 of 2 tasks healthy", id="sick"),
        pytest.param(staging(targets=None, unknown=["the health"]), "warning", "Not all is known", id="may not look"),
        pytest.param(staging(**tasks(0, 0)), "warning", "Stopped", id="stopped"),
        pytest.param(staging(**tasks(2, 1), under_way="A deploy"), "busy", "Release under way", id="tasks change"),
        pytest.param(staging(maintenance=True), "warning", "In maintenance", id="maintenance"),
        pytest.param(staging(settings={"maximum_percent": 1}), "warning", "Changed by hand", id="drift"),
    ],
)
def test_how_an_environment_is_has_a_word(one, kind, words):
    assert condition(one) == (kind, words)


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        ({"outcome": "succeeded"}, "good", "Succeeded"),
        ({"outcome": "rolled_back"}, "bad", "Rolled back"),
        ({"outcome": "stopped"}, "bad", "Stopped"),
        ({"outcome": "superseded"}, "warning", "Superseded"),
        ({"outcome": "timed_out"}, "warning", "Timed out"),
        ({"outcome": None}, "warning", "Not over"),
        ({"outcome": None, "under_way": True}, "busy", "Under way"),
    ],
)
def test_how_a_release_ended_has_a_word(fields, kind, words):
    assert outcome(entry(7, **fields)) == (kind, words)


NEWER = ["6b65b39 Notes can be searched"]


@pytest.mark.parametrize(
    ("statuses", "commits", "words"),
    [
        pytest.param(
            [staging(), prod()],
            {"ahead": 1, "behind": 0, "titles": NEWER},
            f"1 commit ahead A promote would bring it to prod. {NEWER[0]}",
            id="ahead",
        ),
        pytest.param(
            [staging(), prod()],
            {"ahead": 12, "behind": 1, "titles": NEWER * 10},
            "12 commits ahead A promote would bring them to prod, and take back 1 commit that staging lacks. ",
            id="both ways",
        ),
        pytest.param([staging(), prod()], {"ahead": 12, "behind": 0, "titles": NEWER * 10}, "and 2 more", id="many"),
        pytest.param(
            [staging(), prod()],
            {"ahead": 0, "behind": 2, "titles": NEWER},
            "2 commits behind prod has what staging lacks; a promote would take it back.",
            id="behind",
        ),
        pytest.param([staging(), prod("6b65b39")], {}, "Same image A promote would bring prod nothing new.", id="same"),
        pytest.param(
            [staging(), prod()], {}, "Another image What lies between the two is not known here.", id="no checkout"
        ),
        pytest.param(
            [staging(), not_provisioned("prod")],
            {},
            "First release A promote would bring v7 of staging to prod.",
            id="first",
        ),
        pytest.param(
            [not_provisioned("staging"), prod()], {}, "Nothing to promote staging serves no release.", id="nothing"
        ),
    ],
)
def test_between_two_environments_stands_what_a_promote_would_bring(statuses, commits, words):
    assert words in text_of(*statuses, commits=commits)


def test_one_environment_alone_and_a_third_stand_without_an_arrow():
    assert "promote" not in text_of(prod())
    assert page(GOOD_DAY).count('<li class="between">') == 1
    shown = page(facts(staging(), prod(), not_provisioned("demo")))
    assert shown.index('<li class="between">') < shown.index('<ol class="cards">') < shown.index("<h3>demo</h3>")


def test_an_environment_that_serves_nothing_says_what_to_type():
    told = text_of(*FIRST_DAY.statuses)
    assert "ansible-playbook deploy.yml -e env=staging" in told
    assert "ansible-playbook provision.yml -e env=prod" in told
    assert "The last good one was v7. Type ansible-playbook rollback.yml -e env=staging" in text_of(BY_HAND)


def test_a_card_tells_what_the_table_tells():
    told = text_of(staging(entries=[entry(8, outcome="rolled_back"), entry(7)], alarms=["a"], maintenance=True))
    for fact in (
        "v7 6b65b39 Notes can be searched",
        "Image 81dce4e74fe1",
        "Released 2026-11-17 14:02 by jane",
        "Tasks 2 of 2 run, 2 healthy",
        "Last release Rolled back v8 2026-11-18 14:02 in 41 s",
        "Alarms 1 in ALARM",
        "Database postgres 16.4, available",
        "Maintenance visitors see the page that says so",
        "URL https://staging.example.com/",
    ):
        assert fact in told


def test_links_lead_to_the_app_and_into_the_console_and_nowhere_else():
    shown = Read(page(BAD_DAY))
    assert {url.split("/")[2] for url in shown.references if url.startswith("http")} == {
        "staging.example.com",
        "prod.example.com",
        "us-east-1.console.aws.amazon.com",
    }
    # What the page itself is made of: nothing to load.
    assert {url for url in shown.references if not url.startswith("http")} == {"data:,", "#pipeline", "#looks"}
    assert "url(" not in page(BAD_DAY)


def test_a_url_that_is_not_of_the_web_is_text():
    one = staging() | {"url": "javascript:alert(1)"}
    shown = Read(page(facts(one)))
    assert "javascript:alert(1)" not in shown.references
    assert "javascript:alert(1)" in shown.text


def test_what_needs_a_look_is_told_with_its_cause_and_what_to_do():
    one = staging(
        alarms=["webapp-staging-5xx"],
        unknown=["the database. Denied."],
        under_way="A deploy by jane.",
        settings={"maximum_percent": 150},
    )
    told = text_of(one, releases={"staging": [entry(8, outcome="rolled_back", verdict=VERDICT)]})
    assert "staging needs a look." in told
    for words in (
        "In ALARM webapp-staging-5xx",
        "Not known the database. Denied.",
        "Under way A deploy by jane.",
        f"v8 rolled back {VERDICT['summary']} {VERDICT['reason']} stop code EssentialContainerExited, exit code 3 log:",
        "Changed by hand in staging; ansible-playbook provision.yml -e env=staging puts it right",
        "service.maximum_percent 150 200",
    ):
        assert words in told


def test_a_failed_release_that_is_followed_by_a_good_one_needs_no_look_but_keeps_its_verdict():
    told = text_of(staging(), releases={"staging": [entry(8), entry(7, outcome="stopped", verdict=VERDICT)]})
    assert "staging is healthy." in told
    assert "Nothing No alarm, no failed release, nothing changed by hand." in told
    assert f"Why v7 stopped {VERDICT['summary']}" in told


def test_the_release_that_serves_is_marked_and_what_made_each_is_told():
    told = Read(page(GOOD_DAY)).text
    assert "v7 serves Succeeded Deploy: Notes can be searched 6b65b39 81dce4e74fe1 jane 2026-11-17 14:01 41 s" in told
    assert "v5 serves Succeeded Promote of staging v6: A note may be empty" in told
    assert "v4 Succeeded Rollback from v3 to v2: The search was slow" in told


def test_an_environments_name_keeps_its_capitals():
    told = text_of(staging(), releases={"staging": [entry(8, promoted_from={"environment": "QA", "release": 3})]})
    assert "Deploy of QA v3: Notes can be searched" in told


def test_while_tasks_are_replaced_their_number_needs_no_look():
    told = text_of(staging(**tasks(2, 1), under_way="A deploy by jane."))
    assert "Under way A deploy by jane." in told
    assert "1 of 2 tasks run" not in told


def test_older_releases_are_folded():
    shown = page(facts(staging(), releases={"staging": [entry(number) for number in range(12, 0, -1)]}))
    newest, older = shown.split("<summary>4 older releases</summary>")
    assert newest.count('<td role="cell" class="what">') == 8
    assert older.count('<td role="cell" class="what">') == 4


def test_costs_are_added_up_for_what_is_there():
    told = text_of(staging(), not_provisioned("prod"))
    assert "About $97 a month for staging. List prices of us-east-1, 2026-03" in told
    assert "$97 a month, once it is provisioned" in told
    assert "NAT gateways 2 65.70" in told
    assert "network_nat_gateways: one saves $33" in told


def test_costs_stand_in_the_order_of_the_environments():
    told = text_of(staging(), prod(), costs=[pages.costs("prod"), pages.costs("staging")])
    assert "About $194 a month for staging and prod." in told
    assert told.index("What staging pays for") < told.index("What prod pays for")


def test_without_costs_there_is_no_word_of_them():
    assert "month" not in text_of(staging(), costs=[])


def test_the_time_at_which_it_was_made_is_told():
    assert "As of 2026-11-23 18:05 UTC" in Read(page(GOOD_DAY)).text
    assert '<time datetime="2026-11-23T18:05:09+00:00">' in page(GOOD_DAY)


HOSTILE = """"><script>alert('1')</script><img src=x onerror=alert(1)>&amp;{app}{0.__class__}"""
FREE_TEXTS = (
    *("commit_title", "by", "reason", "summary", "advice", "evidence", "alarms", "unknown", "under_way", "titles"),
    *("path", "made", "found", "engine", "version", "status", "promoted_from", "app", "what", "setting", "release"),
    *("git_sha", "digest", "prices_date", "url", "change"),
)


def replaced(node: Any, by: str, free: bool = False) -> Any:
    """A copy with ``by`` for every text that somebody else may have written."""
    if isinstance(node, dict):
        return {name: replaced(value, by, name in FREE_TEXTS) for name, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [replaced(value, by, free) for value in node]
    return by if free and isinstance(node, str) else node


@pytest.mark.parametrize("name", CASES)
def test_what_others_wrote_is_text_and_nothing_else(name):
    def shown(text: str) -> Read:
        return Read(page(pages.Facts(**replaced(CASES[name]._asdict(), text))))

    assert shown(HOSTILE).elements == shown("harmless").elements
    assert HOSTILE in shown(HOSTILE).text


def test_nothing_may_run_and_nothing_may_be_loaded_but_the_style_that_is_there():
    shown = page(GOOD_DAY)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', shown)[1].replace("&#39;", "'")
    style = re.search(r"<style>(.*)</style>", shown, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "<script" not in shown
    assert " style=" not in shown


def test_the_same_facts_make_the_same_page():
    assert page(GOOD_DAY) == page(GOOD_DAY)


def test_settings_that_differ_are_folded_below_what_a_promote_brings():
    one, other = staging(), prod()
    assert compared(one, other)["settings"] == {"different": ["LOG"]}
    assert "Settings and sizes differ, too settings different: LOG" in text_of(one, other)


def test_the_page_says_none_of_nothing_that_is_not_known():
    unseen = dict.fromkeys(("targets", "entries", "alarms", "database", "maintenance"))
    told = text_of(staging(**unseen, unknown=["all of it. Denied."]), releases={"staging": []})
    for words in (
        "2 of 2 run, not known healthy",
        "Last release not known",
        "Alarms not known",
        "Database not known",
        "Maintenance not known",
        "What was released is not known.",
    ):
        assert words in told
    assert "none" not in told
