"""A Lambda function for tests of what is done to one."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

from ansible.module_utils.towpath.python_archive import archive

from tests.integration.harness import AwsEndpoint

SOURCE = {"code.py": b"def handler(event, context):\n    return event\n"}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


@contextlib.contextmanager
def a_function(aws: AwsEndpoint, name: str, files: dict[str, bytes] = SOURCE) -> Iterator[dict[str, str]]:
    """Make a function and its role, which moto wants to be there, and take them away at the end."""
    iam, lambdas = aws.client("iam"), aws.client("lambda")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    function = lambdas.create_function(
        FunctionName=name, Runtime="python3.12", Role=role, Handler="code.handler", Code={"ZipFile": archive(files)}
    )
    try:
        yield function
    finally:
        lambdas.delete_function(FunctionName=name)
        iam.delete_role(RoleName=name)
