"""releases.yml: what the ledger says, to people and to programs."""

from __future__ import annotations

import json

import pytest

from tests.e2e.account import Account

HEADINGS = ["release", "outcome", "when", "by", "commit", "image", "what"]


def test_releases_are_listed_as_they_happened_the_newest_first(loop):
    listed = json.loads(loop.account.playbook("releases.yml", "-e", "env=prod", "-e", "output=json"))
    assert [(one["number"], one["outcome"]) for one in listed[::-1]][:2] == [(1, "stopped"), (2, "succeeded")]
    bad, promoted = listed[::-1][:2]
    assert bad["digest"] == loop.bad_image["digest"]
    assert (promoted["digest"], promoted["change"]) == (loop.image["digest"], "promote")
    assert promoted["promoted_from"]["environment"] == "staging"
    lines = loop.account.playbook("releases.yml", "-e", "env=prod").splitlines()
    table = lines[next(place for place, line in enumerate(lines) if line.split() == HEADINGS) + 1 :]
    assert [line.split()[0] for line in table[: len(listed)]] == [f"v{one['number']}" for one in listed]


def test_one_release_tells_its_whole_verdict_also_long_after(loop):
    told = loop.account.playbook("releases.yml", "-e", "env=prod", "-e", "release=v1")
    assert "v1 stopped" in told
    assert "exited with code 3" in told


def test_the_newest_are_listed_up_to_a_limit(account: Account):
    listed = json.loads(account.playbook("releases.yml", "-e", "env=prod", "-e", "limit=1", "-e", "output=json"))
    everything = json.loads(account.playbook("releases.yml", "-e", "env=prod", "-e", "limit=0", "-e", "output=json"))
    assert len(everything) > 1
    assert listed == everything[:1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["env=nowhere"], "There is no environment called nowhere.", id="environment"),
        pytest.param(["env=prod", "release=v4711"], "There is no release v4711 in webapp-prod-releases", id="release"),
        pytest.param(["env=prod", "release=newest"], "release is newest, expected a number", id="no number"),
        pytest.param(["env=prod", "limit=-1"], "limit is -1, expected a number of releases", id="limit"),
        pytest.param(["env=prod", "output=xml"], "must be one of: text, json, got: xml", id="output"),
    ],
)
def test_what_cannot_be_told_is_refused(account: Account, options, said):
    assert said in account.refused("releases.yml", *(word for option in options for word in ("-e", option)))
