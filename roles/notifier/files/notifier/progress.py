"""What an event of ECS means for the release that is under way. Pure functions."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from notifier.blocks import escaped
from notifier.masking import masked
from notifier.names import environment_of

Json = dict[str, Any]

# The only service of an environment's cluster.
SERVICE = "app"


class News(NamedTuple):
    environment: str
    words: str = ""
    """Escaped; empty when the tasks that run are to be counted."""
    revision: str = ""
    """The revision that it is about, where the event tells."""


def news(event: Json) -> News | None:
    """What is worth telling; None for other clusters' and services' events, and for steps that say nothing new."""
    kind, detail = event.get("detail-type"), event.get("detail", {})
    if kind == "ECS Deployment State Change":
        return _of_deployment(event.get("resources", []), detail)
    if kind == "ECS Task State Change":
        return _of_task(detail)
    return None


def _of_deployment(resources: list[str], detail: Json) -> News | None:
    places = (re.search(r":service/([^/]+)/([^/]+)\Z", one) for one in resources)
    environment = next((environment_of(one[1]) for one in places if one and one[2] == SERVICE), "")
    reason = _sentence(detail.get("reason", ""))
    name = detail.get("eventName")
    if not environment:
        return None
    if name == "SERVICE_DEPLOYMENT_FAILED":
        return News(environment, f"ECS gives the deployment up: {reason}")
    if name == "SERVICE_DEPLOYMENT_IN_PROGRESS":
        # Of a rollback's start only the reason tells that it is one: the ECS developer guide's page on these events.
        goes_back = re.search(r"roll(ing|ed)?[ -]?back", reason, re.IGNORECASE)
        return News(environment, f"ECS rolls back: {reason}" if goes_back else "ECS is replacing the tasks.")
    # It is completed for a rollback, too. The release's end follows, and says which.
    return None


def _of_task(detail: Json) -> News | None:
    environment = environment_of(detail.get("clusterArn", "").rpartition("/")[2])
    if not environment or detail.get("group") != f"service:{SERVICE}":
        return None
    revision = detail.get("taskDefinitionArn", "")
    if detail.get("lastStatus") == "RUNNING" and detail.get("desiredStatus") == "RUNNING":
        return News(environment, revision=revision)
    if detail.get("lastStatus") == "STOPPED" and _failed(detail):
        return News(environment, f"A task stopped: {_stop_words(detail)}", revision)
    return None


def _failed(detail: Json) -> bool:
    """Whether a task stopped for a fault. Scaling in, draining and an operator's stop are none."""
    if detail.get("stopCode") in ("ServiceSchedulerInitiated", "UserInitiated"):
        return re.search(r"failed|unhealthy", detail.get("stoppedReason", "")) is not None
    return True


def _stop_words(detail: Json) -> str:
    exit_codes = [one["exitCode"] for one in detail.get("containers", []) if one.get("exitCode")]
    words = _sentence(detail.get("stoppedReason", "")) or "ECS does not say why."
    return f"{words.rstrip('.')} (exit code {exit_codes[0]})." if exit_codes else words


def _sentence(words: str) -> str:
    text = escaped(masked(words), 500)
    return text if not text or text.endswith((".", "…")) else f"{text}."


def count_words(service: Json | None, revision: str) -> str:
    """How many of the tasks with a revision run, as ECS counts them; empty when it has no such deployment any more."""
    deployments = (service or {}).get("deployments", [])
    ours = next((one for one in deployments if one["taskDefinition"] == revision), None)
    return f"{ours['runningCount']} of {ours['desiredCount']} new tasks run." if ours else ""
