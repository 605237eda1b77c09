"""The chain of image directories of a TIFF (TIFF 6.0, 1992, section 2; BigTIFF, Adobe technical note 2014).

Pillow ends it without a word where a file is cut off, as if the last directory that it can read were the last one.
"""

from __future__ import annotations

import struct
from typing import NamedTuple


class _Layout(NamedTuple):
    """How a kind of TIFF stores the first offset, and the number, size in bytes and successor of its entries."""

    first: int
    number: str
    entry: int
    offset: str


_KINDS = {42: _Layout(4, "H", 12, "I"), 43: _Layout(8, "Q", 20, "Q")}


def tiff_directories(blob: bytes, most: int) -> tuple[int, bool]:
    """Count the directories of a TIFF that are whole, `most` at most, and tell whether the last one ends the chain.

    A successor that is missing at the very end of the file counts as an end: some programs do not write it.
    """
    order = "<" if blob[:2] == b"II" else ">"
    layout = _KINDS.get(_number(blob, 2, f"{order}H") or 0, _KINDS[42])
    offset, seen = _number(blob, layout.first, order + layout.offset), set[int]()
    while offset and len(seen) < most:
        count = _number(blob, offset, order + layout.number)
        if count is None or offset in seen:
            return len(seen), False
        end = offset + struct.calcsize(order + layout.number) + count * layout.entry
        if end > len(blob):
            return len(seen), False
        seen.add(offset)
        offset = _number(blob, end, order + layout.offset)
    return len(seen), not offset


def _number(blob: bytes, position: int, form: str) -> int | None:
    """Read a number; None if it lies beyond the end of the file."""
    if position + struct.calcsize(form) > len(blob):
        return None
    value: int = struct.unpack_from(form, blob, position)[0]
    return value
