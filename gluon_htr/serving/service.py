"""What all requests of a server share: models, queues, memory, metrics; and the way from a request to an answer."""

from __future__ import annotations

from functools import partial

import anyio
import anyio.to_thread
from starlette.requests import Request

from .._processes import cores
from ..errors import ImageError
from .batcher import Batcher
from .budget import Budget, Lease
from .corrections import CorrectionStore
from .image_files import Outcome, read_images
from .image_url import fetch
from .metrics import Metrics
from .payload import Payload, parse, receive
from .request_errors import RequestRejected, busy
from .responses import Reading, Readings, answer, name_of
from .served_models import ServedModel, select_model
from .server_settings import ServerSettings


class Service:
    """One server's insides. Threads run from its making until `close`."""

    def __init__(self, models: dict[str, ServedModel], settings: ServerSettings) -> None:
        settings.check()
        self.models, self.settings = models, settings
        self.memory, self.fetches = Budget(settings.max_memory_bytes), Budget(settings.max_fetches)
        self.metrics = Metrics()
        self.batchers = {name: self._batcher(model) for name, model in models.items()}
        self.corrections = CorrectionStore(settings.corrections, settings.max_pixels) if settings.corrections else None
        self.draining = False
        self.metrics.watch("gluon_htr_waiting_images", "Images that wait", lambda: float(self.waiting))
        self.metrics.watch("gluon_htr_body_bytes", "Bytes of bodies in memory", lambda: float(self.memory.taken))

    @property
    def waiting(self) -> int:
        """Images that no thread has taken yet."""
        return sum(batcher.waiting for batcher in self.batchers.values())

    @property
    def ready(self) -> bool:
        """Whether another request is welcome."""
        return not self.draining and self.waiting < self.settings.max_waiting

    async def predict(self, request: Request) -> Reading | Readings:
        """The answer to a request with a body. Raises `RequestRejected`."""
        with Lease(self.memory) as lease:
            given = await parse(request, await receive(request, self.settings, lease), self.settings)
            return await self.read(given)

    async def predict_url(self, url: str, model: str | None) -> Reading | Readings:
        """The answer to a request that names an image of another server. Raises `RequestRejected`."""
        if not self.settings.image_url:
            raise RequestRejected(403, "image_url is switched off here: send the image itself")
        select_model(self.models, model)
        with Lease(self.fetches) as place, Lease(self.memory) as lease:
            place.take(1)
            return await self.read(Payload([await fetch(url, self.settings, lease)], several=False, model=model))

    async def correct(self, request: Request) -> int:
        """Keeps an image with its right text; returns how many are kept. Raises `RequestRejected`."""
        if self.corrections is None:
            raise RequestRejected(
                403, "corrections are not kept here: download them, or start the server with --corrections"
            )
        with Lease(self.memory) as lease:
            given = await parse(request, await receive(request, self.settings, lease), self.settings)
            if given.text is None or len(given.images) != 1:
                raise RequestRejected(400, 'a correction is one image and its text: {"image": …, "text": …}')
            try:
                return await anyio.to_thread.run_sync(self.corrections.add, given.images[0], given.text)
            except ImageError as error:
                raise RequestRejected(422, str(error)) from None

    async def read(self, given: Payload) -> Reading | Readings:
        """The answer to a request's images. Raises `RequestRejected`, also where a single image is none."""
        model = select_model(self.models, given.model)
        outcomes = await self._outcomes(given.images, model)
        if given.several:
            return Readings(results=[answer(outcome, model) for outcome in outcomes], model=name_of(model))
        if isinstance(outcomes[0], ImageError):
            raise RequestRejected(422, str(outcomes[0]))
        return answer(outcomes[0], model)  # type: ignore[return-value]

    def close(self) -> None:
        """Ends the threads when they have read what waits."""
        for batcher in self.batchers.values():
            batcher.close()

    async def _outcomes(self, images: list[bytes], model: ServedModel) -> list[Outcome]:
        try:
            with anyio.fail_after(self.settings.response_timeout):
                return await self.batchers[model.name].read(images)
        except TimeoutError:
            raise busy(self.settings.response_timeout, 503) from None

    def _batcher(self, model: ServedModel) -> Batcher:
        size, max_pixels = self.settings.batch_size, self.settings.max_pixels
        read = partial(read_images, model.recognizer, batch_size=size, max_pixels=max_pixels)
        workers = self.settings.workers or cores()
        wait, most = self.settings.max_delay, self.settings.max_waiting
        return Batcher(read, workers, size, wait, most, self.metrics.batch)
