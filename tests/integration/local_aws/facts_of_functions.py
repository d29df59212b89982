"""Facts of AWS for the corrections of Lambda and of alarms: they hold with a correction and fail without it.

They ask for an AWS where policies are enforced and time flies.
"""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from typing import Any

import boto3

from tests.integration.harness import AwsEndpoint
from tests.integration.local_aws.facts import Fact, error_of, new

FACTS_OF_FUNCTIONS: dict[str, Fact] = {}

PATIENCE_SECONDS = 8

# It says what it gets, takes its time where it is told to, and fails as long as its table says so.
TELLER = """
import json, os, time
import boto3

def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["TELL"], MessageBody=json.dumps(event))
    time.sleep(float(os.environ.get("SECONDS", "0")))
    if os.environ.get("FAIL"):
        raise RuntimeError("It does not want to.")
"""


def fact(function: Fact) -> Fact:
    FACTS_OF_FUNCTIONS[function.__name__] = function
    return function


def a_queue(aws: AwsEndpoint) -> tuple[str, str]:
    """Make a queue; return its address and ARN."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=new("queue"))["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def received(aws: AwsEndpoint, url: str, count: int = 1, seconds: float = PATIENCE_SECONDS) -> list[dict[str, Any]]:
    """Take messages from a queue until there are so many, or none has come for so many seconds."""
    sqs, last, found = aws.client("sqs"), time.monotonic(), []
    while len(found) < count and time.monotonic() - last < seconds:
        asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        messages = sqs.receive_message(**asked).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found += messages
        last = time.monotonic() if messages else last
        time.sleep(0.05)
    return found


def bodies(messages: list[dict[str, Any]]) -> list[Any]:
    return [json.loads(message["Body"]) for message in messages]


def a_role(aws: AwsEndpoint, **allowed: str) -> str:
    """Make a role that functions take, with actions and what they are allowed on: ``sqs_SendMessage=ARN``."""
    iam, name = aws.client("iam"), new("role")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    if allowed:
        iam.put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=policy(*statements_of(allowed)))
    return str(made)


def statements_of(allowed: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {"Effect": "Allow", "Action": action.replace("_", ":"), "Resource": resource}
        for action, resource in allowed.items()
    ]


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def a_function(aws: AwsEndpoint, role: str, tell: str, *, code: str = TELLER, **given: Any) -> str:
    """Make a function of which ``tell`` hears; return its ARN. Its environment is in ``given``, too."""
    variables = {key: given.pop(key) for key in ("FAIL", "SECONDS") if key in given}
    with io.BytesIO() as content:
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("teller.py", code)
        made = aws.client("lambda").create_function(
            FunctionName=new("teller"),
            Runtime="python3.13",
            Handler="teller.handler",
            Role=role,
            Timeout=10,
            Environment={"Variables": variables | {"TELL": tell}},
            Code={"ZipFile": content.getvalue()},
            **given,
        )
    return str(made["FunctionArn"])


def let_in(aws: AwsEndpoint, function: str, service: str, source: str, **asked: str) -> None:
    aws.client("lambda").add_permission(
        FunctionName=function,
        StatementId=new("statement"),
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
        SourceArn=source,
        **asked,
    )


def a_topic(aws: AwsEndpoint, service: str = "") -> str:
    """Make a topic, which a service may publish to if one is named."""
    sns = aws.client("sns")
    arn = sns.create_topic(Name=new("topic"))["TopicArn"]
    condition = {"StringEquals": {"aws:SourceAccount": aws.account_id}}
    who = {"Principal": {"Service": f"{service}.amazonaws.com"}, "Condition": condition}
    said = {"Effect": "Allow", "Action": "sns:Publish", "Resource": arn, **who}
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy(said))
    return str(arn)


def a_rule(aws: AwsEndpoint, function: str, source: str) -> str:
    events, name = aws.client("events"), new("rule")
    arn = events.put_rule(Name=name, EventPattern=json.dumps({"source": [source]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "function", "Arn": function}])
    return str(arn)


def put_event(aws: AwsEndpoint, source: str, detail: Any) -> None:
    entry = {"Source": source, "DetailType": "Something happened", "Detail": json.dumps(detail)}
    assert aws.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def a_log_group(aws: AwsEndpoint) -> tuple[str, str]:
    """Make a log group with one stream; return its name and the ARN that a function's policy names."""
    logs, name = aws.client("logs"), new("/app")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="one")
    return name, f"arn:aws:logs:us-east-1:{aws.account_id}:log-group:{name}:*"


def put_line(aws: AwsEndpoint, group: str, message: str) -> None:
    event = {"timestamp": int(time.time() * 1000), "message": message}
    aws.client("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=[event])


@fact
def an_event_is_tried_again_and_then_dead_lettered(aws: AwsEndpoint) -> None:
    (tell, _), (dead, dead_arn) = a_queue(aws), a_queue(aws)
    role = a_role(aws, sqs_SendMessage="*")
    source, topic, (group, logs_arn) = new("test"), a_topic(aws), a_log_group(aws)
    function = a_function(aws, role, tell, FAIL="yes", DeadLetterConfig={"TargetArn": dead_arn})
    let_in(aws, function, "events", a_rule(aws, function, source))
    let_in(aws, function, "sns", topic)
    let_in(aws, function, "logs", logs_arn)
    aws.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    subscription = {"logGroupName": group, "filterName": "all", "filterPattern": "", "destinationArn": function}
    aws.client("logs").put_subscription_filter(**subscription)

    put_event(aws, source, {"number": 1})
    aws.client("sns").publish(TopicArn=topic, Message="Hello")
    put_line(aws, group, "an error")
    tried = bodies(received(aws, tell, 9))
    counts = [len([one for one in tried if key in one]) for key in ("detail", "Records", "awslogs")]
    assert counts == [3, 3, 3], counts
    letters = received(aws, dead, 3)
    for event in bodies(letters):
        assert event in tried, "a dead letter is the event itself"
    assert {key for event in bodies(letters) for key in event} >= {"detail", "Records", "awslogs"}
    said = {key: value["StringValue"] for key, value in letters[0]["MessageAttributes"].items()}
    assert (said["ErrorCode"], said["ErrorMessage"]) == ("200", "It does not want to.")
    assert said["RequestID"]

    # A destination hears more. A throttle is no attempt: of two at once both are carried out, though none is retried.
    slow = a_function(aws, role, tell, SECONDS="1", FAIL="yes")
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=slow, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": dead_arn}}
    )
    aws.client("lambda").put_function_concurrency(FunctionName=slow, ReservedConcurrentExecutions=1)
    for number in (1, 2):
        payload = json.dumps({"number": number})
        aws.client("lambda").invoke(FunctionName=slow, InvocationType="Event", Payload=payload)
    records = bodies(received(aws, dead, 2))
    assert sorted(one["requestPayload"]["number"] for one in records) == [1, 2]
    assert {one["requestContext"]["condition"] for one in records} == {"RetriesExhausted"}
    assert {one["requestContext"]["approximateInvokeCount"] for one in records} == {1}
    assert records[0]["responsePayload"]["errorMessage"] == "It does not want to."


@fact
def a_service_runs_only_the_functions_that_let_it(aws: AwsEndpoint) -> None:
    tell, _ = a_queue(aws)
    role, source = a_role(aws, sqs_SendMessage="*"), new("test")
    function = a_function(aws, role, tell)
    rule, topic, (group, logs_arn) = a_rule(aws, function, source), a_topic(aws), a_log_group(aws)
    aws.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function)
    subscription = {"logGroupName": group, "filterName": "all", "filterPattern": "", "destinationArn": function}
    put_filter = aws.client("logs").put_subscription_filter
    assert error_of(put_filter, **subscription) == "InvalidParameterException"
    let_in(aws, function, "events", f"{rule}-of-another-name")
    # Neither of the two says its account, so to ask for it keeps them out.
    let_in(aws, function, "events", rule, SourceAccount=aws.account_id)
    let_in(aws, function, "sns", topic, SourceAccount=aws.account_id)
    let_in(aws, function, "logs", logs_arn, SourceAccount=aws.account_id)
    put_filter(**subscription)
    put_event(aws, source, {})
    aws.client("sns").publish(TopicArn=topic, Message="Hello")
    put_line(aws, group, "an error")
    heard = bodies(received(aws, tell, 2, seconds=2))
    assert [list(one) for one in heard] == [["awslogs"]]
    let_in(aws, function, "events", f"{rule[:-1]}*")
    let_in(aws, function, "sns", topic)
    put_event(aws, source, {})
    aws.client("sns").publish(TopicArn=topic, Message="Hello")
    assert len(received(aws, tell, 2)) == 2


@fact
def a_function_works_with_what_its_role_may_do(aws: AwsEndpoint) -> None:
    (tell, tell_arn), (_, source_arn) = a_queue(aws), a_queue(aws)
    _, stream_arn = a_table(aws)
    functions, role = aws.client("lambda"), a_role(aws, sqs_SendMessage=tell_arn)
    function = a_function(aws, role, tell, DeadLetterConfig={"TargetArn": tell_arn})
    denied = functions.invoke(FunctionName=a_function(aws, a_role(aws), tell))
    assert "AccessDenied" in json.loads(denied["Payload"].read())["errorMessage"]
    assert "FunctionError" not in functions.invoke(FunctionName=function)
    config = {"FunctionName": function, "DeadLetterConfig": {"TargetArn": source_arn}}
    assert error_of(functions.update_function_configuration, **config) == "InvalidParameterValueException"
    mapping = {"FunctionName": function, "EventSourceArn": source_arn}
    assert error_of(functions.create_event_source_mapping, **mapping) == "InvalidParameterValueException"
    stream = {"FunctionName": function, "EventSourceArn": stream_arn, "StartingPosition": "LATEST"}
    assert error_of(functions.create_event_source_mapping, **stream) == "InvalidParameterValueException"


@fact
def an_event_source_gathers_a_batch(aws: AwsEndpoint) -> None:
    (tell, _), (source, source_arn) = a_queue(aws), a_queue(aws)
    role, window = a_role(aws, **{"sqs_*": "*"}), 2
    function = a_function(aws, role, tell)
    mapping = {"FunctionName": function, "EventSourceArn": source_arn, "BatchSize": 25}
    aws.client("lambda").create_event_source_mapping(**mapping, MaximumBatchingWindowInSeconds=window)
    sqs = aws.client("sqs")

    def send(count: int) -> None:
        for begin in range(0, count, 10):
            entries = [{"Id": str(i), "MessageBody": "a line"} for i in range(begin, min(begin + 10, count))]
            sqs.send_message_batch(QueueUrl=source, Entries=entries)

    send(25)
    [full] = bodies(received(aws, tell))
    assert len(full["Records"]) == 25
    begun = time.monotonic()
    for _ in range(3):
        send(1)
        time.sleep(0.3)
    [rest] = bodies(received(aws, tell))
    assert len(rest["Records"]) == 3
    assert window <= time.monotonic() - begun < window + 3


def a_table(aws: AwsEndpoint) -> tuple[str, str]:
    """Make a table with a stream; return its name and the stream's ARN."""
    name = new("table")
    made = aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return name, str(made["TableDescription"]["LatestStreamArn"])


# The records named bad fail.
PICKY = """
import json, os
import boto3

def handler(event, context):
    [record] = event["Records"]
    name = record["dynamodb"]["Keys"]["id"]["S"]
    boto3.client("sqs").send_message(QueueUrl=os.environ["TELL"], MessageBody=json.dumps(name))
    if name == "bad":
        raise RuntimeError("It is bad.")
"""


@fact
def a_stream_is_read_in_order_until_its_retries_end(aws: AwsEndpoint) -> None:
    (tell, _), (dead, dead_arn), (table, stream) = a_queue(aws), a_queue(aws), a_table(aws)

    def put(name: str) -> None:
        aws.client("dynamodb").put_item(TableName=table, Item={"id": {"S": name}})

    put("before")
    role = a_role(aws, **{"sqs_*": "*", "dynamodb_*": "*"})
    function = a_function(aws, role, tell, code=PICKY)
    aws.client("lambda").create_event_source_mapping(
        FunctionName=function,
        EventSourceArn=stream,
        BatchSize=1,
        StartingPosition="LATEST",
        MaximumRetryAttempts=2,
        DestinationConfig={"OnFailure": {"Destination": dead_arn}},
    )
    for name in ("good", "bad", "next"):
        put(name)
    assert bodies(received(aws, tell, 5)) == ["good", "bad", "bad", "bad", "next"]
    [record] = bodies(received(aws, dead))
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert (record["DDBStreamBatchInfo"]["batchSize"], record["DDBStreamBatchInfo"]["streamArn"]) == (1, stream)


def an_alarm(aws: AwsEndpoint, namespace: str, **given: Any) -> str:
    name = new("alarm")
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace=namespace,
        MetricName="Errors",
        Statistic="Maximum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Dimensions=[{"Name": "Service", "Value": "web"}],
        **given,
    )
    return name


def a_measurer(aws: AwsEndpoint, namespace: str) -> Callable[..., None]:
    def measure(value: float, service: str = "web", later: float = 0) -> None:
        dimensions = [{"Name": "Service", "Value": service}]
        datum = {"MetricName": "Errors", "Dimensions": dimensions, "Value": value, "Timestamp": time.time() + later}
        aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])

    return measure


@fact
def an_alarm_sees_the_datapoints_of_its_own_metric(aws: AwsEndpoint) -> None:
    namespace = new("Test")
    name, measure = an_alarm(aws, namespace), a_measurer(aws, namespace)

    def seen() -> tuple[str, str]:
        alarm = aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
        return alarm["StateValue"], alarm["StateReason"].partition(" [")[0]

    measure(12.0, service="another")
    assert seen()[0] == "INSUFFICIENT_DATA"
    measure(12.0)
    assert seen() == ("ALARM", "Threshold Crossed: 1 datapoint")
    measure(3.0, later=60)
    assert seen() == ("OK", "Threshold Crossed: 1 datapoint")


@fact
def a_topic_hears_all_of_an_alarm(aws: AwsEndpoint) -> None:
    namespace, (url, arn) = new("Test"), a_queue(aws)
    topic, closed = a_topic(aws, "cloudwatch"), a_topic(aws, "events")
    who = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(who | {"Resource": arn})})
    for one in (topic, closed):
        aws.client("sns").subscribe(TopicArn=one, Protocol="sqs", Endpoint=arn)
    actions = [closed, topic]
    name = an_alarm(aws, namespace, AlarmActions=actions, OKActions=actions, AlarmDescription="Too many")
    aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a rehearsal")
    a_measurer(aws, namespace)(3.0)
    envelopes = bodies(received(aws, url, 3, seconds=2))
    assert [one["TopicArn"] for one in envelopes] == [topic, topic]
    assert envelopes[0]["Subject"] == f'ALARM: "{name}" in US East (N. Virginia)'
    alarm, over = (json.loads(one["Message"]) for one in envelopes)
    assert (alarm["OldStateValue"], alarm["NewStateValue"]) == ("INSUFFICIENT_DATA", "ALARM")
    assert (over["OldStateValue"], over["NewStateValue"], over["OKActions"]) == ("ALARM", "OK", actions)
    assert (alarm["NewStateReason"], alarm["Region"]) == ("a rehearsal", "US East (N. Virginia)")
    assert alarm["AlarmArn"].endswith(f":alarm:{name}")
    assert alarm["Trigger"]["Dimensions"] == [{"value": "web", "name": "Service"}]
    assert (alarm["Trigger"]["Statistic"], alarm["Trigger"]["Threshold"]) == ("MAXIMUM", 10.0)

    stat = {"Metric": {"Namespace": namespace, "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"}
    measured = {"Id": "errors", "MetricStat": stat, "ReturnData": False}
    aws.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{name}-doubled",
        Metrics=[{"Id": "doubled", "Expression": "2 * errors", "ReturnData": True}, measured],
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    aws.client("cloudwatch").set_alarm_state(AlarmName=f"{name}-doubled", StateValue="ALARM", StateReason="a rehearsal")
    [envelope] = bodies(received(aws, url))
    told = json.loads(envelope["Message"])["Trigger"]
    assert ("MetricName" in told, [one["Id"] for one in told["Metrics"]]) == (False, ["doubled", "errors"])


def a_user(aws: AwsEndpoint, service: str, **allowed: str) -> Any:
    """The client of a user who may do what is allowed, and nothing else: ``sqs_SendMessage=ARN``."""
    iam, name = aws.client("iam"), new("user")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="it", PolicyDocument=policy(*statements_of(allowed)))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.client(
        service,
        endpoint_url=aws.url,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


@fact
def each_parameter_that_is_read_must_be_allowed(aws: AwsEndpoint) -> None:
    ssm = aws.client("ssm")
    for name in ("/facts/one", "/facts/two"):
        ssm.put_parameter(Name=name, Value="x", Type="String", Overwrite=True)
    user = a_user(aws, "ssm", ssm_GetParameters=f"arn:aws:ssm:us-east-1:{aws.account_id}:parameter/facts/one")
    assert user.get_parameters(Names=["/facts/one"])["Parameters"][0]["Value"] == "x"
    assert error_of(user.get_parameters, Names=["/facts/one", "/facts/two"]) == "AccessDeniedException"


@fact
def a_dashboard_is_allowed_by_its_name(aws: AwsEndpoint) -> None:
    cloudwatch = aws.client("cloudwatch")
    for name in ("facts-one", "facts-two"):
        cloudwatch.put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}')
    user = a_user(
        aws, "cloudwatch", cloudwatch_GetDashboard=f"arn:aws:cloudwatch::{aws.account_id}:dashboard/facts-one"
    )
    assert user.get_dashboard(DashboardName="facts-one")["DashboardName"] == "facts-one"
    assert "AccessDenied" in error_of(user.get_dashboard, DashboardName="facts-two")
