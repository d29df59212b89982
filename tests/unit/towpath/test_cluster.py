"""An ECS cluster: what counts as a difference, and what is asked of ECS."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.cluster import (
    capacity_request,
    comparable,
    create_request,
    refusal,
    update_request,
    wanted,
)
from ansible.module_utils.towpath.differences import differences

ON_ECS = {
    "clusterName": "webapp-staging",
    "settings": [{"name": "containerInsights", "value": "enabled"}],
    "configuration": {
        "executeCommandConfiguration": {
            "kmsKeyId": "alias/exec",
            "logging": "OVERRIDE",
            "logConfiguration": {"cloudWatchLogGroupName": "/exec", "cloudWatchEncryptionEnabled": True},
        },
        "managedStorageConfiguration": {"kmsKeyId": "alias/storage"},
    },
    "capacityProviders": ["FARGATE_SPOT", "FARGATE"],
    "defaultCapacityProviderStrategy": [
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
        {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
    ],
    "tags": [{"key": "a", "value": "1"}, {"key": "aws:cloudformation:stack-name", "value": "x"}],
}
AS_ASKED = {
    "container_insights": "enabled",
    "execute_command_configuration": {"logging": "OVERRIDE", "log_group_name": "/exec", "kms_key_id": "alias/exec"},
    "capacity_providers": ["FARGATE", "FARGATE_SPOT"],
    "default_capacity_provider_strategy": [
        {"capacity_provider": "FARGATE", "base": "1", "weight": "1"},
        {"capacity_provider": "FARGATE_SPOT", "base": 0, "weight": 3},
    ],
    "tags": {"a": 1},
}


def differing(options, cluster=ON_ECS):
    present = comparable(cluster)
    return [one.field for one in differences(present, wanted(options, present))]


def test_order_defaults_and_numbers_in_text_are_no_difference():
    assert differing(AS_ASKED) == []


@pytest.mark.parametrize("option", AS_ASKED)
def test_an_option_that_is_not_given_is_not_touched(option):
    assert differing({option: None}) == []


@pytest.mark.parametrize(
    ("option", "value"),
    [
        pytest.param("container_insights", "enhanced", id="container_insights"),
        pytest.param("execute_command_configuration", {"logging": "NONE"}, id="exec_logging"),
        pytest.param("execute_command_configuration", {"log_group_name": "/other"}, id="exec_log_group"),
        pytest.param("execute_command_configuration", {"kms_key_id": "alias/other"}, id="exec_key"),
        pytest.param("capacity_providers", ["FARGATE"], id="capacity_providers"),
        pytest.param("default_capacity_provider_strategy", [], id="strategy"),
        pytest.param("tags", {"a": "2"}, id="tag_value"),
        pytest.param("tags", {}, id="tag_gone"),
    ],
)
def test_a_change_is_named_by_its_option(option, value):
    assert differing({option: value}) == [option]


def test_a_cluster_without_settings_has_the_defaults_of_ecs():
    bare = {"clusterName": "webapp-staging"}
    assert differing({"container_insights": "disabled", "tags": {}, "capacity_providers": []}, bare) == []
    assert differing({"execute_command_configuration": {"logging": "DEFAULT"}}, bare) == []


def test_an_update_of_the_configuration_keeps_what_was_not_given():
    present = comparable(ON_ECS)
    asked = wanted({"execute_command_configuration": {"log_group_name": "/other"}}, present)
    assert update_request(asked, ON_ECS["configuration"]) == {
        "configuration": {
            "executeCommandConfiguration": {
                "kmsKeyId": "alias/exec",
                "logging": "OVERRIDE",
                "logConfiguration": {"cloudWatchLogGroupName": "/other", "cloudWatchEncryptionEnabled": True},
            },
            "managedStorageConfiguration": {"kmsKeyId": "alias/storage"},
        }
    }


def test_capacity_is_always_sent_whole():
    present = comparable(ON_ECS)
    after = present | wanted({"default_capacity_provider_strategy": []}, present)
    assert capacity_request(after) == {
        "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
        "defaultCapacityProviderStrategy": [],
    }


def test_a_new_cluster_asks_for_all_that_was_given_and_nothing_else():
    assert create_request("c", wanted({"capacity_providers": ["FARGATE"], "tags": {"a": 1}}, {})) == {
        "clusterName": "c",
        "capacityProviders": ["FARGATE"],
        "tags": [{"key": "a", "value": "1"}],
    }


def test_a_strategy_may_only_name_providers_of_the_cluster():
    present = comparable(ON_ECS)
    assert refusal(present) == ""
    after = present | wanted({"capacity_providers": ["FARGATE"]}, present)
    assert "FARGATE_SPOT, expected one of the cluster's own capacity_providers (FARGATE)" in refusal(after)
