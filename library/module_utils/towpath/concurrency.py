"""What of an account's concurrent executions may be reserved for a function. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from collections.abc import Mapping

# What AWS keeps for the functions for which nothing is reserved; all that a new account has, where that is less.
_KEPT_FOR_OTHERS = 100
# What an account has unless AWS gives it less, as it does to new ones.
_USUAL = 1000


def shortage(limit: Mapping[str, int], before: int, reserved: int) -> str:
    """Why the account cannot spare ``reserved`` for a function that has ``before``, or empty."""
    in_all, free = limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"]
    kept = min(_KEPT_FOR_OTHERS, in_all)
    if reserved <= before or free + before - reserved >= kept:
        return ""
    return (
        f"It has {in_all} concurrent executions in all, {free} of them not reserved, "
        f"and AWS keeps {kept} for the functions for which nothing is reserved."
    )


def warning(function: str, reserved: int, why: str) -> str:
    """What to do where the account cannot spare as many executions as are to be reserved."""
    return (
        f"The account cannot reserve {reserved} concurrent executions for {function}, so it goes without. {why} "
        "Ask for more in Service Quotas, AWS Lambda, Concurrent executions, or type: aws service-quotas "
        "request-service-quota-increase --service-code lambda --quota-code L-B99A9384 "
        f"--desired-value {_USUAL}. Then run this again."
    )
