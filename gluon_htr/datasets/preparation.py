"""Preparation of a reader to a store: samples are decoded and preprocessed in worker processes."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from itertools import islice
from typing import TypeVar

import numpy as np

from .._processes import cores, leave_with_parent, quick_start
from ..errors import ImageError
from ..images.decoding import Encoded
from ..images.framing import normalize_capture
from ..images.preprocessing import Preprocessing, fit
from ..text.normalization import normalize
from .sample import Problem, Reader, Sample
from .store import Store

T = TypeVar("T")
CHUNK = 256  # samples a task: large enough to hide the cost of sending it


def _as_it_is(store: Store) -> Store:
    return store


class Preparer:
    """Worker processes that decode and preprocess. A context manager; the processes start at once.

    workers: processes, by default one per core; 0 works in this process. like_inference: first make light ink dark and
    crop the paper around lines, as a recognizer does.
    """

    def __init__(self, workers: int | None = None, like_inference: bool = False) -> None:
        self._like_inference = like_inference
        self._workers = cores() if workers is None else workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Preparer:
        if self._workers:
            context = multiprocessing.get_context(quick_start())
            self._pool = ProcessPoolExecutor(self._workers, context, initializer=leave_with_parent)
            for _ in range(self._workers):
                self._pool.submit(_ready)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def later(self, function: Callable[..., T], *arguments: object) -> Callable[[], T]:
        """Start a computation in a worker; calling the returned function waits for its result."""
        if self._pool is None:
            return partial(function, *arguments)
        return self._pool.submit(function, *arguments).result

    def prepare(
        self, reader: Reader, preprocessing: Preprocessing, advance: Callable[[int], object] = lambda done: None
    ) -> Store:
        """Decode and preprocess every sample; a broken image is listed in the store's problems and left out.

        advance: called with the number of samples that have just been done.
        """
        return Store.join(list(self.stores(reader, preprocessing, advance)))

    def stores(
        self, reader: Reader, preprocessing: Preprocessing, advance: Callable[[int], object] = lambda done: None
    ) -> Iterator[Store]:
        """Yield the samples in chunks, as they are done. The reader's own problems come with the last chunk, which has
        no samples.

        advance: called with the number of samples that have just been done.
        """
        for store in self.chunk_stores(chunks(reader), preprocessing):
            advance(len(store) + len(store.problems))
            yield store
        yield Store.collect([], list(reader.problems))

    def chunk_stores(
        self, chunks: Iterator[list[Sample]], preprocessing: Preprocessing, finish: Callable[[Store], Store] = _as_it_is
    ) -> Iterator[Store]:
        """Yield a store for each chunk, in order, with a few chunks in progress at a time, so that memory stays
        bounded.

        finish: what a worker does to a store before it is sent; it must be picklable if there are workers.
        """
        waiting: deque[Future[Store]] = deque()
        for chunk in chunks:
            if self._pool is None:
                yield _prepare_chunk(chunk, preprocessing, finish, self._like_inference)
                continue
            waiting.append(self._pool.submit(_prepare_chunk, chunk, preprocessing, finish, self._like_inference))
            if len(waiting) > 4 * self._workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _ready() -> None:
    """Start a worker and import what it needs."""


def chunks(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    """Yield the samples, `CHUNK` at a time."""
    stream = iter(samples)
    while chunk := list(islice(stream, CHUNK)):
        yield chunk


def _prepare_chunk(
    samples: list[Sample], preprocessing: Preprocessing, finish: Callable[[Store], Store], like_inference: bool
) -> Store:
    done, problems = [], []
    normalizes = like_inference and preprocessing.mode != "character"  # a character is cut out in any case
    for sample in samples:
        try:
            image = normalize_capture(decoded(sample)) if normalizes else decoded(sample)
            done.append((sample.id, normalize(sample.text), sample.group, fit(image, preprocessing)))
        except ImageError as error:
            problems.append(Problem(sample.id, str(error)))
    return finish(Store.collect(done, problems))


def decoded(sample: Sample) -> np.ndarray:
    """Decode the image of a sample, with OpenCV if that is installed and the image is a file. Raises `ImageError`."""
    if not isinstance(sample.image, Encoded):
        return sample.image()
    try:
        from ..images.opencv import decode_fast
    except ImportError:
        return sample.image()
    return decode_fast(sample.image.source)
