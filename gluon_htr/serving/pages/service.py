"""Service for whole pages: their queue, and the way from a request to a file in any output format."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import anyio
import msgspec

from ..._json import decoder
from ..._processes import cores
from ...errors import ImageError, MissingToolError, StorageError
from ...runtime.detector import Detector
from ...runtime.page_reader import PageReader
from ..batcher import Batcher
from ..image_files import check_image
from ..metrics import Metrics
from ..payload import decode_image
from ..request_errors import RequestRejected, busy
from ..served_models import ServedModel
from ..server_settings import ServerSettings
from .files import PageError, PageFile, Result, read_files, safe_name
from .formats import ReadDocument, ServedFile, to_file

PAGE_SECONDS = 2.0  # usual ones, until some pages have been read
MAX_SIDE = 65_535  # pixels: of a page in a document, as of a JPEG
_Job = Callable[[], ServedFile]


@dataclass(frozen=True)
class OutputOptions:
    """Output that a client asks for: the format, and in JSON also the images of the pages."""

    format: str = "json"
    pictures: bool = False


class PageService:
    """Reader of whole pages, with a queue and threads of its own, so that lines do not wait for pages.

    detector: finds lines; None if the server has no model for that. The threads run until `close`.
    """

    def __init__(self, detector: Detector | None, settings: ServerSettings, metrics: Metrics) -> None:
        self._detector, self._settings, self._metrics = detector, settings, metrics
        self._queue: Batcher[_Job, ServedFile] = Batcher(
            lambda jobs: [job() for job in jobs],
            workers=settings.workers or cores(),
            batch_size=1,
            max_delay=0.0,
            max_waiting=settings.max_waiting_pages,
            usual_seconds=PAGE_SECONDS,
        )

    @property
    def available(self) -> bool:
        """True if the server can read pages."""
        return self._detector is not None

    @property
    def waiting(self) -> int:
        """Number of requests in the queue."""
        return self._queue.waiting

    async def read(self, files: Sequence[PageFile], model: ServedModel, output: OutputOptions) -> ServedFile:
        """Read the pages of files. Raise `RequestRejected`, also if none of them can be read."""
        if self._detector is None:
            message = "this server has no model that finds lines: its operator must start it with --layout"
            raise RequestRejected(501, message)
        reader = PageReader(self._detector, model.recognizer)
        cancelled = threading.Event()
        return await self._wait(partial(self._read, files, reader, output, cancelled), cancelled)

    async def convert(self, body: bytes, output: OutputOptions) -> ServedFile:
        """Write a document that a client sends, for example with corrected lines. Raise `RequestRejected`."""
        return await self._wait(partial(_convert, body, output, self._settings), threading.Event())

    @property
    def longest(self) -> float:
        """Seconds that the job in progress has taken; of several, the longest."""
        return self._queue.longest

    def close(self, seconds: float = math.inf) -> bool:
        """Read what is in the queue, then end the threads. Return False if that takes longer than `seconds`."""
        return self._queue.close(seconds)

    async def _wait(self, job: _Job, cancelled: threading.Event) -> ServedFile:
        try:
            with anyio.fail_after(self._settings.page_timeout):
                [file] = await self._queue.read([job])
                return file
        except TimeoutError:
            raise busy(self._settings.page_timeout, 503) from None
        except MissingToolError as error:
            raise RequestRejected(501, str(error)) from None
        except StorageError:
            raise RequestRejected(503, "the server has no space for temporary files: tell its operator") from None
        finally:
            cancelled.set()  # nobody waits for more pages

    def _read(
        self, files: Sequence[PageFile], reader: PageReader, output: OutputOptions, cancelled: threading.Event
    ) -> ServedFile:
        results = _Timed(read_files(files, reader, self._settings, cancelled.is_set), self._metrics)
        file = to_file(results, files[0].name, output.format, output.pictures)
        if not results.count and file.failures:
            raise RequestRejected(422, file.failures[0].error)
        return file


class _Timed:
    """Results as they come, each page timed and counted."""

    def __init__(self, results: Iterator[Result], metrics: Metrics) -> None:
        self._results, self._metrics = results, metrics
        self.count = 0

    def __iter__(self) -> Iterator[Result]:
        start = time.monotonic()
        for result in self._results:
            if not isinstance(result, PageError):
                self.count += 1
                self._metrics.pages.observe(time.monotonic() - start)
            yield result
            start = time.monotonic()


def _convert(body: bytes, output: OutputOptions, settings: ServerSettings) -> ServedFile:
    try:
        document = decoder(ReadDocument).decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RequestRejected(400, f"the request is not a document as /v1/read returns it: {error}") from None
    _check(document, output, settings)
    images = [decode_image(picture) for picture in document.pictures] if output.format == "pdf" else []
    try:
        for image in images:
            check_image(image, settings.max_page_pixels)
        pages = zip(document.pages, images or [b""] * len(document.pages))
        return to_file(pages, safe_name(document.source), output.format)
    except ImageError as error:
        raise RequestRejected(422, str(error)) from None
    except (ArithmeticError, ValueError, LookupError):  # coordinates or names that no format can express
        raise RequestRejected(422, "the document cannot be written in this format: check its coordinates") from None


def _check(document: ReadDocument, output: OutputOptions, settings: ServerSettings) -> None:
    """Raise `RequestRejected` for a document that cannot be written."""
    if not 1 <= len(document.pages) <= settings.max_pages:
        raise RequestRejected(413, f"a document must have 1 to {settings.max_pages} pages")
    if output.format == "pdf" and len(document.pictures) != len(document.pages):
        raise RequestRejected(400, "a PDF needs the image of each page: send them as `pictures`, data URLs")
    for page in document.pages:
        if not (1 <= page.width <= MAX_SIDE and 1 <= page.height <= MAX_SIDE):
            raise RequestRejected(422, f"page {page.number} is {page.width} × {page.height} pixels: not a page")
        polygons = [region.polygon for region in page.regions] + [line.polygon for line in page.lines]
        if any(len(polygon) < 3 for polygon in polygons) or any(len(line.baseline) < 2 for line in page.lines):
            raise RequestRejected(422, f"page {page.number} has an outline or a baseline with too few points")
