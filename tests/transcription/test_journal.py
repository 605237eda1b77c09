"""The journal of a batch: what is read again after a kill, and what results are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gluon_htr.errors import UsageError
from gluon_htr.transcription.journal import Journal
from gluon_htr.transcription.tasks import PageRead, Row, Source, Task

ROWS = (Row("r1", "l1", "Grüße, 北", 0.75, (1, 2, 3, 4)),)


def read(number: int = 1) -> PageRead:
    return PageRead(number, ROWS, 0.5, "digest")


def names(journal: Journal) -> list[str]:
    return [task.name for task in journal.waiting()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def test_a_batch_goes_on_where_it_stopped(path: Path) -> None:
    """Pages would be read twice, or not at all."""
    sources = [Source(address, address) for address in "abc"]
    with Journal(path) as journal:
        journal.add(sources)
        first, second, _ = journal.waiting()
        journal.record_read(first, read())
        tasks = journal.record_several(second, 3, "digest")
        journal.record_read(tasks[1], read(2))
    with Journal(path) as journal:
        journal.add(sources)
        left = [(task.address, task.number, task.sha256) for task in journal.waiting()]
        assert left == [("b", 1, "digest"), ("b", 3, "digest"), ("c", None, None)]
        pages = [(page.address, page.number, page.several, page.rows) for page in journal.pages()]
        assert pages == [("a", 1, False, ROWS), ("b", 2, True, ROWS)]
        counts = journal.counts()
        assert (counts.waiting, counts.done, counts.failed) == (3, 2, 0)


def test_pages_of_a_source_are_given_once(path: Path) -> None:
    """The pages of a book that is opened now would be read twice."""
    with Journal(path) as journal:
        journal.add([Source("a", "a"), Source("b", "b")])
        waiting = journal.waiting()
        book = next(waiting)
        assert len(journal.record_several(book, 2, "digest")) == 2
        assert [task.address for task in waiting] == ["b"]


def test_results_never_share_a_name(path: Path) -> None:
    """One result would replace another."""
    with Journal(path) as journal:
        journal.add([Source("1", "a", ".jpg"), Source("2", "a", ".png"), Source("3", "a", ".png"), Source("4", "b")])
        assert names(journal) == ["a", "a.png", "a~2", "b"]
        journal.add([Source("5", "b-0001")])
        book = next(task for task in journal.waiting() if task.address == "4")
        pages = journal.record_several(book, 2, "digest")
        assert [page.name for page in pages] == ["b~", "b~"]
        journal.add([Source("6", "b~-0002", ".tif")])
        assert names(journal)[-1] == "b~-0002.tif"


def test_failures_are_kept_and_retried(path: Path) -> None:
    """A page that failed would be tried at each start, or never again."""
    with Journal(path) as journal:
        journal.add([Source("a", "a"), Source("b", "b")])
        first, second = journal.waiting()
        journal.record_failed(first, "unreadable", "a is empty")
        page = journal.record_several(second, 2, "digest")[0]
        assert [journal.record_lost(page), journal.record_lost(page)] == [1, 2]
        journal.record_failed(page, "time", "b, page 1: it took longer than 5 s")
        assert [(task.address, task.number) for task in journal.waiting()] == [("b", 2)]
        assert [(address, number, kind) for address, number, kind, _ in journal.failures()] == [
            ("a", None, "unreadable"),
            ("b", 1, "time"),
        ]
        journal.retry_failed()
        assert journal.counts().failed == 0
        assert journal.record_lost(page) == 1
        assert [(task.address, task.number) for task in journal.waiting()] == [("a", None), ("b", 2)]
        assert [(task.address, task.number) for task in journal.waiting_again()] == [("b", 1)]


def test_another_file_is_not_taken_for_a_journal(path: Path) -> None:
    """A user's own file would be destroyed."""
    path.write_bytes(b"my notes " * 200)
    with pytest.raises(UsageError, match="is not the journal of a batch"):
        Journal(path)
    assert path.read_bytes().startswith(b"my notes")


def test_a_name_with_signs_of_a_pattern(path: Path) -> None:
    """`[` and `*` in names of files would match others."""
    with Journal(path) as journal:
        journal.add([Source("1", "a[1]*"), Source("2", "a[1]*-0001")])
        pages = journal.record_several(Task(1, "1", "a[1]*"), 1, "digest")
        assert pages[0].name == "a[1]*~"


def test_a_batch_goes_on_from_another_folder(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All remaining pages would be missing, or read a second time under another name."""
    (tmp_path / "scans").mkdir()
    monkeypatch.chdir(tmp_path / "scans")
    with Journal(path) as journal:
        journal.add([Source("a.png", "a")])
    monkeypatch.chdir(tmp_path)
    with Journal(path) as journal:
        journal.add([Source("scans/a.png", "a"), Source("b.png", "b")])
        assert [task.address for task in journal.waiting()] == [str(tmp_path / "scans/a.png"), str(tmp_path / "b.png")]
    (tmp_path / "scans").rename(tmp_path / "moved")
    monkeypatch.chdir(tmp_path / "moved")
    with Journal(path) as journal:  # it has been moved, with its sources
        assert next(journal.waiting()).address == "a.png"


def test_a_name_that_is_no_text_is_kept(path: Path) -> None:
    """One file of an old system would stop the whole batch."""
    odd = "f\udcfcr.jpg"
    with Journal(path) as journal:
        journal.add([Source(odd, "f_r")])
        (task,) = journal.waiting()
        assert task.address == odd
        journal.record_failed(task, "missing", f"{odd} does not exist")
    with Journal(path) as journal:
        journal.add([Source(odd, "f_r")])
        assert not names(journal)


def test_a_batch_may_begin_in_a_folder_whose_name_is_no_text(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever works in an old folder could not begin."""
    odd = tmp_path / os.fsdecode(b"f\xfcr")
    try:
        odd.mkdir()
    except OSError:
        pytest.skip("this file system takes only names in UTF-8")
    monkeypatch.chdir(odd)
    with Journal(path) as journal:
        journal.add([Source("a.png", "a")])
    monkeypatch.chdir(tmp_path)
    with Journal(path) as journal:
        assert next(journal.waiting()).address == os.path.join(odd, "a.png")


def test_no_result_has_the_name_of_the_report_nor_of_a_renamed_page(path: Path) -> None:
    """The report of a batch would replace the page, or the batch would end with two pages of one name."""
    with Journal(path) as journal:
        journal.add([Source("report.jpg", "report", ".jpg"), *(Source(name, name) for name in ("a", "a-0001", "a~"))])
        assert names(journal)[0] == "report.jpg"
        task = next(task for task in journal.waiting() if task.name == "a")
        assert {each.name for each in journal.record_several(task, 2, "digest")} == {"a~~"}
