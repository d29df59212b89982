#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: status_report
short_description: Show environments side by side, and in what two of them differ
description:
  - Makes tables for people and one structure for programs of what M(environment_status_info) found. Asks AWS nothing.
author: Contributors to Towpath
options:
  statuses:
    description: The RV(environment_status_info#module:status) of each environment.
    type: list
    elements: dict
    required: true
  compared:
    description: Names of the two environments to compare, shown first. Where one is not there, nothing is compared.
    type: list
    elements: str
    default: []
  checkout:
    description: Folder of a git checkout that may know the commits between the two.
    type: path
  page:
    description: Makes a page of HTML, too, of all that the tables tell and of this.
    type: dict
    suboptions:
      app:
        description: Name of the app.
        type: str
        required: true
      releases:
        description: The RV(environment_status_info#module:releases) of each environment, in the order of O(statuses).
        type: list
        elements: list
        required: true
      costs:
        description: The RV(cost_estimate#module:estimate) of each environment; without any the page tells no costs.
        type: list
        elements: dict
        default: []
attributes:
  check_mode:
    support: full
    description: Reads only.
  diff_mode:
    support: none
    description: Changes nothing, so there is nothing to show.
"""

EXAMPLES = r"""
- name: Put the environments side by side
  status_report:
    statuses: "{{ [staging.status, prod.status] }}"
    compared: [staging, prod]
  register: report
"""

RETURN = r"""
lines:
  description: All of it for people.
  returned: always
  type: list
  elements: str
  sample: ["environment  release", "staging      v7"]
report:
  description: All of it for programs; C(environments) by name, and C(differences).
  returned: always
  type: dict
  sample: {environments: {staging: {release: v7}}, differences: {}}
page:
  description: The page, which needs no other file and asks nobody for anything.
  returned: when O(page) is given
  type: str
  sample: "<!DOCTYPE html>…"
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.towpath.checkout import commits_between, git_in
from ansible.module_utils.towpath.status import compared, lines
from ansible.module_utils.towpath.status_page import Facts, page


def difference(module: AnsibleModule, statuses: dict[str, dict[str, Any]]) -> dict[str, Any]:
    names = module.params["compared"]
    if len(names) != 2 or len(set(names)) != 2 or any(name not in statuses for name in names):
        return {}
    folder = module.params["checkout"]
    one, other = (statuses[name] for name in names)
    known = folder and one["released"] and other["released"]
    commits = commits_between(git_in(folder, module.run_command), other["git_sha"], one["git_sha"]) if known else {}
    found: dict[str, Any] = compared(one, other, commits)
    return found


def page_of(params: dict[str, Any], statuses: list[dict[str, Any]], found: dict[str, Any]) -> str:
    asked = params["page"]
    names = [one["environment"] for one in params["statuses"]]
    rendered: str = page(
        Facts(
            app=asked["app"],
            statuses=statuses,
            releases=dict(zip(names, asked["releases"], strict=True)),
            costs=asked["costs"],
            compared=params["compared"],
            difference=found,
            at=datetime.now(UTC),
        )
    )
    return rendered


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "statuses": {"type": "list", "elements": "dict", "required": True},
            "compared": {"type": "list", "elements": "str", "default": []},
            "checkout": {"type": "path"},
            "page": {
                "type": "dict",
                "options": {
                    "app": {"type": "str", "required": True},
                    "releases": {"type": "list", "elements": "list", "required": True},
                    "costs": {"type": "list", "elements": "dict", "default": []},
                },
            },
        },
        supports_check_mode=True,
    )
    first = module.params["compared"]
    ordered = sorted(
        module.params["statuses"],
        key=lambda one: first.index(one["environment"]) if one["environment"] in first else len(first),
    )
    statuses = {one["environment"]: one for one in ordered}
    found = difference(module, statuses)
    in_order = list(statuses.values())
    rendered = {"page": page_of(module.params, in_order, found)} if module.params["page"] else {}
    module.exit_json(
        changed=False,
        lines=lines(in_order, found),
        report={"environments": statuses, "differences": found},
        **rendered,
    )


if __name__ == "__main__":
    main()
