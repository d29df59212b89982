import pytest
from ansible.module_utils.towpath.fargate import SIZES, problems

ROLE = "arn:aws:iam::123456789012:role/webapp-staging-execution"
ECR_IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/webapp@sha256:" + "0f3c" * 16
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:webapp/db-AbCdEf"
CHECK = {"command": ["CMD", "true"]}


def a_definition(*containers, **fields):
    base = {
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": ROLE,
        "containerDefinitions": list(containers) or [a_container()],
    } | fields
    return {name: value for name, value in base.items() if value is not None}


def a_container(**fields):
    return {"name": "app", "image": ECR_IMAGE} | fields


def said(definition, **options):
    return problems("webapp-staging", definition, **options)


def test_a_good_definition_has_no_problem():
    assert said(a_definition()) == []


def test_a_rich_definition_has_no_problem():
    app = a_container(
        cpu=128,
        memory=256,
        memoryReservation=128,
        portMappings=[{"containerPort": 3000, "hostPort": 3000, "protocol": "tcp"}, {"containerPortRange": "80-90"}],
        environment=[{"name": "LOG_LEVEL", "value": ""}],
        environmentFiles=[{"type": "s3", "value": "arn:aws:s3:::webapp/app.env"}],
        secrets=[{"name": "DATABASE_URL", "valueFrom": "/webapp/staging/DATABASE_URL"}],
        startTimeout=2,
        stopTimeout=120,
        healthCheck={"command": ["CMD-SHELL", "curl -f localhost"], "interval": 5, "timeout": 2, "retries": 10},
        dependsOn=[{"containerName": "init", "condition": "SUCCESS"}, {"containerName": "log", "condition": "HEALTHY"}],
        mountPoints=[{"sourceVolume": "data", "containerPath": "/data"}],
        logConfiguration={
            "logDriver": "awslogs",
            "options": {"awslogs-group": "/a", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app"},
        },
        linuxParameters={"capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]}},
    )
    init = a_container(name="init", essential=False)
    log = a_container(name="log", healthCheck={"command": ["CMD", "true"], "startPeriod": 0})
    efs = {"fileSystemId": "fs-1", "transitEncryption": "ENABLED", "authorizationConfig": {"accessPointId": "fsap-1"}}
    assert (
        said(
            a_definition(
                app,
                init,
                log,
                taskRoleArn="arn:aws-cn:iam::123456789012:role/path/name",
                pidMode="task",
                ephemeralStorage={"sizeInGiB": 200},
                volumes=[{"name": "data", "efsVolumeConfiguration": efs}],
            )
        )
        == []
    )


@pytest.mark.parametrize(
    ("cpu", "memory"),
    [(cpu, amounts[0]) for cpu, amounts in SIZES.items()] + [(cpu, amounts[-1]) for cpu, amounts in SIZES.items()],
)
def test_the_smallest_and_the_largest_memory_of_each_cpu_are_fine(cpu, memory):
    assert said(a_definition(cpu=str(cpu), memory=str(memory))) == []


def test_the_largest_pair_of_each_cpu_is_what_aws_documents():
    assert {cpu: (amounts[0] / 1024, amounts[-1] / 1024) for cpu, amounts in SIZES.items()} == {
        256: (0.5, 2),
        512: (1, 4),
        1024: (2, 8),
        2048: (4, 16),
        4096: (8, 30),
        8192: (16, 60),
        16384: (32, 120),
    }


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param({"cpu": "300"}, "cpu is 300, expected 256, 512, 1024, 2048, 4096, 8192 or 16384.", id="cpu"),
        pytest.param({"cpu": None}, "cpu is not set, expected 256, 512,", id="no cpu"),
        pytest.param({"memory": "77"}, "memory is 77 with cpu 256, expected 512, 1024 or 2048 (MiB).", id="memory"),
        pytest.param({"memory": None}, "memory is not set with cpu 256", id="no memory"),
        pytest.param({"memory": "half a GB"}, "memory is half a GB with cpu 256", id="memory in words"),
        pytest.param(
            {"cpu": "8192", "memory": "17408"},
            "memory is 17408 with cpu 8192, expected 16384 to 61440 in steps of 4096 (MiB).",
            id="memory between two steps",
        ),
        pytest.param({"networkMode": "bridge"}, "networkMode is bridge, expected awsvpc.", id="network mode"),
        pytest.param({"networkMode": None}, "networkMode is not set, expected awsvpc.", id="no network mode"),
        pytest.param({"requiresCompatibilities": ["EC2"]}, "expected [FARGATE]", id="compatibilities"),
        pytest.param({"requiresCompatibilities": None}, "expected [FARGATE]", id="no compatibilities"),
        pytest.param({"pidMode": "host"}, "pidMode is host, expected task", id="pid mode"),
        pytest.param(
            {"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}, "expected LINUX", id="Windows"
        ),
        pytest.param({"ephemeralStorage": {"sizeInGiB": 20}}, "is 20, expected 21 to 200", id="little storage"),
        pytest.param({"ephemeralStorage": {"sizeInGiB": 201}}, "is 201, expected 21 to 200", id="much storage"),
        pytest.param({"taskRoleArn": "webapp"}, "taskRoleArn is webapp, expected an ARN like", id="a role's name"),
        pytest.param({"volumes": [{"name": "a"}, {"name": "a"}]}, "volumes has a 2 times", id="a volume twice"),
        pytest.param({"volumes": [{}]}, "has no proper name", id="a volume without a name"),
        pytest.param(
            {"volumes": [{"name": "a", "efsVolumeConfiguration": {"authorizationConfig": {"iam": "ENABLED"}}}]},
            "expected transitEncryption: ENABLED",
            id="EFS with IAM in the clear",
        ),
        pytest.param(
            {
                "volumes": [
                    {
                        "name": "a",
                        "efsVolumeConfiguration": {
                            "rootDirectory": "/app",
                            "transitEncryption": "ENABLED",
                            "authorizationConfig": {"accessPointId": "fsap-1"},
                        },
                    }
                ]
            },
            "expected the one or the other",
            id="EFS with two roots",
        ),
        pytest.param(
            {"executionRoleArn": None}, "executionRoleArn is not set, expected the role that fetches", id="no role"
        ),
    ],
)
def test_what_fargate_refuses_of_a_task_is_said(fields, sentence):
    (problem,) = said(a_definition(**fields))
    assert sentence in problem


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param({"startTimeout": 1}, "[app].startTimeout is 1, expected 2 to 120 seconds.", id="start 1"),
        pytest.param({"startTimeout": 600}, "startTimeout is 600, expected 2 to 120 seconds.", id="start 600"),
        pytest.param({"stopTimeout": 121}, "stopTimeout is 121, expected 2 to 120 seconds.", id="stop 121"),
        pytest.param({"healthCheck": CHECK | {"interval": 4}}, "healthCheck.interval is 4, expected 5 to 300", id="4"),
        pytest.param({"healthCheck": CHECK | {"timeout": 61}}, "timeout is 61, expected 2 to 60", id="check's timeout"),
        pytest.param({"healthCheck": CHECK | {"retries": 11}}, "retries is 11, expected 1 to 10.", id="retries"),
        pytest.param({"healthCheck": CHECK | {"startPeriod": 301}}, "is 301, expected 0 to 300", id="start period"),
        pytest.param({"healthCheck": {"command": ["curl"]}}, "neither CMD nor CMD-SHELL", id="check's command"),
        pytest.param(
            {"restartPolicy": {"enabled": True, "restartAttemptPeriod": 30}},
            "is 30, expected 60 to 1800",
            id="restarts",
        ),
        pytest.param({"name": "my app"}, "has no proper name", id="a name with a space"),
        pytest.param({"image": ""}, "image is empty", id="no image"),
        pytest.param({"image": "app@sha256:12"}, "expected repository@sha256: and 64 hexadecimal digits", id="digest"),
        pytest.param({"essential": False}, "No container is essential", id="nothing essential"),
        pytest.param({"cpu": 512}, "The containers' cpu adds up to 512, expected 256 at most", id="cpu of containers"),
        pytest.param({"memory": 513}, "The containers' memory adds up to 513, expected 512", id="memory of containers"),
        pytest.param({"memory": 128, "memoryReservation": 256}, "expected 128 at most", id="reservation above memory"),
        pytest.param(
            {"portMappings": [{"containerPort": 80, "hostPort": 8080}]},
            "[app].portMappings[80].hostPort is 8080, expected 80: under awsvpc there is no other port.",
            id="another host port",
        ),
        pytest.param(
            {"portMappings": [{"containerPort": 80}, {"containerPort": 80}]},
            "portMappings has 80/tcp 2 times, expected once.",
            id="a port twice",
        ),
        pytest.param({"portMappings": [{"protocol": "tcp"}]}, "an entry with neither", id="no port"),
        pytest.param(
            {"portMappings": [{"containerPort": 80, "containerPortRange": "80-90"}]},
            "an entry with both",
            id="two ports",
        ),
        pytest.param({"portMappings": [{"containerPort": 70000}]}, "expected 1 to 65535", id="no such port"),
        pytest.param(
            {"environment": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
            "[app].environment has A 2 times, expected once.",
            id="a variable twice",
        ),
        pytest.param({"environment": [{"value": "1"}]}, "an entry without a name", id="a variable without a name"),
        pytest.param(
            {"secrets": [{"name": "A", "valueFrom": "/a"}, {"name": "A", "valueFrom": "/b"}]},
            "[app].secrets has A 2 times, expected once.",
            id="a secret twice",
        ),
        pytest.param(
            {"environment": [{"name": "A", "value": "1"}], "secrets": [{"name": "A", "valueFrom": "/a"}]},
            "[app] has A in environment and in secrets, expected one of them.",
            id="a variable and a secret",
        ),
        pytest.param({"secrets": [{"name": "A"}]}, "secrets[A].valueFrom is missing", id="a secret from nowhere"),
        pytest.param({"mountPoints": [{"sourceVolume": "x"}]}, "names the volume x, expected one of", id="no volume"),
        pytest.param({"volumesFrom": [{"sourceContainer": "app"}]}, "expected another container", id="its own volumes"),
        pytest.param(
            {"linuxParameters": {"capabilities": {"add": ["NET_ADMIN"]}}}, "expected SYS_PTRACE alone", id="capability"
        ),
        pytest.param({"logConfiguration": {"logDriver": "syslog"}}, "logDriver is syslog, expected awslogs", id="logs"),
        pytest.param(
            {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/a"}}},
            "options lacks awslogs-region, awslogs-stream-prefix",
            id="log options",
        ),
        pytest.param(
            {"firelensConfiguration": {"type": "fluentbit", "options": {"config-file-type": "s3"}}},
            "is s3, expected file.",
            id="FireLens from S3",
        ),
        pytest.param(
            {"environmentFiles": [{"type": "s3", "value": "app.env"}]}, "environmentFiles expects", id="no file in S3"
        ),
        pytest.param(
            {"dependsOn": [{"containerName": "db", "condition": "START"}]},
            "[app].dependsOn[db] names no container of this task",
            id="waits for none",
        ),
    ],
)
def test_what_fargate_refuses_of_a_container_is_said(fields, sentence):
    (problem,) = said(a_definition(a_container(**fields)))
    assert sentence in problem


@pytest.mark.parametrize(
    "value_from",
    [
        "DATABASE_URL",
        "/webapp/staging/DATABASE_URL",
        "arn:aws:ssm:us-east-1:123456789012:parameter/webapp/DATABASE_URL",
        "arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/DATABASE_URL",
        SECRET_ARN,
        f"{SECRET_ARN}:password::",
        f"{SECRET_ARN}:password:AWSCURRENT:",
        f"{SECRET_ARN}:::0a1b2c3d-0000-0000-0000-000000000000",
    ],
)
def test_a_secret_is_a_parameter_or_a_secrets_arn(value_from):
    assert said(a_definition(a_container(secrets=[{"name": "A", "valueFrom": value_from}]))) == []


@pytest.mark.parametrize(
    "value_from",
    [
        "webapp/staging/DATABASE_URL",
        "/webapp//DATABASE_URL",
        "postgres://user:hunter2@db/app",
        "arn:aws:s3:::bucket/secret",
        "arn:aws:ssm:us-east-1:123456789012:parameter",
        "arn:aws:ssm:us-east-1:12345:parameter/a",
        "arn:aws:secretsmanager:us-east-1:123456789012:webapp/db",
        f"{SECRET_ARN}:password",
    ],
)
def test_anything_else_is_no_secret_and_is_not_shown(value_from):
    (problem,) = said(a_definition(a_container(secrets=[{"name": "A", "valueFrom": value_from}])))
    assert "[app].secrets[A].valueFrom names no secret, expected a parameter's name" in problem
    assert value_from not in problem


def test_secrets_of_the_log_driver_are_judged_alike():
    logs = {"logDriver": "splunk", "secretOptions": [{"name": "splunk-token", "valueFrom": "a b"}]}
    (problem,) = said(a_definition(a_container(logConfiguration=logs)))
    assert "logConfiguration.secretOptions[splunk-token].valueFrom" in problem


@pytest.mark.parametrize(
    ("fields", "need"),
    [
        pytest.param({"image": "nginx", "secrets": [{"name": "A", "valueFrom": "/a"}]}, "secrets", id="secrets"),
        pytest.param({}, "an image in ECR", id="ECR"),
        pytest.param(
            {"image": "nginx", "repositoryCredentials": {"credentialsParameter": "x"}},
            "repositoryCredentials",
            id="login",
        ),
        pytest.param(
            {
                "image": "nginx",
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": "a", "awslogs-region": "b", "awslogs-stream-prefix": "c"},
                },
            },
            "awslogs",
            id="logs",
        ),
    ],
)
def test_the_execution_role_is_missed_where_it_is_needed(fields, need):
    (problem,) = said(a_definition(a_container(**fields), executionRoleArn=None))
    assert need in problem


def test_the_execution_role_is_not_missed_where_nothing_is_fetched():
    assert said(a_definition(a_container(image="nginx"), executionRoleArn=None)) == []


def test_an_arn_that_is_not_known_yet_is_no_problem_in_check_mode():
    definition = a_definition(a_container(secrets=[{"name": "A"}]), executionRoleArn=None)
    assert said(definition, blank_arns=True) == []
    assert len(said(definition)) == 2


@pytest.mark.parametrize(
    ("containers", "sentence"),
    [
        pytest.param([a_container(), a_container()], "containerDefinitions has app 2 times", id="a name twice"),
        pytest.param(
            [
                a_container(portMappings=[{"containerPort": 80}]),
                a_container(name="b", portMappings=[{"containerPort": 80}]),
            ],
            "portMappings has 80/tcp 2 times",
            id="containers share their ports",
        ),
        pytest.param(
            [a_container(dependsOn=[{"containerName": "b", "condition": "SUCCESS"}]), a_container(name="b")],
            "[app].dependsOn[b] waits for the end of an essential container",
            id="waits for what must not end",
        ),
        pytest.param(
            [a_container(dependsOn=[{"containerName": "b", "condition": "HEALTHY"}]), a_container(name="b")],
            "expected a healthCheck there",
            id="waits for health that nobody checks",
        ),
        pytest.param(
            [
                a_container(name="a", dependsOn=[{"containerName": "b", "condition": "START"}]),
                a_container(name="b", dependsOn=[{"containerName": "c", "condition": "START"}]),
                a_container(name="c", dependsOn=[{"containerName": "b", "condition": "START"}]),
            ],
            "Containers wait for each other: b -> c -> b.",
            id="a circle",
        ),
        pytest.param(
            [a_container(name="a", dependsOn=[{"containerName": "a", "condition": "START"}])],
            "Containers wait for each other: a -> a.",
            id="waits for itself",
        ),
        pytest.param(
            [
                a_container(
                    dependsOn=[
                        {"containerName": "b", "condition": "START"},
                        {"containerName": "b", "condition": "START"},
                    ]
                ),
                a_container(name="b"),
            ],
            "[app].dependsOn has b 2 times",
            id="waits twice",
        ),
        pytest.param([a_container(name=f"c{n}") for n in range(11)], "There are 11 containers", id="too many"),
    ],
)
def test_what_containers_cannot_be_together_is_said(containers, sentence):
    (problem,) = said(a_definition(*containers))
    assert sentence in problem


def test_a_port_may_be_open_for_tcp_and_udp():
    mappings = [{"containerPort": 53, "protocol": "udp"}, {"containerPort": 53, "protocol": "tcp"}]
    assert said(a_definition(a_container(portMappings=mappings))) == []


def test_a_diamond_is_no_circle():
    def waits(name, *others):
        return a_container(name=name, dependsOn=[{"containerName": one, "condition": "START"} for one in others])

    assert said(a_definition(waits("a", "b", "c"), waits("b", "d"), waits("c", "d"), waits("d"))) == []


@pytest.mark.parametrize("family", ["", "web app", "webapp/staging", "a" * 256])
def test_a_family_is_a_name_for_ecs(family):
    (problem,) = problems(family, a_definition())
    assert problem.startswith("The family")


def test_all_problems_are_told_at_once():
    bad = a_container(startTimeout=600, stopTimeout=1, image="")
    assert len(said(a_definition(bad, networkMode="host", cpu="1"))) == 5
