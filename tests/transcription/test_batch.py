"""The loop of a batch: in which order pages are read when workers end."""

from __future__ import annotations

from pathlib import Path

from gluon_htr.transcription.batch import read_all
from gluon_htr.transcription.journal import Journal
from gluon_htr.transcription.tasks import Answer, PageRead, Source, Task, WorkerLost


class _Killed:
    """One worker that somebody kills while it reads some of the first pages it is given."""

    def __init__(self, kills: int) -> None:
        self.kills, self.given, self._task = kills, list[str](), None

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
        return [(task, WorkerLost("crash", "its worker ended") if is_lost else PageRead(1, (), 0.1, "digest"))]

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
