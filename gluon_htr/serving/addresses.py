"""Addresses that the server may connect to on behalf of a client: public ones only."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import anyio

from .._networks import Address
from .request_errors import RequestRejected

#: The same for hosts that do not exist and for those that are not public: names in our network are nobody's business.
UNREACHABLE = "the host of image_url is not known, or does not have a public address: send the image itself"


async def resolve(host: str, port: int) -> list[Address]:
    """Resolve a host name, or an address in any spelling (`0x7f.1`), to all its addresses. Raise `RequestRejected`."""
    try:
        results = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError):
        raise RequestRejected(403, UNREACHABLE) from None
    # The system adds a scope (`fe80::1%eth0`) to link-local addresses.
    return [ip_address(str(socket_address[0]).partition("%")[0]) for *_, socket_address in results]
