"""Requests of the same moment become one batch: a bounded queue, read by a few threads.

The first image of a batch waits some milliseconds for others; while a batch is read, the next one gathers by itself.
One thread gathers at a time, the others compute. The queue belongs to no event loop, so that it also serves a function
that is woken for every request (AWS Lambda).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .image_files import Outcome
from .request_errors import busy

Read = Callable[[Sequence[bytes]], list[Outcome]]


@dataclass(eq=False)
class _Job:
    """The images of one request, and where their outcomes go."""

    images: Sequence[bytes]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[list[Outcome]]
    arrived: float = field(default_factory=time.monotonic)


class Batcher:
    """Collects images and has them read.

    read: images to outcomes, called by `workers` threads. max_delay: how long a batch waits for more than its
    first image. max_waiting: images. seen: told of every batch, images and seconds.
    """

    def __init__(
        self,
        read: Read,
        workers: int,
        batch_size: int,
        max_delay: float,
        max_waiting: int,
        seen: Callable[[int, float], object] = lambda images, seconds: None,
    ) -> None:
        self._read, self._batch_size, self._gather_seconds = read, batch_size, max_delay
        self._most_waiting, self._seen = max_waiting, seen
        self._jobs: deque[_Job] = deque()
        self._waiting = 0  # images in self._jobs
        self._seconds_an_image = 0.01  # a running mean
        self._gathering = self._closed = False
        self._lock = threading.Lock()
        self._arrived, self._full = threading.Condition(self._lock), threading.Condition(self._lock)
        self._threads = [threading.Thread(target=self._work, name=f"reader-{k}", daemon=True) for k in range(workers)]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Images that no thread has taken yet."""
        return self._waiting

    async def read(self, images: Sequence[bytes]) -> list[Outcome]:
        """Outcomes in the order of the images. Raises `RequestRejected` at once where the queue is full."""
        loop = asyncio.get_running_loop()
        job = _Job(images, loop, loop.create_future())
        self._enqueue(job)
        return await job.answer

    def close(self) -> None:
        """Reads what waits, then ends the threads."""
        with self._lock:
            self._closed = True
            self._arrived.notify_all()
            self._full.notify_all()
        for thread in self._threads:
            thread.join()

    def _enqueue(self, job: _Job) -> None:
        with self._lock:
            if self._closed or self._waiting + len(job.images) > self._most_waiting:
                raise busy(self._waiting * self._seconds_an_image / len(self._threads))
            self._jobs.append(job)
            self._waiting += len(job.images)
            if not self._gathering:
                self._arrived.notify()
            elif self._waiting >= self._batch_size:
                self._full.notify()

    def _work(self) -> None:
        while (jobs := self._gather()) is not None:
            if not jobs:  # nobody waits for them anymore
                continue
            begun = time.monotonic()
            outcomes = self._outcomes(jobs)
            _deliver(jobs, outcomes)
            count, seconds = sum(len(job.images) for job in jobs), time.monotonic() - begun
            self._seconds_an_image += 0.1 * (seconds / count - self._seconds_an_image)
            self._seen(count, seconds)

    def _gather(self) -> list[_Job] | None:
        """The next batch; None where the batcher is closed and empty."""
        with self._lock:
            while self._gathering or not self._jobs:
                if self._closed and not self._jobs:
                    self._arrived.notify_all()
                    return None
                self._arrived.wait()
            self._gathering = True
            patience = self._jobs[0].arrived + self._gather_seconds - time.monotonic()
            self._full.wait_for(lambda: self._closed or self._waiting >= self._batch_size, max(0.0, patience))
            self._gathering = False
            jobs = self._take()
            self._arrived.notify()
            return jobs

    def _take(self) -> list[_Job]:
        jobs: list[_Job] = []
        count = 0
        while self._jobs and count < self._batch_size:
            job = self._jobs.popleft()
            self._waiting -= len(job.images)
            if not job.answer.cancelled():
                jobs.append(job)
                count += len(job.images)
        return jobs

    def _outcomes(self, jobs: list[_Job]) -> list[Outcome] | Exception:
        try:
            return self._read([image for job in jobs for image in job.images])
        except Exception as error:  # whatever it is, it must not end the thread; those who wait are told
            return error


def _deliver(jobs: list[_Job], outcomes: list[Outcome] | Exception) -> None:
    """Hands a batch to those who wait for it, with one call to each event loop."""
    answers: dict[asyncio.AbstractEventLoop, list[tuple[_Job, list[Outcome] | Exception]]] = {}
    first = 0
    for job in jobs:
        part = outcomes if isinstance(outcomes, Exception) else outcomes[first : first + len(job.images)]
        answers.setdefault(job.loop, []).append((job, part))
        first += len(job.images)
    for loop, pairs in answers.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits there
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[_Job, list[Outcome] | Exception]]) -> None:
    for job, part in pairs:
        if job.answer.done():  # cancelled: its time was over
            continue
        if isinstance(part, Exception):
            job.answer.set_exception(part)
        else:
            job.answer.set_result(part)
