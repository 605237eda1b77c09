"""Changes to a list of images and labels that a person may have edited: one label is set, all else stays as it is.

Other columns, remarks, order, encoding, mark and line ends are the person's.
"""

from __future__ import annotations

import re
from collections import Counter

from ..._text_files import decode_text, encoding_of
from ...errors import AnnotationError
from ..sample import Problem
from .quoting import cells, is_quoted
from .rows import LABELS, PATHS, column_named, is_header, named_separator, parse_tabbed

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")


class EditedList:
    """A list in the form of `labels.tsv`. Raises `AnnotationError` if its content is not such a list."""

    def __init__(self, content: bytes, name: str) -> None:
        self._name = name
        self._mark, self._codec = encoding_of(content)
        self._load(decode_text(content, name, AnnotationError))

    def _load(self, text: str) -> None:
        self._separator = named_separator(text)[0]
        if self._separator not in ("", "\t"):
            raise AnnotationError(f"{self._name} names another separator than a tab: save it with tabs")
        self._quoted = is_quoted(text)
        self._records = cells(text) if self._quoted else _lines(text)
        self._path, self._label, self._width = self._columns()
        #: Label of each path.
        self.labels = {
            _normal(row.path): row.label for row in parse_tabbed(text, self._name, list[Problem]()) if row.label
        }

    def set(self, path: str, label: str) -> None:
        """Set the label of a path, in its row or else in a new one. Raises `AnnotationError` if the list, as other
        programs read it, cannot hold this label.
        """
        rows = [raw for raw, _ in self._records if self._plain(raw, self._path) == _normal(path)]
        if not rows:
            rows = [[""] * self._width]
            self._append(rows[0])
        for raw in rows:
            raw += [""] * (max(self._label, self._path) + 1 - len(raw))
            raw[self._path] = raw[self._path] or self._written(path)
            raw[self._label] = self._written(label)
        kept = {**self.labels, _normal(path): label}
        self._load(self._text())
        if self.labels != kept:
            raise AnnotationError(
                f"{self._name} cannot hold the text {label}: its quotation marks look like a spreadsheet's"
            )

    def content(self) -> bytes:
        """Return the list as a file."""
        return self._mark + self._text().encode(self._codec)

    def _text(self) -> str:
        return "".join("\t".join(raw) + end for raw, end in self._records)

    def _columns(self) -> tuple[int, int, int]:
        """Return the columns of paths and labels, and the number of columns of a new row."""
        rows = [raw for raw, _ in self._records if "".join(raw).strip()]
        first = next(iter(rows[1:] if self._separator else rows), [])
        names = [_unquoted(cell).strip().lower() if self._quoted else cell.strip().lower() for cell in first]
        if not names or not is_header(names):
            return 0, 1, 2
        path, label = (names.index(column_named(names, known, self._name)) for known in (PATHS, LABELS))
        return path, label, len(names)

    def _append(self, raw: list[str]) -> None:
        ends = Counter(end for _, end in self._records if end)
        end = ends.most_common(1)[0][0] if ends else "\n"
        while self._records and self._records[-1] == ([""], ""):
            self._records.pop()
        if self._records and not self._records[-1][1]:
            self._records[-1] = (self._records[-1][0], end)
        self._records.append((raw, end))

    def _plain(self, raw: list[str], column: int) -> str:
        cell = raw[column] if column < len(raw) else ""
        return _normal(_unquoted(cell) if self._quoted else cell)

    def _written(self, text: str) -> str:
        needs = self._quoted and re.search(r'["\t\r\n]', text)
        return '"' + text.replace('"', '""') + '"' if needs else text


def _lines(text: str) -> list[tuple[list[str], str]]:
    return [(match[1].split("\t"), match[2]) for match in _LINE.finditer(text) if match[0]]


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


def _normal(path: str) -> str:
    return path.strip().replace("\\", "/").removeprefix("./")
