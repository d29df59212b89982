import pytest

from tests.integration.harness import run_module

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp@sha256:0f3c"


@pytest.fixture
def service(aws):
    """Makes a service without tasks that is pointed at a revision with these tags."""
    ecs = aws.client("ecs")
    cluster = ecs.create_cluster(clusterName="release-info")["cluster"]["clusterName"]

    def make(tags):
        revision = ecs.register_task_definition(
            family="release-info",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "app", "image": IMAGE}],
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )["taskDefinition"]
        ecs.create_service(
            cluster=cluster,
            serviceName="app",
            taskDefinition=revision["taskDefinitionArn"],
            desiredCount=0,
            tags=[{"key": "towpath:url", "value": "http://webapp.example/"}],
        )
        return revision["taskDefinitionArn"]

    yield make
    ecs.delete_service(cluster=cluster, service="app", force=True)
    ecs.delete_cluster(cluster=cluster)


def look(aws, cluster="release-info"):
    return run_module("ecs_release_info", aws, cluster=cluster, service="app")


def test_a_cluster_that_is_not_there_is_an_answer_and_no_error(aws):
    result = look(aws, cluster="nowhere")
    assert (result["exists"], result["released"], result["serving"]) == (False, False, {})


def test_a_release_is_named_by_its_revision(aws, service):
    arn = service({"towpath:release": "6", "towpath:git-sha": "4f2c9d1a0b3e", "towpath:promoted-from": "staging"})
    result = look(aws)
    assert (result["exists"], result["released"], result["desired"]) == (True, True, 0)
    assert result["url"] == "http://webapp.example/"
    assert result["serving"] == {
        "task_definition_arn": arn,
        "release": 6,
        "release_name": "v6",
        "image": IMAGE,
        "digest": "sha256:0f3c",
        "git_sha": "4f2c9d1a0b3e",
        "promoted_from": "staging",
    }


def test_a_service_that_nothing_was_deployed_to_serves_no_release(aws, service):
    service({})
    assert (look(aws)["exists"], look(aws)["released"]) == (True, False)
