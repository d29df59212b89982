#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: metric_alarms
short_description: Make, change or delete a set of CloudWatch alarms
description:
  - Makes the alarms what they are said to be, with one look at all of them. Other alarms are left alone.
  - It is here because M(amazon.aws.cloudwatch_metric_alarm) puts an alarm of an expression anew each time, compares
    dimensions by their order, knows no tags, shows no diff, and asks twice for each alarm.
author: Contributors to Towpath
options:
  alarms:
    description:
      - The alarms by name. One that says nothing (V(null)) is deleted.
      - All are looked at for what CloudWatch would refuse before the first is put.
    type: dict
    required: true
  prefix:
    description: What goes before each name in O(alarms).
    type: str
    default: ""
  actions:
    description: ARNs of the topics that are told when an alarm begins and when it is over.
    type: list
    elements: str
    default: []
  tags:
    description: Tags of alarms that are made. CloudWatch takes them at that time only.
    type: dict
    default: {}
notes:
  - "Of an alarm: C(description), C(comparison), C(threshold), C(evaluation_periods), C(datapoints_to_alarm),
    C(period) in seconds (60 when not given), C(treat_missing_data) (C(notBreaching) when not given, because many
    metrics are there only while something happens), and either C(namespace), C(metric_name), C(dimensions) and
    C(statistic) (C(Average) when not given; it may be a percentile such as C(p95)), or C(expression) with the metrics
    that it is of, by id, in C(of), and a C(label)."
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what it would change, and changes nothing.
  diff_mode:
    support: full
    description: Shows for each alarm the fields that differ, before and after.
"""

EXAMPLES = r"""
- name: Tell when the app answers with 5xx, or fewer tasks run than are wanted
  metric_alarms:
    prefix: webapp-prod-
    actions: [arn:aws:sns:us-east-1:123456789012:webapp-notifier-alarms]
    alarms:
      app-5xx:
        description: The app answers with 5xx
        namespace: AWS/ApplicationELB
        metric_name: HTTPCode_Target_5XX_Count
        dimensions: {LoadBalancer: app/webapp-prod/50dc6c495c0c9188}
        statistic: Sum
        evaluation_periods: 2
        comparison: GreaterThanOrEqualToThreshold
        threshold: 10
        treat_missing_data: notBreaching
      tasks-missing:
        description: Fewer tasks run than are wanted
        expression: wanted - running
        of:
          wanted:
            namespace: ECS/ContainerInsights
            metric_name: DesiredTaskCount
            dimensions: {ClusterName: webapp-prod, ServiceName: app}
          running:
            namespace: ECS/ContainerInsights
            metric_name: RunningTaskCount
            dimensions: {ClusterName: webapp-prod, ServiceName: app}
        evaluation_periods: 10
        comparison: GreaterThanThreshold
        threshold: 0
      nat-gateway-3:
"""

RETURN = r"""
names:
  description: Names of the alarms that are there now; in check mode, that would be.
  returned: success
  type: list
  elements: str
  sample: [webapp-prod-app-5xx]
made:
  description: Names of those that were not there before.
  returned: success
  type: list
  elements: str
  sample: []
corrected:
  description: Names of those that were different.
  returned: success
  type: list
  elements: str
  sample: [webapp-prod-app-5xx]
deleted:
  description: Names of those that are gone.
  returned: success
  type: list
  elements: str
  sample: []
"""

from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.towpath import cloudwatch_api as cloudwatch
from ansible.module_utils.towpath import metric_alarm
from ansible.module_utils.towpath.aws_tags import tag_problems
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

ALARM = {
    "description": {"type": "str", "required": True},
    "namespace": {"type": "str"},
    "metric_name": {"type": "str"},
    "dimensions": {"type": "dict"},
    "statistic": {"type": "str", "default": "Average"},
    "expression": {"type": "str"},
    "label": {"type": "str"},
    "of": {"type": "dict"},
    "period": {"type": "int", "default": 60},
    "evaluation_periods": {"type": "int", "required": True},
    "datapoints_to_alarm": {"type": "int"},
    "comparison": {"type": "str", "required": True, "choices": list(metric_alarm.COMPARISONS)},
    "threshold": {"type": "float", "required": True},
    "treat_missing_data": {"type": "str", "default": "notBreaching", "choices": list(metric_alarm.MISSING_DATA)},
}
# PutMetricAlarm takes one alarm, DescribeAlarms and DeleteAlarms a hundred names.
MOST_NAMES = 100


def named(module: AnsibleAWSModule) -> dict[str, Any]:
    return {f"{module.params['prefix']}{name}": alarm for name, alarm in module.params["alarms"].items()}


def wanted(module: AnsibleAWSModule) -> dict[str, dict[str, Any]]:
    """The requests by name, or the end of the module with all that is wrong."""
    validator, requests, problems = ArgumentSpecValidator(ALARM), {}, tag_problems(module.params["tags"])
    for name, alarm in named(module).items():
        if alarm is None:
            continue
        if not isinstance(alarm, dict):
            problems.append(f"{name}: it is {alarm!r}, expected a dict, or null for an alarm that is to go.")
            continue
        checked = validator.validate(alarm)
        if checked.error_messages:
            problems += [f"{name}: {one}." for one in checked.error_messages]
            continue
        found = metric_alarm.problems(name, checked.validated_parameters, planned=module.check_mode)
        problems += found
        requests[name] = metric_alarm.request(name, checked.validated_parameters, module.params["actions"])
    if problems:
        module.fail_json(msg="CloudWatch would refuse these alarms: " + " ".join(problems))
    return requests


def look(client: cloudwatch.CloudWatchClient, names: list[str]) -> dict[str, dict[str, Any]]:
    parts = [names[start : start + MOST_NAMES] for start in range(0, len(names), MOST_NAMES)]
    return {one["AlarmName"]: one for part in parts for one in cloudwatch.describe_alarms(client, part)}


def settle(module: AnsibleAWSModule, client: cloudwatch.CloudWatchClient) -> dict[str, Any]:
    requests = wanted(module)
    found = look(client, list(named(module)))
    before = {name: metric_alarm.comparable(alarm) for name, alarm in found.items()}
    after = {name: metric_alarm.comparable(one) for name, one in requests.items()}
    made = [name for name in requests if name not in found]
    corrected = [name for name in requests if name in found and before[name] != after[name]]
    deleted = [name for name in found if name not in requests]
    if not module.check_mode:
        for name in made:
            cloudwatch.put_metric_alarm(client, requests[name], module.params["tags"])
        for name in corrected:
            cloudwatch.put_metric_alarm(client, requests[name])
        for start in range(0, len(deleted), MOST_NAMES):
            cloudwatch.delete_alarms(client, deleted[start : start + MOST_NAMES])
    differing = {
        name: metric_alarm.changes(before.get(name, {}), after.get(name, {})) for name in [*made, *corrected, *deleted]
    }
    told = {"Made": made, "Corrected": corrected, "Deleted": deleted}
    return {
        "changed": bool(differing),
        "diff": {side: {name: one[side] for name, one in differing.items()} for side in ("before", "after")},
        "msg": " ".join(f"{verb} {', '.join(names)}." for verb, names in told.items() if names)
        or f"Nothing to change in {len(requests)} alarms.",
        "names": sorted(requests),
        "made": made,
        "corrected": corrected,
        "deleted": deleted,
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "alarms": {"type": "dict", "required": True},
            "prefix": {"type": "str", "default": ""},
            "actions": {"type": "list", "elements": "str", "default": []},
            "tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    module.params["tags"] = {key: "" if one is None else str(one) for key, one in module.params["tags"].items()}
    try:
        result = settle(module, module.client("cloudwatch"))
    except cloudwatch.CloudWatchError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
