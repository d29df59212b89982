"""Links into the AWS console. Pure functions."""

from __future__ import annotations

from urllib.parse import quote

_HOSTS = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def partition_of(region: str) -> str:
    prefixes = {"cn": "aws-cn", "us-gov": "aws-us-gov"}
    return next((name for prefix, name in prefixes.items() if region.startswith(f"{prefix}-")), "aws")


def alarm(partition: str, region: str, name: str) -> str:
    return f"{_cloudwatch(partition, region)}#alarmsV2:alarm/{quote(name, safe='')}"


def log_events(region: str, group: str, stream: str, start_milliseconds: int) -> str:
    """The lines of one log stream from a moment on."""
    where = f"log-groups/log-group/{_twice(group)}/log-events/{_twice(stream)}"
    return f"{_cloudwatch(partition_of(region), region)}#logsV2:{where}$3Fstart$3D{start_milliseconds}"


def _cloudwatch(partition: str, region: str) -> str:
    return f"https://{_HOSTS.get(partition, _HOSTS['aws'])}/cloudwatch/home?region={region}"


def _twice(name: str) -> str:
    """As the console writes a name after its #: encoded twice, with $ in place of %."""
    return quote(quote(name, safe=""), safe="").replace("%", "$")
