"""Why tasks stop: what ECS, the load balancer and the container say, each put into a sentence and what to do."""

from __future__ import annotations

import re
from typing import NamedTuple


class Cause(NamedTuple):
    sentence: str
    advice: str
    heals: bool = True
    """Whether another try may go well without anybody doing anything."""


class _Symptom(NamedTuple):
    pattern: str
    sentence: str
    advice: str
    heals: bool = True


_PUSH_AND_DEPLOY = "Push the image, then deploy it with ansible-playbook deploy.yml -e env=NAME -e image=TAG."
_NO_COMMAND = "The command that the container is to run is not in the image."
_LOOK_AT_COMMAND = "Look at the command of the task definition, and at ENTRYPOINT and CMD of the Dockerfile."
_PROVISION = "Run ansible-playbook provision.yml -e env=NAME, then deploy again."

# The first that matches tells the cause, so the particular stand before the general.
# The wording is that of the developer guide's pages on stopped tasks, service events and target health.
_SYMPTOMS = (
    _Symptom(
        r"RESOURCE:ENI|InsufficientFreeAddresses|(insufficient|not enough) free (IP )?addresses|no free (private )?IP",
        "The service's subnets have no free IP address left.",
        "Give the network larger subnets, or run fewer tasks, then deploy again.",
    ),
    _Symptom(
        r"does not contain descriptor matching platform|no match(ing manifest)? for (platform|linux/)",
        "The image is not built for the processor architecture that the task asks for.",
        "Build the image for the architecture of the task definition (X86_64 is linux/amd64, ARM64 is linux/arm64).",
        heals=False,
    ),
    _Symptom(
        r"[Ee]xec format error",
        "The program in the image is built for another processor architecture.",
        "Build the image for the architecture of the task definition (X86_64 is linux/amd64, ARM64 is linux/arm64).",
        heals=False,
    ),
    _Symptom(
        r"CannotPull\w*.*(does not exist|not found|manifest unknown|no such image|No such image)",
        "The image does not exist: no such tag or digest in the repository.",
        _PUSH_AND_DEPLOY,
        heals=False,
    ),
    _Symptom(
        r"(CannotPull|ecr registry auth).*([Dd]enied|not authorized|no basic auth|403 Forbidden|authorization failed)",
        "The execution role may not pull the image.",
        f"It needs ecr:GetAuthorizationToken, and ecr:BatchGetImage on the repository. {_PROVISION}",
    ),
    _Symptom(
        r"(CannotPull|ecr registry auth).*(time ?out|timed out|dial tcp|connection|request canceled|deadline exceeded)",
        "The task has no network path to the image's registry.",
        f"It needs a NAT gateway, or endpoints for ECR and S3. {_PROVISION}",
    ),
    _Symptom(
        r"CannotPull",
        "The image could not be pulled.",
        "The evidence has the registry's words: put right what they name, then deploy again.",
    ),
    _Symptom(
        r"The specified log group does not exist",
        "The log group that the container writes to does not exist.",
        _PROVISION,
    ),
    _Symptom(
        r"logger args.*(AccessDenied|not authorized)",
        "The execution role may not write the container's log.",
        f"It needs logs:CreateLogStream and logs:PutLogEvents on the log group. {_PROVISION}",
    ),
    _Symptom(
        r"logger args.*(time ?out|timed out|dial tcp|connection|deadline exceeded)",
        "The task has no network path to CloudWatch Logs.",
        f"It needs a NAT gateway, or an endpoint for CloudWatch Logs. {_PROVISION}",
    ),
    _Symptom(
        r"secret.*(Throttl|TooManyRequests|[Rr]ate exceeded|InternalS|ServiceUnavailable|unexpected status 5)",
        "AWS did not answer in time what a secret is.",
        "Deploy again.",
    ),
    _Symptom(
        r"secret.*(AccessDenied|not authorized|[Dd]enied)",
        "The execution role may not read a secret that the task definition names.",
        f"It needs ssm:GetParameters or secretsmanager:GetSecretValue on that secret. {_PROVISION}",
        heals=False,
    ),
    _Symptom(
        r"secret.*(time ?out|timed out|dial tcp|deadline exceeded|signal: killed)",
        "The task has no network path to the store of its secrets.",
        f"It needs a NAT gateway, or endpoints for SSM and Secrets Manager. {_PROVISION}",
    ),
    _Symptom(
        r"invalid ssm parameters|ParameterNotFound|secret.*ResourceNotFound|find the specified secret",
        "A secret that the task definition names does not exist.",
        f"The evidence names it. {_PROVISION}",
        heals=False,
    ),
    _Symptom(
        r"retrieve secret",
        "A secret that the task definition names could not be read.",
        "The evidence has AWS's words: put right what they name, then deploy again.",
    ),
    _Symptom(
        r"exec: \S+ stat \S+ no such file|executable file not found|tini.* failed: No such file or directory",
        _NO_COMMAND,
        _LOOK_AT_COMMAND,
        heals=False,
    ),
    _Symptom(
        # What a shell says, and so may be of something that a script starts later.
        r"exited with code 127\b",
        _NO_COMMAND,
        _LOOK_AT_COMMAND,
    ),
    _Symptom(
        r"ResourceInitializationError",
        "Fargate could not prepare the task before its containers started.",
        "The evidence has its words: put right what they name, then deploy again.",
    ),
    _Symptom(
        r"CannotStartContainer",
        "The container could not be started.",
        "The evidence has the container engine's words: put right what they name, then deploy again.",
    ),
    _Symptom(
        r"OutOfMemory",
        "The task ran out of memory.",
        "Give the task more memory (app_service_memory_mib in group_vars), or make the app use less. "
        "Then deploy again.",
    ),
    _Symptom(
        r"failed container health checks",
        "The container's own health check failed.",
        "Run the command of the health check in the container to see what it answers.",
    ),
    _Symptom(
        r"[Hh]ealth checks failed with these codes: \[(?P<codes>[^\]]*)\]",
        "The health check's path answered {codes}.",
        "Look in the log for why, or set load_balancer_health_check_path in group_vars to a path that answers 200.",
    ),
    _Symptom(
        r"Request timed out|Target\.Timeout",
        "The app did not answer the health check in time.",
        "Look in the log for what it was doing, or give the health check a longer timeout.",
    ),
    _Symptom(
        r"Target\.FailedHealthChecks|[Hh]ealth checks failed|failed ELB health checks|is unhealthy in",
        "The app never answered the load balancer's health check.",
        "Let the app listen on all addresses (0.0.0.0) and on app_service_port. If it needs longer to start, raise "
        "app_service_health_check_grace_period_seconds in group_vars, and run provision.yml.",
    ),
    _Symptom(
        r"(?P<container>[\w-]+) exited with code 137\b",
        "The container {container} was killed (exit code 137), most often because it ran out of memory.",
        "Give the task more memory (app_service_memory_mib in group_vars), or look in the log for what it was doing "
        "when it was killed.",
    ),
    _Symptom(
        r"Capacity is unavailable|RESOURCE:(CPU|MEMORY|FARGATE)|unable to place a task",
        "AWS had no Fargate capacity free for the task.",
        "Deploy again later, or let the service use more availability zones.",
    ),
    _Symptom(
        r"SpotInterruption|Spot (Task|capacity) (was )?interrupt",
        "AWS took the Spot capacity back.",
        "Deploy again, or lower app_service_spot_percent in group_vars.",
    ),
    _Symptom(
        r"alarm detected|in ALARM state|alarm-based",
        "An alarm that guards the rollout went off.",
        "Look at the alarms of the service to see which and why.",
    ),
    _Symptom(
        r"(?P<container>[\w-]+) exited with code (?P<code>\d+)\b",
        "The container {container} exited with code {code}.",
        "Look at its last log lines, put the app right and deploy again.",
    ),
    _Symptom(
        r"[Ee]ssential container",
        "An essential container of the task stopped.",
        "Look at its last log lines, put the app right and deploy again.",
    ),
)


# The init process that ECS puts before the app is tini; without it runc writes the line.
_NEVER_RAN = re.compile(r"\[\w+ +tini \(\d+\)\] .*|(standard_init_linux\S* )?exec .*exec format error\W*")


def told_before_the_app(log_lines: list[str]) -> list[str]:
    """The log of a program that could not be started: an app's own log says many things, this one is sure.

    Empty when the app wrote a line of its own, because then it ran.
    """
    return log_lines if all(_NEVER_RAN.fullmatch(line.strip()) for line in log_lines) else []


def cause_of(symptoms: list[str]) -> Cause | None:
    """Find the first known cause in what was observed, or None when nothing is recognised."""
    text = " \n".join(symptoms)
    for symptom in _SYMPTOMS:
        if match := re.search(symptom.pattern, text):
            return Cause(symptom.sentence.format(**match.groupdict()), symptom.advice, symptom.heals)
    return None


_SECRETS = (
    (re.compile(r"(://[^:/@\s]*):[^@/\s]+@"), r"\1:***@"),
    (re.compile(r"(?i)(\bbearer\s+)[\w.~+/=-]+"), r"\1***"),
    (
        # The word may stand anywhere in a name, as in SECRET_KEY_BASE, but is a whole part of it.
        re.compile(
            r"(?i)((?:password|passwd|secret|token|api_?key|access_?key|private_?key)(?:[_-][a-z0-9]+)*"
            r"[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&]+"
        ),
        r"\1***",
    ),
    (re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"), "***"),
)


def masked(line: str) -> str:
    """Blot out what looks like a password or a key, in a line that an app or AWS wrote."""
    for pattern, replacement in _SECRETS:
        line = pattern.sub(replacement, line)
    return line
