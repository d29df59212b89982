"""Environments for the page of them: a good day, a bad one, and the first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.towpath.cost import as_data, priced
from ansible.module_utils.towpath.status import Looks, compared, not_provisioned, status
from ansible.module_utils.towpath.status_page import Facts

AT = datetime(2026, 11, 23, 18, 5, 9, tzinfo=UTC)
ARN = "arn:aws:ecs:us-east-1:123456789012"
DIGESTS = {"6b65b39": f"sha256:81dce4e74fe1{'0' * 52}", "866bbde": f"sha256:0f3c27a990bb{'0' * 52}"}
TITLES = {"6b65b39": "Notes can be searched", "866bbde": "A note may be empty"}
VERDICT = {
    "summary": "staging stays on v7: app of v8 did not get healthy.",
    "reason": "The container exited with code 3 before the load balancer saw it healthy.",
    "evidence": [
        "stop code EssentialContainerExited, exit code 3",
        "log: KeyError: 'SEARCH_URL'",
        "log: at <module> in /app/" + "a_long_path/" * 20,
    ],
    "advice": "Set SEARCH_URL in group_vars, then type: ansible-playbook deploy.yml -e env=staging",
}


def looks(environment: str, release: int, sha: str, **changes: Any) -> Looks:
    tags = {"towpath:release": str(release), "towpath:git-sha": f"{sha}{'0' * 33}"} if release else {}
    kept = {
        "service": {
            "serviceName": "app",
            "clusterArn": f"{ARN}:cluster/webapp-{environment}",
            "taskDefinition": f"{ARN}:task-definition/webapp-{environment}:{release}",
            "desiredCount": 2,
            "runningCount": 2,
            "tags": [{"key": "towpath:url", "value": f"https://{environment}.example.com/"}],
        },
        "revision": {
            "taskDefinitionArn": f"{ARN}:task-definition/webapp-{environment}:{release}",
            "registeredAt": AT,
            "cpu": "256",
            "memory": "512",
            "containerDefinitions": [
                {
                    "name": "app",
                    "image": f"webapp@{DIGESTS[sha]}",
                    "environment": [{"name": "LOG", "value": environment[:2]}],
                    "logConfiguration": {"options": {"awslogs-group": f"/ecs/{environment}/app"}},
                }
            ],
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        },
        "targets": [
            {"Target": {"Id": address, "Port": 3000}, "TargetHealth": {"State": "healthy"}}
            for address in ("10.0.0.1", "10.0.0.2")
        ],
        "settings": {},
        "database": {"engine": "postgres", "version": "16.4", "status": "available"},
        "dashboard": f"webapp-{environment}",
    }
    return Looks(**(kept | changes))


def entry(number: int, sha: str = "6b65b39", outcome: str | None = "succeeded", **fields: Any) -> dict[str, Any]:
    told = {
        "number": number,
        "change": "deploy",
        "by": "jane",
        "git_sha": f"{sha}{'0' * 33}",
        "commit_title": TITLES[sha],
        "digest": DIGESTS[sha],
        "started_at": f"2026-11-{10 + number:02}T14:01:30+00:00",
    }
    ended = {"outcome": outcome, "ended_at": f"2026-11-{10 + number:02}T14:02:11+00:00", "seconds": 41.2}
    return told | (ended if outcome else {}) | fields


def costs(environment: str) -> dict[str, Any]:
    items = [
        {
            "what": "NAT gateways",
            "price": "nat_hour",
            "amount": 2,
            "cheaper": {"setting": "network_nat_gateways: one", "amount": 1},
        },
        {"what": "load balancer", "price": "alb_hour", "amount": 1},
        {"what": "tasks, vCPU", "price": "vcpu_hour", "amount": 0.5},
    ]
    priced_items = priced(items, {"nat_hour": 0.045, "alb_hour": 0.0225, "vcpu_hour": 0.04048})
    return as_data(environment, priced_items, "2026-03")


def facts(*statuses: dict[str, Any], commits: dict[str, Any] | None = None, **changes: Any) -> Facts:
    by_name = {one["environment"]: one for one in statuses}
    pair = ("staging", "prod")
    both = all(name in by_name for name in pair)
    kept = {
        "app": "webapp",
        "statuses": statuses,
        "releases": {},
        "costs": [costs(name) for name in by_name],
        "compared": pair,
        "difference": compared(by_name["staging"], by_name["prod"], commits) if both else {},
        "at": AT,
    }
    return Facts(**(kept | changes))


_PROMOTED = {"change": "promote", "promoted_from": {"environment": "staging", "release": 6}}
_PROD = [
    entry(5, "866bbde", by="github-actions", **_PROMOTED),
    entry(4, "866bbde", change="rollback", restores=2, rolled_back_from=3, reason="The search was slow"),
    entry(3, "6b65b39", by="github-actions", **_PROMOTED),
    entry(2, "866bbde", change="configuration"),
    entry(1, "866bbde", "stopped", verdict=VERDICT | {"evidence": []}),
]

GOOD_DAY = facts(
    status("staging", looks("staging", 7, "6b65b39", entries=[entry(7), entry(6, "866bbde")])),
    status("prod", looks("prod", 5, "866bbde", entries=_PROD)),
    commits={"ahead": 2, "behind": 0, "titles": ["6b65b39 Notes can be searched", "1c0ffee Say how many there are"]},
    releases={"staging": [entry(number) for number in range(7, 0, -1)], "prod": _PROD},
)

_FAILED = [entry(8, "6b65b39", "rolled_back", verdict=VERDICT, commit_title="Search " + "everything " * 30)]
BAD_DAY = facts(
    status(
        "staging",
        looks(
            "staging",
            7,
            "6b65b39",
            entries=[*_FAILED, entry(7, commit_title="<script>alert('{{ 7 }}')</script> & " + "long" * 60)],
            alarms=["webapp-staging-target-5xx", "webapp-staging-" + "a-very-long-name-" * 8],
            settings={"maximum_percent": 200},
            targets=[],
            under_way="",
        ),
    ),
    status(
        "prod",
        looks(
            "prod",
            5,
            "866bbde",
            entries=_PROD,
            maintenance=True,
            under_way="A promote by github-actions is under way since 18:04:31, from job-runner-17.",
            unknown=[
                "the database. User: arn:aws:iam::123456789012:user/jane is not authorized to perform: rds:Describe"
            ],
        ),
    ),
    not_provisioned("demo"),
    status("preview", looks("preview", 0, "866bbde", database=None)),
    commits={"ahead": 14, "behind": 1, "titles": [f"6b65b3{n} " + "Title " * (3 * n + 1) for n in range(10)]},
    releases={
        "staging": [
            *_FAILED,
            *(entry(number) for number in range(7, 0, -1)),
            *(entry(number) for number in range(9, 3, -1)),
        ],
        "prod": [entry(6, outcome=None, under_way=True, **_PROMOTED), *_PROD],
    },
)
BAD_DAY.statuses[0]["drift"] = [
    {"path": "service.maximum_percent", "made": 200, "found": 100},
    {"path": "containerDefinitions[app].environment[BY_HAND]", "made": None, "found": "1" * 120},
]

FIRST_DAY = facts(
    status("staging", looks("staging", 0, "866bbde", database=None)),
    not_provisioned("prod"),
)

CASES = {"good": GOOD_DAY, "bad": BAD_DAY, "first": FIRST_DAY}
