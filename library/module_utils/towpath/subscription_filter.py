"""A log group's subscription filter as our options say it. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from .differences import Values

BY_LOG_STREAM = "ByLogStream"
RANDOM = "Random"
# CloudWatch Logs' quota, which cannot be raised.
MOST_OF_A_GROUP = 2

_FIELDS = {
    "filter_pattern": "filterPattern",
    "destination_arn": "destinationArn",
    "role_arn": "roleArn",
    "distribution": "distribution",
}
# Not among our options, and lost when PutSubscriptionFilter does not say them again.
_KEPT = ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields")


def comparable(found: Values) -> Values:
    """What CloudWatch Logs says of a filter, in our options' words. Nothing at all means one that is not there."""
    filled = {"distribution": BY_LOG_STREAM} | found
    return {option: filled.get(field, "") for option, field in _FIELDS.items()}


def refusal(log_group: str, name: str, after: Values, others: list[str], *, planned: bool) -> str:
    """Why CloudWatch Logs would refuse a filter beside the ``others`` of its group, or empty.

    In a plan the destination need not be there yet, so its ARN may be empty.
    """
    where = f"Cannot put the filter {name} on the log group {log_group}"
    if len(others) >= MOST_OF_A_GROUP:
        return (
            f"{where}: it has the filters {' and '.join(others)}, and AWS takes {MOST_OF_A_GROUP} a group at most. "
            "Take one of them away with state: absent, or give one filter both patterns."
        )
    if not after["destination_arn"] and not planned:
        return (
            f"{where}: destination_arn is empty, expected the ARN of what gets the lines, such as a Lambda function's."
        )
    if after["role_arn"] and ":lambda:" in after["destination_arn"]:
        return (
            f"{where}: role_arn is {after['role_arn']}, but a Lambda function takes none. "
            'Set role_arn to "", and let logs.amazonaws.com invoke the function with amazon.aws.lambda_policy.'
        )
    return ""


def request(log_group: str, name: str, after: Values, found: Values) -> Values:
    """What PutSubscriptionFilter is to be asked for: it replaces the whole filter."""
    fields = {field: after[option] for option, field in _FIELDS.items()}
    if not fields["roleArn"]:
        del fields["roleArn"]
    kept = {field: found[field] for field in _KEPT if field in found}
    return {"logGroupName": log_group, "filterName": name, **fields, **kept}
