"""The API calls that the programs of a test make, as botocore itself reports them."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# botocore's name of a service -> the prefix of its IAM actions, where that is not the name in small letters.
PREFIXES = {
    "Application Auto Scaling": "application-autoscaling",
    "CloudWatch Logs": "logs",
    "Elastic Load Balancing v2": "elasticloadbalancing",
    "Service Quotas": "servicequotas",
}


@dataclass
class Recording:
    environment: dict[str, str]
    """What makes botocore report, in whichever process it runs."""
    actions: list[str] = field(default_factory=list)
    """In the order in which they were answered."""


@contextlib.contextmanager
def recorded(heard: Callable[[str], object] = str) -> Iterator[Recording]:
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
                    # Each call is told once, and each attempt at it, too.
                    if told["Type"] == "ApiCall":
                        service = told["Service"]
                        action = f"{PREFIXES.get(service, service.lower())}:{told['Api']}"
                        recording.actions.append(action)
                        heard(action)

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield recording
            # The last ones are on their way.
            time.sleep(0.5)
        finally:
            over.set()
            thread.join()
