"""HTTP connections of uvicorn, with limits for clients that send or read too slowly.

uvicorn bounds request bodies by back pressure and idle connections by time. It has no limit for the time and size of a
request's head, for the number of connections, or for a client that never reads its response.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .server_settings import ServerSettings


class Connection(HttpToolsProtocol):
    """One connection of a client."""

    limits: ClassVar[ServerSettings] = ServerSettings()
    _head_deadline: asyncio.TimerHandle | None = None
    _send_deadline: asyncio.TimerHandle | None = None
    _in_head = False
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request, or close at once if there are too many connections."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.max_connections:
            transport.abort()
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        self._stop_expecting_head()
        self._stop_expecting_reader()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse a part of a request, and close the connection if the head of the request is too large."""
        if self.cycle is None or self.cycle.response_complete:
            self._expect_head()
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.max_head_bytes:
                self.transport.abort()

    def on_message_begin(self) -> None:
        """Start to measure the head of a request at its first byte."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._expect_head()

    def on_headers_complete(self) -> None:
        """Stop the timer of the head, and start the request."""
        self._in_head = False
        self._stop_expecting_head()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP as every other error, in JSON, and close the connection."""
        content = b'{"error": "the request is not valid HTTP"}'
        head = f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head.encode() + content)
        self.transport.close()

    def pause_writing(self) -> None:
        """Give a client that does not read its response some time to do so, then cut it off."""
        super().pause_writing()
        self._expect_reader()

    def resume_writing(self) -> None:
        """Go on with a response that the client reads again."""
        self._stop_expecting_reader()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """Go on to the next request, or cut the client off if it does not read the end of its last response."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._expect_reader()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, and cut it off if the client does not read the end of its response."""
        super().timeout_keep_alive_handler()
        self._expect_reader()

    def _expect_head(self) -> None:
        if self._head_deadline is None:
            self._head_deadline = self.loop.call_later(self.limits.head_timeout, self.transport.abort)

    def _stop_expecting_head(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _expect_reader(self) -> None:
        if self._send_deadline is None:
            self._send_deadline = self.loop.call_later(self.limits.send_timeout, self.transport.abort)

    def _stop_expecting_reader(self) -> None:
        if self._send_deadline is not None:
            self._send_deadline.cancel()
            self._send_deadline = None


def connection_class(settings: ServerSettings) -> type[Connection]:
    """Derive the class of one server's connections: uvicorn creates them itself and passes no limits on."""
    return type("LimitedConnection", (Connection,), {"limits": settings})
