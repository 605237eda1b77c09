"""Training of the planned runs, each by a process of `train`, one at a time on each device.

The processes have sessions of their own, so that Ctrl-C reaches only this one; it asks each of them once to save. On
Linux they are asked the same by the kernel if this process is killed. Until they have ended, their runs are locked,
and a new command waits for them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .._storage import only_writer
from ..errors import HtrError, StorageError
from .devices import Slot
from .following import Progress, last_message
from .plan import PlanFile, PlannedRun, prepare

POLL = 0.2  # seconds
GRACE = 120.0  # seconds in which a training may save before it is killed
Report = Callable[[Progress], object]


@dataclass
class _Training:
    run: PlannedRun
    slot: Slot
    process: subprocess.Popen[bytes]


class Runner:
    """Trains what is left of a plan. progress: the state of every run, by name."""

    def __init__(self, runs: Sequence[PlannedRun], plan: PlanFile, retry_failed: bool = False) -> None:
        self._runs, self._plan = {run.name: run for run in runs}, plan
        self._active: dict[str, _Training] = {}
        self.progress = {run.name: self._before(run, retry_failed) for run in runs}

    def _before(self, run: PlannedRun, retry_failed: bool) -> Progress:
        found = Progress(run.name)
        found.follow(run.folder)
        if run.name in self._plan.refused:
            found.end("refused", self._plan.refused[run.name])
        elif run.is_done:
            found.end("done")
        elif (failed := self._plan.entries[run.name].failed) and not retry_failed:
            found.end("failed", failed)
        return found

    def train(
        self, slots: Sequence[Slot], stopping: Callable[[], bool], changed: Report, tick: Callable[[], object]
    ) -> bool:
        """Train to the end; return False if it was stopped. changed: is called with each new state, tick: often."""
        waiting = [name for name, one in self.progress.items() if one.state == "waiting"]
        waiting = [name for name in waiting if self._prepared(name, changed)]
        free = list(slots)
        try:
            while (waiting or self._active) and not stopping():
                while waiting and free and (name := self._next(waiting)):
                    waiting.remove(name)
                    if self._start(self._runs[name], free[0], changed):
                        free.pop(0)
                tick()
                time.sleep(POLL)
                free += self._ended(changed)
        finally:
            stopped = bool(waiting or self._active)
            self._stop(changed, tick)
            tick()
        return not stopped

    def _prepared(self, name: str, changed: Report) -> bool:
        """Check a run before any is trained, so that a wrong setting is not found hours later."""
        try:
            prepare(self._runs[name])
        except HtrError as error:
            self._fail(name, str(error))
            changed(self.progress[name])
            return False
        return True

    def _next(self, waiting: Iterable[str]) -> str | None:
        """Return the first run that no other process trains."""
        for name in waiting:
            if not _is_busy(self._runs[name].folder):
                self.progress[name].message = ""
                return name
            self.progress[name].message = "another process trains it"
        return None

    def _start(self, run: PlannedRun, slot: Slot, changed: Report) -> bool:
        """Start a training; return False if it failed at once."""
        entry, progress = self._plan.entries[run.name], self.progress[run.name]
        if entry.failed:
            entry.failed = None
            self._plan.save()
        progress.begin(slot.name)
        try:
            self._active[run.name] = _Training(run, slot, _launch(run, slot))
        except OSError as error:  # no more processes, or a full disk
            self._fail(run.name, str(error))
        changed(progress)
        return run.name in self._active

    def _ended(self, changed: Report) -> list[Slot]:
        """Note which trainings have ended; return their slots."""
        freed = []
        for name, training in list(self._active.items()):
            progress = self.progress[name]
            progress.follow(training.run.folder)
            status = training.process.poll()
            if status is None:
                continue
            del self._active[name]
            freed.append(training.slot)
            if training.run.is_done:
                progress.end("done")
            else:
                self._fail(name, _reason(status, log_of(training.run)))
            changed(progress)
        return freed

    def _fail(self, name: str, message: str) -> None:
        self.progress[name].end("failed", message)
        self._plan.entries[name].failed = message
        self._plan.save()

    def _stop(self, changed: Report, tick: Callable[[], object]) -> None:
        """Ask the trainings to save and end, and kill what does not."""
        for training in self._active.values():
            training.process.terminate()
        until = time.monotonic() + GRACE
        try:
            while any(training.process.poll() is None for training in self._active.values()):
                if time.monotonic() > until:
                    break
                tick()
                time.sleep(POLL)
        finally:
            for name, training in list(self._active.items()):
                training.process.kill()
                training.process.wait()
                self.progress[name].end("done" if training.run.is_done else "stopped")
                changed(self.progress[name])
            self._active.clear()


def log_of(run: PlannedRun) -> Path:
    """Return the file with all that the run's training prints."""
    return run.folder.parent / "logs" / f"{run.name}.log"


def _launch(run: PlannedRun, slot: Slot) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gluon_htr.train", *run.arguments(), "--threads", str(slot.threads)]
    log = log_of(run)
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **slot.environment},
            start_new_session=True,
            preexec_fn=_end_with_parent() if sys.platform == "linux" else None,
        )


def _end_with_parent() -> Callable[[], None]:
    """Return what a new process does to be sent SIGTERM when this one ends (prctl(2), PR_SET_PDEATHSIG)."""
    library, parent = ctypes.CDLL(None), os.getpid()

    def ask() -> None:
        library.prctl(1, signal.SIGTERM)
        if os.getppid() != parent:  # it has ended already
            os._exit(1)

    return ask


def _is_busy(folder: Path) -> bool:
    """Test whether another process trains in a folder."""
    if not folder.is_dir():
        return False
    with contextlib.suppress(StorageError), only_writer(folder):
        return False
    return True


def _reason(status: int, log: Path) -> str:
    said = last_message(log)
    if status < 0:
        name = signal.Signals(-status).name
        memory = "; perhaps memory ran out" if -status == signal.SIGKILL else ""
        return f"ended by {name}{memory} (last message: {said or 'none'})"
    return said or f"ended with status {status}, see {log}"
