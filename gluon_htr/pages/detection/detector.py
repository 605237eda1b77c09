"""Lines of a page from the logits of a network, whatever its classes are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

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
