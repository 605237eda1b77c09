"""Images that a request names by URL: fetched from public servers only, within limits.

The server connects to the very address that it has checked, so that a host name that resolves differently a moment
later (DNS rebinding) gains nothing. Redirects are checked alike. httpcore knows neither proxies nor cookies.
"""

from __future__ import annotations

import functools
import re
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import anyio
import httpcore

from .. import __version__
from .._networks import Address, is_public
from .addresses import UNREACHABLE, resolve
from .budget import Lease
from .request_errors import RequestRejected
from .server_settings import ServerSettings

MAX_REDIRECTS = 3
MAX_URL_LENGTH = 2000  # characters
HEADERS = [("Accept", "image/*"), ("Accept-Encoding", "identity"), ("User-Agent", f"gluon_htr/{__version__}")]
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")  # a host name or an address
_REDIRECTS = (301, 302, 303, 307, 308)


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Network that connects to allowed addresses only.

    Tests replace both functions: to allow servers on loopback, and to resolve host names as an attacker would.
    """

    def __init__(
        self,
        is_allowed: Callable[[Address], bool] = is_public,
        resolve: Callable[[str, int], Awaitable[list[Address]]] = resolve,
    ) -> None:
        self._network, self._is_allowed, self._resolve = httpcore.AnyIOBackend(), is_allowed, resolve

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve the host, check all its addresses, and connect to the first."""
        addresses = await self._resolve(host, port)
        if not addresses or not all(map(self._is_allowed, addresses)):
            raise RequestRejected(403, UNREACHABLE)
        return await self._network.connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks its network to."""
        await anyio.sleep(seconds)


async def fetch(
    url: str, settings: ServerSettings, lease: Lease, network: httpcore.AsyncNetworkBackend | None = None
) -> bytes:
    """Fetch the content at `url`. Raise `RequestRejected` if it is not public, too large, too slow, or missing."""
    network = network or CheckedNetwork()
    try:
        with anyio.fail_after(settings.fetch_timeout):
            for _ in range(MAX_REDIRECTS + 1):
                result = await _get(url, settings.max_body_bytes, lease, network)
                if isinstance(result, bytes):
                    return result
                url = result
    except TimeoutError:
        raise RequestRejected(422, f"image_url did not answer within {settings.fetch_timeout:g} s") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError):
        raise RequestRejected(422, "image_url could not be fetched: its server cannot be reached, or failed") from None
    raise RequestRejected(422, f"image_url redirects more than {MAX_REDIRECTS} times: name the image's own URL")


async def _get(url: str, max_bytes: int, lease: Lease, network: httpcore.AsyncNetworkBackend) -> bytes | str:
    """Get the content at one URL, or the URL that it redirects to."""
    target = _parse_url(url)
    async with (
        httpcore.AsyncConnectionPool(ssl_context=_ssl_context(), network_backend=network) as pool,
        pool.stream("GET", target, headers=HEADERS) as response,
    ):
        if response.status in _REDIRECTS:
            return urljoin(url, _header(response, b"location"))
        if response.status != 200:
            raise RequestRejected(422, f"image_url could not be fetched: its server answers with {response.status}")
        chunks, size = [], 0
        async for chunk in response.aiter_stream():
            size += len(chunk)
            if size > max_bytes:
                raise RequestRejected(413, f"image_url has more than {max_bytes:,} bytes: scale the image down")
            lease.take(2 * len(chunk))
            chunks.append(chunk)
        return b"".join(chunks)


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _parse_url(url: str) -> httpcore.URL:
    """Parse a plain http(s) URL, or raise `RequestRejected`. It is parsed once: no second parser can disagree."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise RequestRejected(400, "image_url is not a valid URL") from None
    if len(url) > MAX_URL_LENGTH or parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise RequestRejected(400, "image_url is not a web address: it must start with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise RequestRejected(400, "image_url has a user name or password, which the server does not send: remove it")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
    return httpcore.URL(scheme=parts.scheme, host=host, port=port, target=path + query)


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """Load the certificates once: it takes a while."""
    return httpcore.default_ssl_context()
