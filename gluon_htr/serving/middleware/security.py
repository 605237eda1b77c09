"""API key and security headers."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..request_errors import RequestRejected

#: The page may run its own scripts and talk to its own server; no other page may embed it (W3C CSP 3).
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
    """Make a dependency that rejects requests without the API key (compared in constant time)."""

    async def check(bearer: _Bearer, header: _Header) -> None:
        sent = bearer.credentials if bearer else header or ""
        if not hmac.compare_digest(sent.encode(), key.encode()):
            message = "the API key is missing or wrong: send it in the header X-API-Key"
            raise RequestRejected(401, message, {"WWW-Authenticate": "Bearer"})

    return check


class SecurityHeadersMiddleware:
    """Middleware that adds security headers to every response, and keep readings out of caches."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", []), *HEADERS]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
