"""Quotation marks that spreadsheets and pandas put around cells of a .tsv, doubling those inside.

In such a file marks are part of the format; in any other they are part of the labels. The file as a whole tells: a
spreadsheet quotes every cell that has a mark, a tab or a line end in it, so that one cell that breaks this rule means
that the marks are the writer's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CELL = re.compile(r'("[^"]*(?:""[^"]*)*"|[^"\t\r\n][^\t\r\n]*|)(\t|\r\n|\n|\r|\Z)')
_LINE_END = re.compile(r"[\r\n]")
#: A whole cell of one line that is quoted, with doubled marks inside and no others.
DOUBLED = re.compile(r'"[^"\t\r\n]*(?:""[^"\t\r\n]*)+"')
MIN_COMMAS = 5  # cells quoted for their commas alone, as Excel does: fewer may be labels of their own, such as speech


@dataclass
class _Evidence:
    """Observations about the quoted cells of a file."""

    by_spreadsheet: bool = False
    first_row: bool = True  # each cell of the first row is quoted
    rows: int = 0
    cells: int = 0
    with_comma: int = 0  # quoted
    without_comma: int = 0
    bare_commas: int = 0  # commas in cells that are not quoted

    def add(self, cell: str) -> None:
        self.cells += 1
        if not cell.startswith('"'):
            self.first_row = self.first_row and self.rows > 0
            self.bare_commas += "," in cell
            return
        inside = cell[1:-1]
        self.by_spreadsheet = self.by_spreadsheet or '""' in inside or bool(_LINE_END.search(inside))
        if "," in inside:
            self.with_comma += 1
        else:
            self.without_comma += 1

    def end_row(self) -> None:
        self.by_spreadsheet = self.by_spreadsheet or (self.rows == 0 and self.first_row and self.cells > 1)
        self.rows += 1

    @property
    def suffices(self) -> bool:
        by_commas = self.with_comma >= MIN_COMMAS and not self.without_comma and not self.bare_commas
        return self.by_spreadsheet or by_commas


def is_quoted(text: str) -> bool:
    """Test whether the cells of a .tsv are quoted as spreadsheets do."""
    if '"' not in text:
        return False
    found = _Evidence()
    for cell, end in _scan(text):
        if end is None or (not cell.startswith('"') and '"' in cell):
            return False  # a spreadsheet would have quoted it
        if cell.startswith('"') and "\t" in cell and _LINE_END.search(cell):
            return False  # from one label that is a mark to the next, through the rows between them
        found.add(cell)
        if end != "\t":
            found.end_row()
    return found.suffices


def cells(text: str) -> list[tuple[list[str], str]]:
    """Split a quoted .tsv into its records: cells as they are written, and the end of the line."""
    records, row = list[tuple[list[str], str]](), list[str]()
    for cell, end in _scan(text):
        row.append(cell)
        if end != "\t":
            records.append((row, end or ""))
            row = []
    return records[:-1] if records and records[-1] == ([""], "") else records


def _scan(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield cells with what ends them: a tab, a line end, or nothing at the end. None: what follows is not a cell."""
    position = 0
    while match := _CELL.match(text, position):
        yield match[1], match[2]
        position = match.end()
        if not match[2]:
            return
    yield text[position:], None
