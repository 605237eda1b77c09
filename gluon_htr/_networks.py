"""Network addresses that belong to the public internet: the only ones that may be connected to on behalf of others.

Everything except global unicast is rejected (RFC 6890), and so is an IPv6 address that embeds such an IPv4 address:
mapped (RFC 4291) and NAT64 (RFC 6052). 6to4 and Teredo are rejected as a whole: they can lead into any network.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
_NAT64 = IPv6Network("64:ff9b::/96")
#: Not global, but newer or older than Python's tables: relays of 6to4 (RFC 7526), documentation (RFC 9637).
_OTHERS = (IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))


def is_public(address: Address) -> bool:
    """Tell if an address belongs to the public internet."""
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
    return address.is_global and not any(special) and not any(address in network for network in _OTHERS)
