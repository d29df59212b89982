"""What breaks the model of a service, or what AWS documents beside it, and how AWS says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from local_aws.service_model import answers
from local_aws.service_model.checking import matches, violations
from local_aws.service_model.documented import RULES
from local_aws.service_model.patterns import UntranslatableError, matcher
from local_aws.service_model.reading import Call, Request, model, read
from tests.unit.local_aws.service_model.test_reading import SERVICES

README = Path(__file__).parents[4] / "local_aws" / "README.md"


def a_call(service: str, operation: str, given: dict[str, object], protocol: str = "json") -> Call:
    return Call(service, model(service).operation_model(operation), protocol, given)


PERMISSION = {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "p"}


@pytest.mark.parametrize(
    ("service", "operation", "given", "said"),
    [
        pytest.param("lambda", "AddPermission", PERMISSION, (), id="right"),
        pytest.param(
            "lambda",
            "AddPermission",
            PERMISSION | {"SourceArn": "arn:aws:sns:*:123456789012:topic"},
            (
                "Value 'arn:aws:sns:*:123456789012:topic' at 'sourceArn'",
                "Member must satisfy regular expression pattern: arn:",
            ),
            id="pattern",
        ),
        pytest.param(
            "lambda", "AddPermission", {}, ("Value null at 'functionName'", "Member must not be null"), id="required"
        ),
        pytest.param(
            "ecs",
            "RunTask",
            {"taskDefinition": "t", "launchType": "MOON"},
            ("Value 'MOON' at 'launchType'", "Member must satisfy enum value set: [EC2, FARGATE"),
            id="enum",
        ),
        pytest.param(
            "elbv2",
            "SetRulePriorities",
            {"RulePriorities": [{"RuleArn": "r", "Priority": 50001}]},
            (
                "Value '50001' at 'rulePriorities.1.member.priority'",
                "Member must have value less than or equal to 50000",
            ),
            id="maximum, in a list",
        ),
        pytest.param(
            "cloudwatch",
            "PutMetricAlarm",
            {"AlarmName": "", "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold"},
            ("Value '' at 'alarmName'", "Member must have length greater than or equal to 1"),
            id="shortest",
        ),
        pytest.param(
            "lambda",
            "TagResource",
            {"Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Tags": {"aws:a": "b"}},
            ("at 'tags'", "Map keys must satisfy constraint: [Member must not begin with aws:"),
            id="key of a map",
        ),
        pytest.param(
            "ec2",
            "CreateTags",
            {"Resources": ["vpc-1"], "Tags": [{"Key": "aws:a", "Value": "b"}]},
            ("Value 'aws:a' at 'tags.1.member.key'", "not begin with aws:"),
            id="documented only",
        ),
        pytest.param(
            "ssm",
            "PutParameter",
            {"Name": "p", "Value": "secret", "Tier": "Big"},
            ("Value 'Big' at 'tier'",),
            id="nothing of a secret that is right",
        ),
    ],
)
def test_what_breaks_the_model_is_named(service, operation, given, said):
    found = violations(a_call(service, operation, given))
    assert bool(found) == bool(said)
    for part in said:
        assert part in found[0]


def test_a_secret_is_not_repeated():
    given = {"DBInstanceIdentifier": "db", "DBInstanceClass": "c", "Engine": "postgres", "MasterUserPassword": "short"}
    [said] = violations(a_call("rds", "CreateDBInstance", given))
    assert said.startswith("Value at 'masterUserPassword' failed")


@pytest.mark.parametrize("name", SERVICES)
def test_each_pattern_of_the_services_that_we_use_can_be_told(name):
    service = model(name)
    shapes = [service.shape_for(each).metadata for each in service.shape_names]
    for pattern in {shape["pattern"] for shape in shapes if "pattern" in shape}:
        matcher(pattern)


TAG = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"


@pytest.mark.parametrize(
    ("pattern", "text", "is_it"),
    [
        pytest.param(TAG, "Größe 1", True, id="letters of all languages"),
        pytest.param(TAG, "a;b", False, id="the whole text"),
        pytest.param("^a", "ab", True, id="only the beginning, if the pattern says so"),
        pytest.param(r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF]*", "a\N{GRINNING FACE}", True, id="pairs"),
        pytest.param(r"[\w-_]*", "a-b", True, id="a dash behind a set"),
        pytest.param(r"[\w-\/.]*", "a/b-", True, id="a dash and a slash behind a set"),
        pytest.param(r"\p{Print}+", "a\n", False, id="POSIX"),
        pytest.param(r"[a-z[0-9]]+", "a1", True, id="a set in a set"),
        pytest.param(r"\w+", "ä", False, id="Java's words are ASCII"),
    ],
)
def test_a_pattern_means_what_it_means_in_java(pattern, text, is_it):
    assert matcher(pattern)(text) is is_it


def test_a_pattern_that_python_cannot_say_refuses_nothing():
    pattern = r"[\p{Print}&&[^|]]+"
    with pytest.raises(UntranslatableError):
        matcher(pattern)
    assert matches(pattern, "|")


@pytest.mark.parametrize("key", RULES, ids=" ".join)
def test_a_documented_rule_is_of_a_member_that_there_is_and_its_page_is_in_the_readme(key):
    service, shape, member = key
    assert member in model(service).shape_for(shape).members
    if RULES[key].pattern:
        matcher(RULES[key].pattern)
    said = (RULES[key].page, f"`{member}`", RULES[key].says.removeprefix("Member must "))
    assert any(all(part in line for part in said) for line in README.read_text().splitlines())


WINDOW = {"DBInstanceIdentifier": "db"}


@pytest.mark.parametrize(
    ("service", "operation", "given", "is_right"),
    [
        pytest.param(
            "ec2", "CreateSecurityGroup", {"GroupName": "webapp", "Description": "The app (prod)"}, True, id="spoken"
        ),
        pytest.param(
            "ec2", "CreateSecurityGroup", {"GroupName": "webapp", "Description": "The app's"}, False, id="apostrophe"
        ),
        pytest.param("ec2", "CreateSecurityGroup", {"GroupName": "sg-1", "Description": "a"}, False, id="sg-"),
        pytest.param("elbv2", "CreateTargetGroup", {"Name": "a" * 32}, True, id="32 characters"),
        pytest.param("elbv2", "CreateTargetGroup", {"Name": "a" * 33}, False, id="33 characters"),
        pytest.param("elbv2", "CreateTargetGroup", {"Name": "app-"}, False, id="a hyphen at the end"),
        pytest.param("elbv2", "CreateLoadBalancer", {"Name": "internal-app"}, False, id="internal-"),
        pytest.param("rds", "ModifyDBInstance", WINDOW | {"PreferredBackupWindow": "03:00-03:30"}, True, id="window"),
        pytest.param("rds", "ModifyDBInstance", WINDOW | {"PreferredBackupWindow": "3:00-3:30"}, False, id="no window"),
        pytest.param(
            "rds", "ModifyDBInstance", WINDOW | {"PreferredMaintenanceWindow": "Sun:04:00-Sun:04:30"}, True, id="a day"
        ),
        pytest.param("rds", "ModifyDBInstance", WINDOW | {"NewDBInstanceIdentifier": "a--b"}, False, id="two hyphens"),
        pytest.param("rds", "ModifyDBInstance", WINDOW | {"BackupRetentionPeriod": 36}, False, id="36 days"),
        pytest.param(
            "route53", "CreateHostedZone", {"Name": "a.test.", "CallerReference": "1"}, True, id="a dot behind"
        ),
        pytest.param(
            "route53", "CreateHostedZone", {"Name": f"{'a' * 64}.test", "CallerReference": "1"}, False, id="label"
        ),
        pytest.param("sns", "CreateTopic", {"Name": "a.fifo"}, True, id="a queue of a topic"),
        pytest.param("sqs", "CreateQueue", {"QueueName": "a.b"}, False, id="a dot in a queue's name"),
        pytest.param("ecs", "CreateCluster", {"clusterName": "webapp prod"}, False, id="a space in a cluster's name"),
    ],
)
def test_what_is_documented_beside_the_model_holds(service, operation, given, is_right):
    assert (violations(a_call(service, operation, given)) == []) is is_right


@pytest.mark.parametrize(
    ("word", "is_right"), [("webapp_staging", True), ("user", False), ("Order", False), ("db", False), ("1a", False)]
)
def test_a_database_has_no_name_that_postgresql_reserves(word, is_right):
    given = {"DBInstanceIdentifier": "db", "DBInstanceClass": "c", "Engine": "postgres", "DBName": word}
    assert (violations(a_call("rds", "CreateDBInstance", given)) == []) is is_right


@pytest.mark.parametrize(
    ("service", "operation", "protocol", "code", "form"),
    [
        pytest.param("lambda", "AddPermission", "rest-json", "ValidationException", '"__type": "{}"', id="rest-json"),
        pytest.param(
            "iam",
            "CreateRole",
            "query",
            "ValidationError",
            "<ErrorResponse><Error><Type>Sender</Type><Code>{}<",
            id="query",
        ),
        pytest.param(
            "ec2", "CreateVpc", "ec2", "InvalidParameterValue", "<Response><Errors><Error><Code>{}<", id="ec2"
        ),
        pytest.param(
            "route53",
            "GetHostedZone",
            "rest-xml",
            "InvalidInput",
            "<ErrorResponse><Error><Type>Sender</Type><Code>{}<",
            id="rest-xml",
        ),
        pytest.param("logs", "CreateLogGroup", "json", "InvalidParameterException", '"__type": "{}"', id="json"),
    ],
)
def test_an_answer_has_the_form_of_its_protocol(service, operation, protocol, code, form):
    call = a_call(service, operation, {}, protocol)
    said = answers.message(["Value 'a<b' at 'c' failed", "Value 'd' at 'e' failed"])
    status, _, body = answers.answer(call, answers.code(call), said)
    assert status == 400
    assert form.format(code) in body.decode()
    assert "2 validation errors detected: Value 'a" in body.decode()


def test_a_request_is_read_and_judged():
    body = json.dumps({"logGroupName": "a group"}).encode()
    call = read("logs", Request("POST", "/", "", {"x-amz-target": "Logs_20140328.CreateLogGroup"}, body))
    assert violations(call) == [
        "Value 'a group' at 'logGroupName' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\.\-_/#A-Za-z0-9]+"
    ]
