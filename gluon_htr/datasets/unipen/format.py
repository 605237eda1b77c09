"""The UNIPEN format, version 1.0 (Guyon et al. 1994): a recording with all that it includes, as pen strokes and labels.

A file is a list of keywords that start with a dot, each with what follows it. A component is what comes after
`.PEN_DOWN` or `.PEN_UP`, if it has a point; a `.SEGMENT` names components, counted from 0 over all included files, and
says what they are. Paths of `.INCLUDE` are relative to the folder `include`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..._files import read_bounded
from ..._text_files import decode_text
from ...errors import AnnotationError

MAX_DEPTH = 8  # files that include each other
MAX_BYTES = 64 << 20  # bytes of a file; the largest of train_r01_v07 have a few MB
PER_INCH = {"INCH": 1.0, "MM": 25.4}
_SEGMENT = re.compile(r'(\S+)\s+([\d:,\s-]+?)\s+(\S+)\s+"((?:\\.|[^"\\])*)"', re.DOTALL)
_PIECE = re.compile(r"(\d+)(?::(\d+))?(?:-(\d+)(?::(\d+))?)?")


@dataclass(frozen=True)
class Component:
    """A stroke of the pen. points: (n, 2) float64, x to the right, y down, in one unit. down: for each, whether the pen
    is on the paper.
    """

    points: np.ndarray
    down: np.ndarray


@dataclass(frozen=True)
class Segment:
    """A labeled part. level: WORD, TEXT, CHARACTER … pieces: first component and point, last component and point; None
    is all.
    """

    level: str
    pieces: tuple[tuple[int, int | None, int, int | None], ...]
    label: str


@dataclass
class Recording:
    """Content of a file and its includes. writer: as they name it, or empty."""

    writer: str = ""
    components: list[Component] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    #: Names of the columns of numbers.
    columns: tuple[str, ...] = ("X", "Y")
    #: Units of y for one of x.
    proportion: float = 1.0
    #: Points to an inch, of X and Y.
    resolution: dict[str, float] = field(default_factory=dict)

    def strokes(self, segment: Segment) -> list[np.ndarray]:
        """Return the pen-down strokes of a segment, (n, 2) each.

        Raises `AnnotationError` if it names missing components.
        """
        strokes = []
        for first, start, last, end in segment.pieces:
            if last >= len(self.components) or first > last:
                raise AnnotationError(f"names component {last} of {len(self.components)}")
            for number in range(first, last + 1):
                component = self.components[number]
                begin = start if number == first and start is not None else 0
                stop = end + 1 if number == last and end is not None else None
                strokes += _runs(component.points[begin:stop], component.down[begin:stop])
        if not strokes:
            raise AnnotationError("has no strokes")
        return strokes


def _runs(points: np.ndarray, down: np.ndarray) -> list[np.ndarray]:
    """Split the points where the pen is down at each lift of the pen."""
    edges = np.flatnonzero(np.diff(down)) + 1
    return [part for part, pen in zip(np.split(points, edges), np.split(down, edges)) if len(part) and pen[0]]


def read_recording(path: Path, include: Path) -> Recording:
    """Read a recording. Raises `AnnotationError` if a file cannot be read or is malformed."""
    recording = Recording()
    _read(path, include, recording, 0)
    return recording


def _read(path: Path, include: Path, recording: Recording, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise AnnotationError(f"{path.name} is included {depth} files deep")
    for keyword, content in _statements(_text(path)):
        if keyword == "INCLUDE":
            _read(_included(include, content), include, recording, depth + 1)
        else:
            _take(recording, keyword, content)


def _text(path: Path) -> str:
    try:
        return decode_text(read_bounded(path, MAX_BYTES), path.name, AnnotationError, latin_1=True)
    except OSError as error:
        raise AnnotationError(f"{path.name} cannot be read: {error.strerror}") from None


def _statements(text: str) -> list[tuple[str, str]]:
    """Return keywords with their contents, on the same line and the following ones."""
    parts = re.split(r"(?m)^\s*\.([A-Z_]+)\b", text.replace("\r", "\n"))
    return list(zip(parts[1::2], parts[2::2]))


def _included(include: Path, name: str) -> Path:
    path = include / name.strip()
    if Path(name.strip()).is_absolute() or ".." in path.parts:
        raise AnnotationError(f"includes {name.strip()[:60]}, which leads out of its folder")
    return path


def _take(recording: Recording, keyword: str, content: str) -> None:
    if keyword in ("PEN_DOWN", "PEN_UP"):
        _add_component(recording, keyword == "PEN_DOWN", content)
    elif keyword == "SEGMENT":
        _add_segment(recording, content)
    elif keyword == "COORD":
        recording.columns = tuple(content.upper().split())
        if not {"X", "Y"} <= set(recording.columns):
            raise AnnotationError(f"has coordinates {content.strip()[:40]}, without X and Y")
    elif keyword == "WRITER_ID":
        recording.writer = " ".join(content.split())
    elif match := re.fullmatch(r"([XY])_POINTS_PER_(INCH|MM)", keyword):
        _set_resolution(recording, match[1], content, PER_INCH[match[2]])


def _set_resolution(recording: Recording, axis: str, content: str, factor: float) -> None:
    try:
        recording.resolution[axis] = float(content.split()[0]) * factor
    except (ValueError, IndexError):
        return  # some say `?`
    x, y = (recording.resolution.get(axis, 0.0) for axis in "XY")
    recording.proportion = y / x if x > 0 and y > 0 else 1.0


def _add_component(recording: Recording, down: bool, content: str) -> None:
    try:
        numbers = np.array(content.split(), np.float64)
    except ValueError:
        raise AnnotationError("has a component with points that are not numbers") from None
    columns = recording.columns
    rows = numbers[: len(numbers) // len(columns) * len(columns)].reshape(-1, len(columns))
    if not len(rows):
        return  # empty components are not counted
    points = rows[:, [columns.index("X"), columns.index("Y")]] * (1.0, -1.0 / recording.proportion)
    pressed = rows[:, columns.index("P")] > 0 if "P" in columns else np.zeros(len(rows), bool)
    on_paper = pressed if pressed.any() else np.ones(len(rows), bool)  # a pressure of 0 lifts the pen, where it varies
    recording.components.append(Component(points, on_paper & down))


def _add_segment(recording: Recording, content: str) -> None:
    """Add a segment; one without a label or without components is ignored."""
    if match := _SEGMENT.match(content.strip()):
        pieces = tuple(_piece(piece) for piece in match[2].split(",") if piece.strip())
        recording.segments.append(Segment(match[1], pieces, re.sub(r"\\(.)", r"\1", match[4])))


def _piece(text: str) -> tuple[int, int | None, int, int | None]:
    if not (match := _PIECE.fullmatch(text.strip())):
        raise AnnotationError(f"has a segment of {text.strip()[:40]}, which are not components")
    first, start, last, end = (None if number is None else int(number) for number in match.groups())
    assert first is not None
    if last is None:  # `12:3` is one point
        return first, start, first, start
    return first, start, last, end
