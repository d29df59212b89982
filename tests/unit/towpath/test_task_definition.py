import copy
import random

import pytest
from ansible.module_utils.towpath.differences import Difference, sentence
from ansible.module_utils.towpath.task_definition import (
    TASK,
    diff_lines,
    differences,
    images_of,
    with_images,
    without_secrets,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.towpath import register_task_definition as api

FULL = api.example()


def changed(definition, at, change):
    """A copy with another value, or none, at one place."""
    other = copy.deepcopy(definition)
    *way, last = at
    place = other
    for step in way:
        place = place[step]
    if change is None:
        del place[last]
    else:
        place[last] = change(place[last])
    return other


def another(value):
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else f"{value}x"


def names(before, after):
    return [change.field for change in differences(before, after)]


def every_field(kind, fields, path=""):
    while kind.type_name == "list":
        kind = kind.member
    for name in sorted((kind.members.keys() if kind.type_name == "structure" else set()) | set(fields or {})):
        at = api.joined(path, name)
        field, member = (fields or {}).get(name), getattr(kind, "members", {}).get(name)
        yield at, field, member
        if field and member and not field.refused:
            yield from every_field(member, field.fields, at)


def test_every_field_of_the_api_is_either_accepted_or_refused_for_a_reason():
    undecided = [at for at, field, _ in every_field(api.shape(), TASK) if field is None]
    assert undecided == ["family", "tags"]


def test_no_field_is_accepted_that_the_api_does_not_have():
    assert [at for at, _, member in every_field(api.shape(), TASK) if member is None] == []


def test_the_walk_sees_the_whole_api():
    assert len(api.leaves(FULL)) > 150
    assert {"containerDefinitions.image", "containerDefinitions.healthCheck.retries", "volumes.name", "cpu"} <= {
        api.field_of(at) for at in api.leaves(FULL)
    }


@pytest.mark.parametrize("at", api.leaves(FULL), ids=lambda at: ".".join(map(str, at)))
def test_another_value_of_any_one_field_is_noticed(at):
    found = names(FULL, changed(FULL, at, another))
    assert found
    assert all(name.startswith(at[0]) for name in found)


@pytest.mark.parametrize("at", api.leaves(FULL), ids=lambda at: ".".join(map(str, at)))
def test_taking_any_one_value_away_is_noticed(at):
    assert names(FULL, changed(FULL, at, None))


@pytest.mark.parametrize("at", api.lists(FULL), ids=lambda at: ".".join(map(str, at)))
def test_the_order_of_a_list_is_noticed_only_where_it_means_something(at):
    found = names(FULL, changed(FULL, at, lambda entries: entries[::-1]))
    assert bool(found) == (api.field_of(at) in api.ORDERED)


@pytest.mark.parametrize("at", api.lists(FULL), ids=lambda at: ".".join(map(str, at)))
def test_an_entry_more_or_less_is_noticed(at):
    assert names(FULL, changed(FULL, at, lambda entries: entries[1:]))
    assert names(changed(FULL, at, lambda entries: entries[:1]), FULL)


def test_everything_registered_as_it_was_asked_is_no_change():
    assert names(api.registered(FULL), FULL | {"family": "webapp-staging"}) == []


def shuffled(value, path, chance):
    if isinstance(value, dict):
        return {name: shuffled(one, api.joined(path, name), chance) for name, one in value.items()}
    if isinstance(value, list):
        entries = [shuffled(one, path, chance) for one in value]
        return entries if path in api.ORDERED else chance.sample(entries, len(entries))
    return value


def part_of(value, path, chance, keys):
    """A definition with fewer fields; what tells entries apart stays."""
    if isinstance(value, list):
        return [part_of(one, path, chance, keys) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: part_of(one, api.joined(path, name), chance, keys)
        for name, one in value.items()
        if name in keys or chance.random() < 0.5
    }


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_defaults_that_ecs_fills_in_and_the_order_of_sets_are_never_a_change(chance: random.Random):
    keys = {"name", "image", "containerPath", "sourceContainer", "containerName", "namespace", "containerPort"}
    asked = part_of(FULL, "", chance, keys | {"containerDefinitions"})
    answered = shuffled(api.registered(asked), "", chance)
    assert names(answered, asked | {"family": "webapp-staging"}) == []


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False))
def test_one_change_is_noticed_among_defaults_and_shuffled_sets(chance: random.Random):
    at = chance.choice(api.leaves(FULL))
    answered = shuffled(api.registered(FULL), "", chance)
    assert names(answered, changed(FULL, at, another) | {"family": "webapp-staging"})


def a_definition(container=None, **fields):
    return {"cpu": "256", "containerDefinitions": [{"name": "app", "image": "app:1"} | (container or {})]} | fields


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"cpu": "256"}, {"cpu": ".25 vCPU"}, id="a quarter of a vCPU"),
        pytest.param({"cpu": "1024"}, {"cpu": "1vcpu"}, id="a vCPU without a space"),
        pytest.param({"memory": "512"}, {"memory": "0.5 GB"}, id="half a GB"),
        pytest.param({"memory": "3072"}, {"memory": 3072}, id="a number"),
        pytest.param({"executionRoleArn": ""}, {}, id="an empty string"),
        pytest.param({"proxyConfiguration": None}, {}, id="null"),
        pytest.param(
            {"container": {"portMappings": [{"containerPort": 80, "hostPort": 0}]}},
            {"container": {"portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]}},
            id="any host port",
        ),
        pytest.param(
            {"container": {"restartPolicy": {"enabled": False}}}, {}, id="a restart policy that is switched off"
        ),
    ],
)
def test_the_same_said_in_other_words_is_no_change(before, after):
    assert names(a_definition(**before), a_definition(**after)) == []


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        pytest.param(
            {"container": {"environment": [{"name": "A", "value": ""}]}},
            {},
            "containerDefinitions[app].environment[A]",
            id="an empty variable is not none",
        ),
        pytest.param(
            {"container": {"environment": [{"name": "LOG_LEVEL", "value": "info"}]}},
            {"container": {"environment": [{"name": "LOG_LEVEL", "value": "debug"}]}},
            "containerDefinitions[app].environment[LOG_LEVEL]",
            id="a variable",
        ),
        pytest.param(
            {"container": {"portMappings": [{"containerPort": 80}]}},
            {"container": {"portMappings": [{"containerPort": 80, "protocol": "udp"}]}},
            "containerDefinitions[app].portMappings[80/tcp]",
            id="a port's protocol",
        ),
        pytest.param({"volumes": [{"name": "data"}]}, {}, "volumes[data]", id="a volume with nothing but a name"),
        pytest.param(
            {}, {"container": {"secrets": [{"name": "A"}]}}, "containerDefinitions[app].secrets[A]", id="half a secret"
        ),
        pytest.param({"cpu": "256"}, {"cpu": "0.5 vCPU"}, "cpu", id="other units"),
        pytest.param({"family": "a"}, {"family": "b"}, "family", id="another family"),
    ],
)
def test_a_change_is_named_by_its_path(before, after, field):
    assert names(a_definition(**before), a_definition(**after))[0] == field


def variable(name, value):
    return a_definition(container={"environment": [{"name": name, "value": value}]})


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        pytest.param("API_TOKEN", "old-one", "new-one", id="a token"),
        pytest.param("DB_PASSWORD", "old-one", "new-one", id="a password"),
        pytest.param("secret_key_base", "old-one", "new-one", id="lower case"),
        pytest.param("DATABASE_URL", "postgres://u:old-one@db/app", "postgres://u:new-one@db/app", id="in a URL"),
        pytest.param("SETTING", "plain", "postgres://u:new-one@db/app", id="the new value alone"),
    ],
)
def test_a_secret_value_is_noticed_and_not_shown(name, before, after):
    (change,) = differences(variable(name, before), variable(name, after))
    assert "new-one" not in str(change)
    assert "old-one" not in str(change)
    assert diff_lines([change], "before") != diff_lines([change], "after")


def test_a_plain_value_is_shown():
    (change,) = differences(variable("LOG_LEVEL", "info"), variable("LOG_LEVEL", "debug"))
    assert (change.before, change.after) == ("info", "debug")


def test_a_secret_that_comes_or_goes_has_one_side_only():
    (gone,) = differences(variable("TOKEN", "hunter2"), a_definition())
    (new,) = differences(a_definition(), variable("TOKEN", "hunter2"))
    assert gone.after is None
    assert new.before is None
    assert "hunter2" not in str((gone, new))


def test_a_shown_definition_hides_secrets_of_the_environment_and_of_log_options():
    definition = variable("API_KEY", "hunter2")
    definition["containerDefinitions"][0]["logConfiguration"] = {"options": {"splunk-token": "hunter2", "a": "b"}}
    shown = without_secrets(definition)
    assert "hunter2" not in str(shown)
    assert shown["containerDefinitions"][0]["logConfiguration"]["options"]["a"] == "b"
    assert "hunter2" in str(definition)


@pytest.mark.parametrize("given", [None, "text", {"containerDefinitions": "text"}, {"containerDefinitions": [1]}])
def test_hiding_leaves_alone_what_is_no_definition(given):
    assert without_secrets(given) == given


def test_the_diff_is_a_line_for_each_change():
    changes = [Difference("cpu", "256", "512"), Difference("user", None, "app"), Difference("pidMode", "task", None)]
    assert diff_lines(changes, "before") == 'cpu: "256"\npidMode: "task"\n'
    assert diff_lines(changes, "after") == 'cpu: "512"\nuser: "app"\n'


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param(["a"], "a", id="one"),
        pytest.param(["a", "b"], "a and b", id="two"),
        pytest.param(["a", "b", "c", "d"], "a, b, c and d", id="as many as are said"),
        pytest.param(["a", "b", "c", "d", "e"], "a, b, c and 2 more", id="too many to say"),
    ],
)
def test_a_sentence_names_the_first_changes(fields, said):
    assert sentence([Difference(field, 1, 2) for field in fields]) == said


def test_setting_an_image_leaves_all_else_of_the_revision():
    asked = with_images(api.registered(a_definition()), {"app": "app:2"})
    assert images_of(asked) == {"app": "app:2"}
    assert names(a_definition(), asked) == ["containerDefinitions[app].image"]
    assert "revision" not in asked
