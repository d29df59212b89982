"""An event source mapping as our options say it. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import json
from typing import Any

from .aws_tags import tag_problems
from .differences import Values, given

FOREVER = -1

# Our option, Lambda's field, and what the field means where Lambda leaves it out.
_PLAIN: dict[str, tuple[str, Any]] = {
    "batch_size": ("BatchSize", None),
    "maximum_batching_window_seconds": ("MaximumBatchingWindowInSeconds", 0),
    "function_response_types": ("FunctionResponseTypes", []),
    "maximum_retry_attempts": ("MaximumRetryAttempts", FOREVER),
    "maximum_record_age_seconds": ("MaximumRecordAgeInSeconds", FOREVER),
    "bisect_batch_on_function_error": ("BisectBatchOnFunctionError", False),
    "parallelization_factor": ("ParallelizationFactor", 1),
}
_OPTIONS = (*_PLAIN, "enabled", "filter_patterns", "on_failure_destination_arn", "maximum_concurrency", "tags")

_OF_STREAMS = (
    "maximum_retry_attempts",
    "maximum_record_age_seconds",
    "bisect_batch_on_function_error",
    "parallelization_factor",
    "on_failure_destination_arn",
)
_OF_QUEUES = ("maximum_concurrency",)

# The least and the most that Lambda takes, and what says that there is no limit.
_BOUNDS: dict[str, tuple[int, int, int | None]] = {
    "batch_size": (1, 10000, None),
    "maximum_batching_window_seconds": (0, 300, None),
    "maximum_retry_attempts": (0, 10000, FOREVER),
    "maximum_record_age_seconds": (60, 604800, FOREVER),
    "parallelization_factor": (1, 10, None),
    "maximum_concurrency": (2, 1000, 0),
}
# Above it Lambda has to wait for so many messages.
_BATCH_WITHOUT_WINDOW = 10


def comparable(found: Values, tags: dict[str, str]) -> Values:
    """What Lambda says of a mapping, in our options' words. Nothing at all means one that is not there."""
    filters = (found.get("FilterCriteria") or {}).get("Filters", [])
    on_failure = (found.get("DestinationConfig") or {}).get("OnFailure") or {}
    return {
        **{option: found.get(field, default) for option, (field, default) in _PLAIN.items()},
        "enabled": found.get("State") not in ("Disabled", "Disabling"),
        "filter_patterns": [json.loads(one["Pattern"]) for one in filters],
        "on_failure_destination_arn": on_failure.get("Destination", ""),
        "maximum_concurrency": (found.get("ScalingConfig") or {}).get("MaximumConcurrency", 0),
        "tags": tags,
    }


def wanted(options: Values) -> Values:
    return given({option: options[option] for option in _OPTIONS})


def refusal(options: Values, after: Values, *, there: bool, planned: bool) -> str:
    """Why Lambda would refuse what is asked for, or empty. In a plan the source need not be there yet."""
    source, what = options["event_source_arn"], f"the event source of {options['function_name']}"
    if not source:
        return "" if planned else f"The ARN of {what} is empty, expected that of a queue or a stream."
    for option, (least, most, unlimited) in _BOUNDS.items():
        value = options[option]
        if value is not None and value != unlimited and not least <= value <= most:
            told = f"{least} to {most}" if unlimited is None else f"{least} to {most}, or {unlimited} for no limit"
            return f"{option} of {what} is {value}, expected {told}."
    own = tag_problems(options["tags"] or {})
    if ":sqs:" in source:
        own += _queue_problems(after, f"{what}, the queue {source},")
    else:
        own += _stream_problems(options, after, there, f"{what}, the stream {source},")
    return " ".join(own)


def _queue_problems(after: Values, what: str) -> list[str]:
    problems = [f"{option} is for streams: leave it out of {what}." for option in _given(after, _OF_STREAMS)]
    if (after["batch_size"] or 0) > _BATCH_WITHOUT_WINDOW and not after["maximum_batching_window_seconds"]:
        problems.append(
            f"batch_size of {what} is {after['batch_size']}, but Lambda brings more than {_BATCH_WITHOUT_WINDOW} "
            "messages at once only where it may wait for them. Set maximum_batching_window_seconds to 1 or more."
        )
    return problems


def _stream_problems(options: Values, after: Values, there: bool, what: str) -> list[str]:
    problems = [f"{option} is for queues: leave it out of {what}." for option in _given(after, _OF_QUEUES)]
    if not there and not options["starting_position"]:
        problems.append(f"starting_position of {what} is missing, expected LATEST or TRIM_HORIZON.")
    return problems


def _given(after: Values, options: tuple[str, ...]) -> list[str]:
    unsaid = comparable({}, {})
    return [option for option in options if after[option] != unsaid[option]]


def create_request(options: Values, asked: Values) -> Values:
    """What CreateEventSourceMapping is to be asked for: only what Lambda would not do by itself."""
    unsaid = comparable({}, {})
    request = {
        "FunctionName": options["function_name"],
        "EventSourceArn": options["event_source_arn"],
        **update_request({option: value for option, value in asked.items() if value != unsaid[option]}),
    }
    if options["starting_position"] and ":sqs:" not in options["event_source_arn"]:
        request["StartingPosition"] = options["starting_position"]
    if asked.get("tags"):
        request["Tags"] = asked["tags"]
    return request


def update_request(changed: Values) -> Values:
    """What UpdateEventSourceMapping is to be asked for; what it is not asked for stays."""
    request = {field: changed[option] for option, (field, _) in _PLAIN.items() if option in changed}
    if "enabled" in changed:
        request["Enabled"] = changed["enabled"]
    if "filter_patterns" in changed:
        filters = [{"Pattern": json.dumps(pattern, separators=(",", ":"))} for pattern in changed["filter_patterns"]]
        request["FilterCriteria"] = {"Filters": filters} if filters else {}
    if "on_failure_destination_arn" in changed:
        request["DestinationConfig"] = {"OnFailure": {"Destination": changed["on_failure_destination_arn"]}}
    if "maximum_concurrency" in changed:
        most = changed["maximum_concurrency"]
        request["ScalingConfig"] = {"MaximumConcurrency": most} if most else {}
    return request
