"""Application Auto Scaling: scalable targets, their policies, and the step that an alarm makes."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
)
from ministack.services import cloudwatch, ecs

NAME = "application_autoscaling"
SIGNED_AS = "application-autoscaling"
Request = dict[str, Any]


def application_auto_scaling_answers() -> None:
    """The service exists: targets, policies and scheduled actions can be registered, described and removed.

    Application Auto Scaling API Reference, all actions that are methods of the class below. Scheduled actions are kept,
    but no clock runs them here.
    """
    router.SERVICE_PATTERNS[SIGNED_AS] = {"target_prefixes": ["AnyScaleFrontendService"]}
    iam_actions.SERVICE_TO_IAM_NAMESPACE[SIGNED_AS] = SIGNED_AS
    app._state_map[NAME] = NAME
    service = app._loaded_modules[NAME] = ApplicationAutoScaling()
    app.SERVICE_HANDLERS[SIGNED_AS] = service.handle_request


def a_count_is_moved_into_its_bounds() -> None:
    """Registering a target, new or not, moves a count that is outside its bounds into them, suspended or not.

    Application Auto Scaling API Reference, RegisterScalableTarget.
    """
    service = app._loaded_modules.get(NAME)
    if service is None:
        return
    register = service.register

    def moving(data: Request) -> Any:
        answer = register(data)
        if answer[0] == 200 and data["ServiceNamespace"] == "ecs":
            target, resource = service.targets[target_key(data)], data["ResourceId"]
            set_count(resource, within_bounds(target, count_of(resource)))
        return answer

    service.register = moving


def an_alarm_scales_a_service() -> None:
    """A target tracking policy has an alarm for more and one for less; an alarm of a policy changes the desired count.

    Application Auto Scaling User Guide, How target tracking scaling works, and Step scaling policies. How large a step
    of target tracking is depends on metrics that nobody measures here, so it is one task; `aws cloudwatch
    set-alarm-state` makes it.
    """
    dispatch: Callable[..., None] = cloudwatch._dispatch_alarm_actions
    service = app._loaded_modules.get(NAME)
    if service is None:
        return
    put = service.put_policy

    def with_alarms(data: Request) -> Any:
        answer = put(data)
        if answer[0] == 200 and data.get("PolicyType") == "TargetTrackingScaling":
            policy = service.policies[f"{target_key(data)}|{data['PolicyName']}"]
            policy["Alarms"] = policy["Alarms"] or [make_alarm(policy, side) for side in ("High", "Low")]
            return json_response({"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]})
        return answer

    def scaling(alarm: Request, old_state: str, new_state: str, reason: str) -> None:
        dispatch(alarm, old_state, new_state, reason)
        for policy in list(service.policies.values()) if new_state == "ALARM" else []:
            if policy["PolicyARN"] in alarm.get("AlarmActions", []):
                scale(service, policy, alarm["AlarmName"])

    service.put_policy = with_alarms
    cloudwatch._dispatch_alarm_actions = scaling


def make_alarm(policy: Request, side: str) -> Request:
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    name = f"TargetTracking-{policy['ResourceId']}-Alarm{side}-{uuid.uuid4()}"
    high = side == "High"
    cluster, service = policy["ResourceId"].split("/")[1:]
    metric = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType", "")
    alarm = {
        "AlarmName": name,
        "Namespace": "AWS/ECS",
        "MetricName": "MemoryUtilization" if "Memory" in metric else "CPUUtilization",
        "Dimensions": [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3 if high else 15,
        "Threshold": tracking["TargetValue"] * (1 if high else 0.9),
        "ComparisonOperator": "GreaterThanThreshold" if high else "LessThanThreshold",
        "AlarmActions": [policy["PolicyARN"]],
    }
    cloudwatch._put_metric_alarm({}, alarm, False, True)
    arn = f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"
    return {"AlarmName": name, "AlarmARN": arn}


def scale(store: ApplicationAutoScaling, policy: Request, alarm: str) -> None:
    """Change the desired count by the policy's step, within the bounds of its target and unless it is suspended."""
    target, now = store.targets[target_key(policy)], count_of(policy["ResourceId"])
    if policy["PolicyType"] == "TargetTrackingScaling":
        no_less = policy["TargetTrackingScalingPolicyConfiguration"].get("DisableScaleIn")
        wanted = now + 1 if "-AlarmHigh-" in alarm else now - (0 if no_less else 1)
    else:
        step = policy["StepScalingPolicyConfiguration"]
        size = step["StepAdjustments"][0]["ScalingAdjustment"]
        wanted = {"ExactCapacity": size, "PercentChangeInCapacity": now + round(now * size / 100)}.get(
            step["AdjustmentType"], now + size
        )
    if not target["SuspendedState"]["DynamicScalingOutSuspended" if wanted > now else "DynamicScalingInSuspended"]:
        set_count(policy["ResourceId"], within_bounds(target, wanted))


def within_bounds(target: Request, count: int) -> int:
    return int(max(target["MinCapacity"], min(target["MaxCapacity"], count)))


def count_of(resource_id: str) -> int:
    return int(ecs._services[resource_id.removeprefix("service/")]["desiredCount"])


def set_count(resource_id: str, count: int) -> None:
    if count != count_of(resource_id):
        cluster, name = resource_id.split("/")[1:]
        ecs._update_service({"cluster": cluster, "service": name, "desiredCount": count})


class ApplicationAutoScaling:
    """The actions, with what they store. The shape of the emulator's own service modules."""

    def __init__(self) -> None:
        self.targets = AccountRegionScopedDict()
        self.policies = AccountRegionScopedDict()
        self.actions = AccountRegionScopedDict()
        self.tags = AccountRegionScopedDict()

    def get_state(self) -> Request:
        return {"targets": self.targets, "policies": self.policies, "actions": self.actions, "tags": self.tags}

    def load_persisted_state(self, state: Request) -> None:
        self.targets.update(state["targets"])
        self.policies.update(state["policies"])
        self.actions.update(state["actions"])
        self.tags.update(state["tags"])

    def reset(self) -> None:
        for store in (self.targets, self.policies, self.actions, self.tags):
            store.clear()

    async def handle_request(self, _method: str, _path: str, headers: Any, body: bytes, _query_params: Any) -> Any:
        actions = {
            "RegisterScalableTarget": self.register,
            "DescribeScalableTargets": self.describe_targets,
            "DeregisterScalableTarget": self.deregister,
            "PutScalingPolicy": self.put_policy,
            "DescribeScalingPolicies": self.describe_policies,
            "DeleteScalingPolicy": self.delete_policy,
            "DescribeScalingActivities": lambda _: json_response({"ScalingActivities": []}),
            "PutScheduledAction": self.put_action,
            "DescribeScheduledActions": self.describe_actions,
            "DeleteScheduledAction": self.delete_action,
            "ListTagsForResource": self.list_tags,
            "TagResource": self.tag,
            "UntagResource": self.untag,
        }
        action = headers.get("x-amz-target", "").partition(".")[2]
        if action not in actions:
            return error_response_json("UnknownOperationException", f"Unknown action: {action}", 400)
        return actions[action](json.loads(body or b"{}"))

    def register(self, data: Request) -> Any:
        key = target_key(data)
        known = self.targets.get(key)
        if not known and not {"MinCapacity", "MaxCapacity"} <= data.keys():
            return invalid("MinCapacity and MaxCapacity are required when a scalable target is registered")
        target = known or {name: data[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")} | {
            "ScalableTargetARN": f"{arn_head()}scalable-target/{uuid.uuid4().hex}",
            "RoleARN": f"arn:aws:iam::{get_account_id()}:role/aws-service-role/ecs.{SIGNED_AS}.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_ECSService",
            "CreationTime": time.time(),
            "SuspendedState": {
                "DynamicScalingInSuspended": False,
                "DynamicScalingOutSuspended": False,
                "ScheduledScalingSuspended": False,
            },
        }
        target = target | {name: data[name] for name in ("MinCapacity", "MaxCapacity") if name in data}
        target["SuspendedState"] = target["SuspendedState"] | data.get("SuspendedState", {})
        if target["MinCapacity"] > target["MaxCapacity"]:
            return invalid("Maximum capacity cannot be less than minimum capacity")
        resource = data["ResourceId"]
        if data["ServiceNamespace"] == "ecs" and not has_service(resource):
            return invalid(f"ECS service doesn't exist: {resource}")
        self.targets[key] = target
        if data.get("Tags"):
            self.tags[target["ScalableTargetARN"]] = self.tags.get(target["ScalableTargetARN"], {}) | data["Tags"]
        return json_response({"ScalableTargetARN": target["ScalableTargetARN"]})

    def describe_targets(self, data: Request) -> Any:
        wanted = data.get("ResourceIds")
        found = [
            target
            for target in self.targets.values()
            if asked_for(target, data) and (not wanted or target["ResourceId"] in wanted)
        ]
        return json_response({"ScalableTargets": found})

    def deregister(self, data: Request) -> Any:
        target = self.targets.pop(target_key(data), None)
        if not target:
            return missing("scalable target", data)
        self.tags.pop(target["ScalableTargetARN"], None)
        # AWS deletes the policies and the scheduled actions with their target.
        for policy in [policy for policy in self.policies.values() if target_key(policy) == target_key(data)]:
            self.delete_policy(policy)
        for key in [key for key, action in self.actions.items() if target_key(action) == target_key(data)]:
            del self.actions[key]
        return json_response({})

    def put_policy(self, data: Request) -> Any:
        if target_key(data) not in self.targets:
            return missing("scalable target", data)
        if wrong := wrong_tracking(data.get("TargetTrackingScalingPolicyConfiguration", {})):
            return invalid(wrong)
        key = f"{target_key(data)}|{data['PolicyName']}"
        known = self.policies.get(key, {})
        identity = (
            f"{uuid.uuid4()}:resource/{data['ServiceNamespace']}/{data['ResourceId']}:policyName/{data['PolicyName']}"
        )
        arn = f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{identity}"
        new = {"PolicyARN": arn, "CreationTime": time.time(), "Alarms": [], "PolicyType": "StepScaling"}
        self.policies[key] = new | known | data
        return json_response({"PolicyARN": self.policies[key]["PolicyARN"], "Alarms": []})

    def describe_policies(self, data: Request) -> Any:
        names, resource = data.get("PolicyNames"), data.get("ResourceId")
        found = [
            policy
            for policy in self.policies.values()
            if asked_for(policy, data)
            and (not names or policy["PolicyName"] in names)
            and (not resource or policy["ResourceId"] == resource)
        ]
        return json_response({"ScalingPolicies": found})

    def delete_policy(self, data: Request) -> Any:
        policy = self.policies.pop(f"{target_key(data)}|{data['PolicyName']}", None)
        if not policy:
            return missing("scaling policy", data)
        for alarm in policy["Alarms"]:
            cloudwatch._alarms.pop(alarm["AlarmName"], None)
        return json_response({})

    def put_action(self, data: Request) -> Any:
        if target_key(data) not in self.targets:
            return missing("scalable target", data)
        key = f"{target_key(data)}|{data['ScheduledActionName']}"
        known = self.actions.get(key)
        if not known and not {"Schedule", "ScalableTargetAction"} <= data.keys():
            return invalid("Schedule and ScalableTargetAction are required when a scheduled action is made")
        arn = f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scheduledAction:{uuid.uuid4()}"
        new: Request = {"ScheduledActionARN": f"{arn}:scheduledActionName/{data['ScheduledActionName']}"}
        action: Request = (known or new | {"CreationTime": time.time()}) | data
        for end in ("StartTime", "EndTime"):
            if end not in data:
                action.pop(end, None)
        counts = action["ScalableTargetAction"]
        if not counts or counts.get("MinCapacity", 0) > counts.get("MaxCapacity", counts.get("MinCapacity", 0)):
            return invalid("Maximum capacity cannot be less than minimum capacity, and one of them is required")
        if wrong := wrong_schedule(action["Schedule"]):
            return invalid(wrong)
        self.actions[key] = action
        return json_response({})

    def describe_actions(self, data: Request) -> Any:
        names, resource = data.get("ScheduledActionNames"), data.get("ResourceId")
        found = [
            action
            for action in self.actions.values()
            if asked_for(action, data)
            and (not names or action["ScheduledActionName"] in names)
            and (not resource or action["ResourceId"] == resource)
        ]
        return json_response({"ScheduledActions": found})

    def delete_action(self, data: Request) -> Any:
        if not self.actions.pop(f"{target_key(data)}|{data['ScheduledActionName']}", None):
            return missing("scheduled action", data)
        return json_response({})

    def list_tags(self, data: Request) -> Any:
        return self.with_tags(data, lambda tags: tags)

    def tag(self, data: Request) -> Any:
        return self.with_tags(data, lambda tags: tags | data["Tags"])

    def untag(self, data: Request) -> Any:
        return self.with_tags(
            data, lambda tags: {key: value for key, value in tags.items() if key not in data["TagKeys"]}
        )

    def with_tags(self, data: Request, change: Callable[[Request], Request]) -> Any:
        """Replace a target's tags by what ``change`` makes of them, and answer with them, as listing needs."""
        arn = data["ResourceARN"]
        if arn not in {target["ScalableTargetARN"] for target in self.targets.values()}:
            return error_response_json("ResourceNotFoundException", f"The specified resource doesn't exist: {arn}", 400)
        self.tags[arn] = change(self.tags.get(arn, {}))
        return json_response({"Tags": self.tags[arn]})


def target_key(data: Request) -> str:
    return "|".join(data[name] for name in ("ServiceNamespace", "ResourceId", "ScalableDimension"))


def asked_for(thing: Request, data: Request) -> bool:
    """A description names the namespace always, and a dimension where it wants only that one."""
    return all(thing[name] == data.get(name, thing[name]) for name in ("ServiceNamespace", "ScalableDimension"))


def wrong_tracking(tracking: Request) -> str:
    metric = tracking.get("PredefinedMetricSpecification", {})
    if tracking and bool(metric) == ("CustomizedMetricSpecification" in tracking):
        return "Specify either a predefined metric or a customized metric"
    label = re.fullmatch(r"app/[^/]+/[^/]+/targetgroup/[^/]+/[^/]+", metric.get("ResourceLabel", ""))
    if (metric.get("PredefinedMetricType") == "ALBRequestCountPerTarget") != bool(label):
        return f"Invalid resource label: {metric.get('ResourceLabel')}"
    return ""


def wrong_schedule(schedule: str) -> str:
    """User Guide, Schedule recurring scaling actions using cron expressions."""
    cron = re.fullmatch(r"cron\(\S+ \S+ (\S+) \S+ (\S+) \S+\)", schedule)
    if (cron and cron.groups().count("?") == 1) or re.fullmatch(
        r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)|rate\([1-9]\d* (minute|hour|day)s?\)", schedule
    ):
        return ""
    return f"Invalid schedule expression: {schedule}"


def has_service(resource_id: str) -> bool:
    service = ecs._services.get(resource_id.removeprefix("service/"))
    return bool(service and service["status"] == "ACTIVE")


def arn_head() -> str:
    return f"arn:aws:{SIGNED_AS}:{get_region()}:{get_account_id()}:"


def invalid(message: str) -> Any:
    return error_response_json("ValidationException", message, 400)


def missing(what: str, data: Request) -> Any:
    message = (
        f"No {what} found for service namespace: {data['ServiceNamespace']}, resource ID: {data['ResourceId']}, "
        f"scalable dimension: {data['ScalableDimension']}"
    )
    return error_response_json("ObjectNotFoundException", message, 400)
