"""Sample depth and range: gray values of any width and scale to 8 bits, 0 = black, 255 = white.

A file says how wide its samples are stored, not how many of their bits are used: scanners write 10, 12 or 14 bits into
16. The depth is therefore that of the values. One sample in a thousand may be brighter: a dead pixel, a speck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

DEPTHS = (8, 10, 12, 14, 16, 24, 32)
STRAY = 1000  # one sample in this many may be brighter than white
MIN_STRAY = 100  # samples: in smaller pictures none may
MIN_WHITE = 16  # the brightest value of a float picture on the scale 0..255; darker ones are more likely standardized
SLACK = 0.1  # of the range, by which interpolation may overshoot it
STRIP = 1 << 22  # pixels that are converted at a time


def strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Yield the top row of each horizontal strip of a picture, and the strip; a small picture is one strip."""
    width, height = image.size
    rows = max(1, STRIP // max(width, 1))
    if rows >= height:
        yield 0, image
        return
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(height, top + rows)))


def by_strips(image: Image.Image, convert: Callable[[Image.Image], np.ndarray]) -> np.ndarray:
    """Convert a picture to gray (H, W) uint8 strip by strip, so that no second copy of all its samples is made."""
    width, height = image.size
    parts = strips(image)
    _, first = next(parts)
    if first is image:
        return convert(image)
    gray = np.empty((height, width), np.uint8)
    gray[: first.height] = convert(first)
    for top, part in parts:
        gray[top : top + part.height] = convert(part)
    return gray


def eight_bits_of(image: Image.Image, white: int | None = None) -> np.ndarray:
    """Convert a picture of wide samples to (H, W) uint8. white: its brightest value, where its file tells.

    Raises `ValueError`, which names the range, if it cannot be told which value is white.
    """
    scale = _Scale()
    for _, part in strips(image):
        scale.add(np.asarray(part))
    convert = scale.converter(white)
    return by_strips(image, lambda part: convert(np.asarray(part)))


def eight_bits(values: np.ndarray) -> np.ndarray:
    """Convert an array of bool, integers or floats of any shape to uint8. Raises `ValueError` as `eight_bits_of`."""
    if values.dtype == bool or (values.dtype.kind in "iu" and _is_mask(values)):
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint8:
        return values
    scale = _Scale()
    scale.add(values)
    return scale.converter(None)(values)


def _is_mask(values: np.ndarray) -> bool:
    """Test for a thresholded picture that was not multiplied by 255: nothing but 0 and 1, of which both occur."""
    return values.size > 0 and int(values.max()) == 1 and int(values.min()) == 0


class _Scale:
    """Range of the samples of a picture, collected part by part."""

    def __init__(self) -> None:
        self.low, self.high = np.inf, -np.inf
        self.is_float = False
        self._above = np.zeros(len(DEPTHS), np.int64)  # samples that are brighter than each depth allows
        self._size = 0

    def add(self, values: np.ndarray) -> None:
        self.is_float = values.dtype.kind == "f"
        if self.is_float:
            values = values[np.isfinite(values)]
        self._size += values.size
        if values.size:
            self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        for place, depth in enumerate(DEPTHS):
            if self.high < 2**depth:
                break
            self._above[place] += np.count_nonzero(values > 2**depth - 1)

    def converter(self, white: int | None) -> Callable[[np.ndarray], np.ndarray]:
        """Return the conversion of samples of this range. Raises `ValueError` if white cannot be told."""
        if not np.isfinite(self.high):  # nothing but NaN and infinity
            return lambda values: np.full(values.shape, 255, np.uint8)
        if self.is_float:
            white = self._white_of_floats() if white is None else white
        elif self.low < 0:
            raise ValueError(self._told("negative values are not gray levels"))
        white = max(white or 0, self._depth_white()) if not self.is_float else white or 255
        if self.is_float or white > 65535:
            return lambda values: _scaled(values, white)
        table = np.clip(np.round(np.arange(65536) * (255.0 / white)), 0, 255).astype(np.uint8)
        if white == 65535:
            table = np.round(np.arange(65536) / 257).astype(np.uint8)
        return lambda values: table[values if values.dtype.itemsize < 4 else np.minimum(values, 65535)]

    def _white_of_floats(self) -> int:
        """Return 1 for a scale of 0..1, else the white of integers. Raises `ValueError` for any other range."""
        if self.high <= 1 + SLACK and self.low >= -SLACK:
            return 1
        if self.high < MIN_WHITE or self.low < -SLACK * self.high or self.high > 65535 * (1 + SLACK):
            raise ValueError(self._told("these are no gray levels, but perhaps standardized ones"))
        return 255 if self.high <= 255 * (1 + SLACK) else self._depth_white()

    def _depth_white(self) -> int:
        stray = self._size // STRAY if self._size >= STRAY else int(self._size >= MIN_STRAY)
        for depth, above in zip(DEPTHS, self._above):
            if above <= stray:
                return int(2**depth - 1)
        return int(self.high)

    def _told(self, why: str) -> str:
        return f"has values from {self.low:.4g} to {self.high:.4g}: {why}. Give 0 to 1, or 0 to 255"


def _scaled(values: np.ndarray, white: float) -> np.ndarray:
    """Scale samples to 8 bits. NaN, which marks missing data, becomes white."""
    values = np.nan_to_num(values.astype(np.float32), nan=white, posinf=white, neginf=0)
    return np.clip(np.round(values * np.float32(255 / white)), 0, 255).astype(np.uint8)
