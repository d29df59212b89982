"""Where a rollback goes: a table of histories, and random ones against a model."""

import pytest
from ansible.module_utils.towpath.ledger import last_good
from ansible.module_utils.towpath.release_plan import ReleaseRefused
from ansible.module_utils.towpath.way_back import chosen, nothing_else, refuse_breaking, serves_already, way_back
from hypothesis import given, settings
from hypothesis import strategies as st


def an_entry(number, outcome="succeeded", change="deploy", **fields):
    entry = {"number": number, "change": change, "digest": f"sha256:{number}", "task_definition": f"prod:{number}"}
    return entry | ({"outcome": outcome} if outcome else {}) | fields


def back(number, come_from, restores, outcome="succeeded"):
    return an_entry(number, outcome, "rollback", rolled_back_from=come_from, restores=restores)


def history(*entries):
    """The entries as the ledger lists them."""
    return sorted(entries, key=lambda one: one["number"], reverse=True)


def refused(function, *arguments):
    with pytest.raises(ReleaseRefused) as raised:
        function(*arguments)
    return str(raised.value)


@pytest.mark.parametrize(
    ("entries", "pointed", "candidates"),
    [
        pytest.param([an_entry(1), an_entry(2, "rolled_back"), an_entry(3)], 3, [1], id="the last good one"),
        pytest.param(
            [an_entry(1), an_entry(2), an_entry(3, change="secrets", same_as=2)],
            3,
            [1],
            id="changed secrets are no content to go back to",
        ),
        pytest.param(
            [an_entry(1), an_entry(2), an_entry(3, change="secrets")],
            3,
            [2, 1],
            id="written before same_as: the content decides",
        ),
        pytest.param([an_entry(1), an_entry(2), back(3, 2, 1, "stopped")], 2, [1], id="a rollback that failed"),
        pytest.param(
            [an_entry(1), an_entry(2), back(3, 2, 1, "rolled_back"), back(4, 2, 1, "stopped")], 2, [1], id="twice"
        ),
        pytest.param(
            [an_entry(1), an_entry(2), an_entry(3, "stopped", "secrets")], 2, [1], id="failed secrets in between"
        ),
        pytest.param(
            [an_entry(1), an_entry(2), an_entry(3, "rolled_back", "configuration")], 2, [1], id="failed settings"
        ),
        pytest.param([an_entry(1), an_entry(2), an_entry(3, None)], 3, [2, 1], id="from a rollout under way"),
        pytest.param([an_entry(1), an_entry(2), back(3, 2, 1, None)], 3, [1], id="from a rollback under way"),
        pytest.param([an_entry(1), an_entry(2), back(3, 2, 1, None)], 2, [1], id="before its rollout began"),
        pytest.param([an_entry(1), an_entry(2), an_entry(3, "stopped")], None, [2, 1], id="from a change by hand"),
    ],
)
def test_a_rollback_goes_back(entries, pointed, candidates):
    found = way_back("prod", history(*entries), pointed, None, [], False)
    assert [one["number"] for one in found.candidates] == candidates


@pytest.mark.parametrize(
    ("entries", "pointed", "said"),
    [
        pytest.param(
            [an_entry(1), an_entry(2), an_entry(3, "rolled_back")],
            2,
            "ECS rolled v3 back already: prod runs v2. To go further back type: "
            "ansible-playbook rollback.yml -e env=prod -e release=v1",
            id="ECS was faster",
        ),
        pytest.param(
            [an_entry(1), an_entry(2), an_entry(3, "stopped", "promote")],
            2,
            "v3 is stopped and does not serve: prod runs v2. To go further back type:",
            id="its release command failed",
        ),
        pytest.param(
            [an_entry(1), an_entry(2), an_entry(3, None)], 2, "ECS is rolling v3 back: prod runs v2.", id="ECS is at it"
        ),
        pytest.param(
            [an_entry(1), an_entry(2, "rolled_back")], 1, "prod runs v1. No other release was good.", id="nothing more"
        ),
        pytest.param(
            [an_entry(1), an_entry(2), an_entry(3)],
            2,
            "prod runs v2, but the last good release in the ledger is v3: somebody changed the service by hand, "
            "or with an older version of Towpath. Name the release to run: "
            "ansible-playbook rollback.yml -e env=prod -e release=v3. To go further back type: "
            "ansible-playbook rollback.yml -e env=prod -e release=v1",
            id="an older release, by hand",
        ),
    ],
)
def test_where_the_way_back_is_not_clear_it_is_refused_with_what_to_type(entries, pointed, said):
    assert said in refused(way_back, "prod", history(*entries), pointed, None, [], False)


def test_a_rollback_that_was_interrupted_and_has_ended_well_is_what_was_asked_for():
    entries = history(an_entry(1), an_entry(2), back(3, 2, 1))
    said = way_back("prod", entries, 3, None, [3], False).nothing_to_do
    assert said == "The rollback that was interrupted has ended well: v3 serves. No other release was good."


def test_only_other_content_is_gone_back_to():
    found = way_back("prod", history(an_entry(1), an_entry(2), an_entry(3)), 3, None, [], False)
    assert chosen(found, lambda one: one["number"] == 2)["number"] == 1
    assert chosen(found, lambda one: True) is None


def test_no_other_content_is_refused_with_what_to_type():
    said = str(nothing_else("prod", history(an_entry(1), an_entry(2)), 2))
    assert "There is no good release before v2 in prod with other content than what serves" in said
    assert "Good ones are: v1. Name one: ansible-playbook rollback.yml -e env=prod -e release=vN" in said


def test_a_named_release_must_have_succeeded():
    entries = history(an_entry(1), an_entry(2, "rolled_back"), an_entry(3, None), an_entry(4))

    def named(number, force=False):
        return way_back("prod", entries, 4, number, [], force).candidates[0]["number"]

    assert named(1) == 1
    assert "v2 of prod is rolled_back, expected succeeded. Good ones are: v1." in refused(named, 2)
    assert "v3 of prod is not over" in refused(named, 3)
    assert named(2, force=True) == 2
    assert "has no release v9" in refused(named, 9, True)
    assert named(4) == 4
    assert serves_already("prod", entries[0], 4) == "v4 serves in prod already."
    assert serves_already("prod", entries[3], 4) == "v4 serves in prod already, with the content of v1."


@pytest.mark.parametrize(
    ("marked", "target", "serving", "is_refused"),
    [
        pytest.param(3, 2, 3, True, id="the one that serves"),
        pytest.param(2, 1, 3, True, id="one between"),
        pytest.param(2, 2, 3, False, id="the target itself"),
        pytest.param(4, 2, 3, False, id="one that does not serve yet"),
    ],
)
def test_no_way_back_across_migrations_that_are_not_backward_compatible(marked, target, serving, is_refused):
    entries = history(*(an_entry(one, **({"migrations": "breaking"} if one == marked else {})) for one in range(1, 5)))
    if is_refused:
        said = refused(refuse_breaking, "prod", entries, target, serving)
        assert f"Between v{target} and v{serving} lies v{marked}, whose migrations" in said
        assert f"ansible-playbook rollback.yml -e env=prod -e release=v{target} -e force=true" in said
    else:
        refuse_breaking("prod", entries, target, serving)


def test_code_that_ran_after_the_migrations_can_run_again():
    entries = history(an_entry(1), an_entry(2, migrations="breaking"), back(3, 2, 1), an_entry(4))
    refuse_breaking("prod", entries, 1, 4)


STEPS = [
    *("deploy", "deploy again", "secrets", "configuration", "rollback", "rollback", "rollback of a named one"),
    *("by hand", "by hand to an older release"),
]


class World:
    """An environment: what serves, and its ledger. Each release has a content; ``fails`` says how it ended badly."""

    def __init__(self):
        self.entries, self.contents, self.serving, self.pointed = [], {}, None, None

    def release(self, change, content, fails, **fields):
        number = len(self.entries) + 1
        self.contents[number] = content
        if self.pointed and content == self.serving and change != "rollback":
            fields["same_as"] = self.pointed
        self.entries.insert(0, an_entry(number, fails or "succeeded", change, **fields))
        if not fails:
            self.serving, self.pointed = content, number

    def roll_back(self, named, fails):
        """Exit 0 or not, as rollback.yml."""
        try:
            found = way_back("prod", self.entries, self.pointed, named, [], False)
        except ReleaseRefused as error:
            assert (
                "-e release=v" in str(error) or "No other release was good" in str(error) or "Good ones" in str(error)
            )
            return False
        entry = chosen(found, lambda one: self.contents[one["number"]] == self.serving)
        if entry is None:
            return named is not None
        start = {"rolled_back_from": self.pointed} if self.pointed else {}
        self.release("rollback", self.contents[entry["number"]], fails, restores=entry["number"], **start)
        return not fails

    def do(self, step, fails, pick):
        if step == "deploy" or not self.entries:
            self.release("deploy", f"content {len(self.entries)}", fails)
        elif step == "by hand":
            self.serving, self.pointed = f"by hand {len(self.entries)}", None
        elif step == "by hand to an older release":
            self.pointed = 1 + pick % len(self.entries)
            self.serving = self.contents[self.pointed]
        elif step == "configuration":
            self.release("configuration", f"settings {len(self.entries)}", fails)
        elif self.serving in self.contents.values():
            self.release("secrets" if step == "secrets" else "deploy", self.serving, fails)


@settings(max_examples=500)
@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from(["", "", "rolled_back", "stopped"]), st.integers(0, 9)))
)
def test_a_rollback_goes_back_or_says_no_whatever_happened_before(steps):
    """The model: exit 0 and other, good content serves, or nothing changes at all. Named, the one named serves."""
    world = World()
    for step, fails, pick in steps:
        if not step.startswith("rollback") or not world.entries:
            world.do(step, fails, pick)
            continue
        named = 1 + pick % len(world.entries) if step.endswith("named one") else None
        before, good = world.serving, [one for one in world.entries if one.get("outcome") == "succeeded"]
        if not world.roll_back(named, fails):
            assert world.serving == before
        elif named:
            assert world.serving == world.contents[named]
        else:
            assert world.serving != before
            assert world.serving in [world.contents[one["number"]] for one in good]


@given(st.lists(st.sampled_from(["", "rolled_back", "stopped"]), max_size=4), st.integers(1, 3))
def test_a_rollback_that_fails_is_tried_again_with_the_same_end(failures, deploys):
    world = World()
    for _ in range(deploys + 1):
        world.do("deploy", "", 0)
    world.do("secrets", "", 0)
    expected = world.contents[deploys]
    for fails in [*(one for one in failures if one), ""]:
        assert world.roll_back(None, fails) is not fails or not fails
    assert world.serving == expected
    assert last_good(world.entries)["restores"] == deploys
