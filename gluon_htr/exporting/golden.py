"""Golden images: drawn here, so that every bundle may include them whatever the terms of its training data.

They need not look like handwriting: every copy of the model, on any machine, must read in them what the exported one
read. A model of digits gets numbers: it would guess at letters, differently on every machine.
"""

from __future__ import annotations

import io
import string
from collections.abc import Collection, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..images.preprocessing import Preprocessing

WORDS = ("letter", "Read", "house", "1914", "quickly")
LINES = (
    "the letters of a long journey",
    "Read it aloud, he said.",
    "a house by the sea, in 1914",
    "and nobody came",
    "quickly, before the light is gone!",
)
NUMBERS = ("0123456789", "1914", "7", "31415926535897932384", "60042")
SLANTS = (0.0, 0.15, -0.1, 0.3, 0.05)  # columns to the right, a row upwards


def draw_golden(preprocessing: Preprocessing, characters: Collection[str]) -> list[bytes]:
    """Draw five PNG files: numbers for an alphabet of digits, words for the mode `box`, lines for `height`."""
    texts = WORDS if preprocessing.mode == "box" else LINES
    if set(string.digits).issuperset(characters):
        texts = NUMBERS
    return [_png(draw_line(text, 28 + 6 * k, slant)) for k, (text, slant) in enumerate(zip(texts, SLANTS))]


def draw_characters(characters: Sequence[str]) -> list[bytes]:
    """Draw five PNG files of single characters, evenly out of an alphabet, as far as Pillow's font has them."""
    drawable = [character for character in characters if character in string.digits + string.ascii_letters]
    chosen = [(drawable or "aeiou")[k * len(drawable or "aeiou") // len(SLANTS)] for k in range(len(SLANTS))]
    return [_png(draw_line(text, 28 + 6 * k, slant)) for k, (text, slant) in enumerate(zip(chosen, SLANTS))]


def draw_line(text: str, size: int, slant: float) -> Image.Image:
    """Draw a line in Pillow's own font. size: pixels. slant: columns to the right, a row upwards."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    width, height = int(right - left), int(bottom - top)
    shear_width = int(abs(slant) * height)
    image = Image.new("L", (width + shear_width + 24, height + 20), 245)
    ImageDraw.Draw(image).text((12 - left + shear_width * (slant < 0), 10 - top), text, fill=30, font=font)
    shift = slant * (height + 10) if slant > 0 else 0.0
    matrix = (1, slant, -shift, 0, 1, 0)
    return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR, fillcolor=245)


def _png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(image)).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
