"""The listening socket: nobody who has come in is turned away, and nobody comes in while the door closes."""

from __future__ import annotations

import socket
import sys

import pytest

from gluon_htr.errors import UsageError
from gluon_htr.serving.listener import bind, last_connections


def test_who_has_connected_is_served_and_who_comes_later_is_refused() -> None:
    """A request sent in the moment of a restart would be lost instead of going to the next server."""
    listener = bind("127.0.0.1", 0)
    address = listener.getsockname()
    listener.listen(8)
    early = [socket.create_connection(address) for _ in range(3)]
    closing = last_connections(listener)
    accepted = [next(closing)]
    with socket.socket() as late:
        late.settimeout(0.2)
        if sys.platform == "linux":
            with pytest.raises(TimeoutError):  # its system tries again
                late.connect(address)
        accepted.extend(closing)
        assert {one.getpeername() for one in accepted} == {one.getsockname() for one in early}
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)
    for one in (*early, *accepted):
        one.close()


def test_nobody_connects_before_requests_are_answered() -> None:
    """A client that comes while the model is loaded would wait, and be cut off if the start fails."""
    with bind("127.0.0.1", 0) as bound, pytest.raises(ConnectionRefusedError):
        socket.create_connection(bound.getsockname())


def test_an_address_that_is_not_ours_is_named() -> None:
    """An operator would not know which of host and port to change."""
    for host, port in (("203.0.113.7", 8000), ("127.0.0.1", 70000), ("::1:zz", 8000)):
        with pytest.raises(UsageError, match=host):
            bind(host, port)
