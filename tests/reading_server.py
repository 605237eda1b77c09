"""`gluon_htr.serve` as a process of its own, reading the letters a to e, and what tests ask it."""

from __future__ import annotations

import base64
import io
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from letters import LETTERS, draw, encoded
from support import door_environment


class ReadingServer:
    """Runs until the block ends; `arguments` and `environment` are those of the command."""

    def __init__(self, *arguments: object, model: Path = LETTERS, **environment: str) -> None:
        self._command = ["-m", "gluon_htr.serve", "--port", "0", "--model", str(model), *map(str, arguments)]
        self._environment = door_environment(**environment)
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
        self.client = httpx.Client(base_url=self.url, timeout=20)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end; returns its exit status. What it said afterwards is in `said`."""
        self.process.send_signal(how)
        _, rest = self.process.communicate(timeout=60)
        self.said.append(rest)
        return self.process.returncode

    def read(self, content: bytes, **more: object) -> httpx.Response:
        """Sends an image as the first clients did: a data URL in JSON."""
        return self.client.post("/v1/predict", json={"image": data_url(content), **more})

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


def bomb(width: int, height: int) -> bytes:
    """A small PNG file of very many pixels."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("1", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()
