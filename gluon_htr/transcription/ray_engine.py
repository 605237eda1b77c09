"""The engine `ray`: actors of a Ray cluster, each with a worker process of its own.

The actor watches the process as `LocalEngine` does, so a page that crashes costs no actor. An actor that is lost with
its machine is started again by Ray, and its page is read again.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any

from ..errors import MissingToolError, UsageError
from ..pages.files import is_remote
from .isolation import IsolatedWorker
from .tasks import ATTEMPTS_KILLED, Answer, ReaderSettings, Task, WorkerLost


class ReaderActor:
    """A worker on a machine of the cluster."""

    def __init__(self, settings: ReaderSettings) -> None:
        self._worker = IsolatedWorker(settings)
        self._worker.wait_ready()

    def ready(self) -> None:
        """Return when the models are loaded."""

    def read(self, task: Task) -> Answer:
        """Read a page."""
        self._worker.give(task)
        patience = self._worker.deadline - time.monotonic()
        return self._worker.answer() if self._worker.connection.poll(patience) else self._worker.give_up()


class RayEngine:
    """Reads pages in `workers` actors.

    address: of a running cluster; None starts one on this machine. Machines of a cluster need the output folder, and
    sources that are files, under the same paths. Raises what loading the models raises,
    `MissingToolError` without Ray, `UsageError` if there is no cluster.
    """

    def __init__(self, settings: ReaderSettings, workers: int, address: str | None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray reports its use otherwise
        try:
            import ray
        except ImportError:
            raise MissingToolError('--engine ray needs Ray: pip install "gluon-htr[scale]"') from None
        self._ray = ray
        try:
            own = {} if address else {"include_dashboard": False}
            ray.init(address=address, log_to_driver=False, logging_level="ERROR", **own)
        except (ConnectionError, ValueError, TimeoutError) as error:
            raise UsageError(f"there is no Ray cluster at {address}: {str(error).splitlines()[0]}") from None
        gpus = 0 if settings.provider == "cpu" else 1
        actor: Any = ray.remote(num_cpus=settings.threads, num_gpus=gpus, max_restarts=-1)(ReaderActor)
        self._idle = [actor.remote(settings) for _ in range(workers)]
        self._busy: dict[Any, tuple[Any, Task]] = {}
        try:
            ray.get([each.ready.remote() for each in self._idle[:1]])  # the others start while it reads
        except ray.exceptions.RayActorError as error:
            self.close()
            raise _cause(error) from None

    @property
    def is_free(self) -> bool:
        """Whether another page can be given."""
        return bool(self._idle)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is to come."""
        return bool(self._busy)

    def give(self, task: Task) -> None:
        """Give a page to an actor that is free."""
        actor = self._idle.pop(0)
        moved = task
        if not is_remote(task.address):
            moved = replace(task, address=os.path.abspath(task.address))  # actors have a folder of their own
        self._busy[actor.read.remote(moved)] = (actor, task)

    def answers(self) -> list[tuple[Task, Answer]]:
        """Wait for the next answers."""
        ready, _ = self._ray.wait(list(self._busy), num_returns=1)
        answers: list[tuple[Task, Answer]] = []
        for reference in ready:
            actor, task = self._busy.pop(reference)
            self._idle.append(actor)
            try:
                answers.append((task, self._ray.get(reference)))
            except self._ray.exceptions.RayError as error:
                reason = f"its machine or actor ended ({type(error).__name__})"
                answers.append((task, WorkerLost("crash", reason, ATTEMPTS_KILLED)))
        return answers

    def close(self) -> None:
        """End the actors. A cluster that was running before goes on."""
        self._ray.shutdown()


def _cause(error: BaseException) -> BaseException:
    return error.__cause__ or error
