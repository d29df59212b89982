"""Where AWS's console shows what belongs to an environment. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from urllib.parse import quote

_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-us-gov": "console.amazonaws-us-gov.com",
    "aws-cn": "console.amazonaws.cn",
}


def links(cluster_arn: str, service: str, log_group: str, dashboard: str) -> dict[str, str]:
    """URLs of the service, its log and its dashboard; none in a partition whose console is not known.

    All are where the cluster is, and its ARN says where that is.
    """
    _, partition, _, region, _, resource = (cluster_arn.split(":", 5) + [""] * 6)[:6]
    if partition not in _CONSOLES:
        return {}
    console = f"https://{region}.{_CONSOLES[partition]}"
    cloudwatch = f"{console}/cloudwatch/home?region={region}"
    cluster = resource.removeprefix("cluster/")
    found = {"service": f"{console}/ecs/v2/clusters/{cluster}/services/{service}/health?region={region}"}
    if log_group:
        found["log"] = f"{cloudwatch}#logsV2:log-groups/log-group/{_twice_quoted(log_group)}"
    if dashboard:
        found["dashboard"] = f"{cloudwatch}#dashboards/dashboard/{quote(dashboard, safe='')}"
    return found


def _twice_quoted(name: str) -> str:
    """As the console wants names behind its ``#``: quoted twice, with ``$`` for ``%``."""
    return quote(quote(name, safe=""), safe="").replace("%", "$")
