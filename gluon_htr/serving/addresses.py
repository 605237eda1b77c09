"""Which addresses a server may ask for an image that a stranger names: public ones, and no way around.

What is not global unicast is refused (RFC 6890), and so is what embeds such an IPv4 address: mapped (RFC 4291) and
NAT64 (RFC 6052). Nobody serves images from 6to4 and Teredo, whose addresses lead into networks of somebody's choice.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import anyio

from .request_errors import RequestRejected

Address = IPv4Address | IPv6Address
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: Address) -> bool:
    """Whether anybody on the internet could ask this address just as well."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address.sixtofour is not None or address.teredo is not None or address.is_site_local:
            return False
    special = (
        address.is_private,
        address.is_loopback,
        address.is_link_local,
        address.is_multicast,
        address.is_reserved,
        address.is_unspecified,
    )
    return address.is_global and not any(special)


async def resolve(host: str, port: int) -> list[Address]:
    """All addresses of a name, or of an address however it is written (`0x7f.1` is one). Raises `RequestRejected`."""
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError):
        raise RequestRejected(422, "the host of image_url is not known") from None
    # A scope (`fe80::1%eth0`) is part of what the system returns, and of link-local addresses alone.
    return [ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
