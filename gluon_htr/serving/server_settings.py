"""What a server allows, and how it collects requests. Times are seconds, sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError


@dataclass(frozen=True)
class ServerSettings:
    """The limits of one server; the values here suit single words and lines on a small machine."""

    #: Images that the network sees together.
    batch_size: int = 16
    #: How long the first image of a batch waits for others.
    max_delay: float = 0.004
    #: Batches that are read at the same time, one thread each; None takes one a core.
    workers: int | None = None
    #: Images that may wait; a request that does not fit is answered with 429.
    max_waiting: int = 256
    #: From the end of a request's body to its answer; then 503.
    response_timeout: float = 30.0
    #: Images in one request.
    max_images: int = 32
    #: Of one request.
    max_body_bytes: int = 16 << 20
    #: Of all requests that are being received or answered.
    max_memory_bytes: int = 192 << 20
    #: For the whole body of a request to arrive; then 408.
    body_timeout: float = 20.0
    #: Of one image, and half as many of one with more than 8 bits. A worker decodes with up to 24 bytes a pixel.
    max_pixels: int = 20_000_000
    #: Whether `image_url` is answered: the server then fetches what strangers name.
    image_url: bool = False
    #: Images that are fetched at the same time.
    max_fetches: int = 16
    #: For an image to be fetched, redirects included.
    fetch_timeout: float = 10.0
    #: What a client has to send, None: nothing.
    api_key: str | None = None
    #: Where corrections are kept as a training set, None: they are refused.
    corrections: Path | None = None

    def check(self) -> None:
        """Raises `UsageError` where the limits contradict each other."""
        limits = (self.batch_size, self.max_images, self.max_waiting, self.max_body_bytes, self.max_pixels)
        if min(*limits, 1 if self.workers is None else self.workers) < 1 or self.response_timeout <= 0:
            raise UsageError("a limit of a server is at least 1")
        if self.max_waiting < self.max_images:
            raise UsageError(f"one request may bring {self.max_images} images: let at least as many wait")
        if self.max_memory_bytes < 2 * self.max_body_bytes:
            raise UsageError(f"a body of {self.max_body_bytes:,} bytes needs twice as much memory: allow more")
        if self.api_key is not None and len(self.api_key) < 8:
            raise UsageError("the API key has fewer than 8 characters: it could be guessed")
