"""The calls to CloudWatch that we make, one function each: only requests and named errors."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import is_boto3_error_code
from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from .aws_tags import tag_list

# boto3 builds its clients at run time, so there is no type to name.
CloudWatchClient = Any


class CloudWatchError(AnsibleAWSError):
    """A failed call to CloudWatch, with the action that was being tried."""


class CloudWatchErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = CloudWatchError

    @classmethod
    def _is_missing(cls) -> type[Exception]:
        # The second is the name that the first has where CloudWatch does not speak its query protocol.
        return is_boto3_error_code(["ResourceNotFound", "DashboardNotFoundError"])


@CloudWatchErrorHandler.common_error_handler("describe alarms")
def describe_alarms(client: CloudWatchClient, names: list[str]) -> list[dict[str, Any]]:
    """Return the alarms of these names that there are, composite ones too; 100 names at most, as AWS takes them."""
    answer = client.describe_alarms(AlarmNames=names, AlarmTypes=["MetricAlarm", "CompositeAlarm"], MaxRecords=100)
    return [*answer["MetricAlarms"], *answer["CompositeAlarms"]]


@CloudWatchErrorHandler.common_error_handler("describe the alarms that are in ALARM")
def alarms_in_alarm(client: CloudWatchClient, prefix: str) -> list[str]:
    """Return the names of the alarms in ALARM, composite ones too, whose names begin with ``prefix``."""
    pages = client.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, StateValue="ALARM", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return [one["AlarmName"] for page in pages for one in (*page["MetricAlarms"], *page["CompositeAlarms"])]


@CloudWatchErrorHandler.common_error_handler("put an alarm")
def put_metric_alarm(client: CloudWatchClient, request: dict[str, Any], tags: dict[str, str] | None = None) -> None:
    """Make or replace an alarm. Tags are taken by one that is made, and not looked at when one is replaced."""
    tagged = {"Tags": tag_list(tags)} if tags else {}
    client.put_metric_alarm(**request, **tagged)


@CloudWatchErrorHandler.deletion_error_handler("delete alarms")
def delete_alarms(client: CloudWatchClient, names: list[str]) -> None:
    """Delete alarms, 100 at most, as AWS takes them."""
    client.delete_alarms(AlarmNames=names)


@CloudWatchErrorHandler.common_error_handler("read a metric")
def newest_datapoint(client: CloudWatchClient, metric: dict[str, Any], now: datetime) -> float:
    """Return the newest value of a metric within the last quarter of an hour, or 0 when there is none.

    ``metric`` is what Service Quotas calls a UsageMetric.
    """
    statistic = metric.get("MetricStatisticRecommendation", "Maximum")
    points = client.get_metric_statistics(
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[{"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()],
        StartTime=now - timedelta(minutes=15),
        EndTime=now,
        Period=300,
        Statistics=[statistic],
    )["Datapoints"]
    return max(points, key=lambda point: point["Timestamp"])[statistic] if points else 0.0


@CloudWatchErrorHandler.list_error_handler("read a dashboard", default_value=None)
def get_dashboard(client: CloudWatchClient, name: str) -> str | None:
    """Return a dashboard's body as the text that CloudWatch keeps, or None when there is no such dashboard."""
    return client.get_dashboard(DashboardName=name)["DashboardBody"]


@CloudWatchErrorHandler.common_error_handler("put a dashboard")
def put_dashboard(client: CloudWatchClient, name: str, body: str) -> list[dict[str, str]]:
    """Make or replace a dashboard, and return what CloudWatch warns of in it."""
    return client.put_dashboard(DashboardName=name, DashboardBody=body).get("DashboardValidationMessages", [])


@CloudWatchErrorHandler.deletion_error_handler("delete a dashboard")
def delete_dashboard(client: CloudWatchClient, name: str) -> None:
    client.delete_dashboards(DashboardNames=[name])
