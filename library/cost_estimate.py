#!/usr/bin/python
# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cost_estimate
short_description: Add up what an environment costs a month
description:
  - Prices a list of items and says which settings would be cheaper.
  - It asks nobody, so it works before anything is made.
author: Contributors to Towpath
options:
  name:
    description: Whose costs they are.
    type: str
    required: true
  items:
    description:
      - What is paid for. Each has C(what) in words, C(price) as a key of O(prices), C(amount), and perhaps C(cheaper)
        with a C(setting) and the C(amount) or C(price) that it leads to.
    type: list
    elements: dict
    required: true
  prices:
    description: Price by key, in dollars; a key that ends in C(_hour) is one by the hour, others are by the month.
    type: dict
    required: true
  prices_date:
    description: When the prices were looked up.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Only calculates.
  diff_mode:
    support: none
    description: Changes nothing, so there is nothing to show.
"""

EXAMPLES = r"""
- name: Add up what the environment costs
  cost_estimate:
    name: staging
    items:
      - what: NAT gateways
        price: nat_gateway_hour
        amount: 2
        cheaper: {setting: "network_nat_gateways: one", amount: 1}
    prices: {nat_gateway_hour: 0.045}
    prices_date: 2026-03
"""

RETURN = r"""
lines:
  description: The estimate as a table.
  returned: always
  type: list
  elements: str
  sample: ["About 66 dollars a month for staging (us-east-1, prices of 2026-03)"]
estimate:
  description: The same for machines, with name, total, items and savings, in dollars a month.
  returned: always
  type: dict
  sample: {name: staging, total: 65.7}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.towpath import cost


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "items": {"type": "list", "elements": "dict", "required": True},
            "prices": {"type": "dict", "required": True},
            "prices_date": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        items = cost.priced(params["items"], params["prices"])
    except cost.CostProblem as problem:
        module.fail_json(msg=str(problem))
    module.exit_json(
        changed=False,
        lines=cost.table(params["name"], items, params["prices_date"]),
        estimate=cost.as_data(params["name"], items, params["prices_date"]),
    )


if __name__ == "__main__":
    main()
