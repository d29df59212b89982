"""The calls to CloudWatch that we make, one function each: only requests and named errors."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.errors import AWSErrorHandler
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

# boto3 builds its clients at run time, so there is no type to name.
CloudWatchClient = Any


class CloudWatchError(AnsibleAWSError):
    """A failed call to CloudWatch, with the action that was being tried."""


class CloudWatchErrorHandler(AWSErrorHandler):
    _CUSTOM_EXCEPTION = CloudWatchError


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
