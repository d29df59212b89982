"""What reaches the Docker engine of a container definition."""

from __future__ import annotations

import pytest

from local_aws.rollouts import containers
from local_aws.rollouts.time_scale import TimeScale

AWS = TimeScale(1)
NO_CHECK = {"healthcheck": {"test": ["NONE"]}}
COMMAND = ["CMD-SHELL", "true"]


@pytest.mark.parametrize(
    ("container", "definition", "expected"),
    [
        pytest.param({}, {}, {}, id="nothing"),
        pytest.param({"entryPoint": ["/bin/app"]}, {}, {"entrypoint": ["/bin/app"]}, id="entry_point"),
        pytest.param({"workingDirectory": "/srv"}, {}, {"working_dir": "/srv"}, id="working_directory"),
        pytest.param({"user": "1000:1000"}, {}, {"user": "1000:1000"}, id="user"),
        pytest.param({"readonlyRootFilesystem": True}, {}, {"read_only": True}, id="read_only_root"),
        pytest.param({"readonlyRootFilesystem": False}, {}, {}, id="writable_root"),
        pytest.param({}, {"memory": "512"}, {"mem_limit": "512m"}, id="memory_of_the_task"),
        pytest.param({"memory": 256}, {"memory": "512"}, {"mem_limit": "256m"}, id="memory_of_the_container"),
        pytest.param({"memoryReservation": 128}, {}, {"mem_reservation": "128m"}, id="memory_reservation"),
        pytest.param({"linuxParameters": {"initProcessEnabled": True}}, {}, {"init": True}, id="init_process"),
        pytest.param(
            {"linuxParameters": {"capabilities": {"drop": ["ALL"]}}}, {}, {"cap_drop": ["ALL"]}, id="capabilities"
        ),
        pytest.param(
            {"mountPoints": [{"sourceVolume": "tmp", "containerPath": "/tmp"}]},
            {"volumes": [{"name": "tmp"}]},
            {"tmpfs": {"/tmp": "mode=1777"}},
            id="a_volume_of_the_task",
        ),
        pytest.param(
            {"mountPoints": [{"sourceVolume": "host", "containerPath": "/data"}]},
            {"volumes": [{"name": "host", "host": {"sourcePath": "/data"}}]},
            {},
            id="a_folder_of_the_host_is_mounted_elsewhere",
        ),
    ],
)
def test_every_setting_is_handed_over(container, definition, expected):
    assert containers.options(container, definition, AWS) == expected | NO_CHECK


@pytest.mark.parametrize(
    ("check", "scale", "expected"),
    [
        pytest.param({}, AWS, (30, 5, 3, 0), id="defaults"),
        pytest.param({"interval": 10, "timeout": 2, "retries": 4, "startPeriod": 60}, AWS, (10, 2, 4, 60), id="given"),
        pytest.param({}, TimeScale(0.05), (1.5, 5, 3, 5.5), id="a_start_gets_ten_seconds_in_all"),
        pytest.param({"interval": 5, "retries": 1}, TimeScale(0.05), (0.25, 5, 1, 4.75), id="or_what_aws_gives"),
    ],
)
def test_a_health_check_is_handed_over_in_nanoseconds(check, scale, expected):
    found = containers.options({"healthCheck": {"command": COMMAND} | check}, {}, scale)["healthcheck"]
    interval, timeout, retries, start_period = expected
    assert found == {
        "test": COMMAND,
        "interval": int(interval * 1e9),
        "timeout": int(timeout * 1e9),
        "retries": retries,
        "start_period": int(start_period * 1e9),
    }


def named(name: str, *needs: str) -> dict[str, object]:
    return {"name": name, "dependsOn": [{"containerName": need, "condition": "START"} for need in needs]}


@pytest.mark.parametrize(
    ("given", "order"),
    [
        pytest.param([named("app"), named("log")], [0, 1], id="as_written"),
        pytest.param([named("app", "init"), named("init")], [1, 0], id="the_needed_one_first"),
        pytest.param([named("app", "b"), named("b", "c"), named("c")], [2, 1, 0], id="a_chain"),
        pytest.param([named("app", "b", "c"), named("b", "c"), named("c")], [2, 1, 0], id="needed_twice"),
    ],
)
def test_containers_start_after_those_they_depend_on(given, order):
    assert containers.in_order(given) == order


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="The container app depends on itself"):
        containers.in_order([named("app", "log"), named("log", "app")])


def test_a_dependency_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="The container app depends on one that is not there"):
        containers.in_order([named("app", "log")])


RUNS = {"Status": "running"}


@pytest.mark.parametrize(
    ("condition", "state", "met"),
    [
        ("START", RUNS, True),
        ("COMPLETE", RUNS, None),
        ("COMPLETE", {"Status": "exited", "ExitCode": 1}, True),
        ("SUCCESS", RUNS, None),
        ("SUCCESS", {"Status": "exited", "ExitCode": 0}, True),
        ("SUCCESS", {"Status": "exited", "ExitCode": 1}, False),
        ("HEALTHY", RUNS, None),
        ("HEALTHY", RUNS | {"Health": {"Status": "starting"}}, None),
        ("HEALTHY", RUNS | {"Health": {"Status": "healthy"}}, True),
        ("HEALTHY", RUNS | {"Health": {"Status": "unhealthy"}}, False),
        ("HEALTHY", {"Status": "exited", "ExitCode": 0}, False),
    ],
)
def test_a_condition_is_met_not_yet_or_never(condition, state, met):
    assert containers.is_met(condition, state) is met


START = "ResourceInitializationError: unable to pull image or start container: "
SECRETS = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        pytest.param(
            START + '404 Client Error: Not Found ("failed to resolve reference x/none:1: not found")',
            'CannotPullContainerError: 404 Client Error: Not Found ("failed to resolve reference x/none:1: not found")',
            id="no image",
        ),
        pytest.param(
            START + 'failed to create task: OCI runtime create failed: exec: "/x": stat /x: no such file or directory',
            "CannotStartContainerError: failed to create task: OCI runtime create failed: "
            'exec: "/x": stat /x: no such file or directory',
            id="no command",
        ),
        pytest.param(
            SECRETS + "unable to retrieve secret /none/KEY for environment variable KEY",
            SECRETS + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
            "invalid ssm parameters: /none/KEY",
            id="no parameter",
        ),
        pytest.param(
            SECRETS
            + "unable to retrieve secret arn:aws:secretsmanager:us-east-1:1:secret:x for environment variable X",
            SECRETS + "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch "
            "secret arn:aws:secretsmanager:us-east-1:1:secret:x from secrets manager: ResourceNotFoundException: "
            "Secrets Manager can't find the specified secret.",
            id="no secret",
        ),
        pytest.param(START + "out of disk", START + "out of disk", id="anything else"),
    ],
)
def test_a_task_that_cannot_start_says_why_as_ecs_does(reason, words):
    assert containers.why_not_started(reason) == words
