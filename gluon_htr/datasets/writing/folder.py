"""The folder of generated lines: its plan, and the rows that exist."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from ..._files import MAX_TEXT, read_bounded
from ..._json import decode_json
from ..._storage import LOCK, only_writer, storage_error, write_atomically
from ...errors import AnnotationError, StorageError, UsageError
from ...text.normalization import normalize
from ..sample import Sample

ROW = re.compile(rb"images/[0-9]+/([0-9]+)\.png\t[^\t]*\t[^\t]*\n")


class SynthesisPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Source of generated lines: `synthesis.json`. paper: the proportion of them that is put on paper."""

    spec: str
    seed: int = 0
    paper: float = 0.0
    engine: Literal["own", "trdg"] = "own"

    def __str__(self) -> str:
        return f"lines of {self.spec} with seed {self.seed}, {self.paper:.0%} on paper, by the engine {self.engine}"


@dataclass(frozen=True)
class Labels:
    """The file `labels.tsv`, locked against other writers. rows: those that existed at the start, by number."""

    path: Path
    file: BinaryIO
    rows: dict[int, bytes]

    @property
    def next(self) -> int:
        """The number after that of the last existing line."""
        return max(self.rows, default=-1) + 1

    def check(self, number: int, sample: Sample) -> None:
        """Raise `UsageError` if an existing row does not match the sample."""
        row = row_of(number, sample)
        if self.rows.get(number, row) != row:
            raise UsageError(
                f"{self.path}: line {number} would now be {sample.text!r} of {sample.group}: fonts, texts or "
                "gluon_htr have changed since, or the row was edited; give another --output"
            )

    def append(self, rows: list[bytes]) -> None:
        """Append rows, and wait until they are on the disk. Raises `StorageError`."""
        try:
            self.file.write(b"".join(rows))
            self.file.flush()
            os.fsync(self.file.fileno())
        except OSError as error:
            raise storage_error(self.path, error) from None


def image_of(number: int) -> str:
    """Return the path of an image in the folder."""
    return f"images/{number // 1000:03}/{number:07}.png"


def row_of(number: int, sample: Sample) -> bytes:
    """Return the row of an image; tabs and line ends of text and group become spaces."""
    return f"{image_of(number)}\t{normalize(sample.text)}\t{normalize(sample.group)}\n".encode()


@contextlib.contextmanager
def labels_of(output: Path, plan: SynthesisPlan) -> Iterator[Labels]:
    """Open the labels of an existing folder, or of a new one. A folder without a row may have any plan.

    Raises `UsageError` if it has lines of another plan, `AnnotationError` for a broken row, `StorageError` if it cannot
    be written, is being written, or is something else.
    """
    mark, path = output / "synthesis.json", output / "labels.tsv"
    if output.exists() and not output.is_dir():
        raise StorageError(f"{output} is a file, and lines are a folder: give another --output")
    with only_writer(output), contextlib.ExitStack() as opened:
        _make(output, mark, plan)
        try:
            file = opened.enter_context(open(path, "ab+"))
        except OSError as error:
            raise storage_error(path, error) from None
        rows = _read(file, path)
        if (found := _plan(mark)) != plan:
            if rows:
                raise UsageError(f"{output} holds {found}, not {plan}: give another --output")
            _write(mark, plan)
        yield Labels(path, file, rows)


def _make(output: Path, mark: Path, plan: SynthesisPlan) -> None:
    if mark.exists():
        return
    if any(entry.name != LOCK for entry in output.iterdir()):
        raise StorageError(f"{output} holds other files than generated lines: give another --output")
    _write(mark, plan)


def _write(mark: Path, plan: SynthesisPlan) -> None:
    write_atomically(mark, msgspec.json.format(msgspec.json.encode(plan)))


def _plan(mark: Path) -> SynthesisPlan | str:
    try:
        return decode_json(read_bounded(mark, MAX_TEXT), SynthesisPlan, str(mark), StorageError)
    except StorageError:
        return "something else"


def _read(file: BinaryIO, path: Path) -> dict[int, bytes]:
    """Read the rows by number, in any order; cut off one that was not written completely."""
    file.seek(0)
    lines = file.read().splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
        file.truncate(sum(map(len, lines)))
    rows: dict[int, bytes] = {}
    for place, line in enumerate(lines, 1):
        match = ROW.fullmatch(line)
        if match is None or int(match[1]) in rows:
            what = "is not a row of generated lines" if match is None else "occurs twice"
            raise AnnotationError(f"{path}, line {place} {what}: correct it, or give another --output")
        rows[int(match[1])] = line
    return rows
