"""Pages composed of prepared lines and words: letters, columns, notes in margins, insertions, tables, double pages.

`composed-pages:lines.rec?count=1000&seed=0`. A page has lines of one writer as far as the writer left enough. Page k is
the same for the same spec and every count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np

from ...errors import DataError, MissingToolError
from ..origin import Origin
from ..packed.cache import is_cache, load_cache
from ..packed.records import load_records, records_origin
from ..sample import Problem, Sample
from ..store import Store

COMPOSING = 5  # appended to a page's seed
SHORT = 5.0  # times as wide as high: a shorter line is a word, for tables, notes and insertions
ENOUGH = 4  # lines of one writer
BREAK = 1.4  # line distances between paragraphs


class ComposedPagesOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of composed pages."""

    #: Number of pages.
    count: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1000
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0


@dataclass(frozen=True)
class ComposedPage:
    """A page with its lines. image: (H, W) uint8. lines: (polygon, baseline) of each in pixels, in reading order."""

    id: str
    group: str
    image: np.ndarray
    lines: tuple[tuple[np.ndarray, np.ndarray], ...]
    texts: tuple[str, ...]


class ComposedPages:
    """A stream of composed pages. Raises `DataError` if the prepared file has too few lines, and what loading it
    raises.
    """

    def __init__(self, path: Path, options: ComposedPagesOptions) -> None:
        self.problems: list[Problem] = []
        self._options = options
        self._store = (load_cache if is_cache(path) else load_records)(path)[0]
        shapes = self._store.shapes
        wide = shapes[:, 1] >= SHORT * shapes[:, 0]
        by_writer = defaultdict[str, list[int]](list)
        for position in np.flatnonzero(wide).tolist():
            by_writer[self._store.groups[position]].append(position)
        self._writers = [found for _, found in sorted(by_writer.items()) if len(found) >= ENOUGH]
        if not self._writers:
            raise DataError(f"{path} has no writer with {ENOUGH} lines to compose pages of")
        self._words = np.flatnonzero(~wide)

    def __len__(self) -> int:
        return self._options.count

    def __iter__(self) -> Iterator[ComposedPage]:
        return (self.page(index) for index in range(len(self)))

    def page(self, index: int) -> ComposedPage:
        """Compose page number `index`. Raises `MissingToolError` without OpenCV."""
        random = np.random.default_rng([self._options.seed, index, COMPOSING])
        lines = self._writers[int(random.integers(len(self._writers)))]
        page = _Composition(self._store, lines, self._words, random)
        page.compose()
        group = self._store.groups[lines[0]]
        places = tuple((placed.polygon, placed.baseline) for placed in page.sheet.placed)
        return ComposedPage(f"page-{self._options.seed}-{index:06}", group, page.sheet.paper, places, tuple(page.texts))


def composed_of(path: Path) -> Origin:
    """Return the origin of the lines. Raises `CacheError` if the file is damaged."""
    return load_cache(path)[1] if is_cache(path) else records_origin(path)


class ComposedPagesReader:
    """Reader of composed pages with their whole text, a line of text for each line."""

    def __init__(self, path: Path, options: ComposedPagesOptions) -> None:
        self._pages = ComposedPages(path, options)
        self.problems: list[Problem] = []

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[Sample]:
        return (Sample(page.id, "\n".join(page.texts), page.group, page.image.copy) for page in self._pages)


class _Composition:
    """One page in the making."""

    def __init__(self, store: Store, lines: list[int], words: np.ndarray, random: np.random.Generator) -> None:
        try:
            from ...images.written_page import Sheet, draw_paper, rule
        except ImportError:
            raise MissingToolError("composing pages needs OpenCV: pip install 'gluon-htr[train]'") from None
        self._rule = rule
        self._store, self._lines, self._words, self._random = store, lines, words, random
        self.texts: list[str] = []
        self.line_height = random.uniform(30, 64)  # pixels
        self.pitch = self.line_height * random.uniform(0.72, 1.5)  # close lines touch
        self.bend = (random.normal(0, 0.008), abs(random.normal(0, 0.02)))
        self.is_double = random.random() < 0.1
        self.is_in_columns = random.random() < 0.15
        shapes = store.shapes[lines]
        usual = float(np.percentile(shapes[:, 1] / shapes[:, 0], 75)) * self.line_height
        width = usual * random.uniform(1.05, 1.5)
        height = max(width * random.uniform(1.1, 1.6), 10 * self.pitch)
        width *= 2 if self.is_double or self.is_in_columns else 1
        self.sheet = Sheet(draw_paper((int(height), int(width)), self.pitch, random))

    def compose(self) -> None:
        """Fill the page."""
        width = self.sheet.paper.shape[1]
        if self.is_double:
            self._fold(width // 2)
        if self.is_double or self.is_in_columns:
            self._letter(0, width // 2)
            self._letter(width // 2, width)
        elif len(self._words) and self._random.random() < 0.2:
            self._table()
        else:
            self._letter(0, width)

    def _letter(self, left: float, right: float) -> None:
        """Fill a column with lines; short words may stand in its margin and between its lines."""
        width, height = right - left, self.sheet.paper.shape[0]
        margin = width * self._random.uniform(0.03, 0.2)
        end = right - width * self._random.uniform(0.02, 0.08)
        start = left + margin
        bottom = height * (self._random.uniform(0.3, 0.95) if self._random.random() < 0.4 else 0.95)
        y = height * self._random.uniform(0.04, 0.15) + self.line_height
        notes = margin > 3 * self.line_height and self._random.random() < 0.6
        while y < bottom:
            if notes and self._random.random() < 0.25:
                self._word(left + 0.02 * width, y - 0.2 * self.pitch, 0.7, margin * 0.9)
            indent = self._random.exponential(0.03) * width
            written = self._line(start + indent, end, y)
            if written and self._random.random() < 0.08:
                self._word(start + self._random.uniform(0, 0.7) * (end - start), y - 0.62 * self.pitch, 0.55, width / 4)
            y += self.pitch * (BREAK if self._random.random() < 0.08 else self._random.uniform(0.95, 1.05))

    def _table(self) -> None:
        """Fill rows of cells between vertical lines."""
        height, width = self.sheet.paper.shape
        edges = np.sort(self._random.uniform(0.05, 0.95, int(self._random.integers(3, 8)))) * width
        edges = np.concatenate([[0.03 * width], edges[np.diff(edges, prepend=-width) > 2 * self.line_height]])
        edges = np.append(edges, 0.98 * width)
        shade = int(self._random.uniform(0.3, 0.85) * self.sheet.paper.mean())
        if self._random.random() < 0.8:
            self._rule(self.sheet.paper, edges, shade, int(self._random.integers(1, 4)), across=False)
        size = 0.6
        y = 0.08 * height + self.line_height
        while y < 0.95 * height:
            if self._random.random() < 0.3:
                self._rule(self.sheet.paper, np.array([y + 0.3 * self.pitch]), shade, 1, across=True)
            for left, right in pairwise(edges):
                if self._random.random() < 0.7:
                    gap = self._random.uniform(0.05, 0.3) * (right - left)
                    self._word(left + gap, y, size, right - left - gap)
            y += 0.8 * self.pitch * self._random.choice([1.0, 1.0, 1.0, 2.0])

    def _fold(self, middle: int) -> None:
        """Draw the shadow of the fold between two pages."""
        paper = self.sheet.paper
        distance = np.abs(np.arange(paper.shape[1]) - middle)
        dark = 1 - self._random.uniform(0.2, 0.8) * np.exp(-((distance / self._random.uniform(8, 40)) ** 2))
        paper[...] = (paper * dark[None, :]).astype(np.uint8)

    def _line(self, left: float, right: float, base: float) -> bool:
        """Write a line of the writer that fits; False if none does."""
        for _ in range(4):
            position = self._lines[int(self._random.integers(len(self._lines)))]
            shape = self._store.shapes[position]
            height = self.line_height * self._random.uniform(0.94, 1.06)
            if shape[1] * height / shape[0] <= right - left:
                self._write(position, left, base, height)
                return True
        height = (right - left) * shape[0] / shape[1]
        if height < 0.6 * self.line_height:
            return False
        self._write(position, left, base, height)
        return True

    def _word(self, left: float, base: float, size: float, room: float) -> None:
        """Write a word that fits, if there is one."""
        for _ in range(4 if len(self._words) else 0):
            position = int(self._words[int(self._random.integers(len(self._words)))])
            shape = self._store.shapes[position]
            height = size * self.line_height * self._random.uniform(0.8, 1.2)
            if shape[1] * height / shape[0] <= room:
                self._write(position, left, base, height)
                return

    def _write(self, position: int, left: float, base: float, height: float) -> None:
        before = len(self.sheet.placed)
        slope, wave = self.bend
        bend = (slope + self._random.normal(0, 0.003), wave)
        self.sheet.write(self._store.image(position), left, base, height, bend)
        if len(self.sheet.placed) > before:
            self.texts.append(self._store.texts[position])
