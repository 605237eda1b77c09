"""Limits and options of one server. Times are in seconds, sizes in bytes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError

MAX_TIMEOUT = 86_400  # seconds


@dataclass(frozen=True)
class ServerSettings:
    """Limits and options of one server; the defaults suit single words and lines on a small machine."""

    #: Images in one batch; a request with more images is still read as one batch.
    batch_size: int = 16
    #: Time that the first image of a batch waits for others.
    max_delay: float = 0.004
    #: Batches read at the same time, one thread each; None means one per core.
    workers: int | None = None
    #: Images in the queue; a request that does not fit gets 429.
    max_waiting: int = 256
    #: From the end of a request's body to its response; then 503.
    response_timeout: float = 30.0
    #: Images in one request.
    max_images: int = 32
    #: Body of one request.
    max_body_bytes: int = 16 << 20
    #: Bodies of all requests that are being received or answered.
    max_memory_bytes: int = 192 << 20
    #: From the head of a request to the end of its body; then 408.
    body_timeout: float = 20.0
    #: Pixels of one image; half as many if it has more than 8 bits. Decoding takes up to 24 bytes per pixel.
    max_pixels: int = 20_000_000
    #: Pages in one request: a PDF, a TIFF, or several images.
    max_pages: int = 20
    #: Pixels of one page; half as many if it has more than 8 bits. 30 million are A3 at 390 dpi.
    max_page_pixels: int = 30_000_000
    #: Requests for pages in the queue; one that does not fit gets 429.
    max_waiting_pages: int = 16
    #: From the end of the body of a request for pages to its response; then 503.
    page_timeout: float = 60.0
    #: Enables `image_url`: the server then fetches addresses that its clients choose.
    image_url: bool = False
    #: Images fetched at the same time.
    max_fetches: int = 16
    #: Fetching one image, redirects included.
    fetch_timeout: float = 10.0
    #: Key that clients must send; None means that no key is required.
    api_key: str | None = None
    #: Folder for corrections, as a training set; None means that corrections are rejected.
    corrections: Path | None = None
    #: Names under which the server may be asked, besides addresses and names without a dot; None means any.
    allowed_hosts: tuple[str, ...] | None = None
    #: Origins of other sites whose pages may use the server; `*` means any.
    cors_origins: tuple[str, ...] = ()
    #: Path below which a proxy offers the server; empty for the root.
    root_path: str = ""
    #: Open connections; below the 1,024 open files that many systems allow a process.
    max_connections: int = 800
    #: The head of a request: its size, and the time from the start of the connection or the end of the last response.
    max_head_bytes: int = 64 << 10
    head_timeout: float = 10.0
    #: Time in which a client must make room for more of its response.
    send_timeout: float = 10.0
    #: Time that an idle connection stays open for another request.
    idle_timeout: int = 15
    #: Time from SIGTERM, when /readyz turns to 503, until the server stops listening. A proxy that asks /readyz every
    #: second has then stopped sending requests.
    drain_seconds: float = 3.0

    def check(self) -> None:
        """Raise `UsageError` if the limits contradict each other."""
        limits = (self.batch_size, self.max_images, self.max_waiting, self.max_body_bytes, self.max_pixels)
        pages = (self.max_pages, self.max_page_pixels, self.max_waiting_pages)
        workers, timeouts = 1 if self.workers is None else self.workers, (self.response_timeout, self.page_timeout)
        if not all(math.isfinite(timeout) and timeout <= MAX_TIMEOUT for timeout in timeouts):
            raise UsageError(f"a timeout of a server must be a number of seconds up to {MAX_TIMEOUT:,}")
        if min(*limits, *pages, workers) < 1 or min(timeouts) <= 0:
            raise UsageError("every limit of a server must be at least 1: give larger numbers")
        if self.max_waiting < self.max_images:
            raise UsageError(f"one request may have {self.max_images} images: let at least as many wait")
        if self.max_memory_bytes < 2 * self.max_body_bytes:
            raise UsageError(f"a body of {self.max_body_bytes:,} bytes needs twice as much memory: allow more memory")
        if self.api_key is not None and len(self.api_key) < 8:
            raise UsageError("GLUON_HTR_API_KEY has fewer than 8 characters and could be guessed: choose a longer key")
