"""Whole forms of IAM: `iam-forms:data/iam` reads forms*.tgz or forms/, or composes forms of their lines.

The boxes of words are those of the XML or of words.txt, in pixels of the scans of 300 dpi.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ...errors import AnnotationError
from ...images.decoding import Encoded
from ..sample import Problem, Sample
from .annotations import Box, Form, Line, around, read_forms
from .files import IamFiles
from .reader import FormsOptions, aachen_forms

SIZE = (2479, 3542)  # width and height of a scan in pixels
MARGIN = 0.5  # line heights around the handwriting


@dataclass(frozen=True)
class Composed:
    """The lines of a form on white paper, at their official places. Can be pickled."""

    lines: tuple[tuple[Encoded, Box], ...]

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8. Raises `ImageError`."""
        right, bottom = (max(box[side] for _, box in self.lines) for side in (2, 3))
        page = np.full((max(SIZE[1], bottom), max(SIZE[0], right)), 255, np.uint8)
        for image, (left, top, right, bottom) in self.lines:
            line = Image.fromarray(image()).resize((right - left, bottom - top))
            place = page[top:bottom, left:right]
            np.minimum(place, np.asarray(line), out=place)
        return page


@dataclass(frozen=True)
class Cut:
    """A part of an image, clipped to it. Can be pickled."""

    image: Callable[[], np.ndarray]
    box: Box

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8. Raises `ImageError`."""
        left, top, right, bottom = self.box
        return self.image()[top:bottom, left:right].copy()


@dataclass(frozen=True)
class PicturedForm:
    """A form with its image. The boxes of its words are in pixels of that image."""

    form: Form
    image: Callable[[], np.ndarray]


class IamForms:
    """Forms that have an image; from folders in order of ids, from archives in the archive's order.

    Raises `AnnotationError` if `root` has no forms, or none of the split.
    """

    def __init__(self, root: Path, options: FormsOptions) -> None:
        self.problems: list[Problem] = []
        self._files, self._options = IamFiles(root), options
        level = self._level = "lines" if options.source == "composed" else "forms"
        if not self._files.has(level):
            advice = "" if level == "lines" else ", or add source=composed to make forms of their lines"
            raise AnnotationError(f"{root} has neither {level}/ nor {level}*.tgz: run gluon-htr download first{advice}")
        self._forms: dict[str, Form] = {}
        for form in read_forms(root, self.problems):
            if options.split != "all" and form.id not in aachen_forms(options.split):
                continue
            if any(line.boxes for line in form.lines):
                self._forms[form.id] = form
            else:
                self.problems.append(Problem(form.id, "has no boxes of words"))
        if not self._forms:
            raise AnnotationError(f"{root} has no forms of split={options.split}")

    def __len__(self) -> int:
        return len(self._forms)

    def __iter__(self) -> Iterator[PicturedForm]:
        missing = dict(self._forms)
        found = self._composed() if self._options.source == "composed" else self._scanned()
        for identity, image in found:
            if identity in missing:
                yield _region(PicturedForm(missing.pop(identity), image), self._options.region)
        why = "lacks the images of some lines" if self._level == "lines" else "has no image"
        self.problems += [Problem(identity, why) for identity in missing]

    def _scanned(self) -> Iterator[tuple[str, Encoded]]:
        return ((identity, Encoded(source)) for identity, source in self._files.images(self._level))

    def _composed(self) -> Iterator[tuple[str, Composed]]:
        """Yield each form as soon as all of its lines have come."""
        boxes = {line.id: around(line.boxes) for form in self._forms.values() for line in form.lines if line.boxes}
        count = {form.id: sum(line.id in boxes for line in form.lines) for form in self._forms.values()}
        waiting: dict[str, list[tuple[Encoded, Box]]] = defaultdict(list)
        for identity, source in self._files.images(self._level):
            form = identity.rpartition("-")[0]
            if identity not in boxes or form not in count:
                continue
            waiting[form].append((Encoded(source), boxes[identity]))
            if len(waiting[form]) == count[form]:
                yield form, Composed(tuple(waiting.pop(form)))


class FormsReader:
    """Reader of forms with their whole text, a line of text for each line. Raises `AnnotationError` as `IamForms`."""

    def __init__(self, root: Path, options: FormsOptions) -> None:
        self._forms, self._tokens = IamForms(root, options), options.text == "tokens"

    @property
    def problems(self) -> list[Problem]:
        return self._forms.problems

    def __len__(self) -> int:
        return len(self._forms)

    def __iter__(self) -> Iterator[Sample]:
        for pictured in self._forms:
            form = pictured.form
            text = "\n".join(line.tokens if self._tokens else line.text for line in form.lines)
            yield Sample(form.id, text, form.writer, pictured.image)


def _region(pictured: PicturedForm, region: str) -> PicturedForm:
    """Cut the handwriting out of a form, and move its boxes along."""
    if region == "form":
        return pictured
    form = pictured.form
    lines = [around(line.boxes) for line in form.lines if line.boxes]
    margin = round(MARGIN * float(np.median([bottom - top for _, top, _, bottom in lines])))
    left, top, right, bottom = around(lines)
    left, top = max(0, left - margin), max(0, top - margin)
    moved = replace(form, lines=tuple(_moved(line, left, top) for line in form.lines))
    return PicturedForm(moved, Cut(pictured.image, (left, top, right + margin, bottom + margin)))


def _moved(line: Line, left: int, top: int) -> Line:
    words = []
    for word in line.words:
        boxes = tuple((x0 - left, y0 - top, x1 - left, y1 - top) for x0, y0, x1, y1 in word.boxes)
        words.append(replace(word, boxes=boxes))
    return replace(line, words=tuple(words))
