"""Pages in memory, scaled for training: their pixels in one array, and the lines of each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from ...datasets.layout.reader import LayoutReader
from ...datasets.loading import Track, untracked
from ...datasets.sample import Problem
from ...datasets.spec import repeat_counts
from ...errors import DataError, ImageError
from ...images.polarity import dark_on_light
from ...pages.scaling import scaled
from .targets import Lines

SPARE = 1.25  # of the network's size: enlarged crops stay sharp


@dataclass(frozen=True)
class PageStore:
    """Scaled pages.

    ids, groups: of each page. shapes: (n, 2) height and width. offsets: (n,) of each in `pixels` (m,) uint8. zooms:
    (n, 2) pixels of the scaled page per pixel of the original, along x and y. lines: in pixels of the scaled page.
    counts: (n,) how often a page is used in an epoch.
    """

    ids: list[str]
    groups: list[str]
    shapes: np.ndarray
    offsets: np.ndarray
    zooms: np.ndarray
    pixels: np.ndarray
    lines: list[Lines]
    counts: np.ndarray
    problems: list[Problem] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def line_count(self) -> int:
        """Lines of all pages."""
        return sum(map(len, self.lines))

    def image(self, page: int) -> np.ndarray:
        """Return a page: (H, W) uint8."""
        return page_of(self.pixels, self.shapes, self.offsets, page)

    def select(self, chosen: np.ndarray) -> PageStore:
        """Return some of the pages; the pixels are shared. chosen: (n,) bool."""
        kept = np.flatnonzero(chosen).tolist()
        return replace(
            self,
            ids=[self.ids[k] for k in kept],
            groups=[self.groups[k] for k in kept],
            lines=[self.lines[k] for k in kept],
            shapes=self.shapes[kept],
            offsets=self.offsets[kept],
            zooms=self.zooms[kept],
            counts=self.counts[kept],
        )

    def shrunk(self, max_side: int) -> PageStore:
        """Return the same pages, scaled to another size."""
        pages = [scaled(self.image(page), max_side) for page in range(len(self))]
        lines: list[Lines] = [
            [(polygon * zoom, baseline * zoom) for polygon, baseline in known]
            for known, (_, zoom) in zip(self.lines, pages)
        ]
        zooms = np.array([own * zoom for own, (_, zoom) in zip(self.zooms, pages)])
        shapes, offsets, pixels = _joined([image for image, _ in pages])
        return replace(self, shapes=shapes, offsets=offsets, pixels=pixels, zooms=zooms, lines=lines)


def digest(*stores: PageStore) -> str:
    """Compute the SHA-256 of what identifies pages except their pixels: ids, sizes, numbers of lines, uses, order."""
    found = hashlib.sha256()
    for store in stores:
        found.update(msgspec.json.encode((store.ids, [len(lines) for lines in store.lines], store.counts.tolist())))
        found.update(store.shapes.tobytes())
    return found.hexdigest()


def page_of(pixels: np.ndarray, shapes: np.ndarray, offsets: np.ndarray, page: int) -> np.ndarray:
    """Return a page out of the pixels of all: (H, W) uint8."""
    height, width = shapes[page]
    return pixels[offsets[page] : offsets[page] + height * width].reshape(height, width)


def load_pages(specs: Sequence[str], max_side: int, seed: int = 0, track: Track = untracked) -> PageStore:
    """Load the pages of all specs, scaled so that their longer side has `max_side` pixels.

    Raises the errors of the reader, and `DataError` if there is no page.
    """
    ids, groups, images, zooms, counts = [], [], [], [], []
    lines: list[Lines] = []
    problems: list[Problem] = []
    for spec in specs:
        reader = LayoutReader(spec)
        repeats = repeat_counts(len(reader), reader.share, seed)
        with track(spec, len(reader)) as advance:
            for sample, count in zip(reader, repeats.tolist()):
                advance(1)
                if not count:
                    continue
                try:
                    image, zoom = scaled(dark_on_light(sample.image()), max_side)
                except ImageError as error:
                    problems.append(Problem(sample.id, str(error)))
                    continue
                ids.append(sample.id)
                groups.append(sample.group)
                images.append(image)
                zooms.append(zoom)
                lines.append([(line.polygon * zoom, line.baseline * zoom) for line in sample.lines])
                counts.append(count)
        problems += reader.problems
    if not ids:
        raise DataError(f"no page with lines in {' '.join(specs)}")
    shapes, offsets, pixels = _joined(images)
    return PageStore(ids, groups, shapes, offsets, np.array(zooms), pixels, lines, np.array(counts), problems)


def _joined(images: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return shapes (n, 2), offsets (n,) and all pixels (m,) of images."""
    shapes = np.array([image.shape for image in images])
    sizes = shapes.prod(axis=1)
    return shapes, np.cumsum(sizes) - sizes, np.concatenate([image.ravel() for image in images])
