"""The engine `local`: worker processes on this machine."""

from __future__ import annotations

import time
from multiprocessing.connection import wait

from .isolation import IsolatedWorker
from .tasks import Answer, ReaderSettings, Task


class LocalEngine:
    """Reads pages in `workers` processes.

    Raises what loading the models raises.
    """

    def __init__(self, settings: ReaderSettings, workers: int) -> None:
        self._workers: list[IsolatedWorker] = []
        try:
            for _ in range(workers):
                self._workers.append(IsolatedWorker(settings))
            for worker in self._workers:
                worker.wait_ready()
        except BaseException:
            self.close()
            raise

    @property
    def is_free(self) -> bool:
        """Whether another page can be given."""
        return any(worker.task is None for worker in self._workers)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is to come."""
        return any(worker.task is not None for worker in self._workers)

    def give(self, task: Task) -> None:
        """Give a page to a worker that is free."""
        next(worker for worker in self._workers if worker.task is None).give(task)

    def answers(self) -> list[tuple[Task, Answer]]:
        """Wait for the next answers."""
        while True:
            busy = {worker.connection: worker for worker in self._workers if worker.task is not None}
            patience = min(worker.deadline for worker in busy.values()) - time.monotonic()
            ready = wait(list(busy), max(0.0, patience))
            answers: list[tuple[Task, Answer]] = []
            for connection, worker in busy.items():
                task = worker.task
                assert task is not None
                if connection in ready:
                    answers.append((task, worker.answer()))
                elif time.monotonic() >= worker.deadline:
                    answers.append((task, worker.give_up()))
            if answers:
                return answers

    def close(self) -> None:
        """End all workers."""
        for worker in self._workers:
            worker.close()
        self._workers.clear()
