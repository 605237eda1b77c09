"""Strips of single digits: those of MNIST side by side, as people write numbers of any length.

`strips:data/mnist?split=train&count=10000&digits=1-20&seed=0`. A strip has digits of many writers, dark on white, with
small overlaps or gaps, of slightly different sizes, and slightly above or below their baseline. Sample k is the same
for the same spec, in every worker and for every count. The writers of the digits are unknown, so every strip is its own
group.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from PIL import Image

from ...errors import SpecError
from ..sample import GeneratedReader, Sample
from .strip_digits import INK, MnistSplit, read_mnist

MAX_DIGITS = 200  # digits
CHOOSING, PLACING = 5, 6  # appended to a sample's seed, so that its digits and its layout vary independently

HEIGHT = 28  # pixels of a digit of the usual size; those of MNIST have 20
MIN_DISTANCE = 0.4  # heights between the centers of neighbors: at less, digits would cover each other


class StripsOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of a spec of strips."""

    #: Split of MNIST, as defined in strip_digits.py.
    split: MnistSplit = "train"
    #: Number of strips.
    count: Annotated[int, msgspec.Meta(ge=1)] = 10000
    #: Digits of a strip: `5`, or a range as `1-20`.
    digits: str = "1-20"
    seed: Annotated[int, msgspec.Meta(ge=0)] = 0


@dataclass(frozen=True, eq=False)
class Strip:
    """Digits beside each other, composed when called. Can be pickled.

    glyphs: (N, H, W) uint8 as in MNIST, 255 is ink.
    """

    glyphs: np.ndarray
    seed: tuple[int, ...]

    def __call__(self) -> np.ndarray:
        """Return (H, W) uint8, ink on white."""
        return compose(list(self.glyphs), np.random.default_rng(self.seed))


class StripsReader(GeneratedReader):
    """Reader of strips.

    Raises `DataError` if `root` lacks a file of MNIST or one is broken, `SpecError` for a bad number of digits.
    """

    def __init__(self, root: Path, options: StripsOptions) -> None:
        super().__init__(options.count)
        self._options = options
        self._min_digits, self._max_digits = digit_range(options.digits, MAX_DIGITS)
        self._glyphs, self._labels = read_mnist(root, options.split)

    def sample(self, index: int) -> Sample:
        """Draw strip number `index`, which may be beyond `count`."""
        seed = self._options.seed
        random = np.random.default_rng([seed, index, CHOOSING])
        chosen = random.integers(len(self._labels), size=random.integers(self._min_digits, self._max_digits + 1))
        text = "".join(map(str, self._labels[chosen]))
        name = f"{self._options.split}-{seed}-{index:07}"
        return Sample(name, text, name, Strip(self._glyphs[chosen], (seed, index, PLACING)))


def digit_range(digits: str, limit: int) -> tuple[int, int]:
    """Parse a number of digits: `5` → 5, 5; `1-20` → 1, 20. Raises `SpecError` beyond `limit`."""
    match = re.fullmatch(r"([0-9]{1,3})(?:-([0-9]{1,3}))?", digits)
    lowest, highest = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= lowest <= highest <= limit:
        raise SpecError(f"digits={digits}: write a number from 1 to {limit}, or a range of them as in 1-20")
    return lowest, highest


def compose(glyphs: list[np.ndarray], random: np.random.Generator) -> np.ndarray:
    """Compose glyphs (H, W) uint8, 255 is ink, to one line: (H, W) uint8, ink on white, all of it within the
    margins.
    """
    size, gap = random.uniform(0.85, 1.15), random.uniform(-0.05, 0.45)
    images = [_resized(glyph, size * random.normal(1, 0.06)) for glyph in glyphs]
    lefts = _lefts(images, gap, random)
    feet = [round(HEIGHT * random.normal(0, 0.05)) for _ in images]
    tops = [foot - image.shape[0] for foot, image in zip(feet, images)]
    above, below, before, behind = (1 + np.round(HEIGHT * random.uniform(0, 0.3, 4))).astype(int).tolist()
    right = max(left + image.shape[1] for left, image in zip(lefts, images))
    canvas = np.zeros((max(feet) - min(tops) + above + below, right + before + behind), np.uint8)
    for image, left, top in zip(images, lefts, tops):
        part = canvas[top - min(tops) + above :, left + before :][: image.shape[0], : image.shape[1]]
        np.maximum(part, image, out=part)
    return 255 - canvas


def _resized(glyph: np.ndarray, size: float) -> np.ndarray:
    """Resize the box of a digit's ink; a size of 1 is the usual size of the digits of a line."""
    rows, columns = (np.flatnonzero((glyph >= INK).any(axis=axis)) for axis in (1, 0))
    box = glyph[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    factor = np.clip(size, 0.6, 1.4) * HEIGHT / 20
    height, width = (max(2, round(side * factor)) for side in box.shape)
    return np.asarray(Image.fromarray(box).resize((width, height), Image.Resampling.BICUBIC))


def _lefts(images: list[np.ndarray], gap: float, random: np.random.Generator) -> list[int]:
    """Place the digits: x of each. gap: the usual distance between two, in heights, negative if they overlap."""
    lefts = [0]
    for before, after in pairwise(images):
        behind = before.shape[1] + HEIGHT * max(-0.12, gap + random.normal(0, 0.06))
        closest = (before.shape[1] - after.shape[1]) / 2 + HEIGHT * MIN_DISTANCE
        lefts.append(lefts[-1] + round(max(behind, closest)))
    return lefts
