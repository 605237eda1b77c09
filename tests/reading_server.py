"""`gluon-htr serve` as a process of its own, reading the letters a to e, and what tests send it.

Run as a program, this file is that process with other limits, with a model that takes its time, or with pages.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from letters import LETTERS, draw, encoded
from support import command_environment


class ReadingServer:
    """Runs until the block ends.

    arguments: of the command. limits: fields of `ServerSettings`, instead of arguments. slowness: seconds that every
    batch takes longer. pages: read drawn pages, too. decoder: of a server with limits or pages. before: folder
    with modules that replace others. environment: variables.
    """

    def __init__(
        self,
        *arguments: object,
        model: Path | str = LETTERS,
        limits: dict[str, object] | None = None,
        slowness: float = 0,
        pages: bool = False,
        decoder: str = "greedy",
        before: Path | None = None,
        **environment: str,
    ) -> None:
        if limits or slowness or pages:
            assert not arguments, "limits take the place of arguments"
            self._command = [
                __file__,
                str(model),
                json.dumps(limits or {}),
                str(slowness),
                "pages" if pages else "",
                decoder,
            ]
        else:
            self._command = ["-m", "gluon_htr.serve", "--port", "0", "--model", str(model), *map(str, arguments)]
        self._environment = command_environment(**environment)
        if before is not None:
            self._environment["PYTHONPATH"] = f"{before}{os.pathsep}{self._environment['PYTHONPATH']}"
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
        """Ask it to end and return its exit status. All that it said is then in `said`."""
        self.process.send_signal(how)
        status = self.process.wait(timeout=60)
        self._listener.join()
        return status

    def read(self, content: bytes, **more: object) -> httpx.Response:
        """Send an image as the first clients did: a data URL in JSON."""
        return self.client.post("/v1/predict", json={"image": data_url(content), **more})

    def connect(self) -> socket.socket:
        """Open a bare connection, for clients that misbehave; it closes when the server ends, at the latest."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        self._connections.append(connection)
        return connection

    def memory(self) -> int:
        """Return its largest use of memory so far, in bytes."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) << 10


def data_url(content: bytes) -> str:
    """Write an image as browsers and the first clients do."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def word(text: str, **options: Any) -> bytes:
    """Draw a word that the letters' model reads, as a PNG file."""
    return encoded(draw(text, **options))


def main(model: str, limits: str, slowness: str, pages: str, decoder: str) -> int:
    """Serve a model with limits that the command has no options for."""
    import dataclasses

    from word_pages import DrawnLines

    from gluon_htr import _command
    from gluon_htr.runtime.decoders import DecoderRequest, make_decoder
    from gluon_htr.serve import end_at_once
    from gluon_htr.serving.listener import bind
    from gluon_htr.serving.served_models import open_models
    from gluon_htr.serving.server import serve
    from gluon_htr.serving.server_settings import ServerSettings
    from gluon_htr.serving.service import Service

    class Slow:
        """A recognizer that waits before each batch."""

        def __init__(self, recognizer: Any) -> None:
            self._recognizer = recognizer

        def __getattr__(self, name: str) -> Any:
            return getattr(self._recognizer, name)

        def stream(self, *arguments: Any, **options: Any) -> Any:
            time.sleep(float(slowness))
            return self._recognizer.stream(*arguments, **options)

    asked = DecoderRequest("beam", language="none") if decoder == "beam" else DecoderRequest()
    models = {
        name: dataclasses.replace(opened, recognizer=Slow(opened.recognizer))  # type: ignore[arg-type]
        for name, opened in open_models([model], make_decoder(asked)).items()
    }
    given = json.loads(limits)
    if "corrections" in given:
        given["corrections"] = Path(given["corrections"])
    listener = bind("127.0.0.1", 0)
    service = Service(models, ServerSettings(**given), detector=DrawnLines() if pages else None)  # type: ignore[arg-type]
    started = f"at http://127.0.0.1:{listener.getsockname()[1]}"
    ended_by = serve(service, listener, lambda: _command.say(started), end_at_once)
    return 130 if ended_by == signal.SIGINT else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
