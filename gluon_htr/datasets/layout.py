"""Pages with the places of their lines, on which the finding of lines is trained and scored.

Specs of `pages:` name them, with the same splits as the lines of these pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import AnnotationError, SpecError
from ..images.decoding import decode
from ..pages.annotations import AnnotatedLine, parse_points
from .page_files import PageFile, PageFiles, document_of
from .pages import PagesOptions
from .problems import first_problems
from .sample import Problem
from .spec import parse_spec
from .splits import part_by_ratio

KINDS = ("pages",)


@dataclass(frozen=True)
class LinePlace:
    """The place of a line on its page, in pixels: polygon (n, 2), n ≥ 3, and baseline (m, 2), m ≥ 2, float64."""

    polygon: np.ndarray
    baseline: np.ndarray


@dataclass(frozen=True)
class LayoutSample:
    """A page with its lines. group: the document. text: of each line, in the order of the file."""

    id: str
    group: str
    path: str
    size: tuple[int, int]  # width, height in pixels
    lines: tuple[LinePlace, ...]
    texts: tuple[str, ...]

    @property
    def places(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Polygon and baseline of each line."""
        return [(line.polygon, line.baseline) for line in self.lines]

    @property
    def collection(self) -> str:
        """Name of the folder of its collection: that above `train`, `validation` or `test`, or its own."""
        folder = Path(self.path).parent
        return folder.parent.name if folder.name in ("train", "validation", "test") else folder.name

    def image(self) -> np.ndarray:
        """Decode the page: (H, W) uint8. Raises `ImageError`."""
        return decode(self.path)


class LayoutReader:
    """Reader of the pages that a spec names, in order of their names. A page without usable lines is a problem.

    Raises `AnnotationError` if no page can be used, `SpecError` for a spec of another kind.
    """

    def __init__(self, spec: str) -> None:
        parsed = parse_spec(spec)
        self.share = parsed.share
        if parsed.kind not in KINDS:
            raise SpecError(f"{spec!r} has no places of lines on pages; kinds that have them: {', '.join(KINDS)}")
        options: PagesOptions = parsed.options
        files = PageFiles(parsed.path, options.split)
        self.problems = files.problems
        self._samples = [sample for file in files if (sample := self._sample(file, options)).lines]
        if not self._samples:
            raise AnnotationError(f"{files.folder} has no page with lines: {first_problems(self.problems)}")
        if files.by_ratio:
            groups = [item.group for item in self._samples]
            is_validation = options.split == "validation"
            self._samples = part_by_ratio(self._samples, groups, options.ratio, options.seed, is_validation)

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
        group = document_of(file.name, options.group)
        return LayoutSample(file.name, group, str(file.image), file.size, tuple(places), tuple(texts))


def line_place(line: AnnotatedLine, scale: np.ndarray, size: Sequence[int]) -> LinePlace:
    """Return the place of a line, clipped to its page. Raises `AnnotationError` if it has no polygon.

    A line without a baseline gets one at three quarters of its height.
    """
    polygon, baseline = (np.clip(parse_points(text) * scale, 0, size) for text in (line.polygon, line.baseline))
    if len(polygon) < 3 or not np.ptp(polygon, axis=0).all():
        raise AnnotationError("has no polygon with an area")
    if len(baseline) < 2 or not np.ptp(baseline[:, 0]):
        low = np.percentile(polygon[:, 1], 75)
        baseline = np.array([(polygon[:, 0].min(), low), (polygon[:, 0].max(), low)])
    return LinePlace(polygon, baseline)
