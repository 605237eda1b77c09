"""UNIPEN as it is published: `data/CATEGORY/CONTRIBUTOR/…` with labels, `include/CONTRIBUTOR/…` with pen strokes.

What a recording has is scaled as the packs are, so that 200 units are the usual height of its ink. Texts of several
lines are left out, for nothing tells which part of the text belongs to which line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from .._folders import files_below
from ..errors import AnnotationError
from .iam_online_spacing import naturally_spaced
from .sample import Problem
from .unipen_format import read_recording
from .unipen_packs import Written

CATEGORIES = {"text": ("8",), "words": ("7",), "characters": ("1a", "1b", "1c", "1d")}
UNITS = 200.0  # of the usual height of a recording's ink
DEPTH = 4  # folders below the root, at most, to where `data` and `include` are: CDROM/unipen/CDROM/train_r01_v07
RETURN = 0.5  # of the ink's width: who goes so far back to the left, and down, begins another line


def find_recordings(root: Path) -> Path | None:
    """Find the folder at or below `root` that has `data` and `include`, if there is one."""
    folders = [root]
    for _ in range(DEPTH + 1):
        for folder in folders:
            if (folder / "data").is_dir() and (folder / "include").is_dir():
                return folder
        folders = sorted(child for folder in folders if folder.is_dir() for child in folder.iterdir() if child.is_dir())
    return None


def read_recordings(folder: Path, part: str, problems: list[Problem]) -> Iterator[Written]:
    """Yield all words, texts or characters, recording by recording. What cannot be used is added to `problems`."""
    for category in CATEGORIES[part]:
        place = folder / "data" / category
        for path in files_below(place, ("",)) if place.is_dir() else []:
            name = path.relative_to(place).with_suffix("").as_posix()
            try:
                yield from _scaled(_items(path, folder / "include", f"{category}/{name}", problems))
            except AnnotationError as error:
                problems.append(Problem(f"{category}/{name}", str(error)))


def _items(path: Path, include: Path, name: str, problems: list[Problem]) -> list[Written]:
    recording = read_recording(path, include)
    contributor = name.split("/")[1]
    writer = f"{contributor}/{recording.writer or name.split('/', 2)[-1]}"
    items = []
    for number, segment in enumerate(recording.segments):
        identity = f"{name}#{number}"
        try:
            strokes = recording.strokes(segment)
        except AnnotationError as error:
            problems.append(Problem(identity, str(error)))
            continue
        label = " ".join(naturally_spaced([segment.label])[0].split())
        if not label or segment.label == "?":
            problems.append(Problem(identity, "has no text"))
        elif " " in label and _has_several_lines(strokes):
            problems.append(Problem(identity, "is a text of several lines"))
        else:
            items.append(Written(identity, label, writer, tuple(stroke.astype(np.float32) for stroke in strokes)))
    return items


def _has_several_lines(strokes: Sequence[np.ndarray]) -> bool:
    """Tell if the pen goes back to the left, and down, as at the end of a line."""
    points = np.concatenate(strokes)
    width = np.ptp(points[:, 0])
    heights = np.array([np.ptp(stroke[:, 1]) for stroke in strokes])
    letter = float(np.median(heights[heights > 0])) if heights.any() else 0.0
    middles = np.array([stroke.mean(axis=0) for stroke in strokes])
    back, down = -np.diff(middles[:, 0]), np.diff(middles[:, 1])
    return bool(((back > RETURN * width) & (down > letter)).any())


def _scaled(items: list[Written]) -> Iterator[Written]:
    """Scale items so that 200 units are the median height of those that have a letter or a digit."""
    heights = [_height(item) for item in items if any(character.isalnum() for character in item.label)]
    usual = float(np.median(heights or [_height(item) for item in items] or [1.0]))
    factor = np.float32(UNITS / max(usual, 1e-6))
    for item in items:
        yield Written(item.id, item.label, item.group, tuple(stroke * factor for stroke in item.strokes))


def _height(item: Written) -> float:
    return float(np.ptp(np.concatenate(item.strokes)[:, 1]))
