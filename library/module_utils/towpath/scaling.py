"""How a service is scaled, as our options say it and as Application Auto Scaling's requests do.

Pure functions: no AWS, no Ansible.
"""

from __future__ import annotations

import re
from typing import Any

from .differences import Values, given

# On a scalable target: what was asked for last, so that a change by somebody else is told from a change of wishes.
ASKED_TAG = "towpath:asked"

ALWAYS = "always"
ON_CHANGE = "on_change"
NEVER = "never"

METRICS = {
    "cpu": "ECSServiceAverageCPUUtilization",
    "memory": "ECSServiceAverageMemoryUtilization",
    "requests": "ALBRequestCountPerTarget",
}

_SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def resource_of(cluster: str, service: str) -> dict[str, str]:
    """What names the desired count of a service in every request. ``cluster`` is a name or an ARN."""
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{cluster.rpartition('/')[2]}/{service}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }


def comparable_target(target: Values) -> Values:
    """A scalable target in our options' words. One that is not suspended in all its ways or in none is ``partly``."""
    suspensions = {target.get("SuspendedState", {}).get(name, False) for name in _SUSPENSIONS}
    return {
        "minimum": target["MinCapacity"],
        "maximum": target["MaxCapacity"],
        "suspended": "partly" if len(suspensions) > 1 else suspensions.pop(),
    }


def is_stopped(target: Values, count: int) -> bool:
    """Whether a person stopped the app: then nothing scales it, and its bounds wait for the start."""
    return count == 0 and comparable_target(target)["suspended"] is True


def asked_words(asked: Values) -> str:
    """What is asked for, as a tag remembers it: ``2-6``, or ``0-6 suspended``."""
    suspended = " suspended" if asked.get("suspended") else ""
    return f"{asked.get('minimum', '')}-{asked.get('maximum', '')}{suspended}"


def wanted_target(options: Values, present: Values, tags: dict[str, str], update: str) -> Values:
    """What of the given options is to be so, where ``present`` is how the target is, or empty."""
    asked = given(options)
    same_wish = tags.get(ASKED_TAG) == asked_words(asked)
    left_alone = present and (update == NEVER or (update == ON_CHANGE and same_wish))
    return {} if left_alone else asked


def wanted_tags(given_tags: dict[str, Any] | None, asked: Values, present: dict[str, str], update: str) -> Values:
    """All tags that the target is to have: those that were given, and what is to be remembered."""
    tags = present if given_tags is None else {key: str(value) for key, value in given_tags.items()}
    remembered = present.get(ASKED_TAG)
    if update == ON_CHANGE or (update == NEVER and remembered is None):
        remembered = asked_words(given(asked))
    return tags if remembered is None else tags | {ASKED_TAG: remembered}


def target_refusal(after: Values) -> str:
    """Why AWS would refuse the target as it is to be, or empty."""
    if missing := [name for name in ("minimum", "maximum") if name not in after]:
        return f"A new scalable target needs {' and '.join(missing)}, which were not given."
    if not 0 <= after["minimum"] <= after["maximum"]:
        return (
            f"minimum is {after['minimum']} and maximum is {after['maximum']}, expected 0 or more "
            "and a minimum that is not above the maximum."
        )
    return ""


def target_request(after: Values) -> Values:
    """The part of RegisterScalableTarget for a target as it is to be."""
    request = {"MinCapacity": after["minimum"], "MaxCapacity": after["maximum"]}
    if isinstance(after.get("suspended"), bool):
        request["SuspendedState"] = dict.fromkeys(_SUSPENSIONS, after["suspended"])
    return request


def resource_label(load_balancer_arn: str, target_group_arn: str) -> str:
    """The name that ALBRequestCountPerTarget knows a target group behind a load balancer by; empty without both ARNs.

    Application Auto Scaling API Reference, PredefinedMetricSpecification: ``app/<name>/<id>/targetgroup/<name>/<id>``.
    """
    if not load_balancer_arn or not target_group_arn:
        return ""
    return f"{load_balancer_arn.partition(':loadbalancer/')[2]}/{target_group_arn.rpartition(':')[2]}"


def comparable_policy(policy: Values) -> Values:
    """A target tracking policy in our options' words, with the defaults that AWS leaves out."""
    tracking = policy.get("TargetTrackingScalingPolicyConfiguration", {})
    metric = tracking.get("PredefinedMetricSpecification", {})
    words = {name: word for word, name in METRICS.items()}
    return {
        "metric": words.get(metric.get("PredefinedMetricType"), metric.get("PredefinedMetricType", "another")),
        "resource_label": metric.get("ResourceLabel", ""),
        "target_value": float(tracking.get("TargetValue", 0)),
        "scale_in_cooldown_seconds": tracking.get("ScaleInCooldown"),
        "scale_out_cooldown_seconds": tracking.get("ScaleOutCooldown"),
        "scale_in": not tracking.get("DisableScaleIn", False),
    }


def policy_request(name: str, asked: Values) -> Values:
    """The part of PutScalingPolicy, which replaces a policy as a whole."""
    metric = {"PredefinedMetricType": METRICS[asked["metric"]]}
    if asked["resource_label"]:
        metric["ResourceLabel"] = asked["resource_label"]
    return {
        "PolicyName": name,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": asked["target_value"],
            "PredefinedMetricSpecification": metric,
            "ScaleInCooldown": asked["scale_in_cooldown_seconds"],
            "ScaleOutCooldown": asked["scale_out_cooldown_seconds"],
            "DisableScaleIn": not asked["scale_in"],
        },
    }


def comparable_action(action: Values) -> Values:
    """A scheduled action in our options' words, with the defaults that AWS leaves out."""
    counts = action.get("ScalableTargetAction", {})
    return {
        "schedule": action["Schedule"],
        "timezone": action.get("Timezone") or "UTC",
        "minimum": counts.get("MinCapacity"),
        "maximum": counts.get("MaxCapacity"),
    }


def action_request(name: str, asked: Values) -> Values:
    """The part of PutScheduledAction, which forgets a start or an end that it is not given."""
    return {
        "ScheduledActionName": name,
        "Schedule": asked["schedule"],
        "Timezone": asked["timezone"],
        "ScalableTargetAction": {"MinCapacity": asked["minimum"], "MaxCapacity": asked["maximum"]},
    }


def schedule_problem(schedule: str) -> str:
    """What is wrong with a schedule, or empty.

    Application Auto Scaling User Guide, Schedule recurring scaling actions; Amazon CloudWatch Events User Guide, Cron
    expressions: of the days of the month and of the week, the one that does not matter is ``?``.
    """
    kind, _, rest = schedule.partition("(")
    inside = rest.removesuffix(")")
    if kind == "at" and rest.endswith(")") and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inside):
        return ""
    if kind == "rate" and rest.endswith(")") and re.fullmatch(r"[1-9]\d* (minute|hour|day)s?", inside):
        return ""
    if kind != "cron" or not rest.endswith(")"):
        return (
            f"The schedule is {schedule!r}, expected cron(minutes hours day-of-month month day-of-week year), "
            "at(2030-12-31T20:00:00) or rate(1 day)."
        )
    fields = inside.split()
    if len(fields) != 6:
        return (
            f"The schedule {schedule} has {len(fields)} fields, expected six: minutes, hours, day of month, month, "
            "day of week, year, as in cron(0 20 ? * MON-FRI *)."
        )
    if [fields[2], fields[4]].count("?") != 1:
        return (
            f"The schedule {schedule} has {fields[2]} as day of month and {fields[4]} as day of week, expected ? in "
            "one of them, as in cron(0 20 ? * MON-FRI *) or cron(0 20 * * ? *)."
        )
    return ""
