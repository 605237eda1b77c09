"""The engine `ray`: actors of a Ray cluster, each with a worker process of its own.

The actor watches the process as `LocalEngine` does, so a page that crashes costs no actor. An actor that is lost with
its machine is started again by Ray, and its page is read again.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..errors import MissingToolError, UsageError
from ..pages.files import is_remote
from .isolation import IsolatedWorker, WorkerError
from .tasks import ATTEMPTS_KILLED, Answer, ReaderSettings, Task, WorkerLost

LOOK_SECONDS = 20.0  # without an answer until machines of the cluster are looked at


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

    address: of a running cluster; None takes RAY_ADDRESS, and without that starts one on this machine. Machines of a
    cluster need the output folder, and sources that are files, under the same paths. Raises what loading the models
    raises, `MissingToolError` without Ray, `UsageError` if there is no cluster.
    """

    def __init__(self, settings: ReaderSettings, workers: int, address: str | None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Ray reports its use otherwise
        try:
            import ray
        except ImportError:
            raise MissingToolError('--engine ray needs Ray: pip install "gluon-htr[scale]"') from None
        self._ray = ray
        try:
            # Without an address Ray would join a cluster of an earlier batch that was killed and is just ending.
            address = address or os.environ.get("RAY_ADDRESS") or "local"
            own = {"include_dashboard": False} if address == "local" else {}
            with _kept_signals():
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
        """Wait for the next answers. Raises `WorkerError` if the cluster has lost its last machine."""
        ready = list[Any]()
        while not ready:
            ready, _ = self._ray.wait(list(self._busy), num_returns=1, timeout=LOOK_SECONDS)
            if not ready:
                self._need_machines()
        answers: list[tuple[Task, Answer]] = []
        for reference in ready:
            actor, task = self._busy.pop(reference)
            self._idle.append(actor)
            try:
                answers.append((task, self._ray.get(reference)))
            except self._ray.exceptions.RayError as error:
                self._need_machines()
                reason = f"its machine or actor ended ({type(error).__name__})"
                answers.append((task, WorkerLost("crash", reason, ATTEMPTS_KILLED)))
        return answers

    def _need_machines(self) -> None:
        """Raise `WorkerError` if the cluster has lost its last machine: Ray waits for another, or fails every page."""
        if not any(node["Alive"] for node in self._ray.nodes()):
            raise WorkerError("the Ray cluster has no machine left; repeat the command to go on with the batch")

    def close(self) -> None:
        """End the actors. A cluster that was running before goes on."""
        self._ray.shutdown()


@contextlib.contextmanager
def _kept_signals() -> Iterator[None]:
    """Let SIGTERM do what it did before: Ray prints its stack and aborts."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, before)


def _cause(error: BaseException) -> BaseException:
    return error.__cause__ or error
