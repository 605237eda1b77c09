"""uvicorn around one application, and an end that loses no request."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from .connection import Connection
from .listener import last_connections
from .service import Service

BACKLOG = 1024  # connections that the system holds until we accept them
IDLE_SECONDS = 15  # that a connection is kept for another request


def serve(app: FastAPI, service: Service, bound: socket.socket, started: Callable[[], object]) -> int:
    """Answers until SIGTERM or Ctrl-C, then what was asked until then. Returns the signal's number.

    started: called as soon as requests are answered.
    """
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        backlog=BACKLOG,
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here depends on who asks
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=int(service.settings.body_timeout + service.settings.response_timeout),
    )
    server = _Server(config, service, started)
    server.run(sockets=[bound])
    return server.ended_by


class _Server(uvicorn.Server):
    """Ends in three steps: accept what has connected, answer it, close."""

    def __init__(self, config: uvicorn.Config, service: Service, started: Callable[[], object]) -> None:
        super().__init__(config)
        self._service, self._tell = service, started
        self.ended_by = 0

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal ends the server in good order, a second Ctrl-C at once."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit, self.ended_by = True, sig

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """From here on a signal ends us in good order, so now others may know of us."""
        await super().startup(sockets)
        self._tell()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """No new connection; the open ones are answered, those that the system has accepted for us too."""
        self._service.draining = True
        listeners = [listener.dup() for listener in sockets or []]  # their queues outlive those that uvicorn closes
        for server in self.servers:
            server.close()
        loop = asyncio.get_running_loop()
        for connection in (connection for listener in listeners for connection in last_connections(listener)):
            await loop.connect_accepted_socket(self._protocol, connection)
        await super().shutdown(sockets)

    def _protocol(self) -> Connection:
        return Connection(self.config, self.server_state, self.lifespan.state)
