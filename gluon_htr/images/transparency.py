"""Transparent pictures: what cannot be seen is paper, and ink that is lighter than any paper is dark ink in the dark.

Notes from tablets in dark mode are white strokes on nothing. On white paper they would vanish; they are put on black,
and the picture is inverted.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from .samples import by_strips, strips

LIGHT = 128  # gray level: where all that is visible is lighter, it is light ink
DARK_SHARE = 0.03  # of what is visible may be darker: edges, specks
MAX_INK = 0.4  # proportion of the picture that ink covers, as for opaque pictures; paper that was cut out covers more
_ALPHA = {"LA", "La", "PA", "RGBA", "RGBa"}


def is_transparent(image: Image.Image) -> bool:
    """Test whether a picture may have transparent pixels."""
    return image.mode in _ALPHA or "transparency" in image.info


def on_paper(image: Image.Image) -> np.ndarray:
    """Return the gray (H, W) uint8 of a transparent picture on its paper, dark on light."""
    ground = 0 if _is_light_ink(image) else 255

    def convert(part: Image.Image) -> np.ndarray:
        part = part.convert("RGBA")
        paper = Image.new("RGBA", part.size, (ground, ground, ground, 255))
        return np.array(Image.alpha_composite(paper, part).convert("RGB").convert("L"))

    gray = by_strips(image, convert)
    return gray if ground else np.uint8(255) - gray


def gray_on_paper(gray: np.ndarray, is_visible: np.ndarray) -> np.ndarray:
    """Return the same of gray values and a mask of what is visible, (H, W) each."""
    seen = np.bincount(gray[is_visible], minlength=256)
    if _is_light(seen, gray.size):
        return np.where(is_visible, np.uint8(255) - gray, np.uint8(255))
    return np.where(is_visible, gray, np.uint8(255))


def _is_light_ink(image: Image.Image) -> bool:
    """Test for light ink by the pixels that are at least half as opaque as the most opaque one."""
    opaque = max(int(np.asarray(_alpha(part)).max()) for _, part in strips(image))
    seen = np.zeros(256)
    for _, part in strips(image):
        part = part.convert("RGBA")
        mask = part.getchannel("A").point([255 * (2 * alpha >= opaque > 0) for alpha in range(256)])
        seen += part.convert("RGB").convert("L").histogram(mask)
    return _is_light(seen, image.width * image.height)


def _alpha(part: Image.Image) -> Image.Image:
    return part.getchannel("A") if part.mode in ("RGBA", "LA") else part.convert("RGBA").getchannel("A")


def _is_light(seen: np.ndarray, size: int) -> bool:
    """Test whether all that is visible is light ink. seen: (256,) pixels of each gray level."""
    visible = float(seen.sum())
    return 0 < visible <= MAX_INK * size and float(seen[:LIGHT].sum()) <= DARK_SHARE * visible
