"""Preprocessed samples in memory: one flat array of bytes, and the position of each image in it.

An image is stored as bare pixels, or encoded as in records, and then decoded at each access.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from ..errors import ImageError
from ..images.encoding import decode_stored
from ..text.normalization import NormalizationForm, normalize
from .sample import Problem, Sample


@dataclass
class Store:
    """Images, texts and groups by position.

    shapes: (N, 2) int32, height and width. pixels: (…,) uint8, all images one after the other. offsets, sizes: (N,)
    int64, start of an image in `pixels` and its number of bytes: height · width for bare pixels, any other number for
    an encoded image.
    """

    ids: list[str]
    texts: list[str]
    groups: list[str]
    shapes: np.ndarray
    offsets: np.ndarray
    sizes: np.ndarray
    pixels: np.ndarray
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def collect(cls, samples: Sequence[tuple[str, str, str, np.ndarray]], problems: list[Problem]) -> Store:
        """Build a store of (id, text, group, image) tuples."""
        images = [image for *_, image in samples]
        shapes = np.array([image.shape for image in images], np.int32).reshape(-1, 2)
        sizes = bare_sizes(shapes)
        pixels = np.concatenate([image.ravel() for image in images]) if images else np.zeros(0, np.uint8)
        ids = [identity for identity, *_ in samples]
        texts = [text for _, text, *_ in samples]
        groups = [group for _, _, group, _ in samples]
        return cls(ids, texts, groups, shapes, np.cumsum(sizes) - sizes, sizes, pixels, problems)

    @classmethod
    def join(cls, stores: Sequence[Store]) -> Store:
        """Join all samples of several stores, in order."""
        if len(stores) == 1:
            return stores[0]
        starts = np.cumsum([0, *(len(store.pixels) for store in stores)])
        return cls(
            [i for store in stores for i in store.ids],
            [t for store in stores for t in store.texts],
            [g for store in stores for g in store.groups],
            np.concatenate([store.shapes for store in stores]),
            np.concatenate([store.offsets + start for store, start in zip(stores, starts)]),
            np.concatenate([store.sizes for store in stores]),
            np.concatenate([store.pixels for store in stores]),
            [problem for store in stores for problem in store.problems],
        )

    def select(self, positions: Iterable[int]) -> Store:
        """Return a store of the samples at `positions`; pixels are shared, not copied."""
        chosen = list(positions)
        return Store(
            [self.ids[k] for k in chosen],
            [self.texts[k] for k in chosen],
            [self.groups[k] for k in chosen],
            self.shapes[chosen],
            self.offsets[chosen],
            self.sizes[chosen],
            self.pixels,
            self.problems,
        )

    def normalized(self, form: NormalizationForm) -> Store:
        """Return the store with texts in that form; stored texts are in NFC."""
        return self if form == "NFC" else replace(self, texts=[normalize(text, form) for text in self.texts])

    def __len__(self) -> int:
        return len(self.ids)

    def image(self, position: int) -> np.ndarray:
        """Return an image (H, W) uint8, not to be written to. Raises `ImageError` if an encoded image has another
        size.
        """
        height, width = self.shapes[position].tolist()
        start, size = int(self.offsets[position]), int(self.sizes[position])
        found = self.pixels[start : start + size]
        if size == height * width:
            return found.reshape(height, width)
        image = decode_stored(found)
        if image.shape != (height, width):
            raise ImageError(f"{self.ids[position] if self.ids else position} is not the image that was stored")
        return image

    def reader(self) -> StoreReader:
        """Return the store as a reader of samples."""
        return StoreReader(self)


def bare_sizes(shapes: np.ndarray) -> np.ndarray:
    """Compute the bytes of images of these shapes (N, 2) as bare pixels: (N,) int64."""
    return shapes.astype(np.int64).prod(axis=1)


def digest(ids: Sequence[str], texts: Sequence[str]) -> str:
    """Compute the SHA-256 of ids and texts, in order: the same for every packing of the samples."""
    rows = (f"{identity}\t{text}\n" for identity, text in zip(ids, texts))
    return hashlib.sha256("".join(rows).encode()).hexdigest()


class StoreReader:
    """Reader of the samples of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.problems = store.problems

    def __len__(self) -> int:
        return len(self._store)

    def __iter__(self) -> Iterator[Sample]:
        store = self._store
        for k, (identity, text, group) in enumerate(zip(store.ids, store.texts, store.groups)):
            yield Sample(identity, text, group, partial(store.image, k))
