"""`gluon_htr.serve` as a process of its own, reading the letters a to e, and what tests send it."""

from __future__ import annotations

import base64
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
from letters import LETTERS, draw, encoded
from support import door_environment

#: Runs the command with other limits than its options offer, and with a model that takes its time.
PROGRAM = """
import dataclasses, sys, time
from gluon_htr import _door, serve
from gluon_htr.serving import connection, service
limits, slowness, constants = {limits!r}, {slowness!r}, {constants!r}
settings, read = serve.settings, service.read_images
serve.settings = lambda given: dataclasses.replace(settings(given), **limits)
service.read_images = lambda *given, **more: (time.sleep(slowness), read(*given, **more))[1]
vars(connection).update(constants)
sys.exit(_door.main(serve.main))
"""


class ReadingServer:
    """Runs until the block ends.

    arguments: of the command. limits: fields of `ServerSettings`. slowness: seconds that every batch takes longer.
    constants: of `serving/connection.py`. environment: variables.
    """

    def __init__(
        self,
        *arguments: object,
        model: Path | str = LETTERS,
        limits: dict[str, object] | None = None,
        slowness: float = 0,
        constants: dict[str, object] | None = None,
        **environment: str,
    ) -> None:
        program = PROGRAM.format(limits=limits or {}, slowness=slowness, constants=constants or {})
        self._command = ["-c", program, "--port", "0", "--model", str(model), *map(str, arguments)]
        self._environment = door_environment(**environment)
        self._connections: list[socket.socket] = []
        self.said: list[str] = []

    def __enter__(self) -> ReadingServer:
        self.process = subprocess.Popen(
            [sys.executable, *self._command], stderr=subprocess.PIPE, text=True, env=self._environment
        )
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"http://\S+:(\d+)", line):
                self.url, self.port = found[0], int(found[1])
                break
        else:
            raise AssertionError("".join(self.said))
        self._listener = threading.Thread(target=lambda: self.said.extend(self.process.stderr or []), daemon=True)
        self._listener.start()  # a full pipe would stop the server
        self.client = httpx.Client(base_url=self.url, timeout=20)
        return self

    def __exit__(self, *_: object) -> None:
        for connection in (self.client, *self._connections):
            connection.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._listener.join()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end; returns its exit status. All that it said is then in `said`."""
        self.client.close()  # or the server would give it a moment to say more
        self.process.send_signal(how)
        status = self.process.wait(timeout=60)
        self._listener.join()
        return status

    def read(self, content: bytes, **more: object) -> httpx.Response:
        """Sends an image as the first clients did: a data URL in JSON."""
        return self.client.post("/v1/predict", json={"image": data_url(content), **more})

    def connect(self) -> socket.socket:
        """A bare connection, for clients that misbehave; open until the server ends, at the latest."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        self._connections.append(connection)
        return connection

    def memory(self) -> int:
        """Its largest use of memory so far, bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) << 10


def data_url(content: bytes) -> str:
    """An image as browsers and the first clients write it."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def word(text: str, **options: Any) -> bytes:
    """A word that the letters' model reads, as a PNG file."""
    return encoded(draw(text, **options))
