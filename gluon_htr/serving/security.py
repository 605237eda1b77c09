"""Who may ask, and what browsers are told about every answer."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .request_errors import RequestRejected

#: The page runs its own scripts, talks to its own server, and is shown in no other page (W3C CSP 3).
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]
_Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False))]
_Header = Annotated[str | None, Security(APIKeyHeader(name="X-API-Key", auto_error=False))]


def require_api_key(key: str) -> Callable[..., Awaitable[None]]:
    """A dependency that lets nobody through without the key; how long it takes tells nothing of the key."""

    async def guard(bearer: _Bearer, header: _Header) -> None:
        given = bearer.credentials if bearer else header or ""
        if not hmac.compare_digest(given.encode(), key.encode()):
            raise RequestRejected(
                401, "the API key is missing or wrong: send it as X-API-Key", {"WWW-Authenticate": "Bearer"}
            )

    return guard


class SecurityHeadersMiddleware:
    """Adds the headers to every answer; what is read is kept in no cache."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), *HEADERS]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, adding if scope["type"] == "http" else send)
