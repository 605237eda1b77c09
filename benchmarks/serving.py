"""Throughput and latency of the server, compared with the same recognizer in one process, on the same images.

    python benchmarks/serving.py [--model BUNDLE] [--images FOLDER] [--clients 32] [--rounds 3] [--requests 20000]

Rounds of these three, in turn: `Recognizer.stream` with its defaults; one single-threaded reader per core, as in the
server; `gluon-htr serve` with 32 clients that each send one image at a time, as JSON, on a connection that stays open.
Then 20,000 requests, whose texts must equal those read in one process. Then an open loop: requests at half of the peak
rate, sent whether or not earlier ones are answered; their latency counts from the moment when they are due. Clients and
server share the cores. Without --images, words are drawn. Needs Python 3.11. Prints one JSON object as its last line.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import uvloop
from PIL import Image, ImageDraw, ImageFont
from turns import medians, ratio

import gluon_htr
from gluon_htr._processes import cores
from gluon_htr.runtime.recognizer import Recognizer

WORDS = [
    "reading",
    "handwriting",
    "is",
    "a",
    "network",
    "of",
    "ink",
    "and",
    "paper",
    "that",
    "nobody",
    "else",
    "would",
    "have",
    "written",
    "quite",
    "like",
    "this",
]
OPEN_LOOP_SECONDS = 20.0


class Client:
    """One connection with one request at a time, in as little HTTP/1.1 as possible: the cores belong to the server."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def connect(self) -> Client:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def ask(self, request: bytes) -> str:
        """Send a request and return the text that was read. Raise any error."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        body = await self._reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))  # type: ignore[index]
        if not head.startswith(b"HTTP/1.1 200"):
            raise ValueError(body.decode())
        return str(json.loads(body)["text"])


def pictures(folder: Path | None, count: int) -> list[bytes]:
    """Collect image files from a folder, or draw them."""
    if folder:
        return [path.read_bytes() for path in sorted(folder.rglob("*.png"))[:count]]
    draw = random.Random(0)
    return [_drawn(draw.choice(WORDS), draw.randint(36, 60), draw) for _ in range(count)]


def _drawn(word: str, size: int, draw: random.Random) -> bytes:
    font = ImageFont.load_default(size)
    image = Image.new("L", (int(font.getlength(word)) + 30, size * 2), 240)
    ImageDraw.Draw(image).text((15, size // 3), word, fill=draw.randint(20, 90), font=font)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def request(image: bytes) -> bytes:
    """Write a request as the first clients did."""
    body = json.dumps({"image": "data:image/png;base64," + base64.b64encode(image).decode()}).encode()
    head = (
        f"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def server(model: str | None) -> Iterator[int]:
    """Run a server with default settings; yield its port."""
    command = [sys.executable, "-m", "gluon_htr.serve", "--port", "0", *(["--model", model] if model else [])]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            yield int(re.search(r":(\d+) ", process.stderr.readline())[1])  # type: ignore[index]
        finally:
            process.terminate()


async def closed_loop(port: int, requests: list[bytes], texts: list[str], count: int, clients: int) -> dict[str, float]:
    """Let `clients` send one request after the other; count lost requests and wrong texts."""
    todo, lost, wrong = iter(range(count)), 0, 0

    async def work() -> None:
        nonlocal lost, wrong
        client = await Client(port).connect()
        for k in todo:
            try:
                wrong += await client.ask(requests[k % len(requests)]) != texts[k % len(texts)]
            except (OSError, ValueError, asyncio.IncompleteReadError):
                lost += 1
                client = await Client(port).connect()

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(clients)))
    return {"requests/s": count / (time.perf_counter() - start), "lost": lost, "wrong": wrong}


async def open_loop(port: int, requests: list[bytes], rate: float, seconds: float) -> dict[str, float]:
    """Send requests at random moments (Poisson), `rate` per second on average; measure the latency in milliseconds."""
    draw, idle, delays = random.Random(1), [], []
    due, start = 0.0, time.perf_counter()

    async def send(k: int, moment: float) -> None:
        client = idle.pop() if idle else await Client(port).connect()
        await client.ask(requests[k % len(requests)])
        delays.append((time.perf_counter() - start - moment) * 1000)
        idle.append(client)

    async with asyncio.TaskGroup() as group:
        k = 0
        while (due := due + draw.expovariate(rate)) < seconds:
            await asyncio.sleep(max(0.0, due - (time.perf_counter() - start)))
            group.create_task(send(k, due))
            k += 1
    cuts = statistics.quantiles(delays, n=100)
    return {"rate": round(rate, 1), "n": len(delays), "p50 ms": round(cuts[49], 1), "p99 ms": round(cuts[98], 1)}


def in_process(recognizer: Recognizer, images: list[bytes]) -> float:
    """Measure images per second with `Recognizer.stream`."""
    start = time.perf_counter()
    for _ in recognizer.stream(images):
        pass
    return len(images) / (time.perf_counter() - start)


def in_threads(recognizer: Recognizer, images: list[bytes]) -> float:
    """Measure images per second with one single-threaded reader per core."""
    start = time.perf_counter()
    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(lambda first: list(recognizer.stream(images[first :: cores()])), range(cores())))
    return len(images) / (time.perf_counter() - start)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--images", type=Path, help="a folder of PNG files (default: drawn words)")
    parser.add_argument("--count", type=int, default=512, help="different images (default: %(default)s)")
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument(
        "--seconds", type=float, default=OPEN_LOOP_SECONDS, help="duration of the open loop (default: %(default)s)"
    )
    options = parser.parse_args()
    images = pictures(options.images, options.count)
    usual, single = gluon_htr.load(options.model), gluon_htr.load(options.model, threads=1)
    texts = [recognition.text for _, recognition in usual.stream(images)]
    requests = [request(image) for image in images]
    rates: dict[str, list[float]] = {"in-process": [], "in-process, a reader a core": [], "server": []}
    with server(options.model) as port, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(closed_loop(port, requests, texts, 2 * options.clients, options.clients))
        for _ in range(options.rounds):
            rates["in-process"].append(in_process(usual, images))
            rates["in-process, a reader a core"].append(in_threads(single, images))
            served = runner.run(closed_loop(port, requests, texts, len(images), options.clients))
            rates["server"].append(served["requests/s"])
        many = runner.run(closed_loop(port, requests, texts, options.requests, options.clients))
        peak = max(*rates["server"], many["requests/s"])
        delays = runner.run(open_loop(port, requests, peak / 2, options.seconds))
    report = {
        "benchmark": "serving",
        "model": usual.name,
        "cores": cores(),
        "load": round(os.getloadavg()[0], 2),
        "clients": options.clients,
        "images/s": medians(rates),
        **{f"server to {name}": ratio(rates, "server", name) for name in rates if name != "server"},
        "many": {"requests": options.requests, **{name: round(value, 1) for name, value in many.items()}},
        "at half of the peak": delays,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
