import pytest
from ansible.module_utils.towpath.task_definition import HIDDEN, TASK, differences
from ansible.module_utils.towpath.task_definition_request import converted, image_problems

from tests.unit.towpath import register_task_definition as api

DIGEST = "sha256:" + "0f3c" * 16


def request(definition):
    return converted(definition, api.shape())


def in_container(**fields):
    return {"containerDefinitions": [{"name": "app", "image": "app:1"} | fields]}


def refused_fields(fields, path=()):
    for name, field in fields.items():
        if field.refused:
            yield (*path, name)
        else:
            yield from refused_fields(field.fields or {}, (*path, name))


def holding(path, value):
    """A definition with one value at ``path``, in lists where the API has lists."""
    kind, kinds = api.shape(), []
    for name in path:
        while kind.type_name == "list":
            kind = kind.member
        kind = kind.members[name]
        kinds.append(kind)
    for name, one in reversed(list(zip(path, kinds, strict=True))):
        value = {name: [value] if one.type_name == "list" and name != path[-1] else value}
    return value


def test_a_whole_definition_is_taken_as_it_is():
    assert request(api.example()) == (api.example(), [])


def test_a_definition_of_strings_becomes_the_same_request():
    def as_text(value):
        if isinstance(value, dict):
            return {name: as_text(one) for name, one in value.items()}
        return [as_text(one) for one in value] if isinstance(value, list) else str(value)

    assert request(as_text(api.example())) == (api.example(), [])


def test_what_ecs_answers_can_be_asked_for_again():
    answered = {name: one for name, one in api.registered(api.example()).items() if name in TASK}
    asked, problems = request(answered)
    assert problems == []
    assert differences(api.example(), asked) == []


@pytest.mark.parametrize("path", list(refused_fields(TASK)), ids=".".join)
def test_what_fargate_does_not_have_is_refused_with_the_reason(path):
    _, problems = request(holding(path, "something"))
    reason = next(one for one in problems if "cannot be set" in one)
    assert path[-1] in reason
    assert len(reason) > len(f"{'.'.join(path)} cannot be set: . Take it out.")


def test_false_where_a_field_is_refused_is_the_same_as_leaving_it_out():
    asked, problems = request(in_container(privileged=False))
    assert problems == []
    assert asked == in_container()


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        pytest.param({"environment": [{"name": "PORT", "value": 3000}]}, "3000", id="a number as text"),
        pytest.param({"environment": [{"name": "PORT", "value": True}]}, "true", id="a boolean as text"),
        pytest.param({"environment": [{"name": "PORT", "value": ""}]}, "", id="an empty variable stays"),
    ],
)
def test_a_variable_is_text(given, asked):
    assert request(in_container(**given))[0]["containerDefinitions"][0]["environment"][0]["value"] == asked


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        pytest.param({"stopTimeout": "10"}, {"stopTimeout": 10}, id="text as a number"),
        pytest.param({"essential": "False"}, {"essential": False}, id="text as a boolean"),
        pytest.param({"essential": "yes"}, {"essential": True}, id="YAML's old boolean"),
        pytest.param({"user": None, "command": [], "dockerLabels": {}}, {}, id="what says nothing is left out"),
        pytest.param({"command": ["run", ""]}, {"command": ["run", ""]}, id="an empty argument stays"),
        pytest.param({"dockerLabels": {"a": ""}}, {"dockerLabels": {"a": ""}}, id="an empty label stays"),
        pytest.param(
            {"portMappings": [{"containerPort": "80", "hostPort": 0}]},
            {"portMappings": [{"containerPort": 80}]},
            id="any host port is none",
        ),
    ],
)
def test_a_value_gets_the_type_that_the_api_wants(given, asked):
    assert request(in_container(**given)) == (in_container(**asked), [])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            in_container(enviroment=[]),
            "containerDefinitions[app].enviroment is not a field of the ECS API that Towpath knows. "
            "Did you mean environment?",
            id="a misspelt field",
        ),
        pytest.param(
            in_container(portMappings=[{"containerPort": 80, "port": 80}]),
            "containerDefinitions[app].portMappings[80/tcp].port is not a field of the ECS API that Towpath knows.",
            id="a misspelt field deep inside",
        ),
        pytest.param(
            in_container(container_port=80),
            "containerDefinitions[app].container_port",
            id="snake case is not the API's",
        ),
        pytest.param(
            in_container(stopTimeout="soon"),
            "containerDefinitions[app].stopTimeout is 'soon', expected a whole number.",
            id="no number",
        ),
        pytest.param(
            in_container(essential="perhaps"),
            "containerDefinitions[app].essential is 'perhaps', expected a boolean.",
            id="no boolean",
        ),
        pytest.param(
            in_container(stopTimeout=True),
            "containerDefinitions[app].stopTimeout is True, expected a whole number.",
            id="a boolean is no number",
        ),
        pytest.param(
            in_container(command="npm start"),
            "containerDefinitions[app].command is 'npm start', expected a list.",
            id="no list",
        ),
        pytest.param(
            in_container(environment={"A": "1"}),
            "containerDefinitions[app].environment is a mapping, expected a list.",
            id="a mapping for a list",
        ),
        pytest.param(
            in_container(user=["app"]), "containerDefinitions[app].user is a list, expected text.", id="a list for text"
        ),
        pytest.param(
            in_container(portMappings=[{"containerPort": 80, "protocol": "sctp"}]),
            "containerDefinitions[app].portMappings[80/sctp].protocol is sctp, expected tcp or udp.",
            id="none of the choices",
        ),
        pytest.param(
            in_container(ulimits=[{"name": "nofile", "softLimit": 1024}]),
            "containerDefinitions[app].ulimits[nofile].hardLimit is missing.",
            id="a missing field",
        ),
        pytest.param({}, "containerDefinitions is missing.", id="no containers"),
        pytest.param(
            in_container() | {"family": "webapp"},
            "family is an option of its own: take it out of the definition.",
            id="the family",
        ),
        pytest.param(
            in_container(environment=[{"name": "TOKEN", "value": HIDDEN}]),
            f"containerDefinitions[app].environment[TOKEN].value is {HIDDEN}, "
            "which stands where a secret was hidden: give the value itself.",
            id="a hidden value that came back",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_was_expected(given, said):
    _, problems = request(given)
    assert len(problems) == 1
    assert problems[0].startswith(said)


def test_all_problems_are_told_at_once():
    _, problems = request(
        in_container(stopTimeout="soon", command="run", privileged=True, extra=1) | {"ipcMode": "host"}
    )
    assert len(problems) == 5


NEWEST = in_container() | {"family": "webapp-staging"}


@pytest.mark.parametrize(
    ("newest", "images", "said"),
    [
        pytest.param(
            None, {"app": f"app@{DIGEST}"}, "Run ansible-playbook provision.yml -e env=... first", id="no family"
        ),
        pytest.param(NEWEST, {"web": f"app@{DIGEST}"}, "has no container web, expected app.", id="no such container"),
        pytest.param(NEWEST, {"app": "app:latest"}, "a release is pinned by digest", id="a tag"),
        pytest.param(NEWEST, {}, "images is empty", id="nothing"),
    ],
)
def test_images_that_cannot_be_set_are_refused(newest, images, said):
    (problem,) = image_problems("webapp-staging", newest, images)
    assert said in problem


def test_an_image_by_digest_can_be_set():
    assert image_problems("webapp-staging", NEWEST, {"app": f"localhost:5000/app@{DIGEST}"}) == []
