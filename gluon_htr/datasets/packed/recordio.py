"""MXNet's RecordIO, read and written without MXNet.

A record is u32 0xced7230a, u32 with the kind of part in its upper 3 bits and the length in the others, the data, and
zeros up to a multiple of 4 bytes; all little endian. Data that holds the first number itself, at a multiple of 4 bytes,
is cut there: parts of kind 1 (first), 2 and 3 (last) instead of one of kind 0 (dmlc-core, include/dmlc/recordio.h).

The data of an image record is u32 count, f32 label, u64 id, u64 id2; count f32 labels; the encoded image
(`mxnet.recordio.pack`). Our labels are the text's Unicode code points, all of which a float32 holds exactly.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import numpy as np

MAGIC = struct.pack("<I", 0xCED7230A)
_PART, _HEADER = struct.Struct("<4sI"), struct.Struct("<IfQQ")
_LENGTH = (1 << 29) - 1


def frame(data: bytes) -> bytes:
    """Frame data as a record. Raises `ValueError` for 512 MB or more."""
    if len(data) > _LENGTH:
        raise ValueError(f"a record holds less than 512 MB, not {len(data):,} bytes")
    cuts = [match.start() for match in re.finditer(re.escape(MAGIC), data) if match.start() % 4 == 0]
    starts, ends = [0, *(cut + 4 for cut in cuts)], [*cuts, len(data)]
    parts = [data[start:end] for start, end in zip(starts, ends)]
    kinds = [0] if len(parts) == 1 else [1, *[2] * (len(parts) - 2), 3]
    return b"".join(_part(kind, part) for kind, part in zip(kinds, parts))


def _part(kind: int, data: bytes) -> bytes:
    return _PART.pack(MAGIC, kind << 29 | len(data)) + data + bytes(-len(data) % 4)


def unframe(blob: bytes | memoryview) -> bytes:
    """Return the data of the record `blob`. Raises `ValueError` if it is not a complete record."""
    parts = list(_parts(memoryview(blob)))
    if [kind for kind, _ in parts] != ([0] if len(parts) == 1 else [1, *[2] * (len(parts) - 2), 3]):
        raise ValueError("is not a complete record")
    return MAGIC.join(data for _, data in parts)


def _parts(blob: memoryview) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(blob):
        if at + _PART.size > len(blob):
            raise ValueError("is cut off")
        magic, word = _PART.unpack_from(blob, at)
        end = at + _PART.size + (word & _LENGTH)
        if magic != MAGIC or end > len(blob):
            raise ValueError("is not a record, or is cut off")
        yield word >> 29, bytes(blob[at + _PART.size : end])
        at = end + -end % 4


def pack_image(text: str, key: int, image: bytes) -> bytes:
    """Return the data of an image record."""
    points = np.fromiter(map(ord, text), "<f4", len(text))
    return _HEADER.pack(len(points), 0.0, key, 0) + points.tobytes() + image


def unpack_image(data: bytes) -> tuple[str, int]:
    """Return the text of an image record, and the start of the encoded image. Raises `ValueError` if it is not one."""
    if len(data) < _HEADER.size:
        raise ValueError("is not an image record")
    start = _HEADER.size + 4 * _HEADER.unpack_from(data)[0]
    if start >= len(data):
        raise ValueError("is not an image record")
    points = np.frombuffer(data, "<f4", offset=_HEADER.size, count=(start - _HEADER.size) // 4)
    return "".join(map(chr, points.astype(int).tolist())), start
