"""A worker process that reads one page at a time, watched from outside: whatever a page does, only it is lost."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import msgspec

from .._processes import leave_with_parent
from ..errors import HtrError, TrainingError
from .tasks import ATTEMPTS, ATTEMPTS_KILLED, Answer, ReaderSettings, Task, WorkerLost
from .worker import PageWorker, limit_memory

START_SECONDS = 300.0  # for imports and models
STARTS = 3  # of a worker for one page
_PRELOAD = "GLUON_HTR_PRELOAD"
_preloaded: PageWorker | None = None


class WorkerError(TrainingError):
    """Worker processes cannot be started."""


class IsolatedWorker:
    """A process that reads pages. It starts at once; `wait_ready` waits for its models, `close` ends it.

    Raises `WorkerError` if no process can be started.
    """

    def __init__(self, settings: ReaderSettings) -> None:
        self._settings = settings
        self.task: Task | None = None
        self._given, self._ready = 0.0, False
        self._connection, self._process = self._start()

    @property
    def connection(self) -> Connection:
        """What becomes readable when there is an answer, or when the process ends."""
        return self._connection

    @property
    def deadline(self) -> float:
        """When the page has taken too long, on the monotonic clock."""
        return self._given + self._settings.page_seconds

    def wait_ready(self) -> None:
        """Wait until the models are loaded. Raises what loading them raises, and `WorkerError` if the process ends."""
        if self._ready:
            return
        try:
            if not self._connection.poll(START_SECONDS):
                raise WorkerError(f"a worker process was not ready within {START_SECONDS:.0f} s")
            problem = self._connection.recv()
        except (EOFError, OSError):
            raise WorkerError(f"a worker process ended at its start ({self._end()}): is there enough memory?") from None
        if problem is not None:
            raise problem
        self._ready = True

    def give(self, task: Task) -> None:
        """Give a page to the idle worker, which is started again if it has ended meanwhile."""
        for _ in range(STARTS):
            try:
                self.wait_ready()
                self._connection.send(task)
            except (OSError, WorkerError):
                self.restart()
                continue
            self.task, self._given = task, time.monotonic()
            return
        raise WorkerError("worker processes end as soon as they are started: is there enough memory?")

    def answer(self) -> Answer:
        """Return the answer, which is ready, or why there is none; then the worker is started again."""
        self.task = None
        try:
            answer: Answer = self._connection.recv()
        except (EOFError, OSError):
            reason = f"its worker ended ({self._end()})"
            is_killed = self._process.exitcode == -signal.SIGKILL  # what no process does to itself
            answer = WorkerLost("crash", reason, ATTEMPTS_KILLED if is_killed else ATTEMPTS)
        if isinstance(answer, WorkerLost):
            self.restart()
        return answer

    def give_up(self) -> Answer:
        """End the worker, whose page takes too long, and start it again."""
        self.task = None
        self.restart()
        return WorkerLost("time", f"it took longer than {self._settings.page_seconds:g} s")

    def restart(self) -> None:
        """End the process, and start another."""
        self.close()
        self._ready = False
        self._connection, self._process = self._start()

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        with contextlib.suppress(ProcessLookupError, ValueError):
            self._process.kill()
            self._process.join()

    def _start(self) -> tuple[Connection, BaseProcess]:
        for _ in range(STARTS):
            context = _context(self._settings)
            ours, theirs = context.Pipe()
            try:
                process: BaseProcess = context.Process(target=_serve, args=(theirs, self._settings), daemon=True)  # type: ignore[attr-defined]
                process.start()
            except (EOFError, ConnectionError):  # the server that forks was ended; `_context` starts another
                ours.close()
                continue
            except OSError as error:
                raise WorkerError(f"no worker process can be started: {error.strerror or error}") from None
            finally:
                theirs.close()
            return ours, process
        raise WorkerError("worker processes end as soon as they are started: is there enough memory?")

    def _end(self) -> str:
        """Describe how the process ended."""
        self._process.join(5)
        code = self._process.exitcode
        if code is None:
            return "it does not answer"
        if code < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-code).name
        return f"exit status {code}"


def _context(settings: ReaderSettings) -> BaseContext:
    """Return how processes are started.

    Where processes are forked from a server that has loaded the models, all share them in memory, and a new one is
    ready at once. Forking is safe only if the models compute in a single thread, on the CPU.
    """
    if sys.platform != "linux" or settings.threads != 1 or settings.provider != "cpu":
        return multiprocessing.get_context("spawn")
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.preloaded"])
    os.environ[_PRELOAD] = msgspec.json.encode(settings, enc_hook=str).decode()
    try:
        forkserver.ensure_running()
    finally:
        del os.environ[_PRELOAD]
    return context


def preload() -> None:
    """Load the models in the server that worker processes are forked from."""
    global _preloaded
    if _preloaded is None and (given := os.environ.get(_PRELOAD)):
        with contextlib.suppress(Exception):  # workers load them then, and say what is wrong
            settings = msgspec.json.decode(given, type=ReaderSettings, dec_hook=lambda kind, value: Path(value))
            _preloaded = PageWorker(settings)


def _serve(connection: Connection, settings: ReaderSettings) -> None:
    """Answer tasks until the parent ends."""
    leave_with_parent()
    try:
        worker = _preloaded
        if worker is not None and worker.has_models_of(settings):
            worker.use(settings)
        else:
            worker = PageWorker(settings)
        limit_memory(settings.page_bytes)
    except HtrError as error:
        connection.send(error)
        return
    connection.send(None)
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(worker.answer(connection.recv()))
