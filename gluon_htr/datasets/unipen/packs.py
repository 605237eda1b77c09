"""UNIPEN in the packs of `unipen-text.jsonl.xz`, `unipen-words.jsonl.xz` and `unipen-characters.jsonl.xz`.

A pack has one JSON object a line. `strokes` are delta-coded: the first two numbers of a stroke are its start, every
further pair is the step from the point before; x to the right, y down, 200 units to the usual height of the writer's
ink. Points are far apart where the pen went straight.
"""

from __future__ import annotations

import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from ..._files import check_regular
from ...errors import AnnotationError
from ..sample import Problem

SPACING = 8.0  # units between points, once they are even: the ink of a pen follows its pace
MAX_COORDINATE = 1e6  # units


class _Item(msgspec.Struct):
    id: str
    writer: str
    split: str
    label: str
    strokes: list[list[int]]


@dataclass(frozen=True)
class PenSample:
    """A written word, text or character. strokes: one array (n, 2) float32 each. group: the writer."""

    id: str
    label: str
    group: str
    strokes: tuple[np.ndarray, ...]

    @property
    def contributor(self) -> str:
        """The contributor of the recording to UNIPEN: three letters."""
        return self.group.partition("/")[0]


def read_pack(path: Path, split: str, problems: list[Problem]) -> Iterator[PenSample]:
    """Yield the items of one split, or of `all`. Those that cannot be used are added to `problems`.

    Raises `AnnotationError` if the file cannot be read.
    """
    decoder = msgspec.json.Decoder(_Item)
    try:
        check_regular(path)
        with lzma.open(path, "rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    item = decoder.decode(line)
                    if split in ("all", item.split):
                        yield PenSample(item.id, _label(item.label), item.writer, _strokes(item.strokes))
                except (msgspec.MsgspecError, UnicodeDecodeError, AnnotationError) as error:
                    problems.append(Problem(f"{path.name} line {number}", str(error)))
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise AnnotationError(f"{path} cannot be read: {error}") from None


def _label(label: str) -> str:
    if not (text := " ".join(label.split())):
        raise AnnotationError("has no text")
    return text


def _strokes(coded: list[list[int]]) -> tuple[np.ndarray, ...]:
    strokes = []
    for stroke in coded:
        if len(stroke) < 2 or len(stroke) % 2:
            raise AnnotationError("has a stroke that is not a list of points")
        strokes.append(np.array(stroke, np.float32).reshape(-1, 2).cumsum(axis=0))
        if not np.abs(strokes[-1]).max() <= MAX_COORDINATE:
            raise AnnotationError("has points beyond any paper")
    if not strokes:
        raise AnnotationError("has no strokes")
    return tuple(strokes)


def evenly_spaced(stroke: np.ndarray, spacing: float = SPACING) -> np.ndarray:
    """Resample a stroke (n, 2) to points about `spacing` apart; its corners stay."""
    lengths = np.hypot(*np.diff(stroke, axis=0).T) if len(stroke) > 1 else np.zeros(0)
    parts = np.maximum(1, np.round(lengths / spacing)).astype(int)
    starts = np.repeat(np.arange(len(parts)), parts)
    within = (np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)) / np.repeat(parts, parts)
    points = stroke[starts] + np.diff(stroke, axis=0)[starts] * within[:, None] if len(parts) else stroke[:0]
    return np.concatenate([points, stroke[-1:]]).astype(np.float32)
