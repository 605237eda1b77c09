"""Lists that programs write are read back as they were meant."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strategies import words

from gluon_htr.datasets.listing.rows import read_rows
from gluon_htr.datasets.sample import Problem

texts = st.lists(words, min_size=1, max_size=6)
any_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@any_file
@given(texts)
def test_a_tsv_is_read_back(tmp_path: Path, texts: list[str]) -> None:
    """A label would lose its quotation marks, or take the next row with it."""
    rows = "".join(f"{k}.png\t{text}\n" for k, text in enumerate(texts))
    (tmp_path / "labels.tsv").write_text(f"path\tlabel\n{rows}", "utf-8", newline="")
    problems: list[Problem] = []
    assert [row.label for row in read_rows(tmp_path / "labels.tsv", problems)] == texts
    assert not problems


@any_file
@given(texts)
def test_a_csv_is_read_back(tmp_path: Path, texts: list[str]) -> None:
    """Commas and quotation marks in a label would shift its columns."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows([("path", "label"), *((f"{k}.png", text) for k, text in enumerate(texts))])
    (tmp_path / "labels.csv").write_text(buffer.getvalue(), "utf-8", newline="")
    problems: list[Problem] = []
    assert [row.label for row in read_rows(tmp_path / "labels.csv", problems)] == texts
    assert not problems
