"""Lists that spreadsheets and other programs save, with their quotation marks and first lines."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from support import BUGS

from gluon_htr.datasets.listing.editing import EditedList
from gluon_htr.datasets.listing.reader import ListingOptions, ListingReader
from gluon_htr.datasets.listing.rows import read_rows
from gluon_htr.datasets.sample import Problem
from gluon_htr.errors import AnnotationError

LABELS = ['She said "no" twice', "plain", 'the "end"', '"whole"', "a, b"]


def read(path: Path, text: str) -> tuple[list[str], list[Problem]]:
    path.write_text(text, "utf-8", newline="")
    problems: list[Problem] = []
    return [row.label for row in read_rows(path, problems)], problems


def test_a_named_separator_stays_when_a_label_is_edited() -> None:
    """Every correction would be refused, with a wrong reason."""
    edited = EditedList(b"sep=\t\nlabel\tpath\nold\ta.png\n", "labels.tsv")
    edited.set("a.png", "new")
    assert edited.content() == b"sep=\t\nlabel\tpath\nnew\ta.png\n"
    with pytest.raises(AnnotationError, match="with tabs"):
        EditedList(b"sep=;\npath;label\na.png;old\n", "labels.tsv")


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("header", [True, False])
def test_a_tsv_of_a_spreadsheet_is_parsed(quoting: int, header: bool, tmp_path: Path) -> None:
    """Labels would have marks around and inside that nobody wrote."""
    buffer = io.StringIO()
    rows = [("path", "text")] * header + [(f"{k}.png", label) for k, label in enumerate(LABELS)]
    csv.writer(buffer, delimiter="\t", quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    assert read(tmp_path / "labels.tsv", buffer.getvalue()) == (LABELS, [])


@pytest.mark.parametrize(
    "labels",
    [
        ['"Hello," he said'],
        ['"Yes"', "no"],
        ['"Yes, well"', "a, b"],
        ['"', '""', '5" wide'],
        ['"Hello,', 'world"'],
        ['he said "a ""b"" c"'],
        ['"', "Hello", '"', "x"],
        ['"', '"', '"""', "a, b"],
        ['"', "a, b", '"'] * 6,
    ],
)
def test_marks_of_ones_own_are_part_of_the_label(labels: list[str], tmp_path: Path) -> None:
    """A label that begins with a quotation mark would lose it."""
    rows = "".join(f"{k}.png\t{label}\n" for k, label in enumerate(labels))
    assert read(tmp_path / "labels.tsv", rows) == (labels, [])


def test_a_file_that_is_quoted_in_part_is_told_of(tmp_path: Path) -> None:
    """The label would silently be `"She said ""no"" twice"`."""
    text = 'a.png\t"She said ""no"" twice"\nb.png\t"Hello," he said\n'
    labels, problems = read(tmp_path / "labels.tsv", text)
    assert labels == ['"Hello," he said']
    assert [(problem.id, "looks quoted by a spreadsheet" in problem.reason) for problem in problems] == [
        ("labels.tsv:1", True)
    ]


def test_a_cell_of_two_lines_stays_whole(tmp_path: Path) -> None:
    """Its first line alone would become the label."""
    labels, problems = read(tmp_path / "labels.tsv", 'path\ttext\na.png\t"two\nlines"\nb.png\tx\n')
    assert (labels, problems) == (["two\nlines", "x"], [])  # the reader of listings refuses such labels


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;;;"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_the_first_line_of_a_spreadsheet_names_the_separator(first: str, mark: str, tmp_path: Path) -> None:
    """`sep=;` would be taken for the names of the columns."""
    text = f"{mark}{first}\r\npath;text\r\na.png;one\r\nb.png;two, three, four\r\nc.png\r\n"
    labels, problems = read(tmp_path / "labels.csv", text)
    assert labels == ["one", "two, three, four"]
    assert [problem.id for problem in problems] == ["labels.csv:5"]


@pytest.mark.parametrize("separator", ["\t", ";"])
@pytest.mark.parametrize("name", ["labels.tsv", "labels.csv"])
def test_the_separator_is_named_in_any_list(separator: str, name: str, tmp_path: Path) -> None:
    """The rows would be taken for paths, whatever the name of the file ends in."""
    rows = [["sep=" + separator], ["path", "text"], ["a.png", "one, two"]]
    text = "\n".join(separator.join(row) for row in rows)
    assert read(tmp_path / name, text) == (["one, two"], [])


def test_a_csv_may_have_tabs(tmp_path: Path) -> None:
    """Excel's Unicode text is often renamed to .csv."""
    (tmp_path / "labels.csv").write_bytes("path\ttext\r\na.png\tone, two\r\n".encode("utf-16"))
    assert [row.label for row in read_rows(tmp_path / "labels.csv", [])] == ["one, two"]


def test_jsonl_is_read_and_its_faults_are_told(tmp_path: Path) -> None:
    """A data set of Hugging Face could not be read, or one bad line would cost all."""
    text = (
        '{"file_name": "a.png", "text": "caf\\u00e9", "writer": 7}\n\n{"image": "b.png", "label": "two"}\n'
        '{"file_name": "c.png"}\n[1]\n{"file_name": "d.png", "text": 5}\n{"text": "x"\n'
    )
    (tmp_path / "metadata.jsonl").write_text(text)
    problems: list[Problem] = []
    rows = read_rows(tmp_path / "metadata.jsonl", problems)
    assert [(row.number, row.path, row.label) for row in rows] == [(1, "a.png", "café"), (3, "b.png", "two")]
    assert rows[0].columns["writer"] == "7"
    assert [problem.id for problem in problems] == [f"metadata.jsonl:{number}" for number in (4, 5, 6, 7)]


@pytest.mark.skipif(not BUGS.is_dir(), reason="needs ../shared/bugs")
@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ("tsv-of-a-spreadsheet", ['She said "no" twice', "plain", 'the "end"']),
        ("csv-sep-line/labels.csv", ["one", "two, three", "four"]),
        ("jsonl", ["one", "two", "three"]),
    ],
)
def test_the_reported_lists_are_read(path: str, labels: list[str]) -> None:
    """Users reported these."""
    reader = ListingReader(BUGS / path, ListingOptions())
    assert ([sample.text for sample in reader], reader.problems) == (labels, [])
