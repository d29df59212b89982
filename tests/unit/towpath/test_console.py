"""Links into AWS's console."""

from __future__ import annotations

import pytest
from ansible.module_utils.towpath.console import links


def test_the_service_its_log_and_its_dashboard_have_links():
    assert links("arn:aws:ecs:us-east-1:123456789012:cluster/webapp-prod", "app", "/ecs/prod/app", "webapp-prod") == {
        "service": "https://us-east-1.console.aws.amazon.com/ecs/v2/clusters/webapp-prod/services/app/health"
        "?region=us-east-1",
        "log": "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
        "#logsV2:log-groups/log-group/$252Fecs$252Fprod$252Fapp",
        "dashboard": "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
        "#dashboards/dashboard/webapp-prod",
    }


@pytest.mark.parametrize(
    ("cluster", "begins"),
    [
        ("arn:aws-us-gov:ecs:us-gov-west-1:1:cluster/c", "https://us-gov-west-1.console.amazonaws-us-gov.com/"),
        ("arn:aws-cn:ecs:cn-north-1:1:cluster/c", "https://cn-north-1.console.amazonaws.cn/"),
    ],
)
def test_other_partitions_have_consoles_of_their_own(cluster, begins):
    assert links(cluster, "app", "", "")["service"].startswith(begins)


@pytest.mark.parametrize("cluster", [pytest.param("", id="none"), "arn:aws-iso:ecs:us-iso-east-1:1:cluster/c"])
def test_where_no_console_is_known_there_are_no_links(cluster):
    assert links(cluster, "app", "/ecs/prod/app", "webapp-prod") == {}


def test_what_has_no_name_has_no_link():
    assert list(links("arn:aws:ecs:us-east-1:1:cluster/c", "app", "", "")) == ["service"]
