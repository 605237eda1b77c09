"""Lists as people and programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gluon_htr.datasets.listing.rows import read_rows
from gluon_htr.datasets.sample import Problem


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "a.png\tHello\tw1\nb.png\tmy world\tw2\n"),
        ("list.txt", "path\tlabel\tgroup\na.png\tHello\tw1\nb.png\tmy world\tw2\n"),
        ("list.tsv", "path\tlabel\tgroup\na.png\tHello\tw1\nb.png\tmy world\tw2\n"),
        ("list.csv", "path;label;group\na.png;Hello;w1\nb.png;my world;w2\n"),
        ("list.txt", "a.png Hello\nb.png my world\n"),
    ],
)
@pytest.mark.parametrize("blank", ["", "\n\n", " \r\n", "\t\n"])
def test_blank_lines_before_the_first_change_nothing(name: str, text: str, blank: str, tmp_path: Path) -> None:
    """Writers would become part of the labels, and the names of columns a row."""
    (tmp_path / name).write_bytes((blank + text).encode())
    problems: list[Problem] = []
    rows = read_rows(tmp_path / name, problems)
    assert [(row.path, row.label) for row in rows] == [("a.png", "Hello"), ("b.png", "my world")]
    assert [row.columns.get("group", "") for row in rows] in (["w1", "w2"], ["", ""])
    assert not problems
