"""Detector of the lines of a page: scaling, network, and the lines in its maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from ..errors import ModelError
from ..pages.detection.classes import Classes
from ..pages.detection.detector import find_on, on_page
from ..pages.detection.lines import FoundLine
from ..pages.outlines import turned
from ..pages.scaling import scaled
from .backends import LogitsFunction
from .origin import Origin, reduced

LEVEL = 3.0  # degrees: a page whose lines slope more is turned level, and looked at again
MIN_LINES = 3  # fewer lines do not tell how a page lies, and how large its writing is
SMALL, FINE = 26, 30  # pixels of the scaled page: lines that are lower are looked at again at this height
MAX_ENLARGEMENT = 1.5  # of the scaled page: the network has seen no larger writing of this kind


class Detector:
    """A trained network that finds the lines of pages. Threads may share it: it holds no state.

    Args:
        network: Function from images (N, H, W) uint8 to logits (N, C, h, w).
        classes: Meaning of the classes.
        max_side: Pixels of the longer side of the scaled page.
        multiple: Pixels: sides of an input are multiples of it.
        name: Name of the model, for messages.
        origin: How another process can load it again.
    """

    def __init__(
        self,
        network: LogitsFunction,
        classes: Classes,
        max_side: int,
        multiple: int,
        name: str,
        origin: Origin | None = None,
    ) -> None:
        self.network, self.classes, self.name = network, classes, name
        self.max_side, self.multiple, self._origin = max_side, multiple, origin

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self._origin, self.name, {})

    def find(self, page: np.ndarray) -> list[FoundLine]:
        """Find the lines of an upright page, from top to bottom.

        Args:
            page: (H, W) uint8, dark ink on light paper.

        Returns:
            Lines in pixels of the page.

        Raises:
            ModelError: The weights are corrupt.
        """
        small, zoom = scaled(page, self.max_side)
        found = self._find(small)
        if (height := _usual_height(found)) and height < SMALL:
            side = min(round(min(FINE / height, MAX_ENLARGEMENT) * self.max_side), max(page.shape))
            if side > self.max_side:  # a page with fewer pixels has been enlarged as it is
                small, zoom = scaled(page, side)
                found = self._find(small)
        skew = _skew(found)
        if abs(skew) > LEVEL:
            found = _turned_back(self._find(_turned(small, skew)), skew, small.shape, _canvas(small.shape, skew))
        whole = [FoundLine(line.polygon / zoom, line.baseline / zoom, line.confidence) for line in found]
        return on_page(whole, page.shape)

    def _find(self, small: np.ndarray) -> list[FoundLine]:
        """Find the lines of a scaled page, in its pixels."""
        return find_on(small, self._logits, self.classes, self.multiple)

    def _logits(self, images: np.ndarray) -> np.ndarray:
        logits = self.network(images)
        if not np.isfinite(logits).all():
            raise ModelError(f"{self.name} produced NaN or Inf logits: its weights are corrupt")
        return logits


def _usual_height(found: list[FoundLine]) -> float:
    """Return the median height of the lines' boxes in pixels; 0 if there are few.

    A box is higher than its line on a tilted page, which is then less likely to be looked at again. Measured across the
    lines, tilted registers were, and read worse (docs/decisions.md).
    """
    if len(found) < MIN_LINES:
        return 0.0
    return float(np.median([np.ptp(line.polygon[:, 1]) for line in found]))


def _skew(found: list[FoundLine]) -> float:
    """Return the slope of most lines in degrees, clockwise; 0 if there are few."""
    across = np.array([line.baseline[-1] - line.baseline[0] for line in found]).reshape(-1, 2)
    lengths = np.hypot(*across.T)
    if len(found) < MIN_LINES or not lengths.sum():
        return 0.0
    angles = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    order = np.argsort(angles)
    middle = int(np.searchsorted(np.cumsum(lengths[order]), lengths.sum() / 2))
    return float(angles[order[min(middle, len(order) - 1)]])


def _turned(small: np.ndarray, skew: float) -> np.ndarray:
    """Turn a page level, on a canvas that holds all of it."""
    edge = int(np.median(np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])))
    turned = Image.fromarray(small).rotate(skew, Image.Resampling.BILINEAR, expand=True, fillcolor=edge)
    return np.asarray(turned)


def _canvas(shape: tuple[int, ...], skew: float) -> tuple[int, int]:
    """Return height and width of the canvas of `_turned`, as Pillow computes them."""
    width, height = Image.new("1", (shape[1], shape[0])).rotate(skew, expand=True).size
    return height, width


def _turned_back(
    found: list[FoundLine], skew: float, shape: tuple[int, ...], canvas: tuple[int, int]
) -> list[FoundLine]:
    """Convert lines of a turned page to the page as it was: both turn about their centers."""
    center, middle = np.array(shape[::-1]) / 2, np.array(canvas[::-1]) / 2

    def back(points: np.ndarray) -> np.ndarray:
        return turned(points - middle, skew) + center

    return [FoundLine(back(line.polygon), back(line.baseline), line.confidence) for line in found]
