"""The loop of a batch: pages from the journal to an engine, answers from the engine to the journal."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from ..errors import StorageError
from .journal import Journal
from .tasks import Answer, BatchFailed, PageFailed, PageRead, SeveralPages, Task, WorkerLost


class Engine(Protocol):
    """What reads pages: `LocalEngine`, `RayEngine`."""

    @property
    def is_free(self) -> bool:
        """Whether another page can be given."""

    @property
    def is_busy(self) -> bool:
        """Whether an answer is to come."""

    def give(self, task: Task) -> None:
        """Start to read a page."""

    def answers(self) -> list[tuple[Task, Answer]]:
        """Wait for the next answers, at least one."""

    def close(self) -> None:
        """End the workers."""


def read_all(journal: Journal, engine: Engine, failed: Callable[[str], None]) -> Iterator[tuple[int, int]]:
    """Read everything that waits. Yield after each answer how many pages have ended, of how many.

    failed: called with a message for each page that is given up. Raises `StorageError` if results cannot be written;
    the batch can be continued later.
    """
    counts = journal.counts()
    ended, total = counts.done + counts.failed, counts.total
    again, last = deque[Task](), deque(journal.waiting_again())
    waiting = journal.waiting()
    while True:
        while engine.is_free and (task := _next(again, waiting, last)) is not None:
            engine.give(task)
        if not engine.is_busy:
            return
        for task, answer in engine.answers():
            new = _record(journal, task, answer, failed)
            # A page whose worker ended waits for the end: what killed the worker, if not the page, may be over then.
            (last if isinstance(answer, WorkerLost) else again).extend(new)
            if isinstance(answer, SeveralPages):
                total += len(new) - 1
            elif not new:
                ended += 1
            yield ended, total


def _next(again: deque[Task], waiting: Iterator[Task], last: deque[Task]) -> Task | None:
    if again:
        return again.popleft()
    task = next(waiting, None)
    return last.popleft() if task is None and last else task


def _record(journal: Journal, task: Task, answer: Answer, failed: Callable[[str], None]) -> list[Task]:
    """Record an answer. Return what is to be read because of it."""

    def give_up(reason: str) -> None:
        assert isinstance(answer, (PageFailed, WorkerLost))
        journal.record_failed(task, answer.kind, reason)
        failed(reason)

    if isinstance(answer, PageRead):
        journal.record_read(task, answer)
    elif isinstance(answer, SeveralPages):
        return journal.record_several(task, answer.count, answer.sha256)
    elif isinstance(answer, BatchFailed):
        raise StorageError(answer.reason)
    elif isinstance(answer, WorkerLost):
        lost = journal.record_lost(task)
        if lost < answer.attempts:
            return [task]
        where = task.address if task.number is None else f"{task.address}, page {task.number}"
        give_up(f"{where}: {answer.reason} in each of {lost} attempts")
    else:
        give_up(answer.reason)
    return []
