"""Exports of Dataturks: `pages/formats/dataturks.py` describes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ..._json import decoder
from ..._text_files import numbered_lines
from ...errors import AnnotationError
from ...pages.formats.dataturks import Corner, Mark
from ...pages.formats.dataturks import Record as Written
from ..listing.rows import read_text
from ..sample import Problem
from .record import EMPTY, NONE, Record, line, rectangle


def read_dataturks(file: Path, label: str, problems: list[Problem]) -> Iterator[Record]:
    """Yield the pages of a file; lines that are not records are added to `problems`.

    label: of the marks to take; empty for all. Raises `AnnotationError` if the file cannot be read.
    """
    for number, text in numbered_lines(read_text(file)):
        if not text.strip():
            continue
        try:
            yield _record(number, decoder(Written).decode(text), label)
        except (msgspec.MsgspecError, RecursionError) as error:
            problems.append(Problem(f"{file.name}:{number}", f"is not a record of Dataturks: {error}"))


def _record(number: int, written: Written, label: str) -> Record:
    if not written.annotation or isinstance(written.annotation, str):
        return Record(number, written.content, fault=NONE if written.annotation in (None, "") else EMPTY)
    chosen = [mark for mark in written.annotation if not label or label in _labels(mark)]
    if not chosen:
        return Record(number, written.content, fault=f"has nothing labeled {label}")
    lines, faults = [], []
    for place, mark in enumerate(chosen, 1):
        corners = [(each.x, each.y) if isinstance(each, Corner) else each for each in mark.points]
        try:
            lines.append(line(place, rectangle(corners), mark.notes or ""))
        except AnnotationError as error:
            faults.append((place, str(error)))
    first = chosen[0]
    size = (first.width, first.height) if first.width and first.height else None
    return Record(number, written.content, tuple(lines), size, faults=tuple(faults))


def _labels(mark: Mark) -> tuple[str, ...]:
    return (mark.label,) if isinstance(mark.label, str) else mark.label or ()
