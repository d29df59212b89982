#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: scalable_target
short_description: Say between which counts an ECS service is scaled
description:
  - Registers the desired count of a service with Application Auto Scaling, or changes its bounds.
  - AWS moves a count that is outside the bounds into them, at once, even when nothing scales the service.
    So a minimum above 0 starts tasks.
  - C(community.aws.application_autoscaling_policy) does this, too, but it writes in check mode,
    registers the target anew with each policy, and cannot suspend one.
author: Contributors to Towpath
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  state:
    description: Whether the service can be scaled. V(absent) takes its policies and scheduled actions away, too.
    type: str
    choices: [present, absent]
    default: present
  minimum:
    description: The lowest number of tasks. A new target needs it.
    type: int
  maximum:
    description: The highest number of tasks. A new target needs it.
    type: int
  suspended:
    description: Whether policies and scheduled actions leave the count alone.
    type: bool
  update:
    description:
      - When a target that is there is changed. V(always) makes it what is asked for.
      - V(on_change) does so only when something else is asked for than the last time, so that what a person changed
        in between stays. The target's tag C(towpath:asked) remembers.
      - V(never) leaves it alone.
    type: str
    choices: [always, on_change, never]
    default: always
  tags:
    description: All tags that the target is to have, besides C(towpath:asked).
    type: dict
  lock:
    description: >-
      The lock under which this is done, as RV(lock) of M(release_lock) or M(release_start). Nothing is sent once it is
      lost.
    type: dict
    suboptions:
      table:
        description: Name of the table that the lock is in.
        type: str
        required: true
      token:
        description: Token of the lock that was taken; nothing means none.
        type: str
        default: ""
      pid:
        description: Process that holds it.
        type: int
        default: 0
      confirmed_at:
        description: When it was last written, by this machine's own clock.
        type: float
        default: 0.0
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    support: full
    description: Says what it would change, and changes nothing. The service need not be there.
  diff_mode:
    support: full
    description: Shows the options that differ, before and after.
"""

EXAMPLES = r"""
- name: Keep the app between 2 and 6 tasks, unless somebody has chosen other counts since
  scalable_target:
    cluster: webapp-prod
    service: app
    minimum: 2
    maximum: 6
    update: on_change

- name: Scale the app no more
  scalable_target:
    cluster: webapp-prod
    service: app
    state: absent
"""

RETURN = r"""
target:
  description: The scalable target; in check mode, as it would be. Empty when it is absent.
  returned: success
  type: dict
  contains:
    minimum:
      description: The lowest number of tasks.
      type: int
      returned: when present
      sample: 2
    maximum:
      description: The highest number of tasks.
      type: int
      returned: when present
      sample: 6
    suspended:
      description: Whether policies and scheduled actions leave the count alone; V(partly) when only some do.
      type: raw
      returned: when present
      sample: false
"""

from typing import Any

from ansible.module_utils.towpath import application_autoscaling_api as scaling
from ansible.module_utils.towpath import fence
from ansible.module_utils.towpath.differences import diff, differences, sentence
from ansible.module_utils.towpath.scaling import (
    ALWAYS,
    NEVER,
    ON_CHANGE,
    comparable_target,
    resource_of,
    target_refusal,
    target_request,
    wanted_tags,
    wanted_target,
)
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def present(module: AnsibleAWSModule, client: scaling.ScalingClient, found: dict[str, Any]) -> dict[str, Any]:
    params = module.params
    resource = resource_of(params["cluster"], params["service"])
    options = {name: params[name] for name in ("minimum", "maximum", "suspended")}
    before = comparable_target(found) if found else {}
    arn = found.get("ScalableTargetARN", "")
    # Asked for only where they matter.
    tagged = params["tags"] is not None or params["update"] != ALWAYS
    tags_before = scaling.list_tags(client, arn) if arn and tagged else {}
    asked = wanted_target(options, before, tags_before, params["update"])
    tags = wanted_tags(params["tags"], options, tags_before, params["update"])
    after = before | asked
    if problem := target_refusal(after):
        module.fail_json(msg=f"Cannot scale the service {params['service']}: {problem}")

    changes = differences(before, asked)
    changed_tags = differences({"tags": tags_before}, {"tags": tags})
    if not module.check_mode:
        if changes or not found:
            at_birth = {"Tags": tags} if tags and not found else {}
            scaling.register_target(client, resource, target_request(after) | at_birth)
        if found and changed_tags:
            scaling.replace_tags(client, arn, tags_before, tags)
    changes += changed_tags
    what = f"the scaling of {params['service']}"
    verb = f"Changed {sentence(changes)} of" if changes else "Nothing to change in"
    return {
        "changed": bool(changes) or not found,
        "diff": diff(changes),
        "msg": f"{verb if found else 'Began'} {what}: {after['minimum']} to {after['maximum']} tasks.",
        "target": {"suspended": False} | after,
    }


def absent(module: AnsibleAWSModule, client: scaling.ScalingClient, found: dict[str, Any]) -> dict[str, Any]:
    service = module.params["service"]
    if found and not module.check_mode:
        scaling.deregister_target(client, resource_of(module.params["cluster"], service))
    return {
        "changed": bool(found),
        "diff": {"before": comparable_target(found) if found else {}, "after": {}},
        "msg": f"Ended the scaling of {service}." if found else f"Nothing scales {service}.",
        "target": {},
    }


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "lock": fence.LOCK_OPTION,
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "minimum": {"type": "int"},
            "maximum": {"type": "int"},
            "suspended": {"type": "bool"},
            "update": {"type": "str", "choices": [ALWAYS, ON_CHANGE, NEVER], "default": ALWAYS},
            "tags": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    client = fence.client_of(module, "application-autoscaling")
    try:
        resource = resource_of(module.params["cluster"], module.params["service"])
        found = scaling.describe_target(client, resource) or {}
        result = {"present": present, "absent": absent}[module.params["state"]](module, client, found)
    except AnsibleAWSError as error:
        fence.fail(module, error)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
