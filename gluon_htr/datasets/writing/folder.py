"""The folder of generated lines: what they are made from, and the rows that are there."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from ..._storage import lock, storage_error, write_atomically
from ...errors import AnnotationError, StorageError, UsageError
from ...text.normalization import normalize
from ..sample import Sample

ROW = re.compile(rb"images/[0-9]+/([0-9]+)\.png\t[^\t]*\t[^\t]*\n")


class SynthesisPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lines are made from: `synthesis.json`. paper: the share of them that is put on paper."""

    spec: str
    seed: int = 0
    paper: float = 0.0
    engine: Literal["own", "trdg"] = "own"

    def __str__(self) -> str:
        return f"lines of {self.spec} with seed {self.seed}, {self.paper:.0%} on paper, by the engine {self.engine}"


@dataclass(frozen=True)
class Labels:
    """`labels.tsv`, which nobody else writes meanwhile. rows: those that were there at the start, by number."""

    path: Path
    file: BinaryIO
    rows: dict[int, bytes]

    @property
    def next(self) -> int:
        """The number behind that of the last line that is there."""
        return max(self.rows, default=-1) + 1

    def check(self, number: int, sample: Sample) -> None:
        """Raise `UsageError` where a row that is there is not that of the sample."""
        row = row_of(number, sample)
        if self.rows.get(number, row) != row:
            raise UsageError(
                f"{self.path}: line {number} would now be {sample.text!r} of {sample.group}: fonts, texts or this "
                "program have changed since, or the row was edited; give another --output"
            )

    def append(self, rows: list[bytes]) -> None:
        """Add rows, and wait until they are on the disk."""
        try:
            self.file.write(b"".join(rows))
            self.file.flush()
            os.fsync(self.file.fileno())
        except OSError as error:
            raise storage_error(self.path, error) from None


def image_of(number: int) -> str:
    """Where an image is in the folder."""
    return f"images/{number // 1000:03}/{number:07}.png"


def row_of(number: int, sample: Sample) -> bytes:
    """Return the row of an image; tabs and line ends of text and group, which would part it, become spaces."""
    return f"{image_of(number)}\t{normalize(sample.text)}\t{normalize(sample.group)}\n".encode()


@contextlib.contextmanager
def labels_of(output: Path, plan: SynthesisPlan) -> Iterator[Labels]:
    """Return the labels of a folder that is there, or of a new one. A folder without a row may have any plan.

    Raises `UsageError` when it holds lines of another plan, `AnnotationError` for a broken row, `StorageError` when it
    cannot be written, is being written, or holds something else.
    """
    mark, path = output / "synthesis.json", output / "labels.tsv"
    _make(output, mark, plan)
    try:
        file = open(path, "ab+")  # noqa: SIM115
    except OSError as error:
        raise storage_error(path, error) from None
    with file:
        if not lock(file):
            raise StorageError(f"{output} is being written by another command: wait until it ends")
        rows = _read(file, path)
        if (found := _plan(mark)) != plan:
            if rows:
                raise UsageError(f"{output} holds {found}, not {plan}: give another --output")
            _write(mark, plan)
        yield Labels(path, file, rows)


def _make(output: Path, mark: Path, plan: SynthesisPlan) -> None:
    if output.exists() and not output.is_dir():
        raise StorageError(f"{output} is a file, and lines are a folder: give another --output")
    if mark.exists():
        return
    if output.is_dir() and any(output.iterdir()):
        raise StorageError(f"{output} holds something else than generated lines: give another --output")
    _write(mark, plan)


def _write(mark: Path, plan: SynthesisPlan) -> None:
    write_atomically(mark, msgspec.json.format(msgspec.json.encode(plan)))


def _plan(mark: Path) -> SynthesisPlan | str:
    try:
        return msgspec.json.decode(mark.read_bytes(), type=SynthesisPlan)
    except msgspec.MsgspecError:
        return "something else"


def _read(file: BinaryIO, path: Path) -> dict[int, bytes]:
    """Return the rows by number; cuts off one that was not written whole. Rows may stand in any order."""
    file.seek(0)
    lines = file.read().splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()
        file.truncate(sum(map(len, lines)))
    rows: dict[int, bytes] = {}
    for place, line in enumerate(lines, 1):
        match = ROW.fullmatch(line)
        if match is None or int(match[1]) in rows:
            what = "is no row of generated lines" if match is None else "is there twice"
            raise AnnotationError(f"{path}, line {place} {what}: mend it, or give another --output")
        rows[int(match[1])] = line
    return rows
