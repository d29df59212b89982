"""Who may call a Lambda function, as our options say it. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

import json
import re

from .differences import Values

# As Lambda's API Reference has it under AddPermission: a wildcard only behind the account.
_SOURCE = re.compile(r"arn:aws[a-zA-Z0-9-]*:[a-zA-Z0-9-]+:([a-z]{2,4}(-[a-z]+)+-\d)?:(\d{12})?:.*")
# They do not say the account beside the ARN ("Troubleshooting Amazon EventBridge"), and so are kept out by it.
_SAY_NO_ACCOUNT = ("events.amazonaws.com",)
_INVOKE = "lambda:InvokeFunction"
_OPTIONS = ("principal", "source_arn", "source_account")


def refusal(options: Values, *, planned: bool) -> str:
    """Why a permission would be refused or let too many in, or empty. In a plan the source need not be there yet."""
    name, principal = options["statement_id"], options["principal"]
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,100}", name):
        return f"The name {name!r} is not a permission's, expected up to 100 of the characters A-Z, a-z, 0-9, - and _."
    if not re.fullmatch(r"[a-z0-9.-]+\.amazonaws\.com(\.cn)?", principal):
        return f"The principal of {name} is {principal}, expected a service of AWS such as sns.amazonaws.com."
    arn, account = options["source_arn"], options["source_account"]
    if arn and not _SOURCE.fullmatch(arn):
        return (
            f"The source_arn of {name} is {arn}, expected arn:aws:SERVICE:REGION:ACCOUNT:NAME. Lambda takes * in the "
            "NAME only: add one permission for each region and account."
        )
    if account and principal in _SAY_NO_ACCOUNT:
        return (
            f"The permission {name} has a source_account, which {principal} does not say when it calls, so it would be "
            "kept out. Leave out source_account, and set source_arn, which has the account in it."
        )
    if not planned and not arn and not account:
        return (
            f"The permission {name} would let {principal} call {options['function_name']} for every account. "
            "Set source_arn, source_account or both."
        )
    return ""


def comparable(policy: str, statement_id: str) -> Values:
    """What a function's policy says under this name, in our options' words. Nothing at all means that it does not."""
    for one in json.loads(policy or "{}").get("Statement", []):
        if one["Sid"] == statement_id:
            # AWS keeps the keys as it likes.
            found = {
                key.lower(): value for operator in one.get("Condition", {}).values() for key, value in operator.items()
            }
            principal = one["Principal"]
            return {
                "principal": principal.get("Service", "") if isinstance(principal, dict) else principal,
                "source_arn": found.get("aws:sourcearn", ""),
                "source_account": found.get("aws:sourceaccount", ""),
            }
    return {}


def wanted(options: Values) -> Values:
    return {option: options[option] for option in _OPTIONS}


def request(options: Values) -> Values:
    """What AddPermission is to be asked for."""
    fields = {
        "FunctionName": options["function_name"],
        "StatementId": options["statement_id"],
        "Action": _INVOKE,
        "Principal": options["principal"],
        "SourceArn": options["source_arn"],
        "SourceAccount": options["source_account"],
    }
    return {field: value for field, value in fields.items() if value}
