import itertools

import pytest

from tests.integration.harness import run_module

DIGEST = "sha256:" + "0f3c" * 16
OTHER_DIGEST = "sha256:" + "1a2b" * 16
# The account of the ARNs need not exist: only their form is judged.
ROLE = "arn:aws:iam::123456789012:role/webapp-staging-execution"
NUMBERS = itertools.count()


@pytest.fixture
def family():
    """One of its own for each test: revisions are never taken back."""
    return f"webapp-{next(NUMBERS)}"


def a_definition(container=None, **fields):
    app = {
        "name": "app",
        "image": f"registry.example/webapp@{DIGEST}",
        "portMappings": [{"containerPort": "3000"}],
        "environment": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "API_KEY", "value": "hunter2"}],
        "secrets": [{"name": "DATABASE_URL", "valueFrom": "/webapp/staging/DATABASE_URL"}],
        "healthCheck": {"command": ["CMD", "true"]},
        "stopTimeout": 10,
    }
    return {
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "0.25 vCPU",
        "memory": 512,
        "executionRoleArn": ROLE,
        "containerDefinitions": [app | (container or {})],
    } | fields


def in_environment(**variables):
    return {"environment": [{"name": name, "value": value} for name, value in variables.items()]}


@pytest.fixture
def register(aws, family):
    def run(**options):
        check_mode, diff = options.pop("check_mode", False), options.pop("diff", False)
        return run_module("ecs_task_definition", aws, check_mode=check_mode, diff=diff, family=family, **options)

    return run


@pytest.fixture
def revisions(aws, family):
    """How many revisions of the family there are."""

    def count():
        pages = aws.client("ecs").get_paginator("list_task_definitions").paginate(familyPrefix=family)
        return sum(f"/{family}:" in arn for page in pages for arn in page["taskDefinitionArns"])

    return count


def test_the_first_revision_is_registered_and_the_second_time_nothing_changes(register, family):
    first = register(definition=a_definition())
    second = register(definition=a_definition())
    assert first["changed"]
    assert (first["revision"], first["family"], first["release"]) == (1, family, None)
    assert first["task_definition_arn"].endswith(f"task-definition/{family}:1")
    assert first["images"] == {"app": f"registry.example/webapp@{DIGEST}"}
    assert first["msg"] == f"Registered {family}:1: it is the first revision."
    assert not second["changed"]
    assert second["task_definition_arn"] == first["task_definition_arn"]
    assert second["differences"] == []


def test_a_changed_variable_makes_a_revision_and_says_why(register, family):
    register(definition=a_definition())
    result = register(definition=a_definition(in_environment(LOG_LEVEL="debug", API_KEY="hunter2")), diff=True)
    path = "containerDefinitions[app].environment[LOG_LEVEL]"
    assert result["changed"]
    assert result["revision"] == 2
    assert result["changed_fields"] == ["containerDefinitions"]
    assert result["differences"] == [{"field": path, "before": "info", "after": "debug"}]
    assert result["msg"] == f"Registered {family}:2: {path} changed."
    assert result["diff"]["before"] == f'{path}: "info"\n'
    assert result["diff"]["after"] == f'{path}: "debug"\n'


def test_a_secret_value_never_appears(register):
    register(definition=a_definition())
    result = register(definition=a_definition(in_environment(LOG_LEVEL="info", API_KEY="hunter3")), diff=True)
    assert [one["field"] for one in result["differences"]] == ["containerDefinitions[app].environment[API_KEY]"]
    assert "hunter" not in str(result)


def test_a_secret_value_does_not_appear_in_a_refusal(register):
    result = register(definition=a_definition({"stopTimeout": 600}))
    assert result["failed"]
    assert "stopTimeout is 600, expected 2 to 120 seconds." in result["msg"]
    assert "hunter" not in str(result)


def test_what_was_hidden_is_still_registered_whole(aws, register, family):
    register(definition=a_definition())
    registered = aws.client("ecs").describe_task_definition(taskDefinition=family)["taskDefinition"]
    assert {"name": "API_KEY", "value": "hunter2"} in registered["containerDefinitions"][0]["environment"]


def test_a_refused_definition_registers_nothing_and_tells_all_that_is_wrong(register, revisions):
    result = register(definition=a_definition({"startTimeout": 600, "comand": ["run"]}, cpu="300"))
    assert result["failed"]
    assert len(result["problems"]) == 3
    assert revisions() == 0


def test_check_mode_says_what_a_run_would_say_and_registers_nothing(register, revisions):
    checked = register(definition=a_definition(), numbered=True, tags={"who": "me"}, check_mode=True)
    assert revisions() == 0
    real = register(definition=a_definition(), numbered=True, tags={"who": "me"})
    assert checked.keys() == real.keys()
    assert checked["changed"]
    assert checked["task_definition_arn"] is None
    assert checked["revision"] is None
    for same in ("release", "images", "changed_fields", "differences", "family"):
        assert checked[same] == real[same], same
    assert checked["diff"]["after"] == real["diff"]["after"]
    assert "Would register" in checked["msg"]


def test_check_mode_on_what_is_there_names_it(register):
    real = register(definition=a_definition())
    checked = register(definition=a_definition(), check_mode=True)
    assert not checked["changed"]
    assert checked["task_definition_arn"] == real["task_definition_arn"]


def test_releases_are_counted_from_the_newest_revision(register):
    assert register(definition=a_definition())["release"] is None
    first = register(images={"app": f"registry.example/webapp@{OTHER_DIGEST}"}, numbered=True, tags={"who": "me"})
    second = register(images={"app": f"registry.example/webapp@{DIGEST}"}, numbered=True)
    again = register(images={"app": f"registry.example/webapp@{DIGEST}"}, numbered=True)
    assert [first["release"], second["release"], again["release"]] == [1, 2, 2]
    assert not again["changed"]
    assert {"key": "who", "value": "me"} in first["task_definition"]["tags"]
    assert {"key": "towpath:release", "value": "1"} in first["task_definition"]["tags"]


def test_tags_alone_are_no_change(register):
    register(definition=a_definition(), tags={"who": "me"})
    assert not register(definition=a_definition(), tags={"who": "you"})["changed"]


def test_setting_the_image_takes_all_else_from_the_newest_revision(register):
    register(definition=a_definition())
    result = register(images={"app": f"registry.example/webapp@{OTHER_DIGEST}"})
    assert [one["field"] for one in result["differences"]] == ["containerDefinitions[app].image"]
    assert result["revision"] == 2


def test_provision_deploy_provision_changes_nothing(register):
    register(definition=a_definition())
    image = f"registry.example/webapp@{OTHER_DIGEST}"
    deployed = register(images={"app": image}, numbered=True)
    again = register(definition=a_definition({"image": image}), compare_with=deployed["task_definition_arn"])
    assert not again["changed"]
    assert again["release"] == 1


def test_the_revision_that_serves_is_returned_when_it_means_the_same(register, family):
    serving = register(definition=a_definition(), numbered=True)
    failed = register(definition=a_definition({"user": "nobody"}), numbered=True)
    result = register(definition=a_definition(), numbered=True, compare_with=f"{family}:{serving['revision']}")
    assert not result["changed"]
    assert result["task_definition_arn"] == serving["task_definition_arn"]
    assert result["release"] == 1
    after = register(definition=a_definition({"user": "app"}), numbered=True, compare_with=f"{family}:1")
    assert after["release"] == failed["release"] + 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"images": {"app": f"webapp@{DIGEST}"}}, "provision.yml -e env=... first", id="no family"),
        pytest.param({"definition": a_definition(), "compare_with": "none:7"}, "no revision none:7", id="no revision"),
        pytest.param({"definition": a_definition(), "tags": {"why": "#12"}}, "The tag why has '#'", id="a tag"),
        pytest.param(
            {"definition": a_definition(), "numbered": True, "tags": {"towpath:release": "7"}},
            "is counted",
            id="a number",
        ),
        pytest.param({}, "one of the following is required: definition, images", id="neither"),
        pytest.param({"definition": {}, "images": {}}, "mutually exclusive", id="both"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(register, revisions, options, said):
    result = register(**options)
    assert result["failed"]
    assert said in result["msg"]
    assert revisions() == 0


def test_an_image_for_an_unknown_container_is_refused(register):
    register(definition=a_definition())
    result = register(images={"web": f"registry.example/webapp@{DIGEST}"})
    assert result["failed"]
    assert "has no container web, expected app." in result["msg"]


def test_every_accepted_field_comes_back_as_it_was_registered(register, aws):
    container = {
        "command": ["run", "--now"],
        "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}],
        "dockerLabels": {"team": ""},
        "linuxParameters": {"initProcessEnabled": True, "capabilities": {"drop": ["NET_RAW"]}},
        "mountPoints": [{"sourceVolume": "data", "containerPath": "/data"}],
        "readonlyRootFilesystem": True,
        "systemControls": [{"namespace": "net.core.somaxconn", "value": 1024}],
        "ulimits": [{"name": "nofile", "softLimit": 1024, "hardLimit": 4096}],
    }
    definition = a_definition(
        container,
        ephemeralStorage={"sizeInGiB": 30},
        pidMode="task",
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        taskRoleArn=ROLE,
        volumes=[{"name": "data"}],
    )
    definition["containerDefinitions"].append({"name": "init", "image": "busybox", "essential": False})
    assert register(definition=definition)["changed"]
    assert register(definition=definition)["differences"] == []
