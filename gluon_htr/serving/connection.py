"""uvicorn's HTTP connection, with limits for what is sent too slowly or without end, and with a farewell.

uvicorn bounds bodies by back pressure, and idle connections by time; a request's head it waits for as long as it takes.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_CONNECTIONS = 800  # below the 1,024 open files that many systems allow a process
HEAD_SECONDS = 10.0  # for a request's head to arrive
MAX_HEAD_BYTES = 64 << 10
ABORT_SECONDS = 10.0  # for a client to take the end of its answer
FAREWELL_SECONDS = 1.0  # at the end of the server: for a request that is on its way already


class Connection(HttpToolsProtocol):
    """One client's connection."""

    _deadline: asyncio.TimerHandle | None = None
    _in_head = _leaving = False
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection more than there may be is closed at once."""
        super().connection_made(transport)
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
        elif self._leaving:
            self.shutdown()
        else:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, whoever wanted it."""
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """More of a request. A head that grows without end is not waited for."""
        if self.cycle is None or self.cycle.response_complete:
            self._expect_head()
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.transport.abort()

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._expect_head()

    def on_headers_complete(self) -> None:
        """A request's head is there; while the server ends, it is the last of its connection."""
        self._in_head = False
        self._forget_deadline()
        super().on_headers_complete()
        if self._leaving:
            self._answer_the_last()

    def shutdown(self) -> None:
        """The server ends: what is being answered is answered, and an idle client gets a moment to say more."""
        self._leaving = True
        if self.cycle is None or self.cycle.response_complete:
            self._forget_deadline()
            self._deadline = self.loop.call_later(FAREWELL_SECONDS, self.timeout_keep_alive_handler)
        else:
            self._answer_the_last()

    def timeout_keep_alive_handler(self) -> None:
        """Closes; a client that does not even take what was written is cut off."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(ABORT_SECONDS, self.transport.abort)

    def _answer_the_last(self) -> None:
        """The client is told, so that it asks nothing more on a connection that is about to be closed."""
        self.cycle.keep_alive = False
        self.cycle.default_headers = [*self.cycle.default_headers, (b"connection", b"close")]

    def _expect_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
