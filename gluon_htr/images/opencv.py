"""Decoding of the most common file, an 8-bit gray PNG, by OpenCV: the same pixels as Pillow's, a fifth faster.

For preparing whole data sets, where OpenCV is installed; readers of a trained model never need it.
"""

from __future__ import annotations

from os import PathLike

import cv2
import numpy as np

from .._files import read_bounded
from .cost import MAX_FILE, MAX_PIXELS, png_chunks
from .decoding import decode

MAX_PLAIN = 16 << 20  # bytes: larger files gain little
_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_GRAY = b"\x08\x00\x00\x00\x00"  # 8 bits, gray, deflate, adaptive filters, not interlaced
#: Chunks that change no pixel: colors of the screen, times. All others may: a transparent color, an orientation, a
#: resolution.
_PLAIN = {b"IHDR", b"IDAT", b"IEND", b"gAMA", b"cHRM", b"sRGB", b"tIME", b"bKGD"}


def decode_fast(source: str | PathLike[str] | bytes) -> np.ndarray:
    """Decode a path or an encoded file to the same pixels as `decode`. Raises `ImageError` as `decode` does."""
    blob = source if isinstance(source, bytes) else _contents(source)
    if _is_plain(blob):
        gray = cv2.imdecode(np.frombuffer(blob, np.uint8), cv2.IMREAD_GRAYSCALE)
        if gray is not None:
            return gray
    return decode(source)  # anything else, and broken files: Pillow knows more formats, and explains


def _contents(path: str | PathLike[str]) -> bytes:
    """Return the file's bytes, or none if it cannot be read: `decode` will report why."""
    try:
        return read_bounded(path, MAX_FILE)
    except OSError:
        return b""


def _is_plain(blob: bytes) -> bool:
    """Test for a complete gray PNG of ordinary size that says nothing but its pixels."""
    if not blob.startswith(_START) or blob[24:29] != _GRAY or len(blob) > MAX_PLAIN:
        return False
    if int.from_bytes(blob[16:20], "big") * int.from_bytes(blob[20:24], "big") > MAX_PIXELS:
        return False
    last = b""
    for chunk in png_chunks(blob):
        last = chunk.name
        if last not in _PLAIN and not (last == b"pHYs" and _is_square(blob[chunk.start : chunk.end])):
            return False
    return last == b"IEND"


def _is_square(resolution: bytes) -> bool:
    return resolution[:4] == resolution[4:8]
