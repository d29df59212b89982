"""Whether AWS knows what an IAM policy allows, by the Service Authorization Reference as cfn-lint brings it.

IAM itself takes any action, any ARN and any key, and then allows nothing by them.
"""

from __future__ import annotations

import fnmatch
import functools
import json
import re
from collections.abc import Iterator
from importlib import resources
from typing import Any

# Keys of what calls, and not of what is called, which the reference has under the actions: cfn-lint leaves those out.
KEYS_OF_ACTIONS = {
    "ecs:cluster",
    "ecs:CreateAction",
    "ecs:service",
    "ecs:task-definition",
    "ec2:CreateAction",
    "elasticloadbalancing:CreateAction",
    "iam:PassedToService",
    "iam:AWSServiceName",
    "application-autoscaling:service-namespace",
    "application-autoscaling:scalable-dimension",
}


@functools.cache
def reference() -> dict[str, Any]:
    file = resources.files("cfnlint") / "data" / "AdditionalSpecs" / "Policies.json"
    return dict(json.loads(file.read_text()))


def faults(policy: dict[str, Any]) -> list[str]:
    """What AWS does not know in a policy of an identity."""
    return [f"{one.get('Sid', '')}: {fault}" for one in policy["Statement"] for fault in faults_of_statement(one)]


def faults_of_statement(statement: dict[str, Any]) -> Iterator[str]:
    actions, arns = listed(statement["Action"]), listed(statement["Resource"])
    for action in actions:
        service, _, name = action.partition(":")
        known = reference().get(service, {}).get("Actions", {})
        found = fnmatch.filter(known, name.lower())
        if not found:
            yield f"there is no action {action}"
        kinds = {kind for each in found for kind in known[each].get("Resources", [])}
        # Names of the two are written in one way here and in another there.
        described = {
            kind.lower(): one["ARNFormats"] for kind, one in reference().get(service, {}).get("Resources", {}).items()
        }
        formats = [arn for kind in kinds for arn in described.get(kind.lower(), ["arn:*"])]
        if found and "*" not in arns and not any(can_be(arn, form) for arn in arns for form in formats):
            yield f"{action} is of none of {', '.join(arns)}"
    services = {action.partition(":")[0] for action in actions}
    for key in (key for operator in statement.get("Condition", {}).values() for key in operator):
        if not is_key(key, services):
            yield f"there is no condition key {key} of {', '.join(sorted(services))}"


def is_key(key: str, services: set[str]) -> bool:
    if key.startswith("aws:") or key in KEYS_OF_ACTIONS:
        return key.partition(":")[0] in services | {"aws"}
    plain = re.sub(r"/.*", "/${TagKey}", key)
    kinds = [kind for service in services for kind in reference().get(service, {}).get("Resources", {}).values()]
    return any(plain in kind.get("ConditionKeys", []) for kind in kinds)


def can_be(arn: str, form: str) -> bool:
    """Whether an ARN with wildcards can be one of a form of the reference, such as arn:${Partition}:ecs:…:cluster/.*"""
    pattern = re.escape(re.sub(r"\$\{\w+\}", "*", form.replace(".*", "*"))).replace(r"\*", ".*")
    return re.fullmatch(pattern, arn) is not None or fnmatch.fnmatchcase(form.replace(".*", "x"), arn)


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def of_account(iam: Any) -> dict[str, dict[str, Any]]:
    """The policies that were made in an account, by name: managed ones, and those within roles."""
    found = dict[str, dict[str, Any]]()
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        found[policy["PolicyName"]] = version["PolicyVersion"]["Document"]
    for role in iam.list_roles()["Roles"]:
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            found[f"{role['RoleName']} {name}"] = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)[
                "PolicyDocument"
            ]
    return found
