"""Lets a request that changes something leave only while the lock that it belongs to is held.

A command may stand still between any two of its steps, for as long as a laptop sleeps, and another may have taken the
lock meanwhile. So each try of each request looks directly before it is sent. A lock that we wrote less than
lock.FRESH_SECONDS ago cannot be another's yet; an older one is renewed first, and where that fails nothing is sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

from . import dynamodb_api as dynamodb
from . import lock

# The option of every module that changes something under a lock.
LOCK_OPTION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "table": {"type": "str", "required": True},
        # No secret: it lets nobody in, and Ansible would blot it out wherever it stands.
        "token": {"type": "str", "default": "", "no_log": False},
        "pid": {"type": "int", "default": 0},
        "confirmed_at": {"type": "float", "default": 0.0},
    },
}

_READS = ("Describe", "List", "Get", "BatchGet", "BatchCheck", "Query", "Simulate")


class LockLost(AnsibleAWSError):  # type: ignore[misc]  # amazon.aws ships no types
    """The lock is another's, or nobody's: nothing was sent."""


def fail(module: Any, error: AnsibleAWSError) -> None:
    """End the module with ``error``, and with the key ``lost`` where it is the lock that was."""
    if isinstance(error, LockLost):
        module.fail_json(msg=error.message, lost=True, outcome="stopped", reason=error.message)
    module.fail_json_aws_error(error)


class Lease:
    """The hold on one lock, and when it was last written. ``renew`` writes it, and returns it if it is still ours."""

    def __init__(
        self, given: Mapping[str, Any], renew: Callable[[], Mapping[str, Any] | None], holder: Callable[[], str]
    ) -> None:
        self._pid, self._confirmed_at = given.get("pid") or 0, given.get("confirmed_at") or 0.0
        self._renew, self._holder = renew, holder

    def ensure(self, what: str) -> None:
        """Return as long as what is sent now arrives under our lock, and raise LockLost otherwise."""
        # Who finds a holder of this machine dead takes its lock at once. We may be all that is left of it.
        if lock.is_gone(self._pid):
            raise LockLost(f"The command that held the lock has ended, so {what} was not sent.")
        while lock.ticks() - self._confirmed_at >= lock.FRESH_SECONDS:
            asked_at = lock.ticks()
            if not self._renew():
                raise LockLost(f"This command lost its lock, so {what} was not sent. {self._holder()}")
            self._confirmed_at = asked_at


def lease(given: Mapping[str, Any], client: Callable[[], dynamodb.DynamoDbClient]) -> Lease:
    """The hold on the lock that a module was ``given`` as an option. ``client`` makes one of DynamoDB when needed."""

    def renew() -> Mapping[str, Any] | None:
        fields = lock.sign_of_life(time.time())
        held: Mapping[str, Any] | None = dynamodb.renew_lock(client(), given["table"], given["token"], fields)
        return held

    def holder() -> str:
        held = dynamodb.get_lock(client(), given["table"])
        return lock.held_words(held, time.time()) if held else "Nobody holds it now."

    return Lease(given, renew, holder)


def fenced(client: Any, held: Lease) -> Any:
    """The boto3 client, with ``held`` looked at before each try of each of its requests that may change something."""

    def look(event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        if not operation.startswith(_READS):
            held.ensure(operation)

    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"before-send.{service}", look)
    return client


def client_of(module: Any, service: str, **options: Any) -> Any:
    """The module's client of a service, fenced where the module was given a lock."""
    client = module.client(service, **options)
    given = module.params.get("lock") or {}
    # In check mode nothing is sent, and no lock was taken.
    if not given.get("token") or module.check_mode:
        return client
    return fenced(client, lease(given, lambda: module.client("dynamodb")))
