"""The last seconds of a server: `Connection: close` on every response, so that clients go elsewhere (RFC 9112, 9.6)."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class DrainMiddleware:
    """Middleware that ends each connection with its next response while the server drains."""

    def __init__(self, app: ASGIApp, is_draining: Callable[[], bool]) -> None:
        self._app, self._is_draining = app, is_draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""

        async def send_with_close(message: Message) -> None:
            if message["type"] == "http.response.start" and self._is_draining():
                kept = [(name, value) for name, value in message.get("headers", []) if name != b"connection"]
                message = {**message, "headers": [*kept, (b"connection", b"close")]}
            await send(message)

        await self._app(scope, receive, send_with_close if scope["type"] == "http" else send)
