"""The socket that the server listens on."""

from __future__ import annotations

import os
import socket
from ipaddress import ip_address

from ..errors import UsageError


def bind(host: str, port: int) -> socket.socket:
    """Bind a socket to an address; port 0 takes a free one. Raise `UsageError` if the address is not available.

    It does not listen yet, so that no client connects before the models are loaded.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if os.name == "posix":  # elsewhere it would take the address from a server that runs
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot listen on {host}, port {port}: {reason}; change --host or --port") from None
    return listener


def is_loopback(host: str) -> bool:
    """Test whether a server on this address is for this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
