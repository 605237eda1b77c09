"""The rows of a list of images and labels: `sample.txt`, `labels.tsv`, CSV with a header.

.tsv            path TAB label [TAB group]
.csv            named columns, parted by commas or semicolons
anything else   path SPACE label, as in a CRNN's sample.txt or IIIT5K's train.tags; a label may have spaces
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import AnnotationError
from .iam import IMAGES
from .sample import Problem

PATHS = ("path", "image", "file", "filename", "file_name", "image_path", "name")
LABELS = ("label", "text", "transcription", "ground_truth", "gt", "word", "words")
LARGEST = 1 << 30  # bytes of a list

#: The shortest beginning that is an image's name, so that names may have spaces; else up to the first space.
NAMED = re.compile(rf"(.+?(?:{'|'.join(map(re.escape, IMAGES))}))(?:\s+(.*))?|(\S+)(?:\s+(.*))?", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """A path as it is written, its label, and whatever else stands in named columns."""

    number: int
    path: str
    label: str
    columns: dict[str, str] = field(default_factory=dict)


def read_rows(file: Path, problems: list[Problem]) -> list[Row]:
    """The rows of a list; those that are malformed are added to `problems` by `name:line`.

    Raises `AnnotationError` when the file cannot be read, is no text, or has no column of paths or of labels.
    """
    formats: dict[str, Callable[[str, str, list[Problem]], Iterator[Row]]] = {".tsv": _tabbed, ".csv": _named}
    return list(formats.get(file.suffix.lower(), _spaced)(read_text(file), file.name, problems))


def read_text(file: Path) -> str:
    """The text of a file in UTF-8, or UTF-16 as spreadsheets write it. Raises `AnnotationError`."""
    try:
        if file.stat().st_size > LARGEST:
            raise AnnotationError(f"{file} has more than {LARGEST >> 20} MB: it is no list of labels")
        content = file.read_bytes()
    except OSError as error:
        raise AnnotationError(f"{file} cannot be read: {error.strerror}") from None
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AnnotationError(f"{file}:{line} is not UTF-8: save the file in that encoding") from None
    if "\0" in text:
        raise AnnotationError(f"{file} is no text")
    return text


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, by number; parted by line ends alone, since labels may hold other separators."""
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        if line.strip():
            yield number, line


def _spaced(text: str, name: str, problems: list[Problem]) -> Iterator[Row]:
    if "\t" in text.partition("\n")[0]:
        yield from _tabbed(text, name, problems)
        return
    for number, line in _lines(text):
        if match := NAMED.fullmatch(line.strip()):
            yield Row(number, match[1] or match[3], match[2] or match[4] or "")


def _tabbed(text: str, name: str, problems: list[Problem]) -> Iterator[Row]:
    for number, line in _lines(text):
        path, *rest = (cell.strip() for cell in line.split("\t"))
        if number == 1 and path.lower() in PATHS:
            continue  # a header
        if len(rest) > 2:
            problems.append(Problem(f"{name}:{number}", f"has {len(rest) + 1} columns: path, label and group are read"))
            continue
        yield Row(number, path, rest[0] if rest else "", {"group": rest[1]} if len(rest) == 2 else {})


def _named(text: str, name: str, problems: list[Problem]) -> Iterator[Row]:
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ",")
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        path, label = _column(header, PATHS, name), _column(header, LABELS, name)
        for cells in reader:
            if len(cells) == len(header):
                columns = dict(zip(header, (cell.strip() for cell in cells)))
                yield Row(reader.line_num, columns[path], columns[label], columns)
            elif any(cell.strip() for cell in cells):
                where = f"{name}:{reader.line_num}"
                problems.append(Problem(where, f"has {len(cells)} columns instead of {len(header)}"))
    except csv.Error as error:
        raise AnnotationError(f"{name}:{reader.line_num} is not CSV: {error}") from None


def _column(header: list[str], names: tuple[str, ...], file: str) -> str:
    for name in names:
        if name in header:
            return name
    raise AnnotationError(
        f"{file} has the columns {', '.join(header) or '(none)'}; name one of them {names[0]}"
        f" (or {', '.join(names[1:])}) in its first line"
    )
