"""The API calls that the programs of a test make, as botocore itself reports them."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

# botocore's name of a service -> the prefix of its IAM actions.
PREFIXES = {
    "Application Auto Scaling": "application-autoscaling",
    "CloudWatch": "cloudwatch",
    "CloudWatch Logs": "logs",
    "DynamoDB": "dynamodb",
    "EC2": "ec2",
    "ECR": "ecr",
    "ECS": "ecs",
    "Elastic Load Balancing v2": "elasticloadbalancing",
    "IAM": "iam",
    "RDS": "rds",
    "SSM": "ssm",
    "STS": "sts",
    "Service Quotas": "servicequotas",
}


@dataclass
class Recording:
    environment: dict[str, str]
    """What makes botocore report, in whichever process it runs."""
    actions: set[str] = field(default_factory=set)


@contextlib.contextmanager
def recorded() -> Iterator[Recording]:
    """Listen to botocore's client-side monitoring: a datagram for each call, sent whether anybody listens or not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(0.2)
        address = {"AWS_CSM_HOST": "127.0.0.1", "AWS_CSM_PORT": str(listener.getsockname()[1])}
        recording = Recording({"AWS_CSM_ENABLED": "true", **address})
        over = threading.Event()

        def listen() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    told = json.loads(listener.recv(65536))
                    recording.actions.add(f"{PREFIXES[told['Service']]}:{told['Api']}")

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield recording
            # The last ones are on their way.
            time.sleep(0.5)
        finally:
            over.set()
            thread.join()
