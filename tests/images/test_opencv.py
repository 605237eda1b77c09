"""The fast way to decode, for preparing: the same images, and the same refusals."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("cv2")

from gluon_htr.errors import ImageError
from gluon_htr.images.decoding import decode
from gluon_htr.images.opencv import decode_fast

NOISE = np.random.default_rng(0).integers(0, 256, (40, 60)).astype(np.uint8)


def encoded(mode: str, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(NOISE).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA", "LA", "I;16"])
def test_it_reads_what_reading_reads(mode: str, tmp_path: Path) -> None:
    """Training would see other gray levels than `predict` does."""
    for options in ({}, {"compress_level": 9}, {"exif": _turned()}):
        blob = encoded(mode, "PNG", **options)
        (tmp_path / "a.png").write_bytes(blob)
        assert np.array_equal(decode_fast(blob), decode(blob))
        assert np.array_equal(decode_fast(str(tmp_path / "a.png")), decode(tmp_path / "a.png"))
    assert np.array_equal(decode_fast(encoded("L", "JPEG")), decode(encoded("L", "JPEG")))


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def test_it_refuses_what_reading_refuses(tmp_path: Path) -> None:
    """Half an image would be trained on: OpenCV fills what is missing with gray."""
    blob = encoded("L", "PNG")
    for keep in (0, 20, 100, len(blob) // 2, len(blob) - 40):
        (tmp_path / "a.png").write_bytes(blob[:keep])
        with pytest.raises(ImageError, match=r"a\.png"):
            decode_fast(str(tmp_path / "a.png"))
    with pytest.raises(ImageError, match=r"none\.png cannot be read"):
        decode_fast("none.png")


def test_a_flipped_byte_is_treated_as_reading_treats_it() -> None:
    """A damaged word would be trained on as noise."""
    blob = bytearray(encoded("L", "PNG"))
    blob[len(blob) // 2] ^= 0xFF
    try:
        expected = decode(bytes(blob))
    except ImageError:
        with pytest.raises(ImageError):
            decode_fast(bytes(blob))
    else:
        assert np.array_equal(decode_fast(bytes(blob)), expected)
