"""Lambda: functions are run by events as on AWS, tried again, and allowed to do what their role may do."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.concurrency import esm_wake, spawn_background
from ministack.core.responses import error_response_json, get_account_id, get_region, request_scope
from ministack.services import cloudwatch_logs, dynamodb, eventbridge, lambda_svc, sns, sqs

from local_aws.corrections.target_health import SCALE

Json = dict[str, Any]

logger = logging.getLogger("lambda")

LONGEST_WAIT_AFTER_A_THROTTLE = 300
# AWS does not say how long a stream's batch waits before it is tried again; only that the wait grows.
LONGEST_WAIT_OF_A_BATCH = 60
DEFAULT_EVENT_AGE = 6 * 3600
# A queue hands out no more at once.
MESSAGES_AT_ONCE = 10

# "Troubleshooting Amazon EventBridge" says so of EventBridge. No page of AWS says that SNS would name it.
SAY_NO_ACCOUNT = ("events.amazonaws.com", "sns.amazonaws.com")

READING = {
    "sqs": ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"),
    "dynamodb": ("GetRecords", "GetShardIterator", "DescribeStream"),
}


def an_event_is_tried_again_and_then_dead_lettered() -> None:
    """EventBridge, SNS and Logs only hand over; an error is tried twice more, a throttle until the event is too old.

    AWS Lambda Developer Guide, How Lambda handles errors and retries with asynchronous invocation, and Adding a
    dead-letter queue; Amazon CloudWatch Logs User Guide, Log group-level subscription filters.
    """
    lambda_svc.invoke_async_with_retry = hand_over
    eventbridge._dispatch_to_lambda = lambda arn, payload: hand_over_to(arn, json.loads(payload))
    sns._deliver_to_lambda = hand_over_a_notification
    cloudwatch_logs._fanout_to_subscription_filters = hand_over_lines


def a_service_runs_only_the_functions_that_let_it() -> None:
    """Where policies are enforced, EventBridge, SNS and Logs need a statement in the function's policy.

    AWS Lambda Developer Guide, Granting Lambda function access to AWS services; Amazon EventBridge User Guide,
    Troubleshooting, My rule ran but my Lambda function wasn't invoked; Amazon CloudWatch Logs API Reference,
    PutSubscriptionFilter.
    """
    invoke: Callable[..., None] = eventbridge._invoke_target
    deliver: Callable[..., None] = sns._deliver_to_lambda
    put: Callable[[Json], Any] = cloudwatch_logs._put_subscription_filter

    def invoked(target: Json, event: Json, rule: Json, *more: Any) -> None:
        if is_function(target.get("Arn", "")) and not may_run(target["Arn"], "events.amazonaws.com", rule["Arn"]):
            return
        invoke(target, event, rule, *more)

    def delivered(endpoint: str, envelope: str, topic: str, *more: Any) -> None:
        if may_run(endpoint, "sns.amazonaws.com", topic):
            deliver(endpoint, envelope, topic, *more)

    def subscribed(data: Json) -> Any:
        destination = data.get("destinationArn", "")
        source = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{data.get('logGroupName')}:*"
        if is_function(destination) and not may_run(destination, "logs.amazonaws.com", source):
            message = (
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to "
                "execute your function."
            )
            return error_response_json("InvalidParameterException", message, 400)
        return put(data)

    eventbridge._invoke_target = invoked
    sns._deliver_to_lambda = delivered
    cloudwatch_logs._put_subscription_filter = subscribed


def a_function_works_with_what_its_role_may_do() -> None:
    """Where policies are enforced, its role reads the event source, and sends what failed to a queue or topic.

    AWS Lambda Developer Guide, Using Lambda with Amazon SQS and with Amazon DynamoDB, Execution role permissions, and
    Adding a dead-letter queue; AWS Lambda API Reference, InvalidParameterValueException.
    """
    map_source: Callable[[Json], Any] = lambda_svc._create_esm
    create: Callable[[Json], Any] = lambda_svc._create_function
    update: Callable[[str, Json], Any] = lambda_svc._update_config

    def mapped(data: Json) -> Any:
        source, service = data.get("EventSourceArn", ""), service_of(data.get("EventSourceArn", ""))
        function = lambda_svc._functions.get(lambda_svc._resolve_request_scoped_name(data.get("FunctionName", "")))
        role = function["config"]["Role"] if function else ""
        lacking = [act for act in READING.get(service, ()) if not role_may(role, f"{service}:{act}", source)]
        if not function or not lacking:
            return map_source(data)
        if service == "dynamodb":
            return refused(
                f"Cannot access stream {source}. Please ensure the role can perform the GetRecords, GetShardIterator, "
                "DescribeStream, and ListStreams Actions on your stream in IAM."
            )
        return refused(f"The provided execution role does not have permissions to call {lacking[0]} on SQS")

    def checked(role: str, data: Json) -> Any:
        target = (data.get("DeadLetterConfig") or {}).get("TargetArn", "")
        if target and not role_may(role, sending(target), target):
            action, service = sending(target).rpartition(":")[2], service_of(target).upper()
            return refused(f"The provided execution role does not have permissions to call {action} on {service}")
        return None

    def created(data: Json) -> Any:
        return checked(data.get("Role", ""), data) or create(data)

    def updated(name: str, data: Json) -> Any:
        function = lambda_svc._functions.get(name)
        role = data.get("Role") or (function["config"]["Role"] if function else "")
        return checked(role, data) or update(name, data)

    lambda_svc._create_esm = mapped
    lambda_svc._create_function = created
    lambda_svc._update_config = updated


def an_event_source_gathers_a_batch() -> None:
    """From a queue a function gets a batch when it is full, or when its window since the first message is over.

    AWS Lambda Developer Guide, Using Lambda with Amazon SQS, Polling and batching streams. The window takes its time
    in real seconds.
    """
    receive: Callable[[str, int], list[Json]] = sqs._receive_messages_for_esm
    gathered: dict[str, tuple[float, list[Json]]] = {}

    def corrected(url: str, wanted: int) -> list[Json]:
        arn = sqs._get_q(url)["attributes"]["QueueArn"]
        mapping = next(one for one in lambda_svc._esms.values() if one["EventSourceArn"] == arn and one["Enabled"])
        since, messages = gathered.pop(mapping["UUID"], (time.monotonic(), []))
        while len(messages) < wanted:
            more = receive(url, min(MESSAGES_AT_ONCE, wanted - len(messages)))
            messages += more
            if not more:
                break
        window = mapping.get("MaximumBatchingWindowInSeconds") or 0
        if messages and len(messages) < wanted and time.monotonic() - since < window:
            gathered[mapping["UUID"]] = since, messages
            return []
        return messages

    sqs._receive_messages_for_esm = corrected


def a_stream_is_read_in_order_until_its_retries_end() -> None:
    """A batch of a table's stream that fails is tried again before the next one, as often and as long as it is told.

    AWS Lambda Developer Guide, Using AWS Lambda with Amazon DynamoDB, Error handling, and Configuring destinations. A
    throttle is no attempt. The age of a record is scaled like every wait.
    """
    attempts: dict[str, int] = {}

    def read() -> bool:
        busy = False
        for account, region, mapping in lambda_svc._iter_all_esms():
            with request_scope(account, region):
                busy = take_batch(mapping, attempts) or busy
        return busy

    lambda_svc._poll_dynamodb_streams = read


# Events


def hand_over(function: Json, event: Any) -> None:
    """Take an event in, and answer before the function runs."""
    arn = (function.get("config") or function)["FunctionArn"]
    spawn_background(carry_out, arn, event, thread_name="local-aws-lambda-event")


def hand_over_to(arn: str, event: Any) -> None:
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if function is None:
        logger.warning("An event for the function %s is lost: there is none", name)
        return
    hand_over(lambda_svc._execution_record_for_config(function, config | {"FunctionArn": arn}), event)


def hand_over_a_notification(endpoint: str, envelope: str, _topic: str, subscription: str, *_more: Any) -> None:
    record = {"EventVersion": "1.0", "EventSubscriptionArn": subscription, "EventSource": "aws:sns"}
    hand_over_to(endpoint, {"Records": [record | {"Sns": json.loads(envelope)}]})


def hand_over_lines(group: str, stream: str, lines: list[Json]) -> None:
    found = cloudwatch_logs._log_groups.get(group) or {}
    for one in list((found.get("subscriptionFilters") or {}).values()):
        destination = one.get("destinationArn", "")
        # On AWS a function that hears of its own lines runs for ever, and is paid for.
        if not is_function(destination) or group == f"/aws/lambda/{destination.split(':')[6]}":
            continue
        pattern = one.get("filterPattern", "")
        heard = [line for line in lines if cloudwatch_logs._subscription_pattern_matches(pattern, line["message"])]
        if heard:
            hand_over_to(destination, as_logs_send(group, stream, one["filterName"], heard))


def as_logs_send(group: str, stream: str, name: str, lines: list[Json]) -> Json:
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": get_account_id(),
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [name],
        "logEvents": [
            {"id": str(uuid.uuid4().int), "timestamp": line["timestamp"], "message": line["message"]} for line in lines
        ],
    }
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()}}


def carry_out(arn: str, event: Any) -> None:
    """Run a function for an event until it succeeds, or its errors or the event's age end that."""
    with request_scope(*lambda_svc._lambda_function_account_region_from_arn(arn)):
        begun, errors, throttles, request_id = time.monotonic(), 0, 0, str(uuid.uuid4())
        while True:
            # It may have been changed, given more concurrency or deleted meanwhile.
            function, config, name = lambda_svc._get_func_record_for_ref(arn)
            if function is None:
                logger.warning("An event for the function %s is lost: it was deleted", name)
                return
            settings = settings_of(arn)
            started = time.monotonic()
            result = lambda_svc._execute_function(lambda_svc._execution_record_for_config(function, config), event)
            failed, throttled = bool(result.get("error")), bool(result.get("throttle"))
            if throttled:
                throttles += 1
                wait = min(2 ** min(throttles - 1, 10), LONGEST_WAIT_AFTER_A_THROTTLE)
            else:
                errors += failed
                wait = 60 * errors
                milliseconds = (time.monotonic() - started) * 1000
                lambda_svc._emit_lambda_metrics(name, milliseconds, error=failed, throttle=False)
            ending = ending_of(settings, failed, throttled, errors, function, config)
            if not ending and time.monotonic() - begun + SCALE.wait(wait) > SCALE.wait(oldest(settings)):
                ending = "EventAgeExceeded"
            if ending:
                told = {"event": event, "result": result, "condition": ending, "runs": errors, "request_id": request_id}
                end_with(config, settings, told)
                return
            time.sleep(SCALE.wait(wait))


def settings_of(arn: str) -> Json:
    base, _, _ = lambda_svc._get_base_func_record_for_ref(arn)
    _, qualifier = lambda_svc._lambda_function_name_and_qualifier_from_arn(arn)
    return lambda_svc._event_invoke_config(base, None if qualifier == "$LATEST" else qualifier) or {}


def oldest(settings: Json) -> int:
    return int(settings.get("MaximumEventAgeInSeconds") or DEFAULT_EVENT_AGE)


def ending_of(settings: Json, failed: bool, throttled: bool, errors: int, function: Json, config: Json) -> str:
    """How an event has ended; nothing while it is to be tried again."""
    if not failed:
        return "Success"
    if throttled:
        # Who may never run need not wait: AWS Lambda Developer Guide, Configuring reserved concurrency.
        return "RetriesExhausted" if lambda_svc._reserved_concurrency(function, config) == 0 else ""
    retries = settings.get("MaximumRetryAttempts")
    return "RetriesExhausted" if errors > (2 if retries is None else int(retries)) else ""


def end_with(config: Json, settings: Json, told: Json) -> None:
    """Tell the destination of this end, and put an event that failed into the dead-letter queue."""
    good = told["condition"] == "Success"
    result = told["result"]
    body = result.get("body")
    if not good:
        logger.warning("The function %s gave up on an event: %s %s", config["FunctionName"], told["condition"], body)
        attributes = {
            "RequestID": {"DataType": "String", "StringValue": told["request_id"]},
            "ErrorCode": {"DataType": "Number", "StringValue": "429" if result.get("throttle") else "200"},
            "ErrorMessage": {"DataType": "String", "StringValue": error_message(body)[:1024] or "None"},
        }
        send(config, (config.get("DeadLetterConfig") or {}).get("TargetArn", ""), told["event"], attributes)
    chosen = (settings.get("DestinationConfig") or {}).get("OnSuccess" if good else "OnFailure") or {}
    send(config, chosen.get("Destination", ""), as_destinations_hear(config, told), {})


def error_message(body: Any) -> str:
    return str(body.get("errorMessage") or body.get("message") or "") if isinstance(body, dict) else ""


def as_destinations_hear(config: Json, told: Json) -> Json:
    """AWS Lambda Developer Guide, Capturing records of Lambda asynchronous invocations."""
    result = told["result"]
    version = config.get("Version", "$LATEST")
    error = {"functionError": result.get("function_error") or "Unhandled"} if told["condition"] != "Success" else {}
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": told["request_id"],
            "functionArn": f"{config['FunctionArn'].partition(':$')[0]}:{version}",
            "condition": told["condition"],
            "approximateInvokeCount": told["runs"] + (not error),
        },
        "requestPayload": told["event"],
        "responseContext": {"statusCode": 200, "executedVersion": version, **error},
        "responsePayload": result.get("body"),
    }


def send(config: Json, target: str, content: Any, attributes: Json) -> None:
    if not target:
        return
    if not role_may(config["Role"], sending(target), target):
        logger.warning("%s may not %s to %s: it is lost", config["Role"], sending(target), target)
        return
    body, service = json.dumps(content), service_of(target)
    if service == "lambda":
        hand_over_to(target, content)
    elif service == "sns":
        sns._fanout(target, str(uuid.uuid4()), body, "", "", attributes)
    elif queue := sqs._queue_by_arn(target):
        message = {"id": str(uuid.uuid4()), "body": body, "message_attributes": attributes}
        message["visible_at"] = time.time() + sqs.queue_delay(queue)
        message["md5_attrs"] = sqs._md5_msg_attrs(attributes)
        sqs._ensure_msg_fields(message)
        with sqs._queues_lock:
            queue["messages"].append(message)
        esm_wake.set()


# Streams


def take_batch(mapping: Json, attempts: dict[str, int]) -> bool:
    """Run the function for the next records of a stream, if there are any and none are under way."""
    identity, source = mapping["UUID"], mapping["EventSourceArn"]
    found = re.fullmatch(r"arn:aws:dynamodb:[^:]+:\d+:table/([^/]+)/stream/.+", source)
    waits = lambda_svc._esm_inflight.get(identity) or lambda_svc._esm_backoff_until.get(identity, 0) > time.time()
    if not found or not mapping.get("Enabled", True) or waits:
        return False
    function, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
    name = found[1]
    if function is None or (dynamodb._tables.get(name) or {}).get("LatestStreamArn") != source:
        return False
    positions, start = lambda_svc._dynamodb_stream_positions, dynamodb.stream_start_position(name)
    newest = start if mapping.get("StartingPosition") == "TRIM_HORIZON" else dynamodb.stream_end_position(name)
    position = positions[identity] = max(positions.get(identity, newest), start)
    records = dynamodb.stream_records_since(name, position, mapping.get("BatchSize", 100))
    wanted = lambda_svc._apply_filter_criteria(records, mapping)
    after = position + len(records)
    if wanted:
        lambda_svc._dispatch_esm_batch(identity, run_batch, mapping, function, wanted, after, attempts)
    else:
        positions[identity] = after
    return bool(records)


def run_batch(mapping: Json, function: Json, records: list[Json], after: int, attempts: dict[str, int]) -> None:
    identity, config = mapping["UUID"], function["config"]
    result = lambda_svc._execute_function(function, {"Records": records})
    mapping["LastProcessingResult"] = "PROBLEM: Function call failed" if result.get("error") else "OK"
    if result.get("error"):
        attempts[identity] = attempts.get(identity, 0) + (not result.get("throttle"))
        condition = why_no_more(mapping, records, attempts[identity])
        if not condition:
            wait = min(2 ** min(attempts[identity], 10), LONGEST_WAIT_OF_A_BATCH)
            lambda_svc._esm_backoff_until[identity] = time.time() + SCALE.wait(wait)
            return
        target = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination", "")
        logger.warning("The function %s gave up on a batch: %s", config["FunctionName"], condition)
        if target and role_may(config["Role"], sending(target), target):
            lambda_svc._send_ddb_stream_failure_record(
                mapping, function, records, mapping["EventSourceArn"], result, condition
            )
    attempts.pop(identity, None)
    lambda_svc._dynamodb_stream_positions[identity] = after


def why_no_more(mapping: Json, records: list[Json], attempts: int) -> str:
    # Both are without a limit at -1, which is what AWS takes where nothing is given.
    retries, age = mapping.get("MaximumRetryAttempts", -1), mapping.get("MaximumRecordAgeInSeconds", -1)
    if 0 <= retries < attempts:
        return "RetryAttemptsExhausted"
    created = min(float(one["dynamodb"]["ApproximateCreationDateTime"]) for one in records)
    return "MaxRecordAgeExceeded" if age > 0 and time.time() - created > SCALE.wait(age) else ""


# Permissions


def may_run(arn: str, service: str, source: str) -> bool:
    """Whether a function's policy lets a service run it for one of its resources."""
    if not app.AUTH:
        return True
    function, _, name = lambda_svc._get_base_func_record_for_ref(arn)
    asked = iam_evaluator.EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="lambda:InvokeFunction",
        resource_arn=arn,
        region=get_region(),
        service_context={"aws:sourcearn": source}
        | ({} if service in SAY_NO_ACCOUNT else {"aws:sourceaccount": source.split(":")[4]}),
    )
    policy = function["policy"] if function else None
    allowed = bool(iam_evaluator.evaluate_resource_policy(policy, asked, service=service).decision == "Allow")
    if not allowed:
        logger.warning("%s may not run the function %s for %s: its policy does not say so", service, name, source)
    return allowed


def role_may(role: str, action: str, resource: str) -> bool:
    if not app.AUTH:
        return True
    name = role.rpartition("/")[2]
    asked = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:sts::{get_account_id()}:assumed-role/{name}/lambda",
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource,
        region=get_region(),
    )
    policies = iam_evaluator._gather_role_policies(name, get_account_id())
    return bool(iam_evaluator.evaluate(asked, policies).decision == "Allow")


def sending(target: str) -> str:
    """What it takes to tell a queue, a topic or another function."""
    service = service_of(target)
    return {"sns": "sns:Publish", "lambda": "lambda:InvokeFunction"}.get(service, f"{service}:SendMessage")


def refused(message: str) -> Any:
    return error_response_json("InvalidParameterValueException", message, 400)


def is_function(arn: str) -> bool:
    return service_of(arn) == "lambda"


def service_of(arn: str) -> str:
    return arn.split(":")[2] if arn.count(":") > 4 else ""
