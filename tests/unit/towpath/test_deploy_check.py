from __future__ import annotations

import pytest
from ansible.module_utils.towpath import deploy_check
from ansible.module_utils.towpath.deploy_check import Failure

APP = {
    "name": "app",
    "portMappings": [{"containerPort": 3000, "protocol": "tcp"}],
    "environment": [{"name": "PORT", "value": "3000"}],
    "secrets": [{"name": "KEY", "valueFrom": "/webapp/staging/KEY"}],
    "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/staging/app"}},
}
DEFINITION = {"cpu": "256", "runtimePlatform": {"cpuArchitecture": "X86_64"}, "containerDefinitions": [APP]}
SERVICE = {
    "status": "ACTIVE",
    "desiredCount": 2,
    "runningCount": 2,
    "deploymentConfiguration": {"maximumPercent": 200},
    "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}],
}
GROUP = {
    "Protocol": "HTTP",
    "TargetType": "ip",
    "HealthCheckPort": "traffic-port",
    "HealthCheckPath": "/healthz",
}
BALANCER = {"targetGroupArn": "arn:tg", "containerName": "app", "containerPort": 3000}
KEY_ARN = "arn:aws:ssm:us-east-1:123456789012:parameter/webapp/staging/KEY"
KEY = {"/webapp/staging/KEY": {"Name": "/webapp/staging/KEY", "ARN": KEY_ARN}}
ALARMS = {"alarmNames": ["5xx", "slow"], "enable": True, "rollback": True}


def with_app(**changes):
    return DEFINITION | {"containerDefinitions": [APP | changes]}


@pytest.mark.parametrize(
    ("code", "told", "next_step"),
    [
        pytest.param("NoCredentialsError", "this shell has no AWS credentials", "aws sso login", id="none"),
        pytest.param(
            "ExpiredTokenException", "the AWS credentials of this shell have expired", "take new", id="expired"
        ),
        pytest.param("SSOTokenLoadError", "the AWS credentials of this shell have expired", "aws sso login", id="sso"),
        pytest.param(
            "UnrecognizedClientException", "AWS does not know the credentials of this shell", "keys", id="bad"
        ),
        pytest.param("EndpointConnectionError", "AWS does not answer: words", "AWS_ENDPOINT_URL", id="no answer"),
    ],
)
def test_credentials_that_aws_does_not_take_are_bad_with_what_to_type(code, told, next_step):
    check = deploy_check.refused(Failure("describe a service", code, "words"))
    assert (check.name, check.state, check.sentence) == ("credentials", "bad", told)
    assert next_step in check.advice


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        pytest.param(
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:DescribeImages on resource: x",
            "not looked at: these credentials may not describe an image (ecr:DescribeImages)",
            id="a permission that is missing",
        ),
        pytest.param(
            "UnauthorizedOperation",
            "You are not authorized to perform this operation.",
            "not looked at: these credentials may not describe an image "
            "(You are not authorized to perform this operation.)",
            id="EC2 names no permission in words",
        ),
        pytest.param(
            "ThrottlingException",
            "Rate exceeded",
            "not looked at: AWS did not let us describe an image (Rate exceeded)",
            id="anything else",
        ),
    ],
)
def test_what_could_not_be_looked_at_is_unknown_with_its_reason(code, message, told):
    check = deploy_check.not_looked_at("image", Failure("describe an image", code, message))
    assert (check.name, check.state, check.sentence) == ("image", "unknown", told)


@pytest.mark.parametrize(
    ("built_for", "wanted", "state", "words"),
    [
        pytest.param(
            ["amd64"], "X86_64", "good", "webapp:4f2c9d1 is there, X86_64 as the task definition", id="the same"
        ),
        pytest.param(["amd64", "arm64"], "ARM64", "good", "ARM64 as the task definition", id="one of several"),
        pytest.param(["arm64"], "X86_64", "bad", "is built for ARM64, expected X86_64", id="another"),
        pytest.param(["amd64"], "ARM64", "bad", "is built for X86_64, expected ARM64", id="the other way round"),
        pytest.param([], "X86_64", "unknown", "does not say which architecture", id="none said"),
    ],
)
def test_an_image_is_good_for_the_machine_that_the_task_definition_names(built_for, wanted, state, words):
    definition = DEFINITION | {"runtimePlatform": {"cpuArchitecture": wanted}}
    check = deploy_check.image("webapp:4f2c9d1", built_for, definition)
    assert check.state == state
    assert words in check.sentence


def test_an_image_for_the_wrong_machine_says_how_to_build_it():
    check = deploy_check.image("webapp:4f2c9d1", ["arm64"], DEFINITION)
    assert "docker build --platform linux/amd64" in check.advice
    assert "app_service_cpu_architecture: ARM64" in check.advice


def test_attestations_in_an_index_are_for_no_machine():
    platforms = [{"architecture": "arm64"}, {"architecture": "amd64"}, {"architecture": "unknown"}, {}]
    index = {"manifests": [{"platform": one} for one in platforms]}
    assert deploy_check.manifest_architectures(index) == ["amd64", "arm64"]


@pytest.mark.parametrize(
    ("value_from", "name"),
    [
        pytest.param("/webapp/staging/KEY", "/webapp/staging/KEY", id="name with a path"),
        pytest.param("KEY", "KEY", id="name"),
        pytest.param(KEY_ARN, "/webapp/staging/KEY", id="ARN with a path"),
        pytest.param("arn:aws:ssm:us-east-1:123456789012:parameter/KEY", "KEY", id="ARN"),
        pytest.param("arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf", "", id="no parameter"),
    ],
)
def test_the_parameter_that_a_secret_comes_from(value_from, name):
    assert deploy_check.parameter_name(value_from) == name


@pytest.mark.parametrize(
    ("found", "decisions", "state", "words"),
    [
        pytest.param(KEY, {KEY_ARN: "allowed"}, "good", "1 of 1 are there, and the execution role may read", id="good"),
        pytest.param({}, {}, "bad", "there is no KEY", id="missing"),
        pytest.param(KEY, {KEY_ARN: "implicitDeny"}, "bad", "may not read KEY", id="denied"),
        pytest.param(KEY, {KEY_ARN: "explicitDeny"}, "bad", "may not read KEY", id="forbidden"),
        pytest.param(
            KEY,
            Failure("simulate", "AccessDenied", "perform: iam:S"),
            "unknown",
            "1 of 1 are there",
            id="not simulated",
        ),
        pytest.param(
            {name: one | {"KeyId": "alias/own"} for name, one in KEY.items()},
            {KEY_ARN: "allowed"},
            "unknown",
            "a key of your own",
            id="own key",
        ),
    ],
)
def test_secrets_are_good_when_they_are_there_and_the_execution_role_may_read_them(found, decisions, state, words):
    check = deploy_check.secrets(deploy_check.parameters_of(DEFINITION), found, decisions, "staging")
    assert check.state == state
    assert words in check.sentence


def test_a_missing_secret_says_what_to_type():
    check = deploy_check.secrets({"KEY": "/webapp/staging/KEY"}, {}, {}, "staging")
    assert "ansible-playbook secrets.yml -e env=staging -e set=KEY" in check.advice


@pytest.mark.parametrize(
    ("results", "decisions"),
    [
        pytest.param(
            [
                {"EvalResourceName": "a", "EvalDecision": "allowed"},
                {"EvalResourceName": "b", "EvalDecision": "implicitDeny"},
            ],
            {"a": "allowed", "b": "implicitDeny"},
            id="a result for each resource",
        ),
        pytest.param(
            [
                {
                    "EvalResourceName": "*",
                    "EvalDecision": "implicitDeny",
                    "ResourceSpecificResults": [
                        {"EvalResourceName": "a", "EvalResourceDecision": "allowed"},
                        {"EvalResourceName": "b", "EvalResourceDecision": "explicitDeny"},
                    ],
                }
            ],
            {"a": "allowed", "b": "explicitDeny"},
            id="one result with a part for each resource",
        ),
        pytest.param(
            [{"EvalResourceName": "a", "EvalDecision": "implicitDeny", "MissingContextValues": ["aws:SourceVpc"]}],
            {},
            id="hangs on what nobody said",
        ),
    ],
)
def test_what_iam_decides_for_each_resource(results, decisions):
    assert deploy_check.simulated(results) == decisions


@pytest.mark.parametrize(
    ("options", "groups"),
    [
        pytest.param({"awslogs-group": "/ecs/app"}, ["/ecs/app"], id="must be there"),
        pytest.param({"awslogs-group": "/ecs/app", "awslogs-create-group": "true"}, [], id="is made by the task"),
    ],
)
def test_the_log_groups_that_a_task_needs(options, groups):
    logs = {"logDriver": "awslogs", "options": options}
    assert deploy_check.log_groups_of(with_app(logConfiguration=logs)) == groups


def test_a_log_group_that_is_not_there_is_bad():
    assert deploy_check.log_group(["/ecs/app"], ["/ecs/app"], "prod").state == "good"
    missing = deploy_check.log_group(["/ecs/app"], [], "prod")
    assert missing.state == "bad"
    assert "provision.yml -e env=prod" in missing.advice


@pytest.mark.parametrize(
    ("desired", "most", "tasks"),
    [(2, 200, 2), (4, 150, 2), (1, 200, 1), (0, 200, 1), (3, 100, 1)],
    ids=["twice as many", "half as many more", "one", "a first release", "one is always started"],
)
def test_how_many_tasks_a_rollout_starts_besides(desired, most, tasks):
    service = {"desiredCount": desired, "deploymentConfiguration": {"maximumPercent": most}}
    assert deploy_check.tasks_besides(service) == tasks


@pytest.mark.parametrize(
    ("needed", "free", "state"),
    [
        pytest.param(2, {"a": 200, "b": 200}, "good", id="plenty"),
        pytest.param(4, {"a": 2, "b": 1}, "bad", id="too few"),
        pytest.param(4, {"a": 9, "b": 1}, "unknown", id="too few in one subnet"),
        pytest.param(3, {"a": 3}, "good", id="just enough"),
    ],
)
def test_a_rollout_needs_a_free_address_for_each_task(needed, free, state):
    assert deploy_check.addresses(needed, free).state == state


@pytest.mark.parametrize(
    ("group", "balancer", "definition", "words"),
    [
        pytest.param(None, {}, DEFINITION, "there is no target group arn:tg", id="no group"),
        pytest.param(GROUP, {"containerName": "web"}, DEFINITION, "asks the container web", id="another container"),
        pytest.param(GROUP, {"containerPort": 80}, DEFINITION, "asks port 80 of app, expected 3000", id="another port"),
        pytest.param(GROUP | {"TargetType": "instance"}, {}, DEFINITION, "expected ip", id="type"),
        pytest.param(GROUP | {"Protocol": "UDP"}, {}, DEFINITION, "speaks UDP", id="protocol"),
        pytest.param(GROUP | {"HealthCheckPort": "8080"}, {}, DEFINITION, "asks port 8080", id="health port"),
        pytest.param(
            GROUP, {}, with_app(environment=[{"name": "PORT", "value": "8000"}]), "listen on PORT 8000", id="PORT"
        ),
        pytest.param(
            GROUP,
            {},
            with_app(healthCheck={"command": ["CMD-SHELL", "curl -f http://localhost:3000/up || exit 1"]}),
            "asks /healthz, but the container checks itself at /up",
            id="health path",
        ),
    ],
)
def test_a_target_group_that_asks_where_nobody_answers_is_bad(group, balancer, definition, words):
    check = deploy_check.target_group(group, BALANCER | balancer, definition)
    assert check.state == "bad"
    assert words in check.sentence
    assert check.advice


def test_a_target_group_that_asks_the_port_of_the_container_is_good():
    own_check = with_app(healthCheck={"command": ["CMD", "curl", "http://127.0.0.1:3000/healthz"]})
    for definition in (DEFINITION, own_check):
        check = deploy_check.target_group(GROUP, BALANCER, definition)
        assert (check.state, check.sentence) == ("good", "HTTP to port 3000 of app, checked at /healthz")


@pytest.mark.parametrize(
    ("states", "state"),
    [
        pytest.param(["healthy", "healthy"], "good", id="all pass"),
        pytest.param(["healthy", "unhealthy"], "good", id="one passes"),
        pytest.param(["unhealthy", "unhealthy"], "unknown", id="none passes"),
        pytest.param([], "good", id="nobody to ask"),
    ],
)
def test_a_health_check_that_nobody_passes_now_is_unknown_because_a_deploy_may_be_the_cure(states, state):
    targets = [{"TargetHealth": {"State": one, "Description": "answered 404"}} for one in states]
    good = deploy_check.target_group(GROUP, BALANCER, DEFINITION)
    assert deploy_check.answers(GROUP, targets, good).state == state


@pytest.mark.parametrize(
    ("wanted", "states", "state", "words"),
    [
        pytest.param(ALARMS, {"5xx": "OK", "slow": "INSUFFICIENT_DATA"}, "good", "5xx and slow can go off", id="good"),
        pytest.param(ALARMS, {"5xx": "ALARM", "slow": "OK"}, "bad", "5xx is in ALARM", id="in ALARM"),
        pytest.param(ALARMS, {"slow": "OK"}, "bad", "there is no alarm 5xx", id="missing"),
        pytest.param(ALARMS | {"enable": False}, {}, "good", "no alarm watches", id="switched off"),
        pytest.param({}, {}, "good", "no alarm watches", id="none"),
    ],
)
def test_an_alarm_that_is_in_alarm_already_protects_no_rollout(wanted, states, state, words):
    found = [{"AlarmName": name, "StateValue": value} for name, value in states.items()]
    check = deploy_check.alarms(wanted, found)
    assert check.state == state
    assert words in check.sentence


@pytest.mark.parametrize(
    ("used", "state", "advised"),
    [(1.0, "good", False), (4.5, "good", True), (5.8, "bad", True)],
    ids=["room", "near the limit", "no room"],
)
def test_the_quota_has_room_for_the_tasks_of_a_rollout(used, state, advised):
    check = deploy_check.vcpus(deploy_check.vcpus_of(DEFINITION, 2), used, 6.0, "L-3032A538")
    assert (check.state, bool(check.advice)) == (state, advised)
    assert f"{used:g} of 6 vCPUs are in use, and a rollout needs 0.5 more" in check.sentence


@pytest.mark.parametrize(
    ("service", "state"),
    [(SERVICE, "good"), (None, "bad"), (SERVICE | {"status": "DRAINING"}, "bad")],
    ids=["active", "none", "on its way out"],
)
def test_the_service_must_be_there_and_active(service, state):
    assert deploy_check.service("app", service, "prod").state == state


def test_a_rollout_that_goes_on_is_bad_and_one_that_failed_is_over():
    primary = {"status": "PRIMARY", "taskDefinition": "arn:x/webapp:7", "runningCount": 1, "desiredCount": 2}
    for state, judged in (("IN_PROGRESS", "bad"), ("COMPLETED", "good"), ("FAILED", "good")):
        service = SERVICE | {"deployments": [primary | {"rolloutState": state}]}
        assert deploy_check.rollout(service).state == judged


def test_lines_are_aligned_with_the_advice_below():
    checks = [
        deploy_check.Check("credentials", "good", "root"),
        deploy_check.Check("image", "bad", "not there", "Push it:\n  docker push"),
    ]
    assert deploy_check.lines(checks) == [
        "good     credentials  root",
        "bad      image        not there",
        "                      Push it:",
        "                        docker push",
    ]


def test_every_check_has_its_place():
    names = ["rollout", "image", "credentials", "drift"]
    checks = [deploy_check.Check(name, "good", "") for name in names]
    assert [one.name for one in deploy_check.in_order(checks)] == ["credentials", "image", "rollout", "drift"]


def test_what_was_changed_by_hand_is_bad_with_each_change():
    assert deploy_check.drift([], "prod").state == "good"
    check = deploy_check.drift(["service.maximum_percent: 200 -> 100", "service.tags[a]: 1 -> none"], "prod")
    assert (check.state, check.sentence) == ("bad", "changed by hand: service.maximum_percent: 200 -> 100, and 1 more")
    assert check.advice.splitlines()[0] == "service.tags[a]: 1 -> none"


@pytest.mark.parametrize(
    ("missing", "state", "advice"),
    [
        pytest.param("", "good", "", id="nothing"),
        pytest.param("git is not installed here: install it", "unknown", "Next: install it.", id="git"),
    ],
)
def test_whether_an_older_commit_would_be_refused_is_a_check(missing, state, advice):
    check = deploy_check.commits(missing)
    assert (check.name, check.state, check.advice) == ("commits", state, advice)
    assert ("an older one is not refused: git is not installed here" in check.sentence) == bool(missing)
