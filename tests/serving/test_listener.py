"""The socket that the server listens on."""

from __future__ import annotations

import socket

import pytest

from gluon_htr.errors import UsageError
from gluon_htr.serving.listener import bind


def test_nobody_connects_before_requests_are_answered() -> None:
    """A client that comes while the model is loaded would wait, and be cut off if the start fails."""
    with bind("127.0.0.1", 0) as bound, pytest.raises(ConnectionRefusedError):
        socket.create_connection(bound.getsockname())


def test_an_address_that_is_not_ours_is_named() -> None:
    """An operator would not know which of host and port to change."""
    for host, port in (("203.0.113.7", 8000), ("127.0.0.1", 70000), ("::1:zz", 8000)):
        with pytest.raises(UsageError, match=host):
            bind(host, port)
