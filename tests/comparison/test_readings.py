"""Reports are compared only if they are whole, and of the same samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gluon_htr.comparison.readings import Readings, matched, read_report, report_at, write_report
from gluon_htr.datasets.store import Store
from gluon_htr.errors import DataError, UsageError

PIXELS = np.zeros((2, 2), np.uint8)


def report(folder: Path, rows: list[tuple[str, str, str]], texts: list[str]) -> Path:
    """A report as `evaluate` writes it."""
    store = Store.collect([(*row, PIXELS) for row in rows], [])
    card = {"model": "words", "data": ["listing:x.tsv"], "samples": len(rows), "decoder": "beam"}
    write_report(folder, card, store, texts)
    return folder


ROWS = [("a.png", "abc", "w1"), ("b\tb.png", "", "w2"), ("c.png", "café 12", "w1")]


def test_a_report_is_read_as_it_was_written(tmp_path: Path) -> None:
    """A name with a tab, an empty text or a group would end up in the wrong column."""
    found = read_report(report(tmp_path / "r", ROWS, ["abd", "x", "cafe 12"]))
    assert (found.ids, found.truths, found.groups) == tuple(map(list, zip(*ROWS)))
    assert found.texts == ["abd", "x", "cafe 12"]
    assert (found.model, found.data) == ("words", ("listing:x.tsv",))
    assert "beam" in found.name
    assert report_at(tmp_path / "r" / "scores.json") == tmp_path / "r"


@pytest.mark.parametrize(
    ("file", "change"),
    [
        ("texts.tsv", lambda text: text.replace("abc", "abd")),  # a reference, which the digest covers
        ("texts.tsv", lambda text: text.partition("\n")[2]),
        ("texts.tsv", lambda text: text.replace("\t", " ")),
        ("groups.tsv", lambda text: text.replace("a.png", "z.png")),
        ("scores.json", lambda text: text[:-9]),
        ("scores.json", lambda text: "[]"),
    ],
)
def test_a_report_that_was_altered_is_refused(tmp_path: Path, file: str, change: object) -> None:
    """The references of one evaluation would be compared with the readings of another."""
    path = report(tmp_path / "r", ROWS, ["abd", "x", "cafe 12"]) / file
    path.write_text(change(path.read_text()))  # type: ignore[operator]
    with pytest.raises(DataError):
        read_report(tmp_path / "r")


def test_reports_of_older_versions_have_no_groups(tmp_path: Path) -> None:
    """Old reports could not be compared any more."""
    (report(tmp_path / "r", ROWS, ["", "", ""]) / "groups.tsv").unlink()
    assert read_report(tmp_path / "r").groups == []


def test_a_report_of_pages_is_told_from_a_model(tmp_path: Path) -> None:
    """The message would be that it is not a model."""
    (tmp_path / "scores.json").write_text("{}")
    with pytest.raises(DataError, match="only reports of lines"):
        report_at(tmp_path)
    assert report_at(tmp_path / "nothing") is None


def readings(ids: str, truths: list[str], texts: list[str], data: str = "x") -> Readings:
    """Readings of samples with one-letter ids."""
    return Readings("m", "m", (data,), list(ids), truths, texts, [f"g{k}" for k in ids])


def test_the_order_of_samples_does_not_matter() -> None:
    """Readings of one line would be scored against the reference of another."""
    a, b = matched(readings("xyx", ["1", "2", "3"], list("abc")), readings("xxy", ["3", "1", "2"], list("CAB")))
    assert (a.texts, b.texts) == (list("abc"), list("ABC"))
    assert b.groups == ["gx", "gy", "gx"]


def test_alphabets_with_another_normal_form_are_compared_in_the_looser_one() -> None:
    """Two models on the same data would count as models on different data."""
    a, b = matched(readings("x", ["ﬁn…"], ["ﬁn…"]), readings("x", ["fin..."], ["fin..."]))
    assert a.texts == b.texts == a.truths


@pytest.mark.parametrize(
    ("ids", "truths"), [("xz", ["1", "2"]), ("xy", ["1", "3"]), ("x", ["1"]), ("xyy", ["1", "2", "2"])]
)
def test_other_samples_are_refused(ids: str, truths: list[str]) -> None:
    """The easier split would make the better model."""
    with pytest.raises(UsageError, match=r"different samples: 2 of validation and \d of test"):
        matched(readings("xy", ["1", "2"], ["", ""], "validation"), readings(ids, truths, [""] * len(ids), "test"))


def test_without_any_text_there_is_nothing_to_compare() -> None:
    """`compare` would end in an unexpected error."""
    with pytest.raises(DataError, match="no sample with a text"):
        matched(readings("xy", ["", " "], ["a", "b"]), readings("xy", ["", " "], ["a", "b"]))
