"""How AWS answers a request that breaks its service's model: status, content type, headers and body."""

from __future__ import annotations

import json
from collections.abc import Sequence
from xml.sax.saxutils import escape

from local_aws.service_model.reading import Call

# Most say ValidationException, and those of the query protocol ValidationError; these do not.
CODES = {
    "cloudfront": "InvalidArgument",
    "ec2": "InvalidParameterValue",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "rds": "InvalidParameterValue",
    "route53": "InvalidInput",
    "sns": "InvalidParameter",
    "sqs": "InvalidParameterValue",
}


def code(call: Call) -> str:
    return CODES.get(call.service, "ValidationError" if call.protocol == "query" else "ValidationException")


def message(violations: Sequence[str]) -> str:
    """As AWS says it."""
    many = f"{len(violations)} validation error{'' if len(violations) == 1 else 's'} detected"
    return f"{many}: {'; '.join(violations)}"


def answer(call: Call, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    if call.protocol in ("json", "rest-json"):
        kind = "application/json" if call.protocol == "rest-json" else "application/x-amz-json-1.1"
        body = json.dumps({"__type": code, "message": message}).encode()
        return 400, {"content-type": kind, "x-amzn-errortype": code}, body
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    form = (
        f"<Response><Errors><Error>{error}</Error></Errors></Response>"
        if call.protocol == "ec2"
        else f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
    )
    return 400, {"content-type": "text/xml"}, form.encode()
