#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: release_ledger_info
short_description: Read the releases of an environment
description:
  - Returns the newest releases, or one with its whole verdict, and who is releasing now.
  - How a release ended whose maker was interrupted is asked of ECS and told, but not written down.
    The next release does that. Where ECS does not answer, the release is told as not over.
author: Contributors to Towpath
options:
  table:
    description: Name of the ledger's table.
    type: str
    required: true
  cluster:
    description: Name or ARN of the cluster that runs the releases.
    type: str
    required: true
  service:
    description: Name of the service that runs the releases.
    type: str
    required: true
  release:
    description: One release, as C(v42) or C(42). All unless it is given.
    type: str
    default: ""
  limit:
    description: How many releases to return at most, the newest ones; V(0) means all.
    type: int
    default: 0
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
- name: Read the newest releases
  release_ledger_info:
    table: webapp-prod-releases
    cluster: webapp-prod
    service: app
    limit: 20
  register: known
"""

RETURN = r"""
releases:
  description: The entries, the newest first.
  returned: always
  type: list
  elements: dict
  contains:
    number:
      description: Number of the release.
      type: int
      returned: always
      sample: 42
    change:
      description: What made it, V(deploy), V(promote), V(rollback), V(configuration) or V(secrets).
      type: str
      returned: always
      sample: deploy
    outcome:
      description: How it ended; missing while it is not over.
      type: str
      returned: when known
      sample: succeeded
    under_way:
      description: Whether it is being made now.
      type: bool
      returned: always
      sample: false
    verdict:
      description: The cause, what shows it and what to do, as C(summary), C(reason), C(evidence) and C(advice).
      type: dict
      returned: when it is over
      sample: {summary: app runs webapp-prod:7., reason: ECS completed the deployment., evidence: [], advice: ""}
lines:
  description: The same for people.
  returned: always
  type: list
  elements: str
  sample: [release  outcome, v42      succeeded]
lock:
  description: Who is releasing now, as M(release_lock) tells it; empty when nobody is.
  returned: always
  type: dict
  sample: {}
"""

import time
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath import ecs_api as ecs
from ansible.module_utils.towpath import lock
from ansible.module_utils.towpath.interrupted import ends
from ansible.module_utils.towpath.ledger import is_over, release_lines, table_lines
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def read(module: AnsibleAWSModule, client: dynamodb.DynamoDbClient) -> list[dict[str, Any]]:
    table, name = module.params["table"], module.params["release"]
    if not name:
        found: list[dict[str, Any]] = dynamodb.query_releases(client, table, module.params["limit"] or None)
        return found
    number = name.removeprefix("v")
    if not number.isdecimal():
        module.fail_json(msg=f"release is {name}, expected a number as releases.yml lists them, such as v42.")
    entry = dynamodb.get_release(client, table, int(number))
    if not entry:
        newest = dynamodb.query_releases(client, table, limit=1)
        which = f"up to v{newest[0]['number']}" if newest else "none yet"
        module.fail_json(
            msg=f"There is no release v{number} in {table}, which has {which}. "
            "See ansible-playbook releases.yml -e env=NAME for those that there are."
        )
    return [entry]


def with_ends(module: AnsibleAWSModule, entries: list[dict[str, Any]], under_way: int | None) -> list[dict[str, Any]]:
    """The entries, with ends for those that nobody ended and nobody is about to."""
    unfinished = [entry for entry in entries if not is_over(entry) and entry["number"] != under_way]
    found: dict[int, dict[str, Any]] = {}
    if unfinished:
        client, cluster = module.client("ecs"), module.params["cluster"]
        try:
            service = ecs.describe_service(client, cluster, module.params["service"])
            found = ends(client, cluster, service, unfinished, datetime.now(UTC))
        except ecs.EcsError as error:
            module.warn(f"How unfinished releases ended is not known. {error}")
    return [entry | found.get(entry["number"], {}) | {"under_way": entry["number"] == under_way} for entry in entries]


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "table": {"type": "str", "required": True},
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "release": {"type": "str", "default": ""},
            "limit": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    if module.params["limit"] < 0:
        module.fail_json(msg=f"limit is {module.params['limit']}, expected a number of releases, or 0 for all of them.")
    client, table, now = module.client("dynamodb"), module.params["table"], time.time()
    try:
        entries = read(module, client)
        held = dynamodb.get_lock(client, table)
        if held and not lock.is_live(held, lock.this_machine()["machine"], now):
            held = None
        newest = dynamodb.query_releases(client, table, limit=1) if held else []
    except dynamodb.DynamoDbError as error:
        module.fail_json_aws_error(error)
    under_way = newest[0]["number"] if newest and not is_over(newest[0]) else None
    releases = with_ends(module, entries, under_way)
    lines = release_lines(releases[0]) if module.params["release"] else table_lines(releases)
    if held:
        lines += ["", lock.held_words(held, now)]
    module.exit_json(changed=False, releases=releases, lines=lines, lock=held or {})


if __name__ == "__main__":
    main()
