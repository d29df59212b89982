"""A session in a running task, through ECS Exec. Pure functions: no AWS, no Ansible."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

INSTALL_THE_PLUGIN = (
    "install the Session Manager plugin, as AWS's page "
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html says"
)


def newest_running(tasks: list[Json]) -> Json | None:
    """The task that started last of those that run and are to go on."""
    running = [one for one in tasks if one["lastStatus"] == "RUNNING" and one["desiredStatus"] == "RUNNING"]
    return max(running, key=lambda one: one["createdAt"], default=None)


def refusal(task: Json | None, service: str, container: str) -> str:
    """Why no session can be opened, or empty."""
    if task is None:
        return (
            f"No task of {service} runs, so there is none to open a session in. ansible-playbook status.yml shows how "
            "it is; ansible-playbook run.yml -e env=NAME -e command=... runs a command in a task of its own."
        )
    names = [one["name"] for one in task["containers"]]
    if container not in names:
        return f"The task has no container {container}. It has {', '.join(names)}."
    if not task.get("enableExecuteCommand"):
        return (
            f"The task {task['taskArn'].rpartition('/')[2]} was started without ECS Exec. "
            "Run ansible-playbook provision.yml -e env=NAME, then ansible-playbook restart.yml -e env=NAME."
        )
    return ""


def command(task: Json, container: str, program: str, region: str) -> list[str]:
    """What opens the session, as the words of a command line."""
    cluster = task["clusterArn"].rpartition("/")[2]
    where = ["--region", region, "--cluster", cluster, "--task", task["taskArn"].rpartition("/")[2]]
    return ["aws", "ecs", "execute-command", *where, "--container", container, "--interactive", "--command", program]


def missing(programs: dict[str, bool]) -> str:
    """Which of the programs that a session needs are not on this machine, and what to do; or empty."""
    gone = [name for name, there in programs.items() if not there]
    if not gone:
        return ""
    advice = [INSTALL_THE_PLUGIN] if "session-manager-plugin" in gone else []
    advice += ["install the AWS CLI, version 2"] if "aws" in gone else []
    words = " and ".join(gone)
    return f"{words} {'is' if len(gone) == 1 else 'are'} not on this machine's PATH: {', and '.join(advice)}."
