"""The loop of a batch: in which order pages are read when workers end."""

from __future__ import annotations

from pathlib import Path

from gluon_htr.transcription.batch import read_all
from gluon_htr.transcription.journal import Journal
from gluon_htr.transcription.tasks import ATTEMPTS, ATTEMPTS_KILLED, Answer, PageRead, Source, Task, WorkerLost


class _Killed:
    """One worker that somebody kills while it reads some of the first pages it is given."""

    def __init__(self, kills: int, attempts: int = ATTEMPTS) -> None:
        self.kills, self.attempts = kills, attempts
        self.given, self._task = list[str](), None

    @property
    def is_free(self) -> bool:
        return self._task is None

    @property
    def is_busy(self) -> bool:
        return self._task is not None

    def give(self, task: Task) -> None:
        self._task = task
        self.given.append(task.address)

    def answers(self) -> list[tuple[Task, Answer]]:
        task, self._task = self._task, None
        assert task is not None
        is_lost = len(self.given) <= self.kills
        return [
            (
                task,
                WorkerLost("crash", "its worker ended", self.attempts) if is_lost else PageRead(1, (), 0.1, "digest"),
            )
        ]

    def close(self) -> None:
        pass


def test_pages_whose_workers_are_killed_wait_for_the_end(tmp_path: Path) -> None:
    """Whatever kills three workers one after the other would cost the first page its three attempts."""
    engine, failures = _Killed(4), list[str]()
    with Journal(tmp_path / "journal.sqlite") as journal:
        journal.add([Source(address, address) for address in "abcde"])
        progress = list(read_all(journal, engine, failures.append))
        assert journal.counts().done == 5
    assert engine.given == [*"abcde", *"abcd"]
    assert failures == []
    assert progress[-1] == (5, 5)


def test_a_page_that_ends_every_worker_is_given_up(tmp_path: Path) -> None:
    """A batch would never end."""
    engine, failures = _Killed(100), list[str]()
    with Journal(tmp_path / "journal.sqlite") as journal:
        journal.add([Source("a", "a"), Source("b", "b")])
        assert list(read_all(journal, engine, failures.append))[-1] == (2, 2)
        assert journal.counts().failed == 2
    assert engine.given == ["a", "b"] * 3
    assert len(failures) == 2


def test_a_page_whose_worker_is_killed_from_outside_is_tried_more_often(tmp_path: Path) -> None:
    """Somebody who kills workers, or a machine that is short of memory, is not the fault of a page."""
    engine, failures = _Killed(ATTEMPTS_KILLED - 1, ATTEMPTS_KILLED), list[str]()
    with Journal(tmp_path / "journal.sqlite") as journal:
        journal.add([Source("a", "a")])
        assert list(read_all(journal, engine, failures.append))[-1] == (1, 1)
        assert journal.counts().done == 1
    assert engine.given == ["a"] * ATTEMPTS_KILLED
    assert failures == []


def test_pages_that_cost_a_worker_come_last_when_the_batch_goes_on(tmp_path: Path) -> None:
    """A page that crashes its worker does not keep a batch that is started again from the pages after it."""
    with Journal(tmp_path / "journal.sqlite") as journal:
        journal.add([Source(address, address) for address in "abc"])
        progress = read_all(journal, _Killed(2), list[str]().append)
        next(progress)
        next(progress)  # both a and b cost a worker, then the batch is interrupted
        progress.close()
        engine = _Killed(0)
        assert list(read_all(journal, engine, list[str]().append))[-1] == (3, 3)
    assert engine.given == ["c", "a", "b"]
