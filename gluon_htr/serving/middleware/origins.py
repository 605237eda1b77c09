"""Requests that web pages of other sites make in a user's browser, and the addresses that the server answers under.

A page of any site can send a simple request to this machine (CSRF). Browsers say so: with `Sec-Fetch-Site` (W3C Fetch
Metadata) to secure addresses, with `Origin` to others. Programs send neither. A site can also give its own name the
address of this machine (DNS rebinding): then only the `Host` of the request tells.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...errors import UsageError

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OPEN_PATHS = ("/healthz", "/readyz")  # proxies ask these under any name, and they tell nothing
ANY = "*"
ALLOWED_HEADERS = "Authorization, Content-Type, X-API-Key"
EXPOSED_HEADERS = "Content-Disposition, Retry-After, X-Failed-Pages"
_PREFLIGHT = Response(
    status_code=204,
    headers={
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": ALLOWED_HEADERS,
        "Access-Control-Max-Age": "600",  # seconds
    },
)
_ORIGIN = re.compile(r"https?://[^/?#\s]+")


def check_origin(origin: str) -> str:
    """Return an origin as browsers send it. Raise `UsageError` if it is not one."""
    if origin != ANY and not _ORIGIN.fullmatch(origin.rstrip("/")):
        raise UsageError(f"--cors-origin {origin} is not an origin: write https://HOST or https://HOST:PORT")
    return origin.rstrip("/").lower()


class OriginMiddleware:
    """Middleware that rejects requests of other sites, and answers those of origins that the operator allows (CORS).

    hosts: names under which the server is asked; None for any. origins: of other sites whose pages may use the server.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str] | None, origins: Collection[str]) -> None:
        self._app, self._hosts, self._origins = app, hosts, origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        allowed = origin is not None and (ANY in self._origins or origin.lower() in self._origins)
        if why := self._refusal(scope, headers, allowed):
            await why(scope, receive, send)
        elif allowed and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _PREFLIGHT(scope, receive, self._with_origin(send, str(origin)))
        else:
            await self._app(scope, receive, self._with_origin(send, str(origin)) if allowed else send)

    def _refusal(self, scope: Scope, headers: Headers, allowed: bool) -> Response | None:
        host = headers.get("host", "")
        if self._hosts is not None and scope["path"] not in OPEN_PATHS and not is_known_host(host, self._hosts):
            message = "the server is not known under this name: its operator must start it with --allowed-host"
            return JSONResponse({"error": message}, 421)
        if scope["method"] not in SAFE_METHODS and not allowed and _is_of_another_site(headers):
            message = "a page of another site may not do this: its origin must be allowed with --cors-origin"
            return JSONResponse({"error": message}, 403)
        return None

    def _with_origin(self, send: Send, origin: str) -> Send:
        added = [
            (b"access-control-allow-origin", (ANY if ANY in self._origins else origin).encode("latin-1")),
            (b"access-control-expose-headers", EXPOSED_HEADERS.encode()),
            (b"vary", b"Origin"),
        ]

        async def send_with_origin(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        return send_with_origin


def is_known_host(host: str, names: Collection[str]) -> bool:
    """Test whether a request's `Host` may be answered: an address, a name without a dot, of which no site can be the
    owner, or one of the given names (`*.example.org` for all below).
    """
    name = ""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".") if _is_plain(host) else ""
        ip_address(name.partition("%")[0])
        return True
    except ValueError:
        pass
    if not host or (name and "." not in name) or name.endswith(".localhost"):
        return True
    return any(name == known or (known.startswith("*.") and name.endswith(known[1:])) for known in names)


def _is_plain(host: str) -> bool:
    """Test whether a `Host` has the form of a name or an address; what is in brackets may still be none."""
    return re.fullmatch(r"[A-Za-z0-9._-]+(:\d*)?|\[[0-9A-Fa-f:.%a-z]+\](:\d*)?", host) is not None


def _is_of_another_site(headers: Headers) -> bool:
    if (site := headers.get("sec-fetch-site")) is not None:
        return site.lower() not in ("same-origin", "none")
    if (origin := headers.get("origin")) is None:
        return False
    own = [headers.get("host", ""), headers.get("x-forwarded-host", "")]  # another page cannot set either
    return origin.lower().rpartition("://")[2] not in [name.lower() for name in own if name]
