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
from .allowance import Share
from .refusals import Refusal
from .settings import Settings

MOST_REDIRECTS = 3
MOST_URL = 2000  # characters
HEADERS = [("Accept", "image/*"), ("Accept-Encoding", "identity"), ("User-Agent", f"gluon_htr/{__version__}")]
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")  # a name, or an address
_REDIRECTS = (301, 302, 303, 307, 308)
Permitted = Callable[[Address], bool]


class _CheckedNetwork(httpcore.AsyncNetworkBackend):
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
            raise Refusal(403, "the host of image_url is not a public one")
        return await self._network.connect_tcp(str(found[0]), port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Part of the interface."""
        await anyio.sleep(seconds)


async def fetch(url: str, settings: Settings, share: Share, permitted: Permitted = is_public) -> bytes:
    """The content at `url`. Raises `Refusal` where it is not public, too large, too slow, or not there."""
    try:
        with anyio.fail_after(settings.fetch_seconds):
            for _ in range(MOST_REDIRECTS + 1):
                answer = await _ask(url, settings.most_body_bytes, share, permitted)
                if isinstance(answer, bytes):
                    return answer
                url = answer
    except TimeoutError:
        raise Refusal(422, f"image_url did not answer within {settings.fetch_seconds:g} s") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError):
        raise Refusal(422, "image_url could not be fetched: its server did not answer as it should") from None
    raise Refusal(422, f"image_url leads from one address to another more than {MOST_REDIRECTS} times")


async def _ask(url: str, most_bytes: int, share: Share, permitted: Permitted) -> bytes | str:
    """The content of one address, or where it redirects to."""
    target = _taken_apart(url)
    network = _CheckedNetwork(permitted)
    async with (
        httpcore.AsyncConnectionPool(ssl_context=_trust(), network_backend=network) as pool,
        pool.stream("GET", target, headers=HEADERS) as response,
    ):
        if response.status in _REDIRECTS:
            return urljoin(url, _header(response, b"location"))
        if response.status != 200:
            raise Refusal(422, f"image_url is answered with the status {response.status}")
        chunks, size = [], 0
        async for chunk in response.aiter_stream():
            size += len(chunk)
            if size > most_bytes:
                raise Refusal(413, f"image_url has more than {most_bytes:,} bytes")
            share.take(2 * len(chunk))
            chunks.append(chunk)
        return b"".join(chunks)


def _header(response: httpcore.Response, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in response.headers if key.lower() == name), "")


def _taken_apart(url: str) -> httpcore.URL:
    """Raises `Refusal` for what is no plain address of the web. It is parsed once: no second parser can disagree."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Refusal(400, "image_url is no valid address") from None
    if len(url) > MOST_URL or parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise Refusal(400, "image_url is no address of the web: it starts with http:// or https://")
    if parts.username is not None or parts.password is not None:
        raise Refusal(400, "image_url has a name or a password, which are not sent on")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
    return httpcore.URL(scheme=parts.scheme, host=host, port=port, target=path + query)


@functools.cache
def _trust() -> ssl.SSLContext:
    """Reading all certificates takes a while: once is enough."""
    return httpcore.default_ssl_context()
