#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: release_lock
short_description: Let one release at a time into an environment
description:
  - Takes, renews and frees the lock that stands in an environment's ledger.
    DynamoDB decides who gets it, in one conditional write, so of many that try at once exactly one does.
  - The lock is a lease of 90 seconds. Whoever follows a rollout renews it every 30 seconds with O(state=renewed),
    so a holder that dies loses it by itself. A holder that died on this very machine loses it at once.
  - When a lease ends is told by the holder's own clock, and the others compare it with theirs.
    Clocks that are up to a minute apart do no harm; AWS refuses calls whose clock is 15 minutes off.
  - While another holds it, the task prints who and since when, waits, and fails when the time is up.
  - It never reports a change, because a play gives back what it took.
author: Contributors to Towpath
options:
  table:
    description: Name of the ledger's table.
    type: str
    required: true
  state:
    description:
      - V(present) takes the lock, or waits for it.
      - V(renewed) holds it for longer, and fails with RV(lost) set when another has taken it over.
      - V(absent) frees it. A lock that another holds is left alone.
    type: str
    choices: [present, renewed, absent]
    default: present
  token:
    description:
      - What tells this holder from others, as an earlier O(state=present) returned it.
      - A new one is made unless it is given.
    type: str
    default: ""
  command:
    description: What is to be done under the lock, in words that follow "a", for whoever is refused meanwhile.
    type: str
    default: release
  who:
    description: Who does it. The CI job's actor or the user of this machine, unless it is given.
    type: str
    default: ""
  pid:
    description: Process on this machine that does it. The action plugin gives that of C(ansible-playbook).
    type: int
    default: 0
  wait_seconds:
    description:
      - How long to wait for another holder before this fails. V(0) fails at once.
      - The default is longer than a lease, so nobody who died is in the way.
    type: float
    default: 100
  waited_seconds:
    description: How long was waited already; the action plugin counts.
    type: float
    default: 0
  seen:
    description:
      - The RV(mark) of the lock that was waited for, as C(mark), and for how long it has not changed, as
        C(unchanged_seconds); the action plugin watches. A lock that has not changed for 90 seconds is taken over.
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  action:
    support: full
    description: The part that waits and prints runs on the controller.
  check_mode:
    support: full
    description: Says who holds the lock, and neither takes it nor waits.
  diff_mode:
    support: none
    description: A lock is given back, so there is nothing to show.
"""

EXAMPLES = r"""
- name: Let nobody else release meanwhile
  release_lock:
    table: webapp-prod-releases
    command: deploy of 6b65b39
  register: taken

- name: Hold the lock for longer
  release_lock:
    table: "{{ taken.lock.table }}"
    token: "{{ taken.lock.token }}"
    state: renewed

- name: Let others release again
  release_lock:
    table: "{{ taken.lock.table }}"
    token: "{{ taken.lock.token }}"
    state: absent
"""

RETURN = r"""
lock:
  description: What later tasks need to renew and to free the lock. The token is empty when it is not held.
  returned: always
  type: dict
  sample: {table: webapp-prod-releases, token: 6f7f5f4e-5f0c-4bb4-9d2b-0f6f3f3a3f0e}
holder:
  description: Who holds the lock now, which may be another; empty when nobody does.
  returned: always
  type: dict
  sample: {who: ann, host: desk, machine: "", job: "", pid: 4711, command: deploy of 6b65b39}
since:
  description: Since when it is held; empty when it is not.
  returned: always
  type: str
  sample: "2026-01-01T12:00:00+00:00"
expires_at:
  description: When the lease ends unless it is renewed, in seconds since the epoch; 0 when it is not held.
  returned: always
  type: int
  sample: 1767268890
held_by_another:
  description: Whether another holds the lock.
  returned: always
  type: bool
  sample: false
lost:
  description: Whether the lock was held and is another's now, or nobody's.
  returned: always
  type: bool
  sample: false
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: Nobody else releases until this is over.
"""

import os
import time
from typing import Any

from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath import lock
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def told(*what: Any, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = lock.told(*what, **more)
    return answer


def take(module: AnsibleAWSModule, client: dynamodb.DynamoDbClient) -> dict[str, Any]:
    params, now, asked_at = module.params, time.time(), lock.ticks()
    table = params["table"]
    holder = lock.holder(os.environ, params["who"], params["pid"], params["command"])
    wanted = lock.new_lock(params["token"], holder, now)
    if module.check_mode:
        found = dynamodb.get_lock(client, table)
        if found and found["token"] != wanted["token"] and lock.is_live(found, holder["machine"], now):
            return told(table, found, "", lock.held_words(found, now))
        return told(table, None, "", "Nobody else releases now.")
    held = dynamodb.take_free_or_lost_lock(client, table, wanted, params["seen"])
    if not held:
        return told(table, wanted, wanted["token"], "Nobody else releases until this is over.", asked_at)
    waits: dict[str, Any] = lock.told_to_wait(table, held, now, params["waited_seconds"], params["wait_seconds"])
    return waits


def renew(module: AnsibleAWSModule, client: dynamodb.DynamoDbClient) -> dict[str, Any]:
    table, token, now, asked_at = module.params["table"], module.params["token"], time.time(), lock.ticks()
    if module.check_mode:
        return told(table, dynamodb.get_lock(client, table), token, "Would hold the lock for longer.")
    held = dynamodb.renew_lock(client, table, token, lock.sign_of_life(now))
    if not held:
        holding = dynamodb.get_lock(client, table)
        others = lock.held_words(holding, now) if holding else "Nobody holds it now."
        refusal = (
            f"This command stood still for more than {lock.LEASE_SECONDS} s and lost its lock. {others} "
            "See ansible-playbook releases.yml -e env=NAME, then run the same command again."
        )
        return told(table, holding, token, refusal, lost=True, failed=True)
    return told(table, held, token, "The lock is held for longer.", asked_at)


def free(module: AnsibleAWSModule, client: dynamodb.DynamoDbClient) -> dict[str, Any]:
    if not module.check_mode:
        dynamodb.free_lock(client, module.params["table"], module.params["token"])
    return told(module.params["table"], None, "", "Others may release again.")


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "table": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "renewed", "absent"], "default": "present"},
            # No secret: it lets nobody in, and Ansible would blot it out wherever it stands.
            "token": {"type": "str", "default": "", "no_log": False},
            "command": {"type": "str", "default": "release"},
            "who": {"type": "str", "default": ""},
            "pid": {"type": "int", "default": 0},
            "wait_seconds": {"type": "float", "default": lock.WAIT_SECONDS},
            "waited_seconds": {"type": "float", "default": 0},
            "seen": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    if module.params["state"] != "present" and not module.params["token"]:
        module.fail_json(
            msg=f"state is {module.params['state']} without a token, expected the one that taking the lock returned. "
            "Give it as token."
        )
    do = {"present": take, "renewed": renew, "absent": free}[module.params["state"]]
    try:
        done = do(module, module.client("dynamodb"))
    except dynamodb.DynamoDbError as error:
        module.fail_json_aws_error(error)
    if done.get("failed"):
        module.fail_json(**done)
    module.exit_json(**done)


if __name__ == "__main__":
    main()
