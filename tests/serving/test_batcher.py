"""The batcher with a fake reader: which images are read together, and what each request gets."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gluon_htr.errors import ImageError
from gluon_htr.runtime.recognition import Recognition
from gluon_htr.serving.batcher import Batcher
from gluon_htr.serving.image_files import Outcome
from gluon_htr.serving.request_errors import RequestRejected

PATIENCE = 5.0  # seconds until a test fails instead of hanging


class FakeReader:
    """Reads the text that an image's bytes spell; `bad` is no image, and `broken` is an error of the reader itself.

    paused: each batch waits until `finish` is called.
    """

    def __init__(self, paused: bool = False) -> None:
        self.batches: list[list[bytes]] = []
        self._paused, self._begun, self._go = paused, threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, images: Sequence[bytes]) -> list[Outcome]:
        self.batches.append(list(images))
        self._begun.release()
        if self._paused:
            assert self._go.acquire(timeout=PATIENCE)
        if b"broken" in images:
            raise MemoryError
        return [outcome(image) for image in images]

    def wait_for_batch(self) -> None:
        """Wait until the next batch is being read."""
        assert self._begun.acquire(timeout=PATIENCE)

    def finish(self, batches: int = 1) -> None:
        """Let batches be read, those to come included."""
        self._go.release(batches)


def outcome(image: bytes) -> Outcome:
    """What the fake reader makes of an image."""
    return ImageError("bad") if image == b"bad" else Recognition(image.decode(), 1.0, ())


def make(reader: FakeReader, workers: int = 1, size: int = 3, delay: float = 0.0, waiting: int = 100) -> Batcher:
    """A batcher with few limits."""
    return Batcher(reader, workers=workers, batch_size=size, max_delay=delay, max_waiting=waiting)


def ask(batcher: Batcher, *requests: list[bytes]) -> list[list[Outcome] | BaseException]:
    """Send requests at the same moment; return what each gets."""

    async def run() -> list[list[Outcome] | BaseException]:
        return await asyncio.gather(*map(batcher.read, requests), return_exceptions=True)

    return asyncio.run(asyncio.wait_for(run(), PATIENCE))


def test_images_that_come_together_are_read_together() -> None:
    """Every image would be read alone, at half of the speed, or a full batch would wait for nothing."""
    reader = FakeReader()
    batcher = make(reader, delay=PATIENCE)
    start = time.monotonic()
    ask(batcher, [b"a"], [b"b"], [b"c"])
    assert reader.batches == [[b"a", b"b", b"c"]]
    assert time.monotonic() - start < PATIENCE / 2
    batcher.close()


def test_a_batch_that_is_full_does_not_wait() -> None:
    """Under load each batch would wait, though nothing could be added to it."""
    batcher = make(FakeReader(), delay=PATIENCE)

    async def run() -> None:
        first = asyncio.create_task(batcher.read([b"a"]))
        await asyncio.sleep(0.02)  # its batch is waiting for others by now
        await asyncio.gather(first, batcher.read([b"b"]), batcher.read([b"c"]))

    asyncio.run(asyncio.wait_for(run(), PATIENCE / 2))
    batcher.close()


def test_a_lone_image_is_not_kept_waiting() -> None:
    """A single user would wait for others who never come."""
    batcher = make(FakeReader(), delay=0.005)
    assert ask(batcher, [b"a"]) == [[outcome(b"a")]]
    batcher.close()


def test_a_batch_fills_up_while_another_is_read() -> None:
    """Under load batches would stay small, and the server slow."""
    reader = FakeReader(paused=True)
    batcher = make(reader, size=4)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(ask, batcher, [b"a"])
        reader.wait_for_batch()
        others = pool.submit(ask, batcher, [b"b"], [b"c", b"d"], [b"e"])
        _wait_for_images(batcher, 4)
        reader.finish(2)
        assert first.result(PATIENCE) == [[outcome(b"a")]]
        others.result(PATIENCE)
    assert reader.batches == [[b"a"], [b"b", b"c", b"d", b"e"]]
    batcher.close()


def test_each_request_gets_its_own_outcomes_in_order() -> None:
    """A user would read the text of another user's image."""
    batcher = make(FakeReader(), size=4, delay=0.005)
    requests = [[b"a", b"b"], [b"c"], [b"d", b"e", b"f"], [b"g"]]
    assert ask(batcher, *requests) == [[outcome(image) for image in images] for images in requests]
    batcher.close()


def test_a_bad_image_does_not_affect_the_others() -> None:
    """One broken upload would cost the texts of everybody in the same batch."""
    batcher = make(FakeReader(), delay=PATIENCE)
    [bad], [good, other] = ask(batcher, [b"bad"], [b"a", b"b"])
    assert isinstance(bad, ImageError)
    assert [good, other] == [outcome(b"a"), outcome(b"b")]
    batcher.close()


def test_a_failing_reader_is_told_of_and_goes_on() -> None:
    """Requests would wait for an answer that never comes, and the thread would be gone for all to come."""
    batcher = make(FakeReader(), size=2, delay=PATIENCE)
    assert [type(result) for result in ask(batcher, [b"broken"], [b"a"])] == [MemoryError, MemoryError]
    assert ask(batcher, [b"b", b"c"]) == [[outcome(b"b"), outcome(b"c")]]
    batcher.close()


def test_a_full_queue_rejects_at_once() -> None:
    """Under load every client would wait for ever instead of trying elsewhere."""
    reader = FakeReader(paused=True)
    batcher = make(reader, waiting=3)
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(ask, batcher, [b"a"])
        reader.wait_for_batch()
        waiting = pool.submit(ask, batcher, [b"b", b"c"])
        _wait_for_images(batcher, 2)
        [rejected] = ask(batcher, [b"d", b"e"])
        assert isinstance(rejected, RequestRejected)
        assert rejected.http_status == 429
        assert int(rejected.headers["Retry-After"]) >= 1
        reader.finish(2)
        assert reading.result(PATIENCE) == [[outcome(b"a")]]
        assert waiting.result(PATIENCE) == [[outcome(b"b"), outcome(b"c")]]
    batcher.close()


def test_requests_that_were_given_up_are_not_read() -> None:
    """The server would work for clients that have gone, while others wait."""
    reader = FakeReader(paused=True)
    batcher = make(reader)

    async def run() -> None:
        first = asyncio.create_task(batcher.read([b"a"]))
        await asyncio.to_thread(reader.wait_for_batch)
        given_up, kept = asyncio.create_task(batcher.read([b"b"])), asyncio.create_task(batcher.read([b"c"]))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)
        reader.finish(2)
        assert await asyncio.gather(first, kept) == [[outcome(b"a")], [outcome(b"c")]]

    asyncio.run(asyncio.wait_for(run(), PATIENCE))
    assert reader.batches == [[b"a"], [b"c"]]
    assert batcher.waiting == 0
    batcher.close()


def test_what_waits_is_read_before_the_end() -> None:
    """Every restart would cost some users their answer."""
    reader = FakeReader(paused=True)
    batcher = make(reader, size=1)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(ask, batcher, [b"a"], [b"b"], [b"c"])
        reader.wait_for_batch()
        _wait_for_images(batcher, 2)
        closing = pool.submit(batcher.close)
        reader.finish(3)
        assert asked.result(PATIENCE) == [[outcome(image)] for image in (b"a", b"b", b"c")]
        closing.result(PATIENCE)
    [rejected] = ask(batcher, [b"d"])
    assert isinstance(rejected, RequestRejected)


def test_an_event_loop_that_has_gone_stops_nothing() -> None:
    """A function of AWS Lambda, which has a loop for each request, would answer once and then never again."""
    reader = FakeReader(paused=True)
    batcher = make(reader)

    async def ask_and_leave() -> None:
        task = asyncio.create_task(batcher.read([b"a"]))
        await asyncio.to_thread(reader.wait_for_batch)
        task.cancel()

    asyncio.run(ask_and_leave())
    reader.finish(2)
    assert ask(batcher, [b"b"]) == [[outcome(b"b")]]
    batcher.close()


def test_workers_read_at_the_same_time() -> None:
    """A second core would have nothing to do."""
    reader = FakeReader(paused=True)
    batcher = make(reader, workers=2, size=1)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(ask, batcher, [b"a"], [b"b"])
        reader.wait_for_batch()
        reader.wait_for_batch()
        reader.finish(2)
        assert asked.result(PATIENCE) == [[outcome(b"a")], [outcome(b"b")]]
    batcher.close()


def _wait_for_images(batcher: Batcher, count: int) -> None:
    """Wait until so many images are in the queue."""
    waited_until = time.monotonic() + PATIENCE
    while batcher.waiting != count:
        assert time.monotonic() < waited_until, f"{batcher.waiting} images wait, not {count}"
        time.sleep(0.0005)


class BatcherMachine(RuleBasedStateMachine):
    """Any order of requests, cancellations, batches and failures, against a model of the queue.

    One worker reads, and only when it is let go, so that the model knows what is in the queue at each moment.
    """

    SIZE, WAITING = 3, 6

    def __init__(self) -> None:
        super().__init__()
        self.loop, self.reader = asyncio.new_event_loop(), FakeReader(paused=True)
        self.delivered = threading.Semaphore(0)
        self.batcher = Batcher(self.reader, 1, self.SIZE, 0.0, self.WAITING, lambda *_: self.delivered.release())
        self.count = 0
        self.queue: list[tuple[list[bytes], asyncio.Task[list[Outcome]]]] = []
        self.reading: list[tuple[list[bytes], asyncio.Task[list[Outcome]]]] = []

    def run_loop(self) -> None:
        """Run what the event loop has to do."""
        for _ in range(3):
            self.loop.run_until_complete(asyncio.sleep(0))

    @rule(images=st.integers(1, 4), broken=st.booleans())
    def request(self, images: int, broken: bool) -> None:
        """A request comes; it fits into the queue, or is rejected."""
        names = [b"%d" % (self.count + k) for k in range(images)]
        names[0] = b"broken" if broken else names[0]
        self.count += images
        fits = sum(len(images) for images, _ in self.queue) + images <= self.WAITING
        task = self.loop.create_task(self.batcher.read(names))
        self.run_loop()
        if fits:
            self.queue.append((names, task))
            if not self.reading:
                self.expect_batch()
        else:
            assert isinstance(task.exception(), RequestRejected)

    @precondition(lambda self: self.reading)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """A client goes away, while its images wait or while they are read."""
        data.draw(st.sampled_from([*self.reading, *self.queue]))[1].cancel()
        self.run_loop()

    @precondition(lambda self: self.reading)
    @rule()
    def finish(self) -> None:
        """The batch that is being read is done; the next one begins."""
        batch = self.reading
        self.reader.finish()
        assert self.delivered.acquire(timeout=PATIENCE)
        self.run_loop()
        failed = any(b"broken" in images for images, _ in batch)
        for images, task in batch:
            if task.cancelled():
                continue
            if failed:
                assert isinstance(task.exception(), MemoryError)
            else:
                assert task.result() == [outcome(image) for image in images]
        self.expect_batch()

    def expect_batch(self) -> None:
        """Take from the model what the batcher should read next, and compare."""
        self.reading = []
        while self.queue and sum(len(images) for images, _ in self.reading) < self.SIZE:
            images, task = self.queue.pop(0)
            if not task.cancelled():
                self.reading.append((images, task))
        if self.reading:
            self.reader.wait_for_batch()
            assert self.reader.batches[-1] == [image for images, _ in self.reading for image in images]

    @invariant()
    def the_queue_is_as_long_as_it_should_be(self) -> None:
        """Requests would be rejected though there is room, or accepted though there is none."""
        _wait_for_images(self.batcher, sum(len(images) for images, _ in self.queue))

    def teardown(self) -> None:
        """Closing reads all that waits, and nothing twice."""
        self.reader.finish(100)
        self.batcher.close()
        self.run_loop()
        for images, task in [*self.reading, *self.queue]:
            assert task.done()
            if not task.cancelled() and task.exception() is None:
                assert task.result() == [outcome(image) for image in images]
        read = [image for batch in self.reader.batches for image in batch if image != b"broken"]
        assert len(read) == len(set(read))
        self.loop.close()


TestAnyOrderOfEvents = pytest.mark.filterwarnings("error")(BatcherMachine.TestCase)
TestAnyOrderOfEvents.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
