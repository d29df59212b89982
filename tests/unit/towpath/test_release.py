import pytest
from ansible.module_utils.towpath.release import last_release, release_number, release_of

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp@sha256:0f3c"


def a_revision(**tags):
    return {
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:7",
        "containerDefinitions": [{"name": "proxy", "image": "proxy:1"}, {"name": "app", "image": IMAGE}],
        "tags": [{"key": key.replace("_", ":", 1).replace("_", "-"), "value": value} for key, value in tags.items()],
    }


def test_a_release_is_read_from_its_revision():
    assert release_of(a_revision(towpath_release="6", towpath_git_sha="4f2c9d1a0b3e"), "app") == {
        "task_definition_arn": "arn:aws:ecs:us-east-1:123456789012:task-definition/webapp-staging:7",
        "release": 6,
        "release_name": "v6",
        "image": IMAGE,
        "digest": "sha256:0f3c",
        "git_sha": "4f2c9d1a0b3e",
        "promoted_from": "",
    }


@pytest.mark.parametrize(
    ("revision", "number"),
    [
        pytest.param(a_revision(towpath_release="12"), 12, id="a numbered revision"),
        pytest.param(a_revision(), None, id="the revision that provision registers first"),
        pytest.param(a_revision(towpath_release="twelve"), None, id="a tag that somebody wrote by hand"),
        pytest.param(None, None, id="no revision at all"),
        pytest.param({"tags": [{"key": "towpath:release"}]}, None, id="a tag without a value"),
    ],
)
def test_the_number_of_a_release_is_in_its_tag(revision, number):
    assert release_number(revision) == number


def test_an_image_that_is_not_pinned_has_no_digest():
    revision = a_revision() | {"containerDefinitions": [{"name": "app", "image": "webapp:not-released-yet"}]}
    assert release_of(revision, "app")["digest"] == ""


@pytest.mark.parametrize(
    ("revision", "number"),
    [
        pytest.param(a_revision(towpath_release="12"), 12, id="a release"),
        pytest.param(a_revision(**{"towpath_after_release": "3"}), 3, id="a configuration after a failed release"),
        pytest.param(a_revision(), 0, id="the revision that provision registers first"),
        pytest.param(None, 0, id="no revision at all"),
    ],
)
def test_numbers_go_on_after_a_revision_that_is_no_release(revision, number):
    assert last_release(revision) == number
