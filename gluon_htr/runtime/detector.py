"""Detector of the lines of a page: scaling, network, and the lines in its maps."""

from __future__ import annotations

import numpy as np

from ..errors import ModelError
from ..pages.detection.classes import Classes
from ..pages.detection.detector import find, probabilities
from ..pages.detection.lines import FoundLine
from ..pages.scaling import padded, scaled
from .backends import LogitsFunction


class Detector:
    """A trained network that finds the lines of pages. Threads may share it: it holds no state.

    Args:
        network: Function from images (N, H, W) uint8 to logits (N, C, h, w).
        classes: Meaning of the classes.
        max_side: Pixels of the longer side of the scaled page.
        multiple: Pixels: sides of an input are multiples of it.
        name: Name of the model, for messages.
    """

    def __init__(self, network: LogitsFunction, classes: Classes, max_side: int, multiple: int, name: str) -> None:
        self.network, self.classes, self.name = network, classes, name
        self.max_side, self.multiple = max_side, multiple

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
        image = padded(small, self.multiple)
        logits = self.network(image[None])[0]
        if not np.isfinite(logits).all():
            raise ModelError(f"{self.name} produced NaN or Inf logits: its weights are corrupt")
        scale = np.array(image.shape[::-1]) / np.array(logits.shape[:0:-1]) / zoom
        return find(probabilities(logits), self.classes, scale)
