"""Lines of a page from the logits of a network, whatever its classes are."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..scaling import framed
from .classes import Classes
from .lines import FoundLine, find_lines
from .odd_even import find_odd_even


def probabilities(logits: np.ndarray) -> np.ndarray:
    """Compute the softmax over the classes: (C, h, w) float32."""
    shifted = np.exp(logits - logits.max(axis=0, keepdims=True))
    return shifted / shifted.sum(axis=0, keepdims=True)


def find(maps: np.ndarray, classes: Classes, scale: Sequence[float]) -> list[FoundLine]:
    """Find the lines of a page, from top to bottom.

    maps: (C, h, w) probabilities of the classes. scale: pixels of the page per pixel of the maps, along x and y.
    """
    return find_lines(maps, scale) if classes == "lines" else find_odd_even(maps, scale)


def find_on(
    page: np.ndarray, predict: Callable[[np.ndarray], np.ndarray], classes: Classes, multiple: int
) -> list[FoundLine]:
    """Find the lines of a scaled page (H, W) uint8, in its pixels, from top to bottom.

    predict: from images (1, H, W) uint8 to logits (1, C, h, w). multiple: sides of its input are multiples of it.
    """
    image, margin = framed(page, multiple)
    logits = predict(image[None])[0]
    scale = np.array(image.shape[::-1]) / np.array(logits.shape[:0:-1])
    found = find(probabilities(logits), classes, scale)
    moved = [FoundLine(line.polygon - margin, line.baseline - margin, line.confidence) for line in found]
    return on_page(moved, page.shape)


def on_page(found: Sequence[FoundLine], shape: tuple[int, ...]) -> list[FoundLine]:
    """Cut lines off at the edges of a page of this shape, and leave out those of which less than a pixel is left: the
    network also sees the margin that is added for it.
    """
    size = shape[::-1]
    cut = (FoundLine(np.clip(f.polygon, 0, size), np.clip(f.baseline, 0, size), f.confidence) for f in found)
    return [line for line in cut if np.ptp(line.polygon, axis=0).min() >= 1]
