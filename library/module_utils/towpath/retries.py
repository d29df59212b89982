"""Calls that pass when they are tried again, where AWS has one code for these and for those that never pass."""

from __future__ import annotations

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry


class RetryByCodeOrMessage(AWSRetry):
    """AWSRetry that knows what passes by a part of the code or of the message."""

    @staticmethod
    def status_code_from_exception(error: Any) -> str:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"

    @staticmethod
    def found(response_code: str, catch_extra_error_codes: list[str] | None = None) -> bool:
        return any(words in response_code for words in catch_extra_error_codes or ())
