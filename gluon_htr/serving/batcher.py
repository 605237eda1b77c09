"""Dynamic batching: requests that come at the same time are read together, by a few threads, from a bounded queue.

The first image of a batch waits some milliseconds for others; while a batch is read, the next one fills up by itself.
One thread at a time fills a batch while the others read. The queue does not belong to an event loop, so that it also
works in a function that starts a loop for each request (AWS Lambda).
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .request_errors import busy

Image = TypeVar("Image")  # an image file, or a whole request for pages
Outcome = TypeVar("Outcome")


@dataclass(eq=False)
class _Job(Generic[Image, Outcome]):
    """Images of one request, and the future that gets their outcomes."""

    images: Sequence[Image]
    loop: asyncio.AbstractEventLoop
    result: asyncio.Future[list[Outcome]]
    arrival: float = field(default_factory=time.monotonic)


class Batcher(Generic[Image, Outcome]):
    """Queue of images, read in batches by its own threads until `close`.

    read: called by `workers` threads with the images of a batch; returns their outcomes. max_delay: seconds that the
    first image of a batch waits for others. max_waiting: images. on_batch: called with each batch's size and seconds.
    usual_seconds: of an image, until some have been read; it tells rejected clients when to come back.
    """

    def __init__(
        self,
        read: Callable[[Sequence[Image]], list[Outcome]],
        workers: int,
        batch_size: int,
        max_delay: float,
        max_waiting: int,
        on_batch: Callable[[int, float], object] = lambda images, seconds: None,
        usual_seconds: float = 0.01,
    ) -> None:
        self._read, self._batch_size, self._max_delay = read, batch_size, max_delay
        self._max_waiting, self._on_batch = max_waiting, on_batch
        self._jobs: deque[_Job[Image, Outcome]] = deque()
        self._waiting = 0  # images in self._jobs
        self._seconds_per_image = usual_seconds  # a running mean
        self._began: dict[int, float] = {}  # by thread: when the batch in progress began
        self._filling = self._closed = False
        self._lock = threading.Lock()
        self._changed, self._full = threading.Condition(self._lock), threading.Condition(self._lock)
        self._threads = [threading.Thread(target=self._work, name=f"reader-{k}", daemon=True) for k in range(workers)]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Number of images in the queue."""
        return self._waiting

    async def read(self, images: Sequence[Image]) -> list[Outcome]:
        """Read images and return their outcomes in order. Raise `RequestRejected` at once if the queue is full."""
        loop = asyncio.get_running_loop()
        job = _Job(images, loop, loop.create_future())
        self._enqueue(job)
        return await job.result

    @property
    def longest(self) -> float:
        """Seconds that the batch in progress has taken; of several, the longest."""
        began = list(self._began.values())
        return time.monotonic() - min(began) if began else 0.0

    def close(self, seconds: float = math.inf) -> bool:
        """Read the images in the queue, then end the threads. From now on requests are rejected.

        Return False if that takes longer than `seconds`: a thread cannot be stopped, and goes on.
        """
        with self._lock:
            self._closed = True
            self._changed.notify_all()
            self._full.notify_all()
        end = time.monotonic() + min(seconds, threading.TIMEOUT_MAX)
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _enqueue(self, job: _Job[Image, Outcome]) -> None:
        with self._lock:
            if self._closed or self._waiting + len(job.images) > self._max_waiting:
                raise busy(self._waiting * self._seconds_per_image / len(self._threads))
            self._jobs.append(job)
            self._waiting += len(job.images)
            if not self._filling:
                self._changed.notify()
            elif self._waiting >= self._batch_size:
                self._full.notify()

    def _work(self) -> None:
        while (jobs := self._next_batch()) is not None:
            if not jobs:  # all of them were cancelled
                continue
            start = self._began[threading.get_ident()] = time.monotonic()
            outcomes = self._read_batch(jobs)
            del self._began[threading.get_ident()]
            _deliver(jobs, outcomes)
            count, seconds = sum(len(job.images) for job in jobs), time.monotonic() - start
            self._seconds_per_image += 0.1 * (seconds / count - self._seconds_per_image)
            self._on_batch(count, seconds)

    def _next_batch(self) -> list[_Job[Image, Outcome]] | None:
        """Wait for the next batch and take it; return None once the batcher is closed and the queue is empty."""
        with self._lock:
            while self._filling or not self._jobs:
                if self._closed and not self._jobs:
                    self._changed.notify_all()
                    return None
                self._changed.wait()
            self._filling = True
            delay = self._jobs[0].arrival + self._max_delay - time.monotonic()
            self._full.wait_for(lambda: self._closed or self._waiting >= self._batch_size, max(0.0, delay))
            self._filling = False
            jobs = self._take()
            self._changed.notify()
            return jobs

    def _take(self) -> list[_Job[Image, Outcome]]:
        jobs: list[_Job[Image, Outcome]] = []
        count = 0
        while self._jobs and count < self._batch_size:
            job = self._jobs.popleft()
            self._waiting -= len(job.images)
            if not job.result.cancelled():
                jobs.append(job)
                count += len(job.images)
        return jobs

    def _read_batch(self, jobs: list[_Job[Image, Outcome]]) -> list[Outcome] | Exception:
        try:
            return self._read([image for job in jobs for image in job.images])
        except Exception as error:  # of any kind: it must not end the thread, and the requests must learn of it
            return error


def _deliver(jobs: list[_Job[Image, Outcome]], outcomes: list[Outcome] | Exception) -> None:
    """Give each request its outcomes, with one call for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[_Job[Image, Outcome], list[Outcome] | Exception]]] = {}
    first = 0
    for job in jobs:
        result = outcomes if isinstance(outcomes, Exception) else outcomes[first : first + len(job.images)]
        by_loop.setdefault(job.loop, []).append((job, result))
        first += len(job.images)
    for loop, results in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for these outcomes
            loop.call_soon_threadsafe(_set_results, results)


def _set_results(results: list[tuple[_Job[Image, Outcome], list[Outcome] | Exception]]) -> None:
    for job, result in results:
        if job.result.done():  # cancelled, for example by a timeout
            continue
        if isinstance(result, Exception):
            job.result.set_exception(result)
        else:
            job.result.set_result(result)
