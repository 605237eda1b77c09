"""Transcribed pages: images with PAGE XML or ALTO, in the splits that their lines have as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...errors import AnnotationError
from ...images.decoding import Encoded
from ...pages.annotations import AnnotatedLine, parse_points
from ...pages.outlines import LineGeometry, mended
from ..page_files import PageFile, PageFiles, PageSource, document_of
from ..pages import PagesOptions
from ..problems import first_problems
from ..sample import Problem
from ..splits import part_by_ratio
from .sample import LayoutSample

BASELINE = 0.75  # of a line's height, from above
PLACES = np.linspace(0.05, 0.95, 10)  # along a line, where its height is measured


def open_pages_layout(root: Path, options: PagesOptions) -> PagesLayout:
    """Open the layout of a folder of pages."""
    return PagesLayout(PageFiles(root, options.split), options)


class PagesLayout:
    """Transcribed pages in order of their names. Raises `AnnotationError` if no page can be used."""

    def __init__(self, files: PageSource, options: PagesOptions) -> None:
        self.problems = files.problems
        self._samples, pages = list[LayoutSample](), list[str]()
        for file in files:
            if not file.content.lines:
                self.problems.append(Problem(file.name, "has no lines"))
                continue
            sample = self._sample(file, options)
            pages.append(sample.group)
            if sample.lines:
                self._samples.append(sample)
        if not self._samples:
            first = first_problems(self.problems) or "it has no pages"
            raise AnnotationError(f"{files.place} has no page with lines: {first}")
        if files.by_ratio:
            groups = [item.group for item in self._samples]
            is_validation = options.split == "validation"
            self._samples = part_by_ratio(self._samples, groups, pages, options.ratio, options.seed, is_validation)

    def __len__(self) -> int:
        return len(self._samples)

    def __iter__(self) -> Iterator[LayoutSample]:
        return iter(self._samples)

    def _sample(self, file: PageFile, options: PagesOptions) -> LayoutSample:
        places, texts = [], []
        for number, line in enumerate(file.content.lines, 1):
            try:
                places.append(line_place(line, file.scale, file.size))
                texts.append(line.text)
            except AnnotationError as error:
                self.problems.append(Problem(f"{file.name}/{line.id or number}", str(error)))
        group, image = document_of(file.name, options.group), Encoded(str(file.image))
        lines = tuple(mended(places, file.size))
        return LayoutSample(file.name, group, _collection(file.image.parent), image, lines, tuple(texts))


def _collection(folder: Path) -> str:
    """Return the name of a collection's folder: that above `train`, `validation` or `test`, or its own."""
    return folder.parent.name if folder.name in ("train", "validation", "test") else folder.name


def line_place(line: AnnotatedLine, scale: np.ndarray, size: Sequence[int]) -> LineGeometry:
    """Return the place of a line, clipped to its page. Raises `AnnotationError` if it has no polygon.

    A line without a baseline gets a straight one at three quarters of its height, as sloped as its polygon is.
    """
    polygon, baseline = (np.clip(parse_points(text) * scale, 0, size) for text in (line.polygon, line.baseline))
    if len(polygon) < 3 or not np.ptp(polygon, axis=0).all():
        raise AnnotationError("has no polygon with an area")
    if len(baseline) < 2 or not np.ptp(baseline[:, 0]):
        baseline = np.clip(_assumed_baseline(polygon), 0, size)
    return LineGeometry(polygon, baseline)


def _assumed_baseline(polygon: np.ndarray) -> np.ndarray:
    """Fit a straight line (2, 2) to points at `BASELINE` of the height of a polygon, from its left to its right end."""
    (x, y), (following_x, following_y) = polygon.T, np.roll(polygon, -1, axis=0).T
    left, right = x.min(), x.max()
    places = left + (right - left) * PLACES
    low = []
    for place in places:
        crossed = (x <= place) != (following_x <= place)
        share = (place - x[crossed]) / (following_x[crossed] - x[crossed])
        height = y[crossed] + share * (following_y[crossed] - y[crossed])
        low.append(height.min() + BASELINE * np.ptp(height))
    slope, start = np.polyfit(places - left, low, 1)
    return np.array([(left, start), (right, start + slope * (right - left))])
