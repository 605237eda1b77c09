"""Words of each writer of IAM as material for new lines: their baseline, and their distances.

Boxes come from `words.txt`. A line's baseline is fitted to the feet of those words that have no descender and no
hanging or floating mark; the distance of every word below it is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from ..._text_files import decode_text, split_lines
from ...errors import AnnotationError
from ...images.decoding import SUFFIXES
from ..files import folder_files
from ..iam.annotations import Form, Line, Word
from ..iam.files import IamFiles
from ..iam.spacing import natural

STANDING = frozenset("abcdehiklmnorstuvwxzABCDEFGHIKLMNOPRSTUVWXZ0123456789")  # characters that stand on the baseline
MAX_OFFSET = 2.5  # median heights of a line's words: a foot that is farther off belongs to another line


@dataclass(frozen=True)
class WordImage:
    """The image of a word. below: pixels from its line's baseline down to its foot, negative if it floats."""

    path: str
    text: str
    below: int


@dataclass
class Writer:
    """Words of a writer: runs of consecutive words, and the distances between words in pixels, with and without a
    space.
    """

    runs: list[list[WordImage]] = field(default_factory=list)
    spaces: list[int] = field(default_factory=list)
    joints: list[int] = field(default_factory=list)


def writers(root: Path, forms: Iterable[Form]) -> dict[str, Writer]:
    """Collect the writers with enough material: words whose segmentation is marked ok, and distances.

    Raises `AnnotationError` if there is no table of boxes or no folder of words.
    """
    files = IamFiles(root)
    folder = files.folder("words")
    boxes, paths = _boxes(files), folder_files(folder, SUFFIXES) if folder else {}
    if not boxes or not paths:
        missing = "words/" if boxes else "ascii/words.txt"
        raise AnnotationError(f"{root} has no {missing}: run gluon-htr download --dataset iam-words first")
    found = defaultdict[str, Writer](Writer)
    for form in forms:
        for line in form.lines:
            _add(found[form.writer], line, boxes, paths)
    for writer in found.values():
        _trim(writer)
    return {name: writer for name, writer in sorted(found.items()) if writer.runs and writer.spaces}


def _trim(writer: Writer) -> None:
    """Drop distances that come from boxes of other words: words would overlap, or stand far apart."""
    usual = float(np.median(writer.spaces)) if writer.spaces else 0.0
    writer.spaces = [distance for distance in writer.spaces if usual / 4 <= distance <= 3 * usual]
    writer.joints = [distance for distance in writer.joints if -usual / 2 <= distance <= usual]
    writer.joints = writer.joints or [round(usual / 4)]  # no mark behind a word: about as close as those of others


def _boxes(files: IamFiles) -> dict[str, tuple[int, int, int, int]]:
    """Read x, y, width and height of each word on its form, in pixels."""
    table = decode_text(files.tables().get("words", b""), "words.txt", AnnotationError, latin_1=True)
    boxes = {}
    for row in split_lines(table):
        fields = row.split(" ")
        if not row.startswith("#") and len(fields) >= 9 and all(part.lstrip("-").isdecimal() for part in fields[3:7]):
            x, y, width, height = map(int, fields[3:7])
            if width > 0 and height > 0:
                boxes[fields[0]] = (x, y, width, height)
    return boxes


def _add(writer: Writer, line: Line, boxes: dict[str, tuple[int, int, int, int]], paths: dict[str, str]) -> None:
    """Collect the runs of good words of a line, and the distances within them."""
    baseline = _baseline(line.words, boxes)
    if baseline is None:
        return
    for run in _runs(line.words, boxes, paths):
        placed = [WordImage(paths[w.id], w.text, _foot(boxes[w.id]) - baseline(boxes[w.id])) for w in run]
        height = float(np.median([boxes[word.id][3] for word in run]))
        if all(abs(word.below) < MAX_OFFSET * max(height, 20) for word in placed):
            writer.runs.append(placed)
            for before, after, space in zip(run, run[1:], space_before([word.text for word in run])[1:]):
                distance = boxes[after.id][0] - boxes[before.id][0] - boxes[before.id][2]
                (writer.spaces if space else writer.joints).append(distance)


class _Baseline:
    """The y coordinate of a line's baseline under a box, in pixels of the form."""

    def __init__(self, x: Sequence[float], y: Sequence[float]) -> None:
        self._slope = 0.0
        if len(x) > 2 and np.ptp(x) > 0:
            self._slope = float(np.clip(np.polyfit(x, y, 1)[0], -0.1, 0.1))
        self._start = float(np.median(np.array(y) - self._slope * np.array(x)))

    def __call__(self, box: tuple[int, int, int, int]) -> int:
        return round(self._start + self._slope * (box[0] + box[2] / 2))


def _baseline(words: Iterable[Word], boxes: dict[str, tuple[int, int, int, int]]) -> _Baseline | None:
    """Fit the baseline of a line; None if no word shows it."""
    standing = [
        boxes[word.id] for word in words if word.segmented and word.id in boxes and STANDING.issuperset(word.text)
    ]
    if not standing:
        return None
    return _Baseline([box[0] + box[2] / 2 for box in standing], [_foot(box) for box in standing])


def _foot(box: tuple[int, int, int, int]) -> int:
    return box[1] + box[3]


def _runs(
    words: Iterable[Word], boxes: dict[str, tuple[int, int, int, int]], paths: dict[str, str]
) -> Iterator[list[Word]]:
    """Yield runs of neighboring words that are well segmented, in the order of writing; `#` stands for crossed-out
    words.
    """
    run: list[Word] = []
    for word in words:
        if word.segmented and word.id in boxes and word.id in paths and word.text.strip() and "#" not in word.text:
            run.append(word)
        elif run:
            yield run
            run = []
    if run:
        yield run


def space_before(tokens: Sequence[str]) -> list[bool]:
    """Tell for each token whether natural spacing puts a space before it; never before the first."""
    texts = [natural(tokens[: count + 1]) for count in range(len(tokens))]
    return [False, *(after[len(before)] == " " for before, after in pairwise(texts))]
