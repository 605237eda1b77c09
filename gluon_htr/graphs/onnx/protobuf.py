"""A minimal parser of protocol buffers: the fields of a message, without a schema or a library.

https://protobuf.dev/programming-guides/encoding: a field is a varint (number << 3 | kind) and a value: a varint (kind
0), eight bytes (1), a length and that many bytes (2), or four bytes (5). Groups (3, 4) are obsolete.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...errors import GraphError

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


@dataclass(frozen=True)
class Field:
    """A field: its number, and its value as bytes or as an unsigned integer."""

    number: int
    value: memoryview | int

    @property
    def bytes(self) -> memoryview:
        """The value of a field of bytes, text or a message. Raises `GraphError` if it is a number."""
        if isinstance(self.value, int):
            raise GraphError(f"it is damaged: field {self.number} is a number instead of a message")
        return self.value

    @property
    def text(self) -> str:
        try:
            return str(self.bytes, "utf-8")
        except UnicodeDecodeError:
            raise GraphError(f"it is damaged: field {self.number} is not text") from None


def fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields of a message, in order. Raises `GraphError` if it is cut off or is not a message."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield Field(number, value)
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_EIGHT, _FOUR):
            size = 8 if kind == _EIGHT else 4
        else:
            raise GraphError(f"it is damaged: a field of kind {kind} at byte {at}")
        if size > len(message) - at:
            raise GraphError(f"it is cut off: a field of {size} bytes at byte {at} of {len(message)}")
        yield Field(number, message[at : at + size])
        at += size


def varints(packed: memoryview) -> list[int]:
    """Parse the numbers of a packed repeated field. Raises `GraphError` if it is cut off."""
    numbers, at = [], 0
    while at < len(packed):
        value, at = _varint(packed, at)
        numbers.append(value)
    return numbers


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Parse an unsigned integer of at most 64 bits; return it and the position after it."""
    value = 0
    for place in range(10):
        if at >= len(message):
            raise GraphError("it is cut off within a number")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value & (2**64 - 1), at
    raise GraphError(f"it is damaged: a number without an end at byte {at}")
