# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read an option of the command line whole, where Ansible would cut it at its first space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.parsing.splitter import parse_kv
from ansible.plugins.lookup import LookupBase

DOCUMENTATION = """
name: option
short_description: What was given on the command line, with its spaces
description:
  - A shell takes the quotes away from C(-e reason="two words"), and Ansible then reads C(two) and forgets the rest.
    This lookup reads the whole text.
  - Where it cannot tell a part of the text from another option, as in C(-e command="rake step=1"), it refuses, and says
    what to type.
options:
  _terms:
    description: Name of the option.
    required: true
  default:
    description: >-
      Value of the variable of that name, for an option that was given otherwise (in a file, as JSON or YAML), or not.
    default: ""
author: Contributors to Towpath
"""

EXAMPLES = """
- name: Say why
  ansible.builtin.debug:
    msg: "{{ lookup('option', 'reason', default=reason | default('')) }}"
"""

RETURN = """
_raw:
  description: The text, or the default.
  type: list
"""


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no types
    def run(self, terms: Sequence[str], variables: object = None, default: Any = "", **kwargs: Any) -> list[Any]:
        given = context.CLIARGS.get("extra_vars", ())
        return [_whole(name, given, default) for name in terms]


def _whole(name: str, given: Sequence[str], default: Any) -> Any:
    # The last one counts, as it does for Ansible.
    for text in reversed(given):
        if text.lstrip().startswith(f"{name}="):
            parsed = parse_kv(text)
            if set(parsed) == {name}:
                return parsed[name]
            # What cannot be the name of a variable, such as --force, is none.
            if others := sorted(key for key in parsed if key not in (name, "_raw_params") and key.isidentifier()):
                value = text.partition("=")[2]
                raise AnsibleLookupError(
                    f"It cannot be told whether {others[0]}={parsed[others[0]]} belongs to {name} or is an option of "
                    f"its own. Quote {name} twice: -e '{name}=\"{value}\"', or give each option a -e of its own."
                )
            return text.partition("=")[2].strip()
    return default
