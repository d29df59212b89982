"""Which addresses are this machine's."""

from __future__ import annotations

import errno
import socket


def is_here(address: str) -> bool:
    """Tell whether this machine has the address: with Docker Desktop the bridge is inside another machine."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                return False
            raise
    return True
