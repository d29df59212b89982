"""The clients of AWS, made once for all the events that a function's process handles."""

from __future__ import annotations

import functools
from typing import Any

import boto3
from botocore.config import Config

# A function has seconds, where botocore's own patience is a minute.
_LITTLE_PATIENCE = Config(connect_timeout=3, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})


@functools.cache
def client(service: str) -> Any:
    return boto3.client(service, config=_LITTLE_PATIENCE)
