"""Service behind the routes: the state that all requests share, and the way from a request to its response."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import anyio.to_thread
from starlette.requests import Request

from .._processes import cores
from ..errors import ImageError
from ..runtime.classifier import Classifier
from ..runtime.detector import Detector
from ..runtime.recognition import Recognition
from .batcher import Batcher
from .budget import Budget, Lease
from .corrections import CorrectionStore
from .image_files import LineImage, Outcome, check_work, read_lines
from .image_url import fetch
from .metrics import Metrics
from .pages.files import PageFile, safe_name
from .pages.formats import ServedFile
from .pages.service import OutputOptions, PageService
from .payload import Payload, receive_body, receive_payload
from .request_errors import RequestRejected, busy
from .responses import Reading, Readings, model_name, reading
from .served_models import ServedModel, check_n_best, select_model
from .server_settings import ServerSettings

Fetch = Callable[[str, ServerSettings, Lease], Awaitable[bytes]]


class Service:
    """State of one server: models, batchers, budgets, metrics. Its threads run until `close`.

    detector: finds the lines of pages; without one, the server reads lines only.
    """

    def __init__(
        self,
        models: dict[str, ServedModel],
        settings: ServerSettings,
        fetch: Fetch = fetch,
        detector: Detector | None = None,
    ) -> None:
        settings.check()
        self.models, self.settings, self._fetch = models, settings, fetch
        self.memory, self.fetches = Budget(settings.max_memory_bytes), Budget(settings.max_fetches)
        self.metrics = Metrics()
        self.batchers = {name: self._batcher(model) for name, model in models.items()}
        self.pages = PageService(detector, settings, self.metrics)
        self.corrections = CorrectionStore(settings.corrections, settings.max_pixels) if settings.corrections else None
        self.draining = False
        #: Set at the end: whether all threads have ended.
        self.ended = False
        self.metrics.add_gauge("gluon_htr_waiting_images", "Images in the queue", lambda: float(self.waiting))
        waiting_pages = "Requests for pages in the queue"
        self.metrics.add_gauge("gluon_htr_waiting_pages", waiting_pages, lambda: float(self.pages.waiting))
        longest = "Seconds that the batch in progress has taken"
        self.metrics.add_gauge("gluon_htr_batch_age_seconds", longest, lambda: self.longest)
        self.metrics.add_gauge("gluon_htr_body_bytes", "Bytes of bodies in memory", lambda: float(self.memory.used))

    @property
    def waiting(self) -> int:
        """Number of images in the queues."""
        return sum(batcher.waiting for batcher in self.batchers.values())

    @property
    def longest(self) -> float:
        """Seconds that the batch or page job in progress has taken; of several, the longest."""
        return max([self.pages.longest, *(batcher.longest for batcher in self.batchers.values())])

    @property
    def ready(self) -> bool:
        """True if the server accepts another request."""
        has_room = self.waiting < self.settings.max_waiting and self.pages.waiting < self.settings.max_waiting_pages
        return not self.draining and has_room and not self.stuck

    @property
    def stuck(self) -> bool:
        """True if a batch has been read for so long that none of its clients waits for it any more."""
        lines = max((batcher.longest for batcher in self.batchers.values()), default=0.0)
        return lines > self.settings.response_timeout or self.pages.longest > 2 * self.settings.page_timeout

    async def predict(self, request: Request, model: str | None, n_best: int | None = None) -> Reading | Readings:
        """Read the images in the body of a request. Raise `RequestRejected`.

        model: as the query names it. n_best: number of texts of a line; None for that of the server.
        """
        with Lease(self.memory) as memory:
            return await self._read(await receive_payload(request, self.settings, memory), model, n_best)

    async def predict_url(self, url: str, model: str | None, n_best: int | None = None) -> Reading | Readings:
        """Fetch and read an image of another server. Raise `RequestRejected`."""
        check_n_best(self._select(None, model), n_best)
        with Lease(self.fetches) as fetches, Lease(self.memory) as memory:
            image = await self._fetch_image(url, fetches, memory)
            return await self._read(Payload([image], as_list=False), model, n_best)

    async def read(self, request: Request, model: str | None, output: OutputOptions) -> ServedFile:
        """Read the pages in the body of a request. model: as the query names it. Raise `RequestRejected`."""
        with Lease(self.memory) as memory:
            payload = await receive_payload(request, self.settings, memory)
            names = payload.names + [None] * (len(payload.images) - len(payload.names))
            files = [PageFile(safe_name(name), image) for name, image in zip(names, payload.images)]
            return await self.pages.read(files, self._select_for_pages(payload.model, model), output)

    async def read_url(self, url: str, model: str | None, output: OutputOptions) -> ServedFile:
        """Fetch a file of another server and read its pages. Raise `RequestRejected`."""
        selected = self._select_for_pages(None, model)
        with Lease(self.fetches) as fetches, Lease(self.memory) as memory:
            content = await self._fetch_image(url, fetches, memory)
            return await self.pages.read([PageFile(safe_name(url), content)], selected, output)

    async def convert(self, request: Request, output: OutputOptions) -> ServedFile:
        """Write the document in the body of a request in another format. Raise `RequestRejected`."""
        with Lease(self.memory) as memory:
            return await self.pages.convert(await receive_body(request, self.settings, memory), output)

    async def correct(self, request: Request) -> int:
        """Store an image with its correct text, and return the number of corrections. Raise `RequestRejected`."""
        if self.corrections is None:
            message = "this server does not store corrections: download them, or start it with --corrections"
            raise RequestRejected(403, message)
        with Lease(self.memory) as memory:
            payload = await receive_payload(request, self.settings, memory)
            if payload.text is None or len(payload.images) != 1:
                raise RequestRejected(400, 'a correction must be one image and its text: {"image": …, "text": …}')
            try:
                return await anyio.to_thread.run_sync(self.corrections.add, payload.images[0], payload.text)
            except ImageError as error:
                raise RequestRejected(422, str(error)) from None

    def close(self, seconds: float = math.inf) -> bool:
        """Read the images in the queues, then end the threads. Return False if that takes longer than `seconds`."""
        end = time.monotonic() + seconds
        queues = [batcher.close for batcher in self.batchers.values()] + [self.pages.close]
        ended = [close(end - time.monotonic()) for close in queues]  # all of them are closed, whatever the first does
        return all(ended)

    def _select(self, in_body: str | None, in_query: str | None) -> ServedModel:
        """Select the model that the body or the query of a request names. Raise `RequestRejected`."""
        if in_body is not None and in_query is not None and in_body != in_query:
            raise RequestRejected(400, "the body and the address name different models: name one")
        return select_model(self.models, in_query if in_body is None else in_body)

    def _select_for_pages(self, in_body: str | None, in_query: str | None) -> ServedModel:
        """Select the model that reads the lines of pages. Raise `RequestRejected` for one of single characters."""
        model = self._select(in_body, in_query)
        if isinstance(model.recognizer, Classifier):
            message = f"{model.name} reads single characters, not pages: use /v1/predict, or name another model"
            raise RequestRejected(400, message)
        return model

    async def _fetch_image(self, url: str, fetches: Lease, memory: Lease) -> bytes:
        if not self.settings.image_url:
            raise RequestRejected(403, "image_url is disabled on this server: send the image itself")
        fetches.take(1)
        return await self._fetch(url, self.settings, memory)

    async def _read(self, payload: Payload, in_query: str | None, n_best: int | None) -> Reading | Readings:
        """Read the images of a request. A bad image is an error of its own in a list, and else rejects the request."""
        model = self._select(payload.model, in_query)
        check_n_best(model, n_best)
        if len(payload.images) > 1:
            await anyio.to_thread.run_sync(check_work, payload.images)
        outcomes = await self._outcomes([LineImage(image, n_best) for image in payload.images], model)
        if payload.as_list:
            return Readings(results=[reading(outcome, model) for outcome in outcomes], model=model_name(model))
        if isinstance(outcomes[0], ImageError):
            raise RequestRejected(422, str(outcomes[0]))
        return reading(outcomes[0], model)  # type: ignore[return-value]

    async def _outcomes(self, images: list[LineImage], model: ServedModel) -> list[Outcome]:
        try:
            with anyio.fail_after(self.settings.response_timeout):
                return await self.batchers[model.name].read(images)
        except TimeoutError:
            raise busy(self.settings.response_timeout, 503) from None

    def _batcher(self, model: ServedModel) -> Batcher[LineImage, Recognition | ImageError]:
        settings = self.settings
        return Batcher(
            partial(read_lines, model.recognizer, batch_size=settings.batch_size, max_pixels=settings.max_pixels),
            workers=settings.workers or cores(),
            batch_size=settings.batch_size,
            max_delay=settings.max_delay,
            max_waiting=settings.max_waiting,
            on_batch=self.metrics.observe_batch,
        )
