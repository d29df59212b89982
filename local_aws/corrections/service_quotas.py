"""Service Quotas: how many vCPUs Fargate gives to the account, and how many are in use."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import iam_actions, router
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.services import cloudwatch, ecs

NAME = "service_quotas"
SIGNED_AS = "servicequotas"
Request = dict[str, Any]

# Code of the quota -> its name, and the class of its usage. 6 vCPUs are what a new account has.
FARGATE = {
    "L-3032A538": ("Fargate On-Demand vCPU resource count", "Standard/OnDemand"),
    "L-36FBB829": ("Fargate Spot vCPU resource count", "Standard/Spot"),
}
DEFAULT_VCPUS = 6.0


def service_quotas_answers() -> None:
    """The service exists: it tells the quotas of Fargate, and that an account has none of its own until it asks.

    Service Quotas API Reference, GetServiceQuota and GetAWSDefaultServiceQuota; Amazon ECS Developer Guide, Amazon ECS
    service quotas.
    """
    router.SERVICE_PATTERNS[SIGNED_AS] = {"target_prefixes": ["ServiceQuotasV20190624"]}
    iam_actions.SERVICE_TO_IAM_NAMESPACE[SIGNED_AS] = SIGNED_AS
    app._state_map[NAME] = NAME
    service = app._loaded_modules[NAME] = ServiceQuotas()
    app.SERVICE_HANDLERS[SIGNED_AS] = service.handle_request


def fargate_counts_the_vcpus_in_use() -> None:
    """AWS/Usage has a metric of the vCPUs that the account's Fargate tasks use, on demand and Spot.

    Amazon ECS Developer Guide, AWS Fargate usage metrics.
    """
    answer: Callable[..., Any] = cloudwatch._get_metric_statistics

    def with_usage(params: Request, cbor_data: Request, is_cbor: bool, is_json: bool = False) -> Any:
        namespace = cbor_data.get("Namespace") if is_cbor or is_json else cloudwatch._p(params, "Namespace")
        for code in FARGATE if namespace == "AWS/Usage" else ():
            dimensions = usage_metric(code)["MetricDimensions"]
            # A minute old, as on AWS, and so before the end that was asked for.
            cloudwatch._store_datum(
                "AWS/Usage", "ResourceCount", dimensions, time.time() - 60, "None", vcpus_in_use(code), None, None, None
            )
        return answer(params, cbor_data, is_cbor, is_json)

    cloudwatch._get_metric_statistics = with_usage


def usage_metric(code: str) -> Request:
    return {
        "MetricNamespace": "AWS/Usage",
        "MetricName": "ResourceCount",
        "MetricDimensions": {"Class": FARGATE[code][1], "Resource": "vCPU", "Service": "Fargate", "Type": "Resource"},
        "MetricStatisticRecommendation": "Maximum",
    }


def vcpus_in_use(code: str) -> float:
    """What the tasks of an account use that are there and not stopped."""
    spot = FARGATE[code][1].endswith("Spot")
    return sum(
        int(task.get("cpu") or 0) / 1024
        for task in ecs._tasks.values()
        if task["lastStatus"] != "STOPPED" and (task.get("capacityProviderName") == "FARGATE_SPOT") == spot
    )


class ServiceQuotas:
    """The two actions. The shape of the emulator's own service modules."""

    def get_state(self) -> Request:
        return {}

    def load_persisted_state(self, _state: Request) -> None:
        """Nothing is stored: no account here has a quota of its own."""

    def reset(self) -> None:
        """Nothing is stored."""

    async def handle_request(self, _method: str, _path: str, headers: Any, body: bytes, _query_params: Any) -> Any:
        action = headers.get("x-amz-target", "").partition(".")[2]
        data = json.loads(body or b"{}")
        if action not in ("GetServiceQuota", "GetAWSDefaultServiceQuota"):
            return error_response_json("UnknownOperationException", f"Unknown action: {action}", 400)
        code = data["QuotaCode"]
        if action == "GetServiceQuota" or data["ServiceCode"] != "fargate" or code not in FARGATE:
            return error_response_json(
                "NoSuchResourceException", "The request failed because the quota is unknown", 400
            )
        quota = {
            "ServiceCode": "fargate",
            "ServiceName": "AWS Fargate",
            "QuotaArn": f"arn:aws:servicequotas:{get_region()}:{get_account_id()}:fargate/{code}",
            "QuotaCode": code,
            "QuotaName": FARGATE[code][0],
            "Value": DEFAULT_VCPUS,
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
            "UsageMetric": usage_metric(code),
        }
        return json_response({"Quota": quota})
