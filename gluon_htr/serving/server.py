"""uvicorn around the application of one service, with an orderly end.

On SIGTERM /readyz turns to 503 and the server goes on answering for `drain_seconds`, with `Connection: close`. A proxy
that checks /readyz sends the next requests elsewhere. Then the server stops listening and answers what it has begun.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType

import uvicorn

from .application import END_SECONDS, build_app
from .connection import connection_class
from .service import Service

FORCED_SECONDS = 1.0  # that everything has to end in after a second Ctrl-C
BACKLOG = 1024  # connections that the operating system holds until the server accepts them


def serve(
    service: Service, listener: socket.socket, on_started: Callable[[], object], on_overdue: Callable[[int], object]
) -> int:
    """Answer requests until SIGTERM or Ctrl-C. Return the number of the signal.

    on_started: called as soon as requests are answered. on_overdue: called, perhaps in another thread, with the number
    of the signal, if a thread does not end; it must end the process, since a thread cannot be stopped.
    """
    settings = service.settings
    config = uvicorn.Config(
        build_app(service),
        http=connection_class(settings),
        ws="none",
        backlog=BACKLOG,
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # no response depends on the client's address
        timeout_keep_alive=settings.idle_timeout,
        timeout_graceful_shutdown=int(settings.body_timeout + max(settings.response_timeout, settings.page_timeout)),
    )
    server = _Server(config, service, on_started, on_overdue)
    server.run(sockets=[listener])
    if not (service.ended or service.close(FORCED_SECONDS)):
        on_overdue(server.ended_by)
    return server.ended_by


class _Server(uvicorn.Server):
    """A server that drains before it stops listening."""

    def __init__(
        self,
        config: uvicorn.Config,
        service: Service,
        on_started: Callable[[], object],
        on_overdue: Callable[[int], object],
    ) -> None:
        super().__init__(config)
        self._service, self._on_started, self._on_overdue = service, on_started, on_overdue
        settings, requests = service.settings, config.timeout_graceful_shutdown or 0
        self._grace = settings.drain_seconds + requests + END_SECONDS + FORCED_SECONDS
        self.ended_by = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the end at the first signal, and end at once at a second Ctrl-C."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        if self.force_exit or not self.should_exit:
            overdue = threading.Timer(FORCED_SECONDS if self.force_exit else self._grace, self._on_overdue, [sig])
            overdue.daemon = True
            overdue.start()  # never cancelled: Python waits for threads of requests when the process ends, too
        self.should_exit, self.ended_by = True, sig
        self._service.draining = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so: from here on a signal leads to an orderly end."""
        await super().startup(sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer new requests while proxies learn of the end, then only those that have begun. Ctrl-C does not wait."""
        deadline = time.monotonic() + self._service.settings.drain_seconds
        while self.ended_by != signal.SIGINT and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)
