"""How a rollout ends on the local AWS, with real containers."""

from __future__ import annotations

from tests.integration.local_aws.facts import a_service, a_task_definition
from tests.integration.local_aws.facts_of_rollouts import CRASH, SERVE, wait_for

BREAKER = {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}}


def running(aws, name):
    return aws.client("ecs").list_tasks(cluster=name, desiredStatus="RUNNING")["taskArns"]


def test_a_bad_deployment_is_rolled_back_and_the_old_tasks_never_stop(containers, pushed_image):
    image = pushed_image(containers)
    name = a_service(containers, image, command=SERVE, **BREAKER)["serviceName"]
    good = wait_for("COMPLETED", containers, name)["taskDefinition"]
    before = running(containers, name)
    bad = a_task_definition(containers, name, image, CRASH)
    update = containers.client("ecs").update_service(cluster=name, service=name, taskDefinition=bad)["service"]
    ours = update["deployments"][0]["id"]
    service = wait_for("COMPLETED", containers, name)
    assert service["taskDefinition"] == good
    assert running(containers, name) == before
    failed = next(one for one in service["deployments"] if one["id"] == ours)
    assert (failed["rolloutState"], "circuit breaker" in failed["rolloutStateReason"]) == ("FAILED", True)


def test_a_good_deployment_replaces_the_old_tasks(containers, pushed_image):
    image = pushed_image(containers)
    name = a_service(containers, image, command=SERVE, **BREAKER)["serviceName"]
    wait_for("COMPLETED", containers, name)
    before = running(containers, name)
    better = a_task_definition(containers, name, image, ["/bin/sleep", "2000"])
    containers.client("ecs").update_service(cluster=name, service=name, taskDefinition=better)
    service = wait_for("COMPLETED", containers, name)
    after = running(containers, name)
    assert (service["taskDefinition"], len(after), set(after) & set(before)) == (better, 1, set())
