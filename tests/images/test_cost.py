"""Hostile pictures cost little: they are counted before they are decoded."""

from __future__ import annotations

import contextlib
import re
import resource
import struct
import time
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from letters import encoded
from PIL import Image, features

from gluon_htr.errors import ImageError
from gluon_htr.images.decoding import decode

LONGEST = 5.0  # seconds


def chunk(name: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")


def progressive(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan is repeated; it walks all pixels each time."""
    blob = encoded(Image.new("L", (side, side), 255), "JPEG", progressive=True)
    last = blob[blob.rindex(b"\xff\xda") : -2]
    return blob[:-2] + last * scans + blob[-2:]


def png_bomb(side: int, bits: int, color: int) -> bytes:
    """A picture of one color, at the best compression."""
    row = bytes(1 + side * bits * {0: 1, 2: 3, 6: 4}[color] // 8)
    packer = zlib.compressobj(9)
    content = b"".join([*(packer.compress(row) for _ in range(side)), packer.flush()])
    head = struct.pack(">IIBBBBB", side, side, bits, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


def claimed(side: int, color: int) -> bytes:
    """The beginning of such a picture: it must be refused by what it claims."""
    return png_bomb(20, 8, color).replace(struct.pack(">II", 20, 20), struct.pack(">II", side, side), 1)


def tiff(*entries: tuple[int, int, int, int], more: bytes = b"") -> bytes:
    """A TIFF of one directory, behind which `more` follows."""
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    return b"II*\0" + struct.pack("<I", 8) + body + more


def repeated_strips() -> bytes:
    """2,000 strips that all name the same megabyte."""
    offset = 8 + 2 + 12 * 8 + 4
    lists = struct.pack("<2000I", *[offset + 16000] * 2000) + struct.pack("<2000I", *[1 << 20] * 2000)
    size = (256, 4, 1, 2000), (257, 4, 1, 2000), (258, 3, 1, 8), (259, 3, 1, 5), (262, 3, 1, 1)
    strips = (273, 4, 2000, offset), (278, 4, 1, 1), (279, 4, 2000, offset + 8000)
    return tiff(*size, *strips, more=lists + bytes(1 << 20))


def rle(size: int) -> bytes:
    """A BMP of runs of one pixel, which Pillow decodes in Python."""
    content = b"\1\0" * (size // 2) + b"\0\1"
    head = struct.pack("<IiiHHIIiiII", 40, size // 2, 1, 1, 8, 1, len(content), 0, 0, 256, 256)
    return (
        b"BM" + struct.pack("<IHHI", 14 + 40 + 1024 + len(content), 0, 0, 14 + 40 + 1024) + head + bytes(1024) + content
    )


SMALL_JPEG = encoded(Image.new("L", (9, 9)), "JPEG")
BOMBS: dict[str, Callable[[], bytes]] = {
    "2,000 scans of 20 MP": lambda: progressive(4472, 2000),
    "40,000 scans of 0.1 MP": lambda: progressive(320, 40_000),
    "1.2 million chunks": lambda: png_bomb(20, 8, 0)[:-12] + chunk(b"tEXt", b"a\0b") * 1_200_000,
    "a million segments": lambda: b"\xff\xd8" + b"\xff\xfe\0\2" * 1_000_000 + SMALL_JPEG[2:],
    "16 MB of filling": lambda: b"\xff\xd8" + b"\xff" * (16 << 20) + SMALL_JPEG[2:],
    "GIF of tiny blocks": lambda: encoded(Image.new("L", (9, 9)), "GIF")[:-1] + b"!\xfe" + b"\1a" * 8_000_000 + b"\0;",
    "GIF of 15 MB of comments": lambda: (
        encoded(Image.new("L", (9, 9)), "GIF")[:-1] + b"!\xfe" + (b"\xff" + bytes([65] * 255)) * 60_000 + b"\0;"
    ),
    "TIFF tags on one block": lambda: tiff(*[(40000 + k, 7, 200_000, 8) for k in range(2000)], more=bytes(200_000)),
    "strips on one block": repeated_strips,
    "runs of one pixel": lambda: rle(16 << 20),
    "16 MB of digits": lambda: b"P2 4000 2000 255\n" + b"7 " * 8_000_000,
    "169 MP of RGBA": lambda: claimed(13_000, 6),
    "a file of 300 MB": lambda: b"\x89PNG\r\n\x1a\n" + bytes(300 << 20),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_little_time(name: str) -> None:
    """A request of some kilobytes would stop a server for hours."""
    blob = BOMBS[name]()
    began = time.perf_counter()
    with pytest.raises(ImageError) as caught:
        decode(blob)
    assert time.perf_counter() - began < LONGEST / 2
    assert "\n" not in str(caught.value)


def exif_bomb() -> bytes:
    """20,000 tags that all name the same 200 kB; Pillow 12 copies them all, 4 GB."""
    return tiff(*[(40000 + k, 7, 200_000, 240_014) for k in range(20_000)], more=bytes(200_000))


def jpeg_with(exif: bytes) -> bytes:
    """A JPEG with EXIF data in as many segments as they need."""
    parts = [b"Exif\0\0" + exif[k : k + 65_000] for k in range(0, len(exif), 65_000)]
    segments = b"".join(b"\xff\xe1" + (2 + len(part)).to_bytes(2, "big") + part for part in parts)
    return b"\xff\xd8" + segments + encoded(Image.new("L", (40, 30), 255), "JPEG")[20:]  # without its JFIF segment


def avif_with(exif: bytes) -> bytes:
    """An AVIF with EXIF data, which Pillow parses when it writes them, too: they are put in their place afterwards."""
    plain = Image.Exif()
    plain[270] = "x" * len(exif)
    blob = encoded(Image.new("RGB", (40, 30), "white"), "AVIF", exif=plain)
    place = re.search(rb"(II\*\0|MM\0\*)", blob)
    assert place
    at, size = place.start(), len(plain.tobytes()) - len(b"Exif\0\0")
    return blob[:at] + exif.ljust(size, b"\0") + blob[at + size :]


WHITE = Image.new("L", (40, 30), 255)
WITH_EXIF: dict[str, Callable[[bytes], bytes]] = {
    "png": lambda exif: encoded(WHITE, "PNG")[:33] + chunk(b"eXIf", exif) + encoded(WHITE, "PNG")[33:],
    "raw profile": lambda exif: (
        encoded(WHITE, "PNG")[:33]
        + chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n  9\n" + exif.hex().encode()))
        + encoded(WHITE, "PNG")[33:]
    ),
    "webp": lambda exif: encoded(WHITE, "WEBP", exif=exif),
    "jpeg": jpeg_with,
    "avif": avif_with,
}


@pytest.mark.parametrize("kind", WITH_EXIF)
def test_exif_data_that_claim_gigabytes_take_no_time(kind: str) -> None:
    """Pillow before version 13, the newest for Python 3.10, took 6 GB and a minute for a PNG of 440 kB."""
    if kind == "avif" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    ordinary = tiff((274, 3, 1, 6), more=bytes(100))
    if kind != "avif":
        assert decode(WITH_EXIF[kind](ordinary)).shape == (40, 30)
    blob = WITH_EXIF[kind](exif_bomb())
    began = time.perf_counter()
    with contextlib.suppress(ImageError):
        assert decode(blob).shape == (30, 40)
    assert time.perf_counter() - began < LONGEST / 10


def test_a_bomb_behind_an_ordinary_page_is_refused() -> None:
    """The second page of a TIFF would cost what its first one may not."""
    bomb, page = repeated_strips(), bytearray(encoded(Image.new("L", (20, 20), 255), "TIFF"))
    page += bytes(len(page) % 2)
    (first,) = struct.unpack_from("<I", page, 4)
    (count,) = struct.unpack_from("<H", page, first)
    struct.pack_into("<I", page, first + 2 + 12 * count, len(page) + 8)  # the next directory: that of the bomb
    moved = bytearray(bomb)
    for place in range(10, 10 + 12 * 8, 12):
        values, value = struct.unpack_from("<II", moved, place + 4)
        if values > 1:  # an offset into the file
            struct.pack_into("<I", moved, place + 8, value + len(page))
    with pytest.raises(ImageError, match="more bytes than the file"):
        decode(bytes(page + moved), frame=2)
    assert decode(bytes(page + moved), frame=1).shape == (20, 20)


def test_an_ordinary_progressive_photograph_is_read() -> None:
    """Cameras and web sites use up to a dozen scans; metadata may hold the bytes of a scan by chance."""
    noise = Image.effect_noise((900, 700), 90).convert("RGB")
    blob = encoded(noise, "JPEG", progressive=True, comment=b"\xff\xda" * 30_000)
    assert decode(blob).shape == (700, 900)
    assert decode(progressive(320, 500)).shape == (320, 320)


def test_a_deep_picture_of_many_pixels_stays_within_its_memory() -> None:
    """A 16-bit PNG of some kilobytes took 4.5 GB."""
    blob = png_bomb(7000, 16, 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    assert decode(blob).shape == (7000, 7000)
    assert time.perf_counter() - began < LONGEST
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # kB, of the highest so far
    assert grown * 1024 < 6 * 7000 * 7000


def test_large_ordinary_pages_are_accepted() -> None:
    """Scans of archives, A3 at 600 dpi in gray, would be refused."""
    assert decode(encoded(Image.new("1", (9933, 7016), 1), "TIFF", compression="group4")).shape == (7016, 9933)
    assert np.all(decode(encoded(Image.new("L", (9933, 7016), 200), "PNG", compress_level=1))[::99, ::99] == 200)
