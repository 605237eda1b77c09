"""One preprocessing for training, evaluation and reading: any gray image → the network's input.

Three rules:

- `character`: cut the character out of its picture, scale it to fit, center it on white (`characters.py`).
- `box`: shrink to fit height × width keeping the aspect ratio, never enlarge, center, pad. This is the rule of the
  Gluon notebook that this project grew from.
- `height`: scale to the height, keep the aspect ratio, pad on the right to a multiple of `width_multiple`. An image
  that would be wider than `width` is shrunk further and centered vertically.

Padding of `box` and `height` is `max(230, top-left pixel)` of the scaled image, as in the notebook. The width of the
result depends on the image alone, never on the other images of a batch, so that a text does not depend on its
neighbors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import numpy as np
from PIL import Image

from .characters import isolate

PADDING = 230  # minimum gray of padding
MARGIN = 1 / 14  # of a character, as a share of the side: 2 of 28 pixels
Positive = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Preprocessing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Preprocessing of images to the network's input; part of every preset, cache, run and bundle."""

    #: `box` (words), `height` (lines) or `character`; `rule` in files.
    mode: Literal["box", "height", "character"] = msgspec.field(name="rule")
    #: Pixels.
    height: Positive
    #: Pixels: the width of the box or character, or the widest line allowed in the mode `height`.
    width: Positive
    #: In the mode `height` the width is padded to a multiple of this many pixels.
    width_multiple: Positive = 32
    #: `linear`: two by two neighbors, as `cv2.resize` does and the notebook did; `area`: averages all pixels covered,
    #: so that thin strokes survive shrinking.
    resample: Literal["linear", "area"] = "area"


@dataclass(frozen=True)
class Placement:
    """Position of an image on the canvas: its size once scaled, and its top left corner; all in pixels."""

    height: int
    width: int
    top: int
    left: int
    canvas_width: int


def place(height: int, width: int, preprocessing: Preprocessing) -> Placement:
    """Compute the placement of an image of height × width pixels."""
    ratio = min(preprocessing.height / height, preprocessing.width / width)
    if preprocessing.mode == "character":
        return _centered(height, width, preprocessing)
    if preprocessing.mode == "box":
        if ratio < 1:  # the notebook rounds down
            height, width = max(1, int(height * ratio)), max(1, int(width * ratio))
        return Placement(
            height, width, (preprocessing.height - height) // 2, (preprocessing.width - width) // 2, preprocessing.width
        )
    height, width = max(1, round(height * ratio)), max(1, round(width * ratio))
    canvas_width = -(-width // preprocessing.width_multiple) * preprocessing.width_multiple
    return Placement(height, width, (preprocessing.height - height) // 2, 0, canvas_width)


def _centered(height: int, width: int, preprocessing: Preprocessing) -> Placement:
    """Compute the placement of the ink of a character."""
    rows, columns = (max(1, side - 2 * round(MARGIN * side)) for side in (preprocessing.height, preprocessing.width))
    ratio = min(rows / height, columns / width)
    height, width = max(1, round(height * ratio)), max(1, round(width * ratio))
    top, left = (preprocessing.height - height) // 2, (preprocessing.width - width) // 2
    return Placement(height, width, top, left, preprocessing.width)


def fit(image: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Scale and pad a gray image.

    image: (H, W) uint8, 0 = black ink. Returns (height, W') uint8, where W' is a multiple of `width_multiple` in the
    mode `height`, and the width in the others.
    """
    padding = PADDING
    if preprocessing.mode == "character":
        image, padding = isolate(image), 255
    where = place(image.shape[0], image.shape[1], preprocessing)
    scaled = _resize(image, where.height, where.width, preprocessing.resample)
    canvas = np.full((preprocessing.height, where.canvas_width), max(padding, int(scaled[0, 0])), np.uint8)
    canvas[where.top : where.top + where.height, where.left : where.left + where.width] = scaled
    return canvas


def to_network_input(images: np.ndarray) -> np.ndarray:
    """Convert images to the network's input: (N, H, W) uint8 → (N, 1, H, W) float32, ink 1, paper 0."""
    return (np.float32(255) - images[:, None].astype(np.float32)) / np.float32(255)


def _resize(image: np.ndarray, height: int, width: int, resample: str) -> np.ndarray:
    if image.shape == (height, width):
        return image
    if resample == "linear":
        return _linear(image, height, width)
    return np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def _linear(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Interpolate bilinearly between two by two neighbors, pixel centers at half positions, as `cv2.resize` does."""
    low, high, weight = _neighbors(image.shape[0], height)
    rows = image.take(low, axis=0).astype(np.float32)
    rows += (image.take(high, axis=0) - rows) * weight[:, None]
    low, high, weight = _neighbors(image.shape[1], width)
    pixels = rows.take(low, axis=1)
    pixels += (rows.take(high, axis=1) - pixels) * weight
    pixels += np.float32(0.5)
    return pixels.astype(np.uint8)


def _neighbors(source: int, target: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each of `target` pixels, the two of `source` around it and the weight of the second; (target,)
    each.
    """
    position = np.arange(0.5, target) * (source / target) - 0.5
    np.minimum(np.maximum(position, 0, out=position), source - 1, out=position)  # np.clip takes as long as all the rest
    low = position.astype(np.intp)
    return low, np.minimum(low + 1, source - 1), (position - low).astype(np.float32)
