"""Bounds on what decoding a picture costs, found before it is decoded: pixels, bytes of memory, and steps of work.

A picture of few bytes may have many scans that each walk all pixels (progressive JPEG), millions of chunks, or strips
that all name the same data. A thread that decodes cannot be stopped, so such pictures are refused by counting.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from PIL import Image

from ..errors import ImageError

MAX_PIXELS = 178_956_970  # Pillow's own limit; a page of A2 at 600 dpi has 140 million
MAX_FILE = 256 << 20  # bytes of a file
MAX_MEMORY = 800 << 20  # bytes of a file, its pixels as they are decoded, and its decoder
MAX_PARTS = 100_000  # chunks, segments or directories of a file
MAX_BLOCKS = 1_000_000  # blocks of 255 bytes of a GIF
MAX_COMMENTS = 1 << 20  # bytes of the comments of a GIF, which Pillow before version 13 joins in quadratic time
MAX_EXIF_PARTS = 100  # places of an AVIF at which EXIF data could begin
MAX_EXIF = 16 << 20  # bytes of all tags of EXIF data, which may claim the same bytes again and again
MAX_SCAN_PIXELS = 2_000_000_000  # scans of a JPEG times its pixels: 2 s
MAX_SLOW = 8 << 20  # bytes of a file whose decoder is written in Python: 3 s
#: Bytes a pixel that a decoder needs beyond the pixels themselves.
_DECODER = {"JPEG2000": 12, "WEBP": 8, "AVIF": 8, "HEIF": 8}
_COMPOSITING = 6  # the same for transparent pictures, which take longer
#: Pixels a second of one core, decoded and fitted; formats whose decoders are slower; and of each scan of a JPEG.
_SPEED, _SLOW_SPEED, _SCAN_SPEED = 80e6, 20e6, 1e9
_SLOW_BYTES = 2.5e6  # bytes a second of a decoder that is written in Python
_BYTES = {"1": 1, "L": 1, "P": 1}  # a pixel of Pillow's modes; 2 with 16 bits, 4 in all others
_TIFF_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_STRIPS = 279, 325  # tags of a TIFF: bytes of its strips, of its tiles
_EXIF, _EXIF_TIFF = b"Exif\0\0", re.compile(rb"II[*+]\0|MM\0[*+]")
_SCAN = b"\xff\xda"
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # within the data of a scan: the next segment


class Chunk(NamedTuple):
    """A chunk of a PNG: its name, and where its content begins and ends."""

    name: bytes
    start: int
    end: int


def png_chunks(blob: bytes) -> Iterator[Chunk]:
    """Yield the chunks of a PNG (PNG, third edition, section 5.3), as far as they are whole."""
    at = 8
    while at + 12 <= len(blob):
        end = at + 8 + int.from_bytes(blob[at : at + 4], "big")
        yield Chunk(blob[at + 4 : at + 8], at + 8, end)
        at = end + 4


def check_structure(blob: bytes, form: str, name: str) -> None:
    """Raise `ImageError` if opening a file would take too many steps. form: Pillow's name of its format."""
    if len(blob) > MAX_FILE:
        raise ImageError(f"{name} has {len(blob) >> 20:,} MB; at most {MAX_FILE >> 20} are accepted: scale it down")
    if form == "PNG":
        _check_count(png_chunks(blob), MAX_PARTS, name)
    elif form == "JPEG":
        _check_count(_jpeg_head(blob), MAX_PARTS, name)
        _check_exif(_exif_of_jpeg(blob), name)
    elif form == "AVIF":
        for match in islice(_EXIF_TIFF.finditer(blob), MAX_EXIF_PARTS):
            _check_exif(blob[match.start() :], name)
    elif form == "GIF":
        _check_count(_gif_blocks(blob), MAX_BLOCKS, name)
        if sum(_gif_blocks(blob)) > MAX_COMMENTS:
            raise ImageError(f"{name} has more than {MAX_COMMENTS >> 20} MB of comments: save it again as PNG")
    elif form == "TIFF":
        _check_directories(blob, name)
    elif len(blob) > MAX_SLOW and (_is_rle(blob, form) or (form == "PPM" and blob[1:2] in b"123")):
        raise ImageError(f"{name} has {len(blob) >> 20} MB in a format that is slow to decode: save it as PNG")


def check_decoding(image: Image.Image, blob: bytes, form: str, name: str) -> None:
    """Raise `ImageError` if decoding an open picture would take too much memory or work."""
    pixels = check_size(image, name)
    extra = _DECODER.get(form, 0) + (_COMPOSITING if image.mode in ("RGBA", "LA", "PA") else 0)
    memory = pixels * (bytes_per_pixel(image.mode) + extra) + len(blob)
    if form in ("JPEG", "MPO"):
        scans = blob.count(_SCAN)
        if scans > 1:  # all coefficients are kept, 16 bits each
            memory += 2 * pixels * len(image.getbands())
        if scans * pixels > MAX_SCAN_PIXELS and (scans := _scans(blob)) * pixels > MAX_SCAN_PIXELS:
            raise ImageError(f"{name} has {scans:,} scans of {pixels:,} pixels: save it as PNG")
    if form == "TIFF" and sum(_listed(image)) > 2 * len(blob):
        raise ImageError(f"{name} is broken: its strips have more bytes than the file")
    if memory > MAX_MEMORY:
        raise ImageError(f"{name} needs {memory >> 20:,} MB; at most {MAX_MEMORY >> 20} are accepted: scale it down")


def decoding_seconds(image: Image.Image, blob: bytes, form: str) -> float:
    """Estimate the time that one core needs to decode an open picture, from its header alone."""
    pixels = image.width * image.height
    seconds = pixels / (_SLOW_SPEED if form in _DECODER else _SPEED)
    if form in ("JPEG", "MPO") and blob.count(_SCAN) > 1:
        seconds += _scans(blob) * pixels / _SCAN_SPEED
    return seconds + (len(blob) / _SLOW_BYTES if _is_rle(blob, form) else 0)


def check_size(image: Image.Image, name: str) -> int:
    """Return the number of pixels. Raises `ImageError` if there are none, or too many."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ImageError(f"{name} has {width} × {height} pixels; at most {MAX_PIXELS:,} are accepted: scale it down")
    if width == 0 or height == 0:
        raise ImageError(f"{name} has no pixels")
    return width * height


def bytes_per_pixel(mode: str) -> int:
    """Return the bytes that Pillow needs for a pixel of a mode."""
    return _BYTES.get(mode, 2 if mode.startswith("I;16") else 4)


def _check_count(parts: Iterator[object], most: int, name: str) -> None:
    for number, _ in enumerate(parts):
        if number >= most:
            raise ImageError(f"{name} consists of more than {most:,} parts: save it again as PNG")


def _jpeg_head(blob: bytes) -> Iterator[int]:
    """Yield the places of the segments before the first scan, and of the bytes that fill the space between."""
    at = 2
    while at + 4 <= len(blob) and blob[at : at + 2] != _SCAN:
        yield at
        if blob[at] != 0xFF or blob[at + 1] in (0x00, 0xFF):
            at += 1
        elif 0xD0 <= blob[at + 1] <= 0xD9 or blob[at + 1] == 0x01:  # a marker alone
            at += 2
        else:
            at += 2 + max(2, int.from_bytes(blob[at + 2 : at + 4], "big"))


def _scans(blob: bytes) -> int:
    """Count the scans of a JPEG, and not the same bytes in its metadata (ITU-T T.81, B.1.1)."""
    count, at = 0, 2
    while at + 4 <= len(blob):
        marker = _MARKER.search(blob, at)
        if marker is None or blob[marker.start() + 1] == 0xD9:
            break
        at = marker.start()
        count += blob[at : at + 2] == _SCAN
        at += 2 + int.from_bytes(blob[at + 2 : at + 4], "big")
    return count


def _gif_blocks(blob: bytes) -> Iterator[int]:
    """Yield the bytes of comments in each block of a GIF (GIF89a, sections 15 to 26), as far as they are whole."""
    at = 13 + (3 << (blob[10] & 7) + 1 if len(blob) > 10 and blob[10] & 0x80 else 0)
    while at < len(blob) and blob[at] != 0x3B:
        yield 0
        is_comment = blob[at : at + 2] == b"\x21\xfe"
        if blob[at] == 0x21:
            at += 2
        elif blob[at] == 0x2C and at + 10 < len(blob):
            packed = blob[at + 9]
            at += 11 + (3 << (packed & 7) + 1 if packed & 0x80 else 0)
        else:
            at += 1
            continue
        while at < len(blob) and blob[at]:
            yield blob[at] if is_comment else 0
            at += 1 + blob[at]
        at += 1


def is_exif_bomb(content: bytes) -> bool:
    """Test whether the tags of EXIF data claim so many bytes that Pillow before version 13 would copy gigabytes."""
    while content.startswith(_EXIF):
        content = content[len(_EXIF) :]
    sizes = next(_directories(content), [])
    return sum(min(size, len(content)) for size in sizes) > max(MAX_EXIF, 2 * len(content))


def _check_exif(content: bytes, name: str) -> None:
    if is_exif_bomb(content):
        raise ImageError(f"{name} is broken: its EXIF data have more entries than the file has room for")


def _exif_of_jpeg(blob: bytes) -> bytes:
    """Join the segments of a JPEG that hold EXIF data, as Pillow does."""
    places = (at for at in _jpeg_head(blob) if blob[at : at + 2] == b"\xff\xe1" and blob[at + 4 : at + 10] == _EXIF)
    return b"".join(blob[at + 10 : at + 2 + int.from_bytes(blob[at + 2 : at + 4], "big")] for at in places)


def _check_directories(blob: bytes, name: str) -> None:
    """Check that the tags of a TIFF's directories do not have more bytes than the file."""
    seen = total = 0
    for sizes in _directories(blob):
        seen, total = seen + 1 + len(sizes), total + sum(sizes)
        if seen > MAX_PARTS or total > 2 * len(blob):
            raise ImageError(f"{name} is broken: its directories have more entries than the file has room for")


def _directories(blob: bytes) -> Iterator[list[int]]:
    """Yield the bytes that the tags of each directory of a TIFF claim (TIFF 6.0, section 2); without end in a loop."""
    order = "<" if blob[:2] == b"II" else ">"
    is_big = 43 in blob[2:4]  # BigTIFF has longer numbers
    head, entry, link = ("Q", "HHQ", "Q") if is_big else ("H", "HHI", "I")
    start = struct.Struct(order + link)
    at = 8 if is_big else 4
    while at + start.size <= len(blob):
        (directory,) = start.unpack_from(blob, at)
        if not 0 < directory <= len(blob) - struct.calcsize(head):
            return
        (count,) = struct.unpack_from(order + head, blob, directory)
        first, size = directory + struct.calcsize(head), 20 if is_big else 12
        count = min(count, max(0, len(blob) - first) // size)
        tags = (struct.unpack_from(order + entry, blob, first + k * size) for k in range(count))
        yield [_TIFF_BYTES.get(kind, 1) * values for _, kind, values in tags]
        at = first + count * size


def _listed(image: Image.Image) -> Iterator[int]:
    """Yield the bytes that a TIFF claims for its strips, and for its tiles; a single one is harmless."""
    tags = getattr(image, "tag_v2", {})
    for tag in _STRIPS:
        sizes = tags.get(tag, ())
        yield sum(sizes) if isinstance(sizes, tuple) and len(sizes) > 1 else 0


def _is_rle(blob: bytes, form: str) -> bool:
    return form == "BMP" and blob[30:34] in (b"\1\0\0\0", b"\2\0\0\0")
