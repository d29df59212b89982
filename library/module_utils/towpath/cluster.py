"""An ECS cluster as our options say it, and as ECS's requests do. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from .differences import Values, given, own_tags, provider_strategy, provider_strategy_request, tag_request

_EXECUTE_COMMAND = {"kms_key_id": "kmsKeyId", "logging": "logging"}


def comparable(cluster: Values) -> Values:
    """What ECS says of a cluster, in our options' words, with the defaults that it leaves out."""
    settings = {one["name"]: one["value"] for one in cluster.get("settings", [])}
    execute_command = cluster.get("configuration", {}).get("executeCommandConfiguration", {})
    return {
        "container_insights": settings.get("containerInsights", "disabled"),
        "execute_command_configuration": given(
            {
                "kms_key_id": execute_command.get("kmsKeyId"),
                "log_group_name": execute_command.get("logConfiguration", {}).get("cloudWatchLogGroupName"),
                "logging": execute_command.get("logging", "DEFAULT"),
            }
        ),
        "capacity_providers": sorted(cluster.get("capacityProviders", [])),
        "default_capacity_provider_strategy": provider_strategy(
            cluster.get("defaultCapacityProviderStrategy", []), "capacityProvider"
        ),
        "tags": own_tags(cluster.get("tags", [])),
    }


def wanted(options: Values, present: Values) -> Values:
    """What the given options ask for, complete enough to be compared with ``present``."""
    asked = given(options)
    if "execute_command_configuration" in asked:
        both = present.get("execute_command_configuration", {}) | given(asked["execute_command_configuration"])
        asked["execute_command_configuration"] = both
    if "capacity_providers" in asked:
        asked["capacity_providers"] = sorted(asked["capacity_providers"])
    if "default_capacity_provider_strategy" in asked:
        strategy = provider_strategy(asked["default_capacity_provider_strategy"], "capacity_provider")
        asked["default_capacity_provider_strategy"] = strategy
    if "tags" in asked:
        asked["tags"] = {key: str(value) for key, value in asked["tags"].items()}
    return asked


def refusal(after: Values) -> str:
    """Why AWS would refuse what is wanted, or empty."""
    providers = after["capacity_providers"]
    strategy = [one["capacity_provider"] for one in after["default_capacity_provider_strategy"]]
    strangers = [name for name in strategy if name not in providers]
    if not strangers:
        return ""
    return (
        f"default_capacity_provider_strategy names {', '.join(strangers)}, expected one of the cluster's own "
        f"capacity_providers ({', '.join(providers) or 'there are none'}). Add it there, or take it out here."
    )


def create_request(name: str, asked: Values) -> Values:
    request: Values = {"clusterName": name, **update_request(asked, {})}
    if "capacity_providers" in asked:
        request["capacityProviders"] = asked["capacity_providers"]
    if "default_capacity_provider_strategy" in asked:
        strategy = provider_strategy_request(asked["default_capacity_provider_strategy"])
        request["defaultCapacityProviderStrategy"] = strategy
    if asked.get("tags"):
        request["tags"] = tag_request(asked["tags"])
    return request


def update_request(changed: Values, configuration: Values) -> Values:
    """The part of UpdateCluster for what ``changed``: it replaces a configuration, so what is there goes along."""
    request: Values = {}
    if "container_insights" in changed:
        request["settings"] = [{"name": "containerInsights", "value": changed["container_insights"]}]
    if "execute_command_configuration" in changed:
        asked = changed["execute_command_configuration"]
        before = configuration.get("executeCommandConfiguration", {})
        after = before | {field: asked[name] for name, field in _EXECUTE_COMMAND.items() if name in asked}
        if "log_group_name" in asked:
            log = before.get("logConfiguration", {}) | {"cloudWatchLogGroupName": asked["log_group_name"]}
            after["logConfiguration"] = log
        request["configuration"] = configuration | {"executeCommandConfiguration": after}
    return request


def capacity_request(after: Values) -> Values:
    """The part of PutClusterCapacityProviders, which takes both or nothing."""
    return {
        "capacityProviders": after["capacity_providers"],
        "defaultCapacityProviderStrategy": provider_strategy_request(after["default_capacity_provider_strategy"]),
    }
