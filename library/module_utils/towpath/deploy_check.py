"""Whether a deploy would find everything that it needs. Pure functions: no AWS, no Ansible.

Each check is a sentence on one thing. What could not be looked at is unknown, which is neither good nor bad.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .credentials import EXPIRED, NONE, NOT_ALLOWED, NOT_KNOWN_TO_AWS, NOT_REACHED
from .task_definition import TaskDefinition

GOOD, BAD, UNKNOWN = "good", "bad", "unknown"

ORDER = (
    "credentials",
    "service",
    "image",
    "commits",
    "secrets",
    "log group",
    "target group",
    "addresses",
    "quota",
    "alarms",
    "rollout",
    "drift",
)

PROVISION = "Run ansible-playbook provision.yml -e env={environment}"

# Architectures as images name them, and as ECS does.
ARCHITECTURES = {"amd64": "X86_64", "arm64": "ARM64"}

NO_CREDENTIALS = NONE | {"CredentialRetrievalError"}

# The part of a quota from which on it is time to ask for more.
NEAR_THE_LIMIT = 0.8


class Check(NamedTuple):
    name: str
    state: str
    sentence: str
    advice: str = ""


class Failure(NamedTuple):
    """What was tried, AWS's code for its failure (or the SDK's name of the error), and the message.

    A failure that says it all itself has a message alone.
    """

    tried: str
    code: str
    message: str


def not_looked_at(name: str, failure: Failure) -> Check:
    """A check whose calls failed."""
    if not failure.tried:
        wrong, _, advice = failure.message.partition(". ")
        return Check(name, UNKNOWN, f"not looked at: {wrong[:1].lower()}{wrong[1:]}", advice)
    if NOT_ALLOWED.search(failure.code):
        action = re.search(r"perform: (\S+)", failure.message)
        lacks = action[1] if action else failure.message
        return Check(
            name,
            UNKNOWN,
            f"not looked at: these credentials may not {failure.tried} ({lacks})",
            "Allow it, or look yourself.",
        )
    return Check(name, UNKNOWN, f"not looked at: AWS did not let us {failure.tried} ({failure.message})")


def credentials(identity: Mapping[str, Any]) -> Check:
    who = str(identity["Arn"]).rpartition(":")[2]
    return Check("credentials", GOOD, f"{who} in the account {identity['Account']}")


def refused(failure: Failure) -> Check:
    """Why nothing could be looked at: mostly the credentials."""
    sso = "aws sso login, with AWS_PROFILE naming the profile"
    keys = "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if failure.code in NO_CREDENTIALS:
        return Check("credentials", BAD, "this shell has no AWS credentials", f"Type {sso}; or {keys}.")
    if failure.code in EXPIRED:
        advice = f"Type {sso}; or take new keys and {keys}, with AWS_SESSION_TOKEN."
        return Check("credentials", BAD, "the AWS credentials of this shell have expired", advice)
    if failure.code in NOT_KNOWN_TO_AWS:
        advice = f"Type {sso}; or look at the keys, and {keys} again."
        return Check("credentials", BAD, "AWS does not know the credentials of this shell", advice)
    if failure.code in NOT_REACHED:
        advice = "Look at the network, at AWS_ENDPOINT_URL (unset means AWS itself) and at aws_region in group_vars."
        return Check("credentials", BAD, f"AWS does not answer: {failure.message}", advice)
    return not_looked_at("service", failure)


def service(name: str, found: Mapping[str, Any] | None, environment: str) -> Check:
    if found is None:
        return Check("service", BAD, f"there is no service {name}", f"{_provision(environment)} first.")
    if found["status"] != "ACTIVE":
        advice = f"Wait until it is gone, and {_provision(environment).replace('Run', 'run')}."
        return Check("service", BAD, f"{name} is {found['status']}, expected ACTIVE", advice)
    return Check("service", GOOD, f"{name} runs {found['runningCount']} of {found['desiredCount']} tasks")


def commits(missing: str) -> Check:
    """Whether a deploy of an older commit would be refused. ``missing`` is what keeps the checkout from knowing."""
    if missing:
        wrong, _, advice = missing.partition(": ")
        sentence = f"older and newer ones cannot be told apart, so an older one is not refused: {wrong}"
        return Check("commits", UNKNOWN, sentence, f"Next: {advice}." if advice else "")
    return Check("commits", GOOD, "the checkout knows which is older than the one that runs")


def rollout(found: Mapping[str, Any]) -> Check:
    """Whether one is going on. A rollout that failed and was given up is over."""
    for one in found.get("deployments", []):
        if one.get("rolloutState") == "IN_PROGRESS" and one["status"] == "PRIMARY":
            revision = str(one["taskDefinition"]).rpartition("/")[2]
            return Check(
                "rollout",
                BAD,
                f"{revision} is being rolled out: {one['runningCount']} of {one['desiredCount']} tasks run",
                "Wait for its end; a deploy now takes its place.",
            )
    return Check("rollout", GOOD, "none is going on")


def image(shown: str, architectures: Sequence[str], definition: TaskDefinition) -> Check:
    """Whether an image that is there was built for the machine of the task definition."""
    wanted = (definition.get("runtimePlatform") or {}).get("cpuArchitecture", "X86_64")
    built_for = [ARCHITECTURES.get(one, one) for one in architectures]
    if not built_for:
        return Check("image", UNKNOWN, f"{shown} is there, and does not say which architecture it was built for")
    if wanted in built_for:
        return Check("image", GOOD, f"{shown} is there, {wanted} as the task definition")
    platform = next((docker for docker, ecs in ARCHITECTURES.items() if ecs == wanted), wanted)
    other = f" or set app_service_cpu_architecture: {built_for[0]} and provision." if len(built_for) == 1 else ""
    return Check(
        "image",
        BAD,
        f"{shown} is built for {' and '.join(built_for)}, expected {wanted} as the task definition",
        f"Build it with docker build --platform linux/{platform} and push it again,{other or ' and deploy that.'}",
    )


def missing_image(message: str) -> Check:
    """An image that is not there, in the words of the refusal: what is wrong, then what to do."""
    wrong, _, advice = message.partition(". ")
    return Check("image", BAD, wrong.rstrip("."), advice)


def manifest_architectures(manifest: Mapping[str, Any]) -> list[str]:
    """The architectures that an index offers; attestations among its entries are for none."""
    platforms = [one.get("platform", {}) for one in manifest.get("manifests", [])]
    return sorted({one["architecture"] for one in platforms if one.get("architecture", "unknown") != "unknown"})


def parameters_of(definition: TaskDefinition) -> dict[str, str]:
    """The parameter of each secret that a container gets, by the secret's name. Secrets Manager's are left out."""
    named = {
        one["name"]: one["valueFrom"]
        for container in definition.get("containerDefinitions", [])
        for one in container.get("secrets") or []
    }
    return {name: parameter for name, value in named.items() if (parameter := parameter_name(value))}


def parameter_name(value_from: str) -> str:
    """The name of the parameter that ``valueFrom`` means; empty when it means no parameter."""
    if not value_from.startswith("arn:"):
        return value_from
    _, _, named = value_from.partition(":parameter/")
    # The ARN of a parameter without a path has a slash that is not part of its name.
    return f"/{named}" if "/" in named else named


def parameter_arn(name: str, role_arn: str, region: str) -> str:
    """The ARN of a parameter in the account of a role."""
    _, partition, _, _, account, _ = role_arn.split(":", 5)
    return f"arn:{partition}:ssm:{region}:{account}:parameter/{name.removeprefix('/')}"


def secrets(
    wanted: Mapping[str, str],
    found: Mapping[str, Mapping[str, Any]],
    decisions: Mapping[str, str] | Failure,
    environment: str,
) -> Check:
    """Whether each parameter is there (``found``, by name) and the execution role may read it (``decisions``)."""
    if not wanted:
        return Check("secrets", GOOD, "the task definition names none")
    missing = sorted(name for name, parameter in wanted.items() if parameter not in found)
    if missing:
        advice = " ".join(
            f"Run ansible-playbook secrets.yml -e env={environment} -e set={name} -e release=false."
            for name in missing[:1]
        )
        return Check("secrets", BAD, f"there is no {_listed(missing)}, and no task starts without", advice)
    count = f"{len(wanted)} of {len(wanted)} are there"
    if isinstance(decisions, Failure):
        unseen = not_looked_at("secrets", decisions)
        return unseen._replace(sentence=f"{count}; whether the execution role may read them is {unseen.sentence}")
    denied = sorted(
        name
        for name, parameter in wanted.items()
        if any(decision != "allowed" and _is_of(arn, parameter) for arn, decision in decisions.items())
    )
    if denied:
        advice = f"{_provision(environment)}, which writes the role's policy again."
        return Check("secrets", BAD, f"the execution role may not read {_listed(denied)}", advice)
    own_keys = sorted(
        name
        for name, parameter in wanted.items()
        if found[parameter].get("KeyId", "alias/aws/ssm") not in ("alias/aws/ssm", "")
    )
    if own_keys:
        return Check(
            "secrets",
            UNKNOWN,
            f"{count}; {_listed(own_keys)} is encrypted with a key of your own, "
            "and whether the execution role may use that key is not looked at",
            "See that the key's policy allows kms:Decrypt to the execution role.",
        )
    return Check("secrets", GOOD, f"{count}, and the execution role may read them")


def _is_of(arn: str, parameter: str) -> bool:
    return arn.partition(":parameter/")[2] == parameter.removeprefix("/")


def simulated(results: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """IAM's decision for each resource. One that hangs on a context that nobody gave says nothing."""
    decisions = {}
    for one in results:
        for each in one.get("ResourceSpecificResults") or [one]:
            name = each.get("EvalResourceName", one.get("EvalResourceName", "*"))
            decision = each.get("EvalResourceDecision", one["EvalDecision"])
            if decision == "allowed" or not (each.get("MissingContextValues") or one.get("MissingContextValues")):
                decisions[name] = decision
    return decisions


def log_groups_of(definition: TaskDefinition) -> list[str]:
    """The log groups that must be there before a container starts."""
    options = [
        (one.get("logConfiguration") or {}).get("options") or {}
        for one in definition.get("containerDefinitions", [])
        if (one.get("logConfiguration") or {}).get("logDriver") == "awslogs"
    ]
    return sorted(
        {
            one["awslogs-group"]
            for one in options
            if "awslogs-group" in one and not _is_true(one, "awslogs-create-group")
        }
    )


def log_group(wanted: Sequence[str], found: Sequence[str], environment: str) -> Check:
    if missing := sorted(set(wanted) - set(found)):
        advice = f"{_provision(environment)}, which makes it."
        return Check("log group", BAD, f"there is no log group {_listed(missing)}, and no task starts without", advice)
    return Check("log group", GOOD, f"{_listed(wanted)} is there" if wanted else "the task definition needs none")


def tasks_besides(found: Mapping[str, Any]) -> int:
    """How many tasks a rollout starts beside those that run already, at most."""
    most = int((found.get("deploymentConfiguration") or {}).get("maximumPercent", 200))
    desired = int(found["desiredCount"])
    # A service that runs nothing starts with its first release.
    return max(1, math.floor(desired * most / 100) - desired)


def addresses(needed: int, free: Mapping[str, int]) -> Check:
    """Whether the subnets have an address for each task of a rollout. ECS spreads the tasks over them."""
    total = sum(free.values())
    shown = ", ".join(f"{subnet} {count}" for subnet, count in sorted(free.items()))
    advice = "Stop what else takes addresses there, or give the service more subnets or larger ones."
    if total < needed:
        return Check("addresses", BAD, f"{total} are free ({shown}), and a rollout needs {needed}", advice)
    if free and min(free.values()) < math.ceil(needed / len(free)):
        return Check("addresses", UNKNOWN, f"enough are free, but not in each subnet ({shown})", advice)
    return Check("addresses", GOOD, f"{total} are free, and a rollout needs {needed}")


def target_group(group: Mapping[str, Any] | None, balancer: Mapping[str, Any], definition: TaskDefinition) -> Check:
    """Whether the load balancer asks the port at which a container of the task definition answers."""
    name, port = balancer["containerName"], balancer["containerPort"]
    if group is None:
        arn = balancer["targetGroupArn"]
        return Check("target group", BAD, f"there is no target group {arn}", "Run ansible-playbook provision.yml.")
    if wrong := _wrong_with_target_group(group, name, port, definition):
        return Check("target group", BAD, *wrong)
    path = group.get("HealthCheckPath", "")
    checks = f"checked at {path}" if path else f"checked by {group.get('HealthCheckProtocol', 'TCP')}"
    return Check("target group", GOOD, f"{group['Protocol']} to port {port} of {name}, {checks}")


def _wrong_with_target_group(
    group: Mapping[str, Any], name: str, port: int, definition: TaskDefinition
) -> tuple[str, str] | None:
    containers = {one["name"]: one for one in definition.get("containerDefinitions", [])}
    if name not in containers:
        return (
            f"the load balancer asks the container {name}, expected one of {_listed(sorted(containers))}",
            "Name the container so in the task definition, or make the service anew.",
        )
    mapped = containers[name].get("portMappings") or []
    ports = {one["containerPort"]: one.get("protocol", "tcp") for one in mapped if "containerPort" in one}
    if port not in ports:
        return (
            f"the load balancer asks port {port} of {name}, expected {_listed([str(one) for one in sorted(ports)])}",
            "Set app_service_port to the port that the app listens on, and provision.",
        )
    if group.get("TargetType", "instance") != "ip":
        return (
            f"its targets are of the type {group.get('TargetType')}, expected ip: a Fargate task has an address alone",
            "Take it away and provision.",
        )
    transport = "udp" if group["Protocol"] == "UDP" else "tcp"
    if ports[port] != transport:
        return (
            f"the load balancer speaks {group['Protocol']}, but port {port} of {name} is {ports[port]}",
            f"Map the port with the protocol {transport}, and provision.",
        )
    checked = str(group.get("HealthCheckPort", "traffic-port"))
    if checked != "traffic-port" and checked not in {str(one) for one in ports}:
        return (
            f"its health check asks port {checked}, expected traffic-port or one that {name} maps",
            "Set the health check's port to traffic-port, and provision.",
        )
    told = {one["name"]: str(one.get("value", "")) for one in containers[name].get("environment") or []}
    if told.get("PORT", str(port)) != str(port):
        return (
            f"the load balancer asks port {port}, but {name} is told to listen on PORT {told['PORT']}",
            "Take PORT out of app_service_environment, or set app_service_port to it, and provision.",
        )
    path = group.get("HealthCheckPath", "")
    own = _path_of_own_check(containers[name])
    if path and own and own != path.partition("?")[0]:
        return (
            f"its health check asks {path}, but the container checks itself at {own}",
            "Set load_balancer_health_check_path to the same path, and provision.",
        )
    return None


def _path_of_own_check(container: Mapping[str, Any]) -> str:
    command = " ".join((container.get("healthCheck") or {}).get("command") or [])
    asked = re.search(r"https?://[^/\s'\"]+(/[^\s'\"?]*)", command)
    return asked[1] if asked else ""


def answers(group: Mapping[str, Any], targets: Sequence[Mapping[str, Any]], checked: Check) -> Check:
    """The same check, unless no task of what serves now passes the health check: a deploy may be the cure."""
    states = [one.get("TargetHealth", {}) for one in targets]
    sick = [one for one in states if one.get("State") == "unhealthy"]
    if checked.state != GOOD or not sick or len(sick) < len(states):
        return checked
    why = sick[0].get("Description") or sick[0].get("Reason", "")
    return Check(
        "target group",
        UNKNOWN,
        f"no task that runs now passes the health check at {group.get('HealthCheckPath', '')}: {why}",
        "See that the path is the one at which the new image answers (load_balancer_health_check_path).",
    )


def alarms(wanted: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> Check:
    """Whether the alarms of the service's deployments can still go off: ECS ignores one that is in ALARM already."""
    names = wanted.get("alarmNames") or []
    if not wanted.get("enable") or not names:
        return Check("alarms", GOOD, "no alarm watches deployments")
    states = {one["AlarmName"]: one["StateValue"] for one in found}
    if missing := sorted(set(names) - states.keys()):
        advice = "Run ansible-playbook provision.yml, which makes it, or take it out of the service's alarms."
        return Check("alarms", BAD, f"there is no alarm {_listed(missing)}", advice)
    if firing := sorted(name for name, state in states.items() if state == "ALARM"):
        return Check(
            "alarms",
            BAD,
            f"{_listed(firing)} is in ALARM, so ECS would not roll back for it",
            "Find out why and wait until it is OK; or deploy, if the deploy is the cure.",
        )
    return Check("alarms", GOOD, f"{_listed(sorted(names))} can go off")


def vcpus(needed: float, used: float, limit: float, code: str) -> Check:
    """Whether the account's quota of Fargate vCPUs has room for the tasks of a rollout."""
    after = used + needed
    sentence = f"{_number(used)} of {_number(limit)} vCPUs are in use, and a rollout needs {_number(needed)} more"
    asked = f"--service-code fargate --quota-code {code} --desired-value NUMBER"
    more = f"aws service-quotas request-service-quota-increase {asked}"
    if after > limit:
        return Check("quota", BAD, sentence, f"Ask for more: {more}")
    near = after > NEAR_THE_LIMIT * limit
    return Check("quota", GOOD, sentence, f"That is near the limit. Ask for more: {more}" if near else "")


def vcpus_of(definition: TaskDefinition, tasks: int) -> float:
    return tasks * int(definition.get("cpu") or 0) / 1024


def drift(found: Sequence[str], puts_right: str) -> Check:
    """What was changed by hand, a line each; ``puts_right`` is the command that undoes it."""
    if not found:
        return Check("drift", GOOD, "nothing was changed by hand")
    many = f"{found[0]}, and {len(found) - 1} more" if len(found) > 1 else found[0]
    advice = f"Put it into group_vars to keep it; {puts_right} takes it back."
    return Check("drift", BAD, f"changed by hand: {many}", "\n".join([*found[1:], advice]))


def lines(checks: Sequence[Check]) -> list[str]:
    """One aligned line a check, and its advice below it."""
    width = max((len(one.name) for one in checks), default=0)
    told = []
    for one in checks:
        told.append(f"{one.state:<7}  {one.name:<{width}}  {one.sentence}")
        told += [f"{'':<7}  {'':<{width}}  {line}" for line in one.advice.split("\n") if line]
    return told


def in_order(checks: Sequence[Check]) -> list[Check]:
    """From what all depends on to what is only good to know."""
    return sorted(checks, key=lambda one: ORDER.index(one.name))


def _provision(environment: str) -> str:
    return PROVISION.format(environment=environment)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "none"


def _number(value: float) -> str:
    return f"{value:g}"


def _is_true(options: Mapping[str, str], name: str) -> bool:
    return str(options.get(name, "")).lower() == "true"
