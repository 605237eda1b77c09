"""Encoding of gray images for storage: PGM (bare pixels after a header of a dozen bytes, read at the speed of memory),
PNG (lossless and smaller), WebP or JPEG of a chosen quality.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from ..errors import UsageError

LOSSLESS = ("pgm", "png")
MAX_JPEG_SIDE = 65_500  # pixels: libjpeg writes no larger image


@dataclass(frozen=True)
class Encoding:
    """An image format, and for lossy formats the quality from 1 to 100."""

    format: Literal["png", "pgm", "webp", "jpeg"] = "pgm"
    quality: int = 100

    def __str__(self) -> str:
        return self.format if self.format in LOSSLESS else f"{self.format}:{self.quality}"


def parse_encoding(text: str) -> Encoding:
    """Parse `pgm`, `png`, `webp:80` or `jpeg:90`. Raises `UsageError`."""
    if text in LOSSLESS:
        return Encoding(text)  # type: ignore[arg-type]
    name, _, quality = text.partition(":")
    if name in ("webp", "jpeg") and quality.isdecimal() and 1 <= int(quality) <= 100:
        return Encoding(name, int(quality))  # type: ignore[arg-type]
    raise UsageError(f"{text} is not an encoding: give pgm, png, or webp:QUALITY or jpeg:QUALITY with 1 to 100")


def encode(image: np.ndarray, encoding: Encoding) -> bytes:
    """Encode an image (H, W) uint8 as the bytes of a file."""
    if encoding.format == "pgm":  # http://netpbm.sourceforge.net/doc/pgm.html
        height, width = image.shape
        return b"P5 %d %d 255\n" % (width, height) + image.tobytes()
    file = io.BytesIO()
    options = {"compress_level": 1} if encoding.format == "png" else {"quality": encoding.quality}
    Image.fromarray(image).save(file, encoding.format, **options)
    return file.getvalue()


def decode_stored(blob: np.ndarray) -> np.ndarray:
    """Decode the bytes (n,) uint8 that `encode` made to (H, W) uint8, with OpenCV if it is installed, which is
    faster.
    """
    try:
        import cv2
    except ImportError:
        with Image.open(io.BytesIO(blob.tobytes())) as image:
            return np.array(image.convert("L"))
    return cv2.imdecode(blob, cv2.IMREAD_GRAYSCALE)


def encode_jpeg(pixels: np.ndarray, quality: int) -> bytes:
    """Encode a gray picture (H, W) uint8 as JPEG, smaller if it has more pixels on a side than JPEG can have."""
    picture, buffer = Image.fromarray(pixels), io.BytesIO()
    picture.thumbnail((MAX_JPEG_SIDE, MAX_JPEG_SIDE))
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
