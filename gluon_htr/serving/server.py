"""uvicorn around one application, and an end that loses no request."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from ..errors import UsageError
from .connection import Connection
from .service import Service

BACKLOG = 1024  # connections that the system holds until we accept them
IDLE_SECONDS = 15  # that a connection is kept for another request


def bind(host: str, port: int) -> socket.socket:
    """A socket of that address; port 0 takes one that is free. It listens only when we do: who connects gets an answer.

    Raises `UsageError` where the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{host}, port {port}: {reason}; choose another with --host and --port") from None
    return bound


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
        timeout_graceful_shutdown=int(service.settings.body_seconds + service.settings.answer_seconds),
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
        pending = [listener.dup() for listener in sockets or []]  # their queues live on when uvicorn closes its own
        for server in self.servers:
            server.close()
        for listener in pending:
            await self._accept_rest(listener)
        await super().shutdown(sockets)

    async def _accept_rest(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            listener.setblocking(False)
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:  # BlockingIOError: none is left
                    return
                await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> Connection:
        return Connection(self.config, self.server_state, self.lifespan.state)
