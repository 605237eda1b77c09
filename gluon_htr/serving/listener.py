"""The socket that listens: where it is bound, and how it stops without turning anybody away who has come in."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator

from ..errors import UsageError

_ATTACH_FILTER = 26  # SO_ATTACH_FILTER of Linux, which Python does not name
#: A socket filter (McCanne and Jacobson 1993) that keeps nothing of packets that open a connection, and all others.
_DROP_NEW = [
    (0x30, 0, 0, 13),  # load the byte of TCP's flags
    (0x45, 0, 1, 0x02),  # SYN is set: go on, else skip one
    (0x06, 0, 0, 0),  # keep nothing
    (0x06, 0, 0, 0xFFFF),  # keep it
]
_HANDSHAKE = 0.02  # seconds in which connections that were half open become whole


def bind(host: str, port: int) -> socket.socket:
    """A socket of that address; port 0 takes one that is free. It listens only when we do: who connects gets an answer.

    Raises `UsageError` where the address is taken or not ours.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if os.name == "posix":  # elsewhere it would take the address from a server that runs
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{host}, port {port}: {reason}; select_model another with --host and --port") from None
    return bound


def last_connections(listener: socket.socket) -> Iterator[socket.socket]:
    """Those that the system has accepted for us already; then the listener is closed.

    Who connects between the last of them and the close would be cut off with a request sent. On Linux nobody can: from
    the first moment on, who begins to connect is dropped, so that the client's system tries again, and is then refused.
    """
    with listener:
        _drop_new(listener)
        listener.setblocking(False)
        yield from _accepted(listener)
        time.sleep(_HANDSHAKE)
        yield from _accepted(listener)


def _accepted(listener: socket.socket) -> Iterator[socket.socket]:
    with contextlib.suppress(OSError):  # BlockingIOError: that was the last
        while True:
            yield listener.accept()[0]


def _drop_new(listener: socket.socket) -> None:
    if sys.platform == "linux":
        code = b"".join(struct.pack("HBBI", *instruction) for instruction in _DROP_NEW)
        buffer = ctypes.create_string_buffer(code, len(code))
        program = struct.pack("HP", len(_DROP_NEW), ctypes.addressof(buffer))
        with contextlib.suppress(OSError):  # a sandbox may forbid it
            listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)
