"""Why tasks stop, in AWS's own words and in those of a person."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.rollout_cause import cause_of, masked


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        pytest.param(
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref "
            "1.dkr.ecr.us-east-1.amazonaws.com/webapp@sha256:0f: "
            "1.dkr.ecr.us-east-1.amazonaws.com/webapp@sha256:0f: not found",
            "The image does not exist: no such tag or digest in the repository.",
            id="digest_gone",
        ),
        pytest.param(
            "CannotPullContainerError: pull access denied for nobody/nothing, repository does not exist or "
            "may require "
            "'docker login': denied: requested access to the resource is denied",
            "The image does not exist: no such tag or digest in the repository.",
            id="repository_gone",
        ),
        pytest.param(
            "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does "
            "not contain "
            "descriptor matching platform 'linux/arm64'",
            "The image is not built for the processor architecture that the task asks for.",
            id="architecture_at_pull",
        ),
        pytest.param(
            "exec /usr/local/bin/server: exec format error",
            "The program in the image is built for another processor architecture.",
            id="architecture_at_start",
        ),
        pytest.param(
            "CannotPullContainerError: error pulling image configuration: unexpected status 403 Forbidden",
            "The execution role may not pull the image.",
            id="pull_denied",
        ),
        pytest.param(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
            "retrieval failed: "
            "unable to retrieve ecr registry auth: service call has been retried 1 time(s): "
            "AccessDeniedException: User: "
            "arn:aws:sts::1:assumed-role/x/y is not authorized to perform: ecr:GetAuthorizationToken on "
            "resource: *",
            "The execution role may not pull the image.",
            id="registry_login_denied",
        ),
        pytest.param(
            "CannotPullContainerError: failed to resolve ref: failed to do request: Head https://1.dkr.ecr: "
            "dial tcp "
            "52.46.1.1:443: i/o timeout",
            "The task has no network path to the image's registry.",
            id="no_path_to_registry",
        ),
        pytest.param(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
            "retrieval failed: "
            "unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: "
            "send request "
            "failed caused by: Post https://api.ecr.us-east-1.amazonaws.com/: dial tcp 52.46.1.1:443: i/o "
            "timeout",
            "The task has no network path to the image's registry.",
            id="no_path_to_registry_login",
        ),
        pytest.param(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
            "retrieval failed: "
            "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch "
            "secret "
            "arn:aws:secretsmanager:us-east-1:1:secret:x from secrets manager: AccessDeniedException: not "
            "authorized",
            "The execution role may not read a secret that the task definition names.",
            id="secret_denied",
        ),
        pytest.param(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
            "retrieval failed: "
            "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm "
            "parameters: /app/X",
            "A secret that the task definition names does not exist.",
            id="parameter_missing",
        ),
        pytest.param(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
            "retrieval failed: "
            "unable to retrieve secret from asm: ResourceNotFoundException: Secrets Manager can't find the "
            "specified secret.",
            "A secret that the task definition names does not exist.",
            id="secret_missing",
        ),
        pytest.param(
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
            "retrieval failed: "
            "unable to retrieve secrets from ssm: RequestCanceled: request context canceled caused by: "
            "context deadline exceeded",
            "The task has no network path to the store of its secrets.",
            id="no_path_to_secrets",
        ),
        pytest.param(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
            "times: failed "
            "to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not "
            "exist. : exit "
            "status 1",
            "The log group that the container writes to does not exist.",
            id="log_group_missing",
        ),
        pytest.param(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
            "times: failed "
            "to create Cloudwatch log stream: AccessDeniedException: not authorized to perform: "
            "logs:CreateLogStream",
            "The execution role may not write the container's log.",
            id="log_denied",
        ),
        pytest.param(
            "ResourceInitializationError: failed to configure ENI: something new",
            "Fargate could not prepare the task before its containers started.",
            id="initialization_otherwise",
        ),
        pytest.param(
            "app exited with code 137; app: OutOfMemoryError: Container killed due to memory usage",
            "The task ran out of memory.",
            id="out_of_memory",
        ),
        pytest.param(
            "app exited with code 137 (EssentialContainerExited)",
            "The container app was killed (exit code 137), most often because it ran out of memory.",
            id="killed",
        ),
        pytest.param(
            "app exited with code 3; Essential container in task exited (EssentialContainerExited)",
            "The container app exited with code 3.",
            id="exit_code",
        ),
        pytest.param(
            "CannotStartContainerError: failed to create shim task: OCI runtime create failed: runc create failed: "
            'unable to start container process: exec: "/bin/none": stat /bin/none: no such file or directory: unknown',
            "The command that the container is to run is not in the image.",
            id="command_missing_by_its_path",
        ),
        pytest.param(
            "app exited with code 127; Essential container in task exited (EssentialContainerExited)",
            "The command that the container is to run is not in the image.",
            id="command_missing_for_a_shell",
        ),
        pytest.param(
            "CannotStartContainerError: Error response from daemon: mounts denied",
            "The container could not be started.",
            id="start_otherwise",
        ),
        pytest.param(
            "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secrets from "
            "ssm: service call has been retried 5 time(s): ThrottlingException: Rate exceeded",
            "AWS did not answer in time what a secret is.",
            id="secrets_throttled",
        ),
        pytest.param(
            "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from "
            "asm: something new",
            "A secret that the task definition names could not be read.",
            id="secret_otherwise",
        ),
        pytest.param(
            'CannotStartContainerError: OCI runtime create failed: exec: "npm": executable file not found in $PATH',
            "The command that the container is to run is not in the image.",
            id="command_missing",
        ),
        pytest.param(
            "(service app) (port 3000) is unhealthy in (target-group arn:aws:x) due to (reason Health checks "
            "failed with "
            "these codes: [500])",
            "The health check's path answered 500.",
            id="health_path_fails",
        ),
        pytest.param(
            "(service app) (port 3000) is unhealthy in (target-group arn:aws:x) due to (reason Request timed out)",
            "The app did not answer the health check in time.",
            id="health_timeout",
        ),
        pytest.param(
            "10.0.1.5 is unhealthy: Health checks failed",
            "The app never answered the load balancer's health check.",
            id="port_mismatch",
        ),
        pytest.param(
            "Task failed container health checks (ServiceSchedulerInitiated)",
            "The container's own health check failed.",
            id="container_health",
        ),
        pytest.param(
            "(service app) was unable to place a task. Reason: Capacity is unavailable at this time. Please "
            "try again later",
            "AWS had no Fargate capacity free for the task.",
            id="capacity",
        ),
        pytest.param(
            "(service app) was unable to place a task because RESOURCE:ENI",
            "The service's subnets have no free IP address left.",
            id="no_addresses",
        ),
        pytest.param(
            "Your Spot Task was interrupted. (SpotInterruption)", "AWS took the Spot capacity back.", id="spot"
        ),
        pytest.param(
            "(service app) (deployment ecs-svc/1) deployment failed: alarm detected.",
            "An alarm that guards the rollout went off.",
            id="alarm",
        ),
    ],
)
def test_a_known_cause_becomes_a_sentence_with_advice(told, sentence):
    cause = cause_of([told])
    assert cause is not None
    assert cause.sentence == sentence
    assert cause.advice.endswith(".")


def test_an_unknown_cause_is_not_guessed():
    assert cause_of(["Something that nobody has seen yet."]) is None


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        pytest.param("postgres://app:hunter2@db:5432/app", "postgres://app:***@db:5432/app", id="url"),
        pytest.param("DB_PASSWORD=hunter2 PORT=3000", "DB_PASSWORD=*** PORT=3000", id="variable"),
        pytest.param("SECRET_KEY_BASE=hunter2", "SECRET_KEY_BASE=***", id="word_within_a_name"),
        pytest.param("STRIPE_TOKEN_V2: hunter2 ok", "STRIPE_TOKEN_V2: *** ok", id="word_before_a_version"),
        pytest.param("Authorization: Bearer eyJ0.eyJz.c2ln", "Authorization: Bearer ***", id="bearer"),
        pytest.param("token: Bearer eyJ0.eyJz.c2ln", "token: *** ***", id="bearer_as_a_token"),
        pytest.param(
            "not authorized to perform: secretsmanager:GetSecretValue on resource",
            "not authorized to perform: secretsmanager:GetSecretValue on resource",
            id="a_longer_word",
        ),
        pytest.param('{"api_key": "abc", "port": 1}', '{"api_key": "***", "port": 1}', id="json"),
        pytest.param("key AKIAABCDEFGHIJKLMNOP", "key ***", id="access_key"),
        pytest.param("listening on http://0.0.0.0:3000/", "listening on http://0.0.0.0:3000/", id="plain"),
    ],
)
def test_what_looks_like_a_secret_is_blotted_out(line, shown):
    assert masked(line) == shown
