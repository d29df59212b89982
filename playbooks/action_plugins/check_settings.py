# Copyright: Contributors to Towpath
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse settings of a role that are wrong, all of them at once, with the file that each comes from.

It runs before anything is made, when no other role has outputs yet: so it looks at what group_vars and -e say alone.
What type a setting has is said by the role's own argument_specs.yml, and the rules that AWS adds by the task.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ansible.module_utils
from ansible import constants
from ansible._internal._datatag._tags import Origin
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase

# The plugin forked_modules has done so already, unless it is off.
ansible.module_utils.__path__.extend(
    path for path in constants.DEFAULT_MODULE_UTILS_PATH if path not in ansible.module_utils.__path__
)
from ansible.module_utils.towpath import settings

ROOT = Path(__file__).resolve().parents[2]
# A setting that is another one, or an option of the command line that need not be given.
_ALIAS = re.compile(r"\{\{\s*(\w+)\s*(?:\|\s*default\([^)]*\)\s*)?\}\}")


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core ships no types
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.given = task_vars or {}
        self.role = str(self._task._role.get_name())
        self.environment = str(self._templar.template(self.given["environment_name"]))
        rules = self._task.args
        spec = Path(self._task._role._role_path) / "meta/argument_specs.yml"
        entries = self._loader.load_from_file(str(spec))["argument_specs"].values()
        options = {name: option for entry in entries for name, option in (entry.get("options") or {}).items()}
        wrong = [
            sentence
            for name in dict.fromkeys([*rules, *(name for name in options if name in self.given)])
            for sentence in self._refusals(name, rules.get(name, {}), options.get(name))
        ]
        secrets = [warning for name, rule in rules.items() for warning in self._warnings(name, rule)]
        if secrets:
            result["warnings"] = secrets
        if wrong:
            result |= {"failed": True, "msg": "\n".join(dict.fromkeys(wrong))}
        return result

    def _refusals(self, name: str, rule: Mapping[str, Any], option: dict[str, Any] | None) -> Iterator[str]:
        called = self._called(name)
        if name not in self.given:
            yield f"{name} is not given. Set it in {self._own_file(name)}."
            return
        try:
            value = self._templar.template(self.given[name])
        except AnsibleError as error:
            yield f"{called} cannot be worked out: {_cause(error)}. {self._where(name, None)}"
            return
        if option and (errors := ArgumentSpecValidator({name: option}).validate({name: value}).error_messages):
            yield from (f"{_capital(error.replace(name, called))}. {self._where(name, value)}" for error in errors)
            return
        for sentence in settings.refusals(called, value, rule):
            yield f"{sentence}. {self._where(name, value)}"
        if rule.get("kind") == "region" and value not in known_regions():
            yield (
                f"{called} is {value}, expected a region of AWS such as us-east-1; a newer boto3 may know more. "
                f"{self._where(name, value)}"
            )
        if rule.get("kind") == "environment":
            for variable, one in value.items():
                given = settings.Value(one, written(one))
                for sentence in settings.environment_refusals(called, variable, given):
                    yield f"{sentence}. {self._where(name, value, place=variable)}"

    def _warnings(self, name: str, rule: Mapping[str, Any]) -> Iterator[str]:
        if rule.get("kind") != "environment" or name not in self.given:
            return
        try:
            values = self._templar.template(self.given[name])
        except AnsibleError:
            return
        found = [variable for variable, value in values.items() if settings.looks_like_a_secret(variable, value)]
        for variable in found:
            yield (
                f"{variable} in {self._called(name)} looks like a secret, which everybody who may look at the "
                f"service could read there. To keep it in SSM take it out, add {variable} to secrets_required and "
                "app_service_secrets, and type "
                f"ansible-playbook secrets.yml -e env={self.environment} -e set={variable} -e release=false."
            )

    def _called(self, name: str) -> str:
        """The setting that somebody wrote, where this one is only another name for it."""
        while (alias := _ALIAS.fullmatch(str(self.given.get(name)))) and alias[1] in self.given:
            name = alias[1]
        return name

    def _where(self, name: str, value: Any, place: Any = None) -> str:
        called = self._called(name)
        raw = self.given.get(called)
        origins = [Origin.get_tag(one) for one in (place, raw, value) if one is not None]
        origin = next((one for one in origins if one is not None and "/playbooks/" not in (one.path or "")), None)
        if origin is None:
            return f"Correct it in {self._own_file(called)}, or what -e gives."
        if not origin.path:
            return "It was given with -e: give another, or leave it out."
        path = Path(origin.path).resolve()
        file = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
        # Ansible finds them by a link that lies beside the inventories.
        file = file.removeprefix("inventories/")
        if not file.startswith("roles/"):
            return f"Correct it in {file}{f', line {origin.line_num}' if origin.line_num else ''}."
        shorten = "shorten app_name in group_vars/all/app.yml, or " if self._is_made_of_app_name(called) else ""
        return _capital(f"{shorten}set {called} in {self._own_file(called)}.")

    def _is_made_of_app_name(self, name: str, depth: int = 3) -> bool:
        raw = str(self.given.get(name))
        inside = set(re.findall(r"\w+", raw)) if "{{" in raw else set()
        return "app_name" in inside or (
            depth > 0 and any(self._is_made_of_app_name(one, depth - 1) for one in inside if one in self.given)
        )

    def _own_file(self, name: str) -> str:
        group = "previews" if "previews" in self.given["group_names"] else self.environment
        return f"group_vars/{group}/{self.role}.yml" if name.startswith(f"{self.role}_") else "group_vars"


@functools.cache
def known_regions() -> set[str]:
    from botocore.session import Session

    session = Session()
    return {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition)
    }


def written(value: Any) -> str | None:
    """What stands in the file where YAML read a number; None where that is not known."""
    origin = Origin.get_tag(value)
    if isinstance(value, (str, bool)) or origin is None or not origin.path or not origin.line_num or not origin.col_num:
        return None
    line = Path(origin.path).read_text().split("\n")[origin.line_num - 1]
    found = re.match(r"[^\s,}\]]+", line[origin.col_num - 1 :])
    return found[0] if found else None


def _cause(error: BaseException) -> str:
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error).rstrip(".")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
