"""What all requests of a server share: models, queues, memory, instruments; and the way from a request to an answer."""

from __future__ import annotations

from functools import partial

import anyio
import anyio.to_thread
from starlette.requests import Request

from .._processes import cores
from ..errors import ImageError
from .allowance import Allowance, Share
from .answers import Reading, Readings, answer, name_of
from .bodies import Given, parse, receive
from .collector import Collector
from .corrections import Corrections
from .fetching import fetch
from .instruments import Instruments
from .models import Model, choose
from .pictures import Outcome, read_pictures
from .refusals import Refusal, busy
from .settings import Settings


class Service:
    """One server's insides. Threads run from its making until `close`."""

    def __init__(self, models: dict[str, Model], settings: Settings) -> None:
        settings.check()
        self.models, self.settings = models, settings
        self.memory, self.fetches = Allowance(settings.most_memory_bytes), Allowance(settings.most_fetches)
        self.instruments = Instruments()
        self.collectors = {name: self._collector(model) for name, model in models.items()}
        self.corrections = Corrections(settings.corrections, settings.most_pixels) if settings.corrections else None
        self.draining = False
        self.instruments.watch("gluon_htr_waiting_images", "Images that wait", lambda: float(self.waiting))
        self.instruments.watch("gluon_htr_body_bytes", "Bytes of bodies in memory", lambda: float(self.memory.taken))

    @property
    def waiting(self) -> int:
        """Images that no thread has taken yet."""
        return sum(collector.waiting for collector in self.collectors.values())

    @property
    def ready(self) -> bool:
        """Whether another request is welcome."""
        return not self.draining and self.waiting < self.settings.most_waiting

    async def predict(self, request: Request) -> Reading | Readings:
        """The answer to a request with a body. Raises `Refusal`."""
        with Share(self.memory) as share:
            given = await parse(request, await receive(request, self.settings, share), self.settings)
            return await self.read(given)

    async def predict_url(self, url: str, model: str | None) -> Reading | Readings:
        """The answer to a request that names an image of another server. Raises `Refusal`."""
        if not self.settings.image_url:
            raise Refusal(403, "image_url is switched off here: send the image itself")
        choose(self.models, model)
        with Share(self.fetches) as place, Share(self.memory) as share:
            place.take(1)
            return await self.read(Given([await fetch(url, self.settings, share)], several=False, model=model))

    async def correct(self, request: Request) -> int:
        """Keeps an image with its right text; returns how many are kept. Raises `Refusal`."""
        if self.corrections is None:
            raise Refusal(403, "corrections are not kept here: download them, or start the server with --corrections")
        with Share(self.memory) as share:
            given = await parse(request, await receive(request, self.settings, share), self.settings)
            if given.text is None or len(given.images) != 1:
                raise Refusal(400, 'a correction is one image and its text: {"image": …, "text": …}')
            try:
                return await anyio.to_thread.run_sync(self.corrections.add, given.images[0], given.text)
            except ImageError as error:
                raise Refusal(422, str(error)) from None

    async def read(self, given: Given) -> Reading | Readings:
        """The answer to a request's images. Raises `Refusal`, also where a single image is none."""
        model = choose(self.models, given.model)
        outcomes = await self._outcomes(given.images, model)
        if given.several:
            return Readings(results=[answer(outcome, model) for outcome in outcomes], model=name_of(model))
        if isinstance(outcomes[0], ImageError):
            raise Refusal(422, str(outcomes[0]))
        return answer(outcomes[0], model)  # type: ignore[return-value]

    def close(self) -> None:
        """Ends the threads when they have read what waits."""
        for collector in self.collectors.values():
            collector.close()

    async def _outcomes(self, images: list[bytes], model: Model) -> list[Outcome]:
        try:
            with anyio.fail_after(self.settings.answer_seconds):
                return await self.collectors[model.name].read(images)
        except TimeoutError:
            raise busy(self.settings.answer_seconds, 503) from None

    def _collector(self, model: Model) -> Collector:
        size, most_pixels = self.settings.batch_size, self.settings.most_pixels
        read = partial(read_pictures, model.recognizer, batch_size=size, most_pixels=most_pixels)
        workers = self.settings.workers or cores()
        wait, most = self.settings.gather_seconds, self.settings.most_waiting
        return Collector(read, workers, size, wait, most, self.instruments.batch)
