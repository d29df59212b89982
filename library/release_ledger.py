#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: release_ledger
short_description: Create the table in which an environment's releases are written down
description:
  - Creates a DynamoDB table with the keys of a ledger, C(kind) and C(number), that is paid by request.
  - Its history is kept by two things that C(community.aws.dynamodb_table) does not know.
    Nobody deletes it by mistake, and it can be restored as it was at any second of the last days.
    Nor does that module know the stream, which tells others of each release.
author: Contributors to Towpath
options:
  name:
    description: Name of the table.
    type: str
    required: true
  state:
    description:
      - V(absent) deletes the table. One that holds releases is refused unless O(force) is set.
    type: str
    choices: [present, absent]
    default: present
  deletion_protection:
    description: Whether AWS refuses to delete the table. O(state=absent) takes the protection off first.
    type: bool
  point_in_time_recovery:
    description: Whether the table can be restored as it was at any second of the last 35 days.
    type: bool
  stream:
    description:
      - Whether the table has a stream of what is written into it, with each entry as it was and as it became.
      - A stream of another kind is replaced, and whoever reads it has to read the new one.
    type: bool
  tags:
    description: Tags of the table. Others are taken off.
    type: dict
  force:
    description: Delete the table even though it holds releases.
    type: bool
    default: false
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
    description: Shows what differs, before and after.
"""

EXAMPLES = r"""
- name: Create the ledger
  release_ledger:
    name: webapp-prod-releases
    deletion_protection: true
    point_in_time_recovery: true
    stream: true
"""

RETURN = r"""
ledger:
  description: The table; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN of the table; empty in check mode when it is not there yet.
      type: str
      returned: when present
      sample: arn:aws:dynamodb:us-east-1:123456789012:table/webapp-prod-releases
    name:
      description: Name of the table.
      type: str
      returned: when present
      sample: webapp-prod-releases
    stream_arn:
      description: ARN of the stream; empty when there is none, and in check mode when it is not there yet.
      type: str
      returned: when present
      sample: arn:aws:dynamodb:us-east-1:123456789012:table/webapp-prod-releases/stream/2026-01-01T00:00:00.000
    deletion_protection:
      description: As the option of the same name; so are the others.
      type: bool
      returned: when present
      sample: true
msg:
  description: What happened, in a sentence.
  returned: always
  type: str
  sample: Created the ledger webapp-prod-releases.
"""

from typing import Any

from ansible.module_utils.towpath import dynamodb_api as dynamodb
from ansible.module_utils.towpath import ledger_table
from ansible.module_utils.towpath.aws_tags import tag_problems
from ansible.module_utils.towpath.differences import Difference, diff, differences, given, sentence
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def find(client: dynamodb.DynamoDbClient, name: str, check_mode: bool) -> dict[str, Any]:
    found: dict[str, Any] = dynamodb.describe_table(client, name) or {}
    if found.get("TableStatus") == "DELETING":
        if not check_mode:
            dynamodb.wait_until_gone(client, name)
        return {}
    return found


def asked_for(module: AnsibleAWSModule) -> dict[str, Any]:
    options = ("deletion_protection", "point_in_time_recovery", "stream", "tags")
    asked: dict[str, Any] = given({option: module.params[option] for option in options})
    if "tags" in asked:
        asked["tags"] = {key: str(value) for key, value in asked["tags"].items()}
        if problems := tag_problems(asked["tags"]):
            module.fail_json(msg=" ".join(problems))
    return asked


def present(
    module: AnsibleAWSModule, client: dynamodb.DynamoDbClient, found: dict[str, Any]
) -> tuple[dict[str, Any], list[Difference]]:
    name, asked = module.params["name"], asked_for(module)
    before: dict[str, Any] = {}
    if found:
        if keys := ledger_table.wrong_keys(found):
            module.fail_json(
                msg=f"The table {name} has the keys {keys}, expected kind (S), number (N): it is no ledger. "
                "Give the ledger another name, or delete that table."
            )
        backups, tags = dynamodb.describe_backups(client, name), dynamodb.list_tags(client, found["TableArn"])
        before = ledger_table.comparable(found, backups, tags)
    changes = differences(before, asked) if found else differences({}, {"name": name, **asked})
    if not module.check_mode:
        changed = {one.field: one.after for one in changes}
        if not found:
            found = dynamodb.create_table(client, ledger_table.create_request(name, asked))
            # The request to create it takes all but this.
            changed = {field: True for field, on in changed.items() if field == "point_in_time_recovery" and on}
        found = change(client, found, before, changed)
    facts = {"arn": found.get("TableArn", ""), "name": name, "stream_arn": ledger_table.stream_arn(found)}
    return {**facts, **before, **asked}, changes


def change(
    client: dynamodb.DynamoDbClient, found: dict[str, Any], before: dict[str, Any], changed: dict[str, Any]
) -> dict[str, Any]:
    """Make the changes one after the other, and return the table."""
    name = found["TableName"]
    if "deletion_protection" in changed:
        dynamodb.set_deletion_protection(client, name, changed["deletion_protection"])
    if "stream" in changed:
        for specification in ledger_table.stream_requests(found, changed["stream"]):
            found = dynamodb.set_stream(client, name, specification)
    if "point_in_time_recovery" in changed:
        dynamodb.set_point_in_time_recovery(client, name, changed["point_in_time_recovery"])
    if "tags" in changed:
        dynamodb.replace_tags(client, found["TableArn"], before["tags"], changed["tags"])
    return found


def delete(module: AnsibleAWSModule, client: dynamodb.DynamoDbClient, found: dict[str, Any]) -> None:
    name = found["TableName"]
    if not module.params["force"] and (newest := dynamodb.query_releases(client, name, limit=1)):
        module.fail_json(
            msg=f"The ledger {name} holds releases up to v{newest[0]['number']}, expected none. "
            "Set force to delete them too: nothing else remembers them."
        )
    if module.check_mode:
        return
    if found.get("DeletionProtectionEnabled"):
        dynamodb.set_deletion_protection(client, name, False)
    dynamodb.delete_table(client, name)


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "deletion_protection": {"type": "bool"},
            "point_in_time_recovery": {"type": "bool"},
            "stream": {"type": "bool"},
            "tags": {"type": "dict"},
            "force": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    client = module.client("dynamodb")
    name = module.params["name"]
    try:
        found = find(client, name, module.check_mode)
        if module.params["state"] == "absent":
            if found:
                delete(module, client, found)
            module.exit_json(
                changed=bool(found),
                ledger={},
                diff={"before": {"name": name} if found else {}, "after": {}},
                msg=f"Deleted the ledger {name}." if found else f"There is no ledger {name}.",
            )
        facts, changes = present(module, client, found)
    except dynamodb.DynamoDbError as error:
        module.fail_json_aws_error(error)

    msg = f"The ledger {name} is as it should be."
    if changes:
        msg = f"Changed {sentence(changes)} of the ledger {name}." if found else f"Created the ledger {name}."
    module.exit_json(changed=bool(changes), ledger=facts, diff=diff(changes), msg=msg)


if __name__ == "__main__":
    main()
