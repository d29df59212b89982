#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: environment_status_info
short_description: Look at all that tells how an environment is
description:
  - Reads the service and the release that it serves, its targets, the newest releases in the ledger and the lock,
    the alarms in ALARM, the database and whether the load balancer shows the page of maintenance.
  - Says what somebody changed by hand on the service or its task definition.
  - An environment that is not provisioned is an answer. What AWS does not let us see is named in RV(status.unknown).
author: Contributors to Towpath
options:
  environment:
    description: Name of the environment.
    type: str
    required: true
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  ledger_table:
    description: Name of the ledger's table.
    type: str
    required: true
  database:
    description: Name of the database instance. It need not be there.
    type: str
    required: true
  alarm_prefix:
    description:
      - What the names of the environment's alarms begin with.
      - An autoscaler's own alarms begin otherwise, and are in ALARM whenever there is nothing to do.
    type: str
    required: true
  dashboard:
    description: Name of the CloudWatch dashboard to link to. It is not looked for.
    type: str
    default: ""
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Reads only.
  diff_mode:
    support: none
    description: Changes nothing, so there is nothing to show.
"""

EXAMPLES = r"""
- name: Look at the environment
  environment_status_info:
    environment: staging
    cluster: webapp-staging
    service: app
    ledger_table: webapp-staging-releases
    database: webapp-staging
    alarm_prefix: webapp-staging
    dashboard: webapp-staging
  register: found
"""

RETURN = r"""
status:
  description: How the environment is.
  returned: always
  type: dict
  contains:
    environment:
      description: Name of the environment.
      type: str
      returned: always
      sample: staging
    provisioned:
      description: Whether its service is there.
      type: bool
      returned: always
      sample: true
    released:
      description: Whether it serves a release.
      type: bool
      returned: always
      sample: true
    release:
      description: Name of the release that it serves; C(digest), C(git_sha), C(by), C(released_at) tell more of it.
      type: str
      returned: when provisioned
      sample: v7
    tasks:
      description: Number of tasks that are wanted, run and are healthy.
      type: dict
      returned: when provisioned
      sample: {wanted: 2, running: 2, healthy: 2}
    last_release:
      description: >-
        The newest entry of the ledger; empty where there is none, null where that is not known. So are C(alarms),
        C(database), C(maintenance) and the number of C(tasks) that are healthy.
      type: dict
      returned: when provisioned
      sample: {number: 8, change: deploy, outcome: rolled_back}
    links:
      description: Where AWS's console shows the C(service), its C(log) and its C(dashboard).
      type: dict
      returned: when provisioned
      sample: {log: "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#logsV2:…"}
    drift:
      description: What was changed by hand. Where, what it was made, and what was found.
      type: list
      elements: dict
      returned: when provisioned
      sample: [{path: service.maximum_percent, made: 200, found: 100}]
    unknown:
      description: What AWS did not let us see, and why.
      type: list
      elements: str
      returned: when provisioned
      sample: []
releases:
  description: The newest entries of the ledger, the newest first, as M(release_ledger_info) tells them.
  returned: always
  type: list
  elements: dict
  sample: [{number: 8, change: deploy, outcome: rolled_back}]
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

from ansible.module_utils.towpath import application_autoscaling_api as scaling
from ansible.module_utils.towpath import cloudwatch_api as cloudwatch
from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath import elbv2_api as elb
from ansible.module_utils.towpath import lock, rds_api
from ansible.module_utils.towpath.drift import expected_revision
from ansible.module_utils.towpath.interrupted import ends
from ansible.module_utils.towpath.ledger import is_over
from ansible.module_utils.towpath.listener_rules import in_maintenance
from ansible.module_utils.towpath.scaling import resource_of
from ansible.module_utils.towpath.status import Looks, not_provisioned, status
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

T = TypeVar("T")
Json = dict[str, Any]
# The newest releases, the settings and the lock.
Ledger = tuple[list[Json], Json | None, Json | None]

# The newest good release is among these, unless as many in a row have failed.
RELEASES = 50


class Partial:
    """Looks of which one that fails is noted, and gives None, which is not known. It takes nothing from the others."""

    def __init__(self) -> None:
        self.unknown: list[str] = []

    def __call__(self, what: str, look: Callable[[], T]) -> T | None:
        try:
            return look()
        except AnsibleAWSError as error:
            self.unknown.append(f"{what}. {error}")
            return None


def read_ledger(client: dynamodb.DynamoDbClient, table: str) -> Ledger:
    """What the ledger says; nothing where there is no table yet."""
    if dynamodb.describe_table(client, table) is None:
        return [], None, None
    return (
        dynamodb.query_releases(client, table, RELEASES),
        dynamodb.get_settings(client, table),
        dynamodb.get_lock(client, table),
    )


def target_groups(service: Json) -> list[str]:
    return [one["targetGroupArn"] for one in service.get("loadBalancers", []) if "targetGroupArn" in one]


def maintained(client: elb.ElbClient, service: Json) -> bool:
    balancers = [
        arn
        for group in target_groups(service)
        for arn in (elb.describe_target_group_by_arn(client, group) or {}).get("LoadBalancerArns", [])
    ]
    return any(
        in_maintenance(elb.describe_rules(client, listener["ListenerArn"]))
        for arn in balancers
        for listener in elb.describe_listeners(client, arn)
    )


def health(client: elb.ElbClient, service: Json) -> list[Json]:
    return [target for group in target_groups(service) for target in elb.describe_target_health(client, group)]


def described(database: Json | None) -> Json:
    return (
        {}
        if database is None
        else {
            "name": database["DBInstanceIdentifier"],
            "engine": database["Engine"],
            "version": database.get("EngineVersion", ""),
            "class": database.get("DBInstanceClass", ""),
            "status": database["DBInstanceStatus"],
            "several_zones": database.get("MultiAZ", False),
        }
    )


def look(module: AnsibleAWSModule) -> tuple[Json, list[Json]]:
    """How the environment is, and its newest releases."""
    params = module.params
    cluster, name = params["cluster"], params["service"]
    # Threads may share clients, but not make them.
    ecs_client, elb_client, alarms = module.client("ecs"), module.client("elbv2"), module.client("cloudwatch")
    ledger, databases, scaler = (
        module.client("dynamodb"),
        module.client("rds"),
        module.client("application-autoscaling"),
    )
    partly = Partial()

    with ThreadPoolExecutor(max_workers=8) as pool:

        def begin(what: str, call: Callable[[], T]) -> Callable[[], T | None]:
            return pool.submit(partly, what, call).result

        read = begin("the releases", lambda: read_ledger(ledger, params["ledger_table"]))
        in_alarm = begin("the alarms", lambda: cloudwatch.alarms_in_alarm(alarms, params["alarm_prefix"]))
        database = begin("the database", lambda: described(rds_api.describe_instance(databases, params["database"])))
        target = begin("the scaling", lambda: scaling.describe_target(scaler, resource_of(cluster, name)) or {})

        service = ecs.describe_service(ecs_client, cluster, name)
        if service is None:
            return not_provisioned(params["environment"]), []
        serving = service["taskDefinition"]
        revision = pool.submit(ecs.describe_task_definition, ecs_client, serving)
        targets = begin("the health of the tasks", lambda: health(elb_client, service))
        maintenance = begin("the load balancer's rules", lambda: maintained(elb_client, service))

        found_ledger = read()
        entries, settings, held = found_ledger or ([], None, None)
        now = time.time()
        if held and not lock.is_live(held, lock.this_machine()["machine"], now):
            held = None
        if held and entries and not is_over(entries[0]):
            entries[0]["under_way"] = True
        if not held and any(not is_over(entry) for entry in entries):
            found = partly(
                "how unfinished releases ended",
                lambda: ends(ecs_client, cluster, service, entries, datetime.now(UTC)),
            )
            entries = [entry | (found or {}).get(entry["number"], {}) for entry in entries]
        wanted = expected_revision(entries, serving)
        expected = ecs.describe_task_definition(ecs_client, wanted) if wanted and wanted != serving else None
        told: Json = status(
            params["environment"],
            Looks(
                service=service,
                revision=revision.result() or {"taskDefinitionArn": serving, "containerDefinitions": []},
                expected=expected,
                targets=targets(),
                entries=None if found_ledger is None else entries,
                settings=settings,
                scalable_target=target(),
                alarms=in_alarm(),
                database=database(),
                maintenance=maintenance(),
                under_way=lock.held_words(held, now) if held else "",
                dashboard=params["dashboard"],
                unknown=partly.unknown,
            ),
        )
        return told, entries


def main() -> None:
    names = ("environment", "cluster", "service", "ledger_table", "database", "alarm_prefix")
    module = AnsibleAWSModule(
        argument_spec={name: {"type": "str", "required": True} for name in names}
        | {"dashboard": {"type": "str", "default": ""}},
        supports_check_mode=True,
    )
    try:
        found, releases = look(module)
    except AnsibleAWSError as error:
        module.fail_json_aws_error(error)
    module.exit_json(changed=False, status=found, releases=releases)


if __name__ == "__main__":
    main()
