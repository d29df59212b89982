"""What a target group is and what it should be. Pure functions: no AWS, no Ansible.

Names of fields and attributes: the API reference of Elastic Load Balancing version 2.
"""

from __future__ import annotations

from typing import Any

from .differences import differences

# Option of the module -> field of CreateTargetGroup and ModifyTargetGroup.
HEALTH_CHECK_FIELDS = {
    "path": "HealthCheckPath",
    "interval_seconds": "HealthCheckIntervalSeconds",
    "timeout_seconds": "HealthCheckTimeoutSeconds",
    "healthy_threshold_count": "HealthyThresholdCount",
    "unhealthy_threshold_count": "UnhealthyThresholdCount",
    "codes": "Matcher",
}


def health_check_request(options: dict[str, Any]) -> dict[str, Any]:
    """The fields of a request for the health-check options that were given."""
    given = {HEALTH_CHECK_FIELDS[name]: value for name, value in options.items() if value is not None}
    if "Matcher" in given:
        given["Matcher"] = {"HttpCode": given["Matcher"]}
    return given


def attribute_values(attributes: dict[str, Any]) -> dict[str, str]:
    """Attributes as the API speaks of them: every value a string, booleans in lower case."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in attributes.items()}


def changed_values(wanted: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """The part of ``wanted`` that ``found`` says otherwise. What ``wanted`` does not name is left alone."""
    return {one.field: one.after for one in differences(found, wanted)}
