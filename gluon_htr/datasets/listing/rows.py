"""The rows of a list of images and labels: `sample.txt`, `labels.tsv`, CSV with a header.

- .tsv: path TAB label [TAB group], or columns in any order that the first line names. Cells quoted by a spreadsheet are
  parsed (quoting.py).
- .csv: named columns, separated by commas, semicolons or tabs; `sep=;` may precede them.
- .jsonl: an object on each line, as metadata.jsonl of Hugging Face.
- Anything else: path SPACE label, as in a CRNN's sample.txt or IIIT5K's train.tags; a label may have spaces.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from ..._files import read_bounded
from ..._text_files import decode_text, numbered_lines
from ...errors import AnnotationError
from ...images.decoding import SUFFIXES
from ..sample import Problem
from .quoting import DOUBLED, is_quoted

_TOO_LONG = f"has a cell of more than {csv.field_size_limit()} characters"
PATHS = ("path", "image", "file", "filename", "file_name", "image_path", "name")
LABELS = ("label", "text", "transcription", "ground_truth", "gt", "word", "words")
TABBED = ("path", "label", "group")  # columns of a .tsv without names
MAX_BYTES = 1 << 30  # bytes of a list

_SEPARATOR = re.compile(r'(\s*)"?sep=(.)"?[\t,; ]*(\r\n|\n|\r|\Z)', re.IGNORECASE)  # a spreadsheet's own first line
#: The shortest beginning that is an image's name, so that names may have spaces; else up to the first space.
NAMED = re.compile(rf"(.+?(?:{'|'.join(map(re.escape, SUFFIXES))}))(?:\s+(.*))?|(\S+)(?:\s+(.*))?", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """A path as written, its label, and the values of all other named columns."""

    number: int
    path: str
    label: str
    columns: dict[str, str] = field(default_factory=dict)


def read_rows(file: Path, problems: list[Problem]) -> list[Row]:
    """Read the rows of a list; malformed ones are added to `problems` by `name:line`.

    Raises `AnnotationError` if the file cannot be read, is not text, or has no column of paths or of labels.
    """
    formats: dict[str, Callable[[str, str, list[Problem]], Iterator[Row]]] = {
        ".tsv": parse_tabbed,
        ".csv": _named,
        ".jsonl": _objects,
    }
    return list(formats.get(file.suffix.lower(), _spaced)(read_text(file), file.name, problems))


def read_text(file: Path) -> str:
    """Read a text file. Raises `AnnotationError`."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise AnnotationError(f"{file} has more than {MAX_BYTES >> 20} MB: it is not a list of labels")
        content = read_bounded(file, MAX_BYTES)
    except OSError as error:
        raise AnnotationError(f"{file} cannot be read: {error.strerror}") from None
    return decode_text(content, str(file), AnnotationError)


def _spaced(text: str, name: str, problems: list[Problem]) -> Iterator[Row]:
    _, first = next(numbered_lines(text), (1, ""))
    if "\t" in first:
        yield from parse_tabbed(text, name, problems)
        return
    for number, line in numbered_lines(text):
        if match := NAMED.fullmatch(line.strip()):
            yield Row(number, match[1] or match[3], match[2] or match[4] or "")


def parse_tabbed(text: str, name: str, problems: list[Problem]) -> Iterator[Row]:
    """Parse lines with tabs. Columns have names if the first line gives them. Quotation marks are part of a label,
    unless the whole file is quoted as spreadsheets do.
    """
    separator, text = named_separator(text)
    if separator not in ("", "\t"):
        yield from _named(text, name, problems, separator)
        return
    if is_quoted(text):
        yield from _columns(_quoted_records(text, name, problems), name, problems)
        return
    records = ((number, [cell.strip() for cell in line.split("\t")]) for number, line in numbered_lines(text))
    yield from _columns(_unquoted(records, name, problems), name, problems)


def _columns(records: Iterable[tuple[int, list[str]]], name: str, problems: list[Problem]) -> Iterator[Row]:
    header: list[str] = []
    for row, (number, cells) in enumerate(records):
        if row == 0 and is_header(cells):
            header = _lowered(cells)
            path, label = column_named(header, PATHS, name), column_named(header, LABELS, name)
        elif len(cells) > len(header or TABBED):
            known = f" instead of {len(header)}" if header else ": path, label and group are read"
            problems.append(Problem(f"{name}:{number}", f"has {len(cells)} columns{known}"))
        elif header:
            columns = dict(zip_longest(header, cells, fillvalue=""))
            yield Row(number, columns[path], columns[label], columns)
        else:
            yield Row(number, cells[0], "".join(cells[1:2]), dict(zip(TABBED[2:], cells[2:])))


def _unquoted(
    records: Iterable[tuple[int, list[str]]], name: str, problems: list[Problem]
) -> Iterator[tuple[int, list[str]]]:
    """Report rows with cells that look quoted by a spreadsheet although others of the file are not."""
    for number, cells in records:
        if any(DOUBLED.fullmatch(cell) for cell in cells):
            why = "has a cell that looks quoted by a spreadsheet, but others are not: save the list in one way"
            problems.append(Problem(f"{name}:{number}", why))
        else:
            yield number, cells


def _quoted_records(text: str, name: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    lines = list(io.StringIO(text, newline=""))
    for start, _, cells in _records(lines, "\t"):
        if cells is None:
            problems.append(Problem(f"{name}:{start}", _TOO_LONG))
        elif any(map(str.strip, cells)):
            yield start, list(map(str.strip, cells))


def is_header(cells: list[str]) -> bool:
    """Test whether these cells are names of columns; a label alone may be such a word."""
    names = set(_lowered(cells))
    return cells[0].lower() in PATHS or not (names.isdisjoint(PATHS) or names.isdisjoint(LABELS))


def _lowered(cells: list[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]


def named_separator(text: str) -> tuple[str, str]:
    """Return the separator that a first line `sep=;` names, empty without one, and the text with that line blank: the
    numbers of the others stay.
    """
    if match := _SEPARATOR.match(text):
        return match[2], match[1] + match[3] + text[match.end() :]
    return "", text


def _named(text: str, name: str, problems: list[Problem], separator: str = "") -> Iterator[Row]:
    if not separator:
        separator, text = named_separator(text)
    lines = list(io.StringIO(text, newline=""))
    records = _records(lines, separator or _separator(lines))
    header = _lowered(next((cells for _, _, cells in records if cells and any(map(str.strip, cells))), []))
    path, label = column_named(header, PATHS, name), column_named(header, LABELS, name)
    for start, end, cells in records:
        why = ""
        if cells is None:
            why = _TOO_LONG
        elif len(cells) != len(header):
            why = f"has {len(cells)} columns instead of {len(header)}" if any(map(str.strip, cells)) else ""
        else:
            columns = dict(zip(header, map(str.strip, cells)))
            if end == start or not re.search(r"[\r\n]", columns[path] + columns[label]):
                yield Row(start, columns[path], columns[label], columns)
            else:
                why = "has a label of several lines"
        if why:
            problems.append(Problem(f"{name}:{start}", why + _quotation(lines, start, end)))


def _separator(lines: list[str]) -> str:
    """Return the separator of a CSV file: the one that its first line has most often."""
    first = next(filter(str.strip, lines), "")
    return max(",;\t", key=first.count)


def _records(lines: list[str], separator: str) -> Iterator[tuple[int, int, list[str] | None]]:
    """Yield the first and the last line of each record of a CSV file, and its cells: None if one is above csv's
    limit.
    """
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=separator != "\t")
    while (before := reader.line_num) < len(lines):
        try:
            cells = next(reader)
        except csv.Error:
            yield before + 1, reader.line_num, None
        else:
            yield before + 1, reader.line_num, cells


def _quotation(lines: list[str], start: int, end: int) -> str:
    """Explain where the quotation of a record of several lines was left open. A mark within a cell is doubled, so their
    number is even.
    """
    if start == end:
        return ""
    closed = "".join(lines[start - 1 : end]).count('"') % 2 == 0
    return f": the quotation mark opened in line {start} is {f'closed in line {end}' if closed else 'never closed'}"


def _objects(text: str, name: str, problems: list[Problem]) -> Iterator[Row]:
    """Parse an object on each line, all keys of which are columns."""
    for number, line in numbered_lines(text):
        try:
            found = {key.lower(): value for key, value in json.loads(line).items()}
        except (ValueError, RecursionError, AttributeError):
            problems.append(Problem(f"{name}:{number}", "is not a JSON object"))
            continue
        path, label = (next((key for key in keys if key in found), "") for keys in (PATHS, LABELS))
        if isinstance(found.get(path), str) and isinstance(found.get(label), str):
            columns = {key: value if isinstance(value, str) else json.dumps(value) for key, value in found.items()}
            yield Row(number, found[path].strip(), found[label].strip(), columns)
        else:
            missing = f"{LABELS[0]} or {LABELS[1]}" if path else PATHS[4]
            problems.append(Problem(f"{name}:{number}", f"has no text under the name {missing}"))


def column_named(header: list[str], names: tuple[str, ...], file: str) -> str:
    for name in names:
        if name in header:
            return name
    raise AnnotationError(
        f"{file} has the columns {', '.join(header) or '(none)'}; name one of them {names[0]}"
        f" (or {', '.join(names[1:])}) in its first line"
    )
