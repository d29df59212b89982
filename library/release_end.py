#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: release_end
short_description: Write how a release ended into the ledger, and let others release again
description:
  - Ends a release's entry once. An entry that is over stays as it is, unless it only timed out before.
  - Frees the lock in any case, also when there is nothing to write or writing fails.
  - What looks like a password or a key is blotted out, and what is too long for an entry is cut.
author: Contributors to Towpath
options:
  lock:
    description: The lock as M(release_lock) returned it. One whose token is empty is not freed.
    type: dict
    required: true
    suboptions:
      table:
        description: Name of the ledger's table.
        type: str
        required: true
      token:
        description: What tells its holder from others.
        type: str
        default: ""
  release:
    description: Number of the release; V(0) when none was made.
    type: int
    default: 0
  outcome:
    description:
      - How it ended.
      - Empty leaves the entry open, when nobody knows how it ended. The next release then asks ECS.
    type: str
    choices: [succeeded, rolled_back, superseded, stopped, timed_out, no_change, ""]
    default: ""
  verdict:
    description: The cause, what shows it and what to do.
    type: dict
    default: {}
    suboptions:
      summary:
        description: How it ended, in a sentence.
        type: str
        default: ""
      reason:
        description: Why, in a sentence.
        type: str
        default: ""
      evidence:
        description: What shows it.
        type: list
        elements: str
        default: []
      advice:
        description: What to do next.
        type: str
        default: ""
  tasks:
    description: How many tasks run and how many are wanted, as C(running) and C(desired).
    type: dict
    default: {}
  seconds:
    description: How long the release took.
    type: float
  phases:
    description: How long each of its phases took, in seconds.
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says whether the entry would be ended, and neither writes nor frees.
  diff_mode:
    support: none
    description: The entry is what was done, and is shown by C(releases.yml).
"""

EXAMPLES = r"""
- name: Write down how it ended, and let others release again
  release_end:
    lock: "{{ taken.lock }}"
    release: 42
    outcome: "{{ rollout.outcome }}"
    verdict:
      reason: "{{ rollout.reason }}"
      evidence: "{{ rollout.evidence }}"
      advice: "{{ rollout.advice }}"
    tasks: {running: "{{ rollout.running }}", desired: "{{ rollout.desired }}"}
    seconds: "{{ rollout.seconds }}"
"""

RETURN = r"""
release:
  description: Number of the release; 0 when none was made.
  returned: always
  type: int
  sample: 42
outcome:
  description: How the ledger says that it ended; empty when the entry is left open.
  returned: always
  type: str
  sample: succeeded
lost:
  description: Whether the lock was lost meanwhile, and others released. Then this fails, and says who released what.
  returned: always
  type: bool
  sample: false
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: v42 succeeded.
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath import fence
from ansible.module_utils.towpath.differences import given
from ansible.module_utils.towpath.ledger import change_words, is_over, outcome_words
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

# More than are ever released while one command stands still.
NEWEST_ENTRIES = 10


def end(module: AnsibleAWSModule, client: dynamodb.DynamoDbClient) -> dict[str, Any]:
    params = module.params
    table, number, outcome = params["lock"]["table"], params["release"], params["outcome"]
    if not number or outcome == "no_change":
        return {"changed": False, "release": number, "outcome": outcome, "msg": "There is no release to end."}
    if not outcome:
        open_ = f"How v{number} ended is not known; the next release asks ECS."
        return {"changed": False, "release": number, "outcome": "", "msg": open_}
    fields = {
        "outcome": outcome,
        "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdict": params["verdict"],
    } | given({name: params[name] or None for name in ("tasks", "seconds", "phases")})
    if module.check_mode:
        before = dynamodb.get_release(client, table, number)
        ended = before is not None and not is_over(before)
    else:
        ended = dynamodb.end_release(client, table, number, fields, params["lock"]["token"])
    if ended:
        return {"changed": True, "release": number, "outcome": outcome, "msg": f"v{number} {outcome_words(fields)}."}
    found = dynamodb.get_release(client, table, number)
    if not found:
        module.fail_json(msg=f"There is no release v{number} in {table}, expected the entry that this release began.")
    how = f"was ended before as {outcome_words(found)}, and is left so" if is_over(found) else "is another's now"
    return {"changed": False, "release": number, "outcome": found.get("outcome", ""), "msg": f"v{number} {how}."}


def meanwhile(module: AnsibleAWSModule, client: dynamodb.DynamoDbClient, result: dict[str, Any]) -> str:
    """What others released while this release had lost its lock; empty when nobody did."""
    table, number = module.params["lock"]["table"], module.params["release"]
    newest = dynamodb.query_releases(client, table, limit=NEWEST_ENTRIES)
    others = [one for one in newest if one["number"] > number]
    own: dict[str, Any] = next((one for one in newest if one["number"] == number), {})
    # A lost answer to the request that freed the lock looks like this, too.
    if not others and own.get("outcome", "") == module.params["outcome"]:
        return ""
    released = "; ".join(
        f"v{one['number']} ({change_words(one)} by {one.get('by') or 'somebody'}) is {outcome_words(one)}"
        for one in reversed(others)
    )
    return (
        f"This release stood still for too long and lost its lock. Meanwhile {released or 'another took it over'}. "
        f"{result['msg']} See ansible-playbook releases.yml and status.yml, then run the same command again if it is "
        "still wanted."
    )


def main() -> None:
    text = {"type": "str", "default": ""}
    module = AnsibleAWSModule(
        argument_spec={
            "lock": fence.LOCK_OPTION | {"required": True},
            "release": {"type": "int", "default": 0},
            "outcome": {
                "type": "str",
                "choices": ["succeeded", "rolled_back", "superseded", "stopped", "timed_out", "no_change", ""],
                "default": "",
            },
            "verdict": {
                "type": "dict",
                "default": {},
                "options": {
                    "summary": text,
                    "reason": text,
                    "evidence": {"type": "list", "elements": "str", "default": []},
                    "advice": text,
                },
            },
            "tasks": {"type": "dict", "default": {}},
            "seconds": {"type": "float"},
            "phases": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    client = module.client("dynamodb")
    lock, held = module.params["lock"], True
    try:
        try:
            result = end(module, client)
        finally:
            if lock["token"] and not module.check_mode:
                held = dynamodb.free_lock(client, lock["table"], lock["token"])
        begun = module.params["release"] and module.params["outcome"] not in ("", "no_change")
        if begun and not held and (lost := meanwhile(module, client, result)):
            module.fail_json(**result | {"msg": lost, "lost": True})
    except dynamodb.DynamoDbError as error:
        module.fail_json_aws_error(error)
    module.exit_json(**result, lost=False)


if __name__ == "__main__":
    main()
