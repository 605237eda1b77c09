"""Decoding of the most common file, an 8-bit gray PNG, by OpenCV: the same pixels as Pillow's, a fifth faster.

For preparing whole data sets, where OpenCV is installed; readers of a trained model never need it.
"""

from __future__ import annotations

import os
from os import PathLike

import cv2
import numpy as np

from .decoding import decode

_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_GRAY = b"\x08\x00\x00\x00\x00"  # 8 bits, gray, deflate, adaptive filters, not interlaced


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
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.read(file, os.fstat(file).st_size)
    except OSError:
        return b""
    finally:
        os.close(file)


def _is_plain(blob: bytes) -> bool:
    """Test for a complete gray PNG without a transparent color or an orientation, which would precede its pixels."""
    plain = blob.startswith(_START) and blob[24:29] == _GRAY and blob.endswith(_END)
    head = blob[: blob.find(b"IDAT")] if plain else b""
    return plain and b"tRNS" not in head and b"eXIf" not in head
