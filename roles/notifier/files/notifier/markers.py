"""A marker for each release on the graphs of an environment's dashboard, so that a change there finds its cause.

Vertical annotations: CloudWatch user guide, "Dashboard Body Structure and Syntax".
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from notifier import aws, log, names

Json = dict[str, Any]

# More than these make a graph hard to read.
MOST_MARKERS = 10


def mark(environment: str, number: int, moment: str) -> None:
    """Mark a release on the environment's dashboard, once. Where there is none, or it cannot be had, say so and go on.

    ``moment`` is when the release was over, in ISO 8601.
    """
    facts = {"environment": environment, "release": number}
    try:
        client, dashboard = aws.client("cloudwatch"), f"{names.app()}-{environment}"
        body = json.loads(client.get_dashboard(DashboardName=dashboard)["DashboardBody"])
        with_it = marked(body, f"v{number}", moment)
        if with_it != body:
            text = json.dumps(with_it, sort_keys=True, separators=(",", ":"))
            client.put_dashboard(DashboardName=dashboard, DashboardBody=text)
            log.info("marked", **facts)
    except (BotoCoreError, ClientError, ValueError) as error:
        # A message in Slack must not wait for a picture.
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        log.warning("not_marked", why=code, **facts)


def marked(body: Json, label: str, moment: str) -> Json:
    """The body with one marker more on each graph, and the oldest gone where they would be too many."""
    return body | {"widgets": [_marked(one, label, moment) for one in body.get("widgets", [])]}


def _marked(widget: Json, label: str, moment: str) -> Json:
    properties = widget.get("properties", {})
    if widget.get("type") != "metric" or properties.get("view", "timeSeries") != "timeSeries":
        return widget
    annotations = properties.get("annotations", {})
    others = [one for one in annotations.get("vertical", []) if one.get("label") != label]
    newest = sorted([*others, {"label": label, "value": moment}], key=lambda one: str(one.get("value")))
    vertical = newest[-MOST_MARKERS:]
    return widget | {"properties": properties | {"annotations": annotations | {"vertical": vertical}}}
