"""Images that a request names by their address: fetched from public servers only, within limits.

The address that is connected to is the one that was checked, so that a name that changes its mind between two questions
(DNS rebinding) gains nothing; every redirect is checked alike. httpcore speaks HTTP; proxies and cookies it knows none.
"""

from __future__ import annotations

import functools
import re
import ssl
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import anyio
import httpcore

from .. import __version__
from .addresses import Address, is_public, resolve
from .budget import Lease
from .request_errors import RequestRejected
from .server_settings import ServerSettings

MAX_REDIRECTS = 3
MAX_URL_LENGTH = 2000  # characters
HEADERS = [("Accept", "image/*"), ("Accept-Encoding", "identity"), ("User-Agent", f"gluon_htr/{__version__}")]
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")  # a name, or an address
_REDIRECTS = (301, 302, 303, 307, 308)
Permitted = Callable[[Address], bool]


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """Connects to an address that is permitted, and to no other."""

    def __init__(self, permitted: Permitted) -> None:
        self._network, self._permitted = httpcore.AnyIOBackend(), permitted

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolves, checks all that was found, and connects to the first."""
        found = await resolve(host, port)
        if not found or not all(map(self._permitted, found)):
            raise RequestRejected(403, "the host of image_url is not a public one")
        return await self._network.connect_tcp(str(found[0]), port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Part of the interface."""
        await anyio.sleep(seconds)


async def fetch(url: str, settings: ServerSettings, lease: Lease, permitted: Permitted = is_public) -> bytes:
    """The content at `url`. Raises `RequestRejected` where it is not public, too large, too slow, or not there."""
    try:
        with anyio.fail_after(settings.fetch_timeout):
            for _ in range(MAX_REDIRECTS + 1):
                answer = await _get(url, settings.max_body_bytes, lease, permitted)
                if isinstance(answer, bytes):
                    return answer
                url = answer
    except TimeoutError:
        raise RequestRejected(422, f"image_url did not answer within {settings.fetch_timeout:g} s") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError):
        raise RequestRejected(422, "image_url could not be fetched: its server did not answer as it should") from None
    raise RequestRejected(422, f"image_url leads from one address to another more than {MAX_REDIRECTS} times")


async def _get(url: str, max_bytes: int, lease: Lease, permitted: Permitted) -> bytes | str:
    """The content of one address, or where it redirects to."""
    target = _parse_url(url)
    network = PublicNetwork(permitted)
    async with (
        httpcore.AsyncConnectionPool(ssl_context=_ssl_context(), network_backend=network) as pool,
        pool.stream("GET", target, headers=HEADERS) as response,
    ):
        if response.status in _REDIRECTS:
            return urljoin(url, _header(response, b"location"))
        if response.status != 200:
            raise RequestRejected(422, f"image_url is answered with the status {response.status}")
        chunks, size = [], 0
        async for chunk in response.aiter_stream():
            size += len(chunk)
            if size > max_bytes:
                raise RequestRejected(413, f"image_url has more than {max_bytes:,} bytes")
            lease.take(2 * len(chunk))
            chunks.append(chunk)
        return b"".join(chunks)


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _parse_url(url: str) -> httpcore.URL:
    """Raises `RequestRejected` for anything but a plain web address. Parsed once: no second parser can disagree."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise RequestRejected(400, "image_url is no valid address") from None
    if len(url) > MAX_URL_LENGTH or parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise RequestRejected(400, "image_url is no address of the web: it starts with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise RequestRejected(400, "image_url has a name or a password, which are not sent on")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
    return httpcore.URL(scheme=parts.scheme, host=host, port=port, target=path + query)


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """Reading all certificates takes a while: once is enough."""
    return httpcore.default_ssl_context()
