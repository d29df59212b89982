"""An ECS service as our options say it, and as ECS's requests do. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from collections.abc import Iterable

from .differences import Difference, Values, given, own_tags, provider_strategy, provider_strategy_request, tag_request

NETWORK = ("subnets", "security_groups", "assign_public_ip")
DEPLOYMENT = ("minimum_healthy_percent", "maximum_percent", "circuit_breaker", "alarms")

# The fields of UpdateService, and of CreateService, that an option fills by itself.
_FIELDS = {
    "desired_count": "desiredCount",
    "health_check_grace_period_seconds": "healthCheckGracePeriodSeconds",
    "enable_execute_command": "enableExecuteCommand",
    "platform_version": "platformVersion",
    "propagate_tags": "propagateTags",
    "enable_ecs_managed_tags": "enableECSManagedTags",
}

_BREAKER_OFF = {"enable": False, "rollback": False}
_ALARMS_OFF = {"names": [], "enable": False, "rollback": False}


def comparable(service: Values) -> Values:
    """What ECS says of a service, in our options' words, with the defaults that it leaves out."""
    network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration", {})
    deployment = service.get("deploymentConfiguration", {})
    breaker = deployment.get("deploymentCircuitBreaker", {})
    alarms = deployment.get("alarms", {})
    return {
        "desired_count": service["desiredCount"],
        "subnets": sorted(network.get("subnets", [])),
        "security_groups": sorted(network.get("securityGroups", [])),
        "assign_public_ip": network.get("assignPublicIp") == "ENABLED",
        "load_balancers": _in_one_order(
            {
                "target_group_arn": one.get("targetGroupArn", ""),
                "container_name": one["containerName"],
                "container_port": one["containerPort"],
            }
            for one in service.get("loadBalancers", [])
        ),
        "health_check_grace_period_seconds": service.get("healthCheckGracePeriodSeconds") or 0,
        "minimum_healthy_percent": deployment.get("minimumHealthyPercent", 100),
        "maximum_percent": deployment.get("maximumPercent", 200),
        "circuit_breaker": {name: breaker.get(name, off) for name, off in _BREAKER_OFF.items()},
        "alarms": {
            "names": sorted(alarms.get("alarmNames", [])),
            "enable": alarms.get("enable", False),
            "rollback": alarms.get("rollback", False),
        },
        "enable_execute_command": service.get("enableExecuteCommand", False),
        "launch_type": service.get("launchType") or "",
        "capacity_provider_strategy": provider_strategy(
            service.get("capacityProviderStrategy") or [], "capacityProvider"
        ),
        "platform_version": service.get("platformVersion") or "LATEST",
        "propagate_tags": service.get("propagateTags") or "NONE",
        "enable_ecs_managed_tags": service.get("enableECSManagedTags", False),
        "tags": own_tags(service.get("tags", [])),
    }


def wanted(options: Values, present: Values) -> Values:
    """What the given options ask for, complete enough to be compared with ``present``."""
    asked = given(options)
    for name in ("subnets", "security_groups"):
        if name in asked:
            asked[name] = sorted(asked[name])
    if "load_balancers" in asked:
        asked["load_balancers"] = _in_one_order(asked["load_balancers"])
    for name, off in (("circuit_breaker", _BREAKER_OFF), ("alarms", _ALARMS_OFF)):
        if name in asked:
            asked[name] = off | present.get(name, {}) | given(asked[name])
    if "alarms" in asked:
        asked["alarms"]["names"] = sorted(asked["alarms"]["names"])
    if "capacity_provider_strategy" in asked:
        strategy = provider_strategy(asked["capacity_provider_strategy"], "capacity_provider")
        asked["capacity_provider_strategy"] = strategy
    if "tags" in asked:
        asked["tags"] = {key: str(value) for key, value in asked["tags"].items()}
    return asked


def _in_one_order(load_balancers: Iterable[Values]) -> list[Values]:
    """ECS's own order means nothing."""
    return sorted(load_balancers, key=lambda one: (str(one["target_group_arn"]), str(one["container_name"])))


def refusal(changes: list[Difference]) -> str:
    """Why a service that exists cannot become what is wanted, or empty."""
    for one in changes:
        if one.field == "launch_type":
            return (
                f"launch_type is {one.before or 'a capacity provider strategy'} and cannot become {one.after}: "
                "UpdateService does not take it. Use capacity_provider_strategy, which can be changed, or delete the "
                "service with state: absent and create it again."
            )
    return ""


def create_request(asked: Values) -> Values:
    """The part of CreateService for what was asked."""
    # ECS asks for the number of tasks when a service is made, and for nothing else that we let be left out.
    request: Values = {"desiredCount": 1} | _request(set(asked), asked, {})
    if "launch_type" in asked:
        request["launchType"] = asked["launch_type"]
    if asked.get("tags"):
        request["tags"] = tag_request(asked["tags"])
    return request


def update_request(changes: list[Difference], after: Values, service: Values) -> Values:
    """The part of UpdateService for ``changes``. What it replaces as a whole is sent whole, as it is on ``service``."""
    request = _request({one.field for one in changes}, after, service)
    if "capacityProviderStrategy" in request:
        # ECS refuses a change of strategy that does not start new tasks.
        request["forceNewDeployment"] = True
    return request


def _request(names: set[str], values: Values, service: Values) -> Values:
    request: Values = {field: values[name] for name, field in _FIELDS.items() if name in names}
    if names.intersection(NETWORK):
        request["networkConfiguration"] = {"awsvpcConfiguration": _network(values)}
    if names.intersection(DEPLOYMENT):
        request["deploymentConfiguration"] = _deployment(names, values, service.get("deploymentConfiguration", {}))
    if "load_balancers" in names:
        registered = {one.get("targetGroupArn"): one for one in service.get("loadBalancers", [])}
        request["loadBalancers"] = [
            registered.get(one["target_group_arn"], {})
            | {
                "targetGroupArn": one["target_group_arn"],
                "containerName": one["container_name"],
                "containerPort": one["container_port"],
            }
            for one in values["load_balancers"]
        ]
    if "capacity_provider_strategy" in names:
        request["capacityProviderStrategy"] = provider_strategy_request(values["capacity_provider_strategy"])
    return request


def _network(values: Values) -> Values:
    network: Values = {"subnets": values.get("subnets", [])}
    if values.get("security_groups"):
        network["securityGroups"] = values["security_groups"]
    if "assign_public_ip" in values:
        network["assignPublicIp"] = "ENABLED" if values["assign_public_ip"] else "DISABLED"
    return network


def _deployment(names: set[str], values: Values, registered: Values) -> Values:
    deployment = dict(registered)
    for name, field in (("minimum_healthy_percent", "minimumHealthyPercent"), ("maximum_percent", "maximumPercent")):
        if name in names:
            deployment[field] = values[name]
    if "circuit_breaker" in names:
        breaker = registered.get("deploymentCircuitBreaker", {})
        deployment["deploymentCircuitBreaker"] = breaker | values["circuit_breaker"]
    if "alarms" in names:
        alarms = values["alarms"]
        on_off = {"enable": alarms["enable"], "rollback": alarms["rollback"]}
        deployment["alarms"] = {"alarmNames": alarms["names"]} | on_off
    return deployment
