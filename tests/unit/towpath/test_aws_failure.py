"""The SDK's own error is found in whatever was made of it."""

from __future__ import annotations

from ansible.module_utils.towpath import aws_failure
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from botocore.exceptions import ClientError, NoCredentialsError

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "You may not."}}, "DescribeVpcs")
SENTENCE = "An error occurred (AccessDenied) when calling the DescribeVpcs operation: You may not."


def raised(error, cause=None):
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_the_cause_is_found_through_what_a_module_made_of_it():
    found = aws_failure.Cause("AccessDenied", "You may not.", "DescribeVpcs", SENTENCE)
    assert aws_failure.cause(DENIED) == found
    assert aws_failure.cause(AnsibleAWSError(message="Failed", exception=DENIED)) == found
    assert aws_failure.cause(raised(RuntimeError("x"), raised(AnsibleAWSError("Failed"), DENIED))) == found


def test_an_error_of_the_sdk_alone_is_known_by_its_name():
    found = aws_failure.cause(NoCredentialsError())
    assert (found.code, found.message) == ("NoCredentialsError", "Unable to locate credentials")


def test_what_has_no_such_cause_has_none():
    assert aws_failure.cause(None) is None
    assert aws_failure.cause(raised(RuntimeError("x"), OSError("y"))) is None


def test_what_was_only_handled_meanwhile_is_no_cause():
    try:
        try:
            raise DENIED
        except ClientError:
            raise ValueError("another matter")  # noqa: B904 (that is the case)
    except ValueError as error:
        assert aws_failure.cause(error) is None


def test_a_message_names_the_cause_once():
    found = aws_failure.cause(DENIED)
    assert aws_failure.named("Unable to describe VPCs []: Failed.", found) == (
        f"Unable to describe VPCs []: Failed: {SENTENCE}"
    )
    assert aws_failure.named(f"Failed: {SENTENCE}", found) == f"Failed: {SENTENCE}"
    assert aws_failure.named("Refused: You may not.", found) == "Refused: You may not."


def test_a_message_that_repeats_the_sdks_words_tells_the_cause():
    again = SENTENCE.replace("operation:", "operation (reached max retries: 4):")
    assert aws_failure.told(f"<class 'Exception'>: {again}") == aws_failure.Cause(
        "AccessDenied", "You may not.", "DescribeVpcs", again
    )
    assert aws_failure.told("There is no image.") is None
