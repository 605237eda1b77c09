"""MXNet's `.params` files in numpy alone, byte for byte as `mx.nd.save` writes them.

Layout, little endian: u64 0x112, u64 0, u64 count; for every array u32 0xF993FAC9, i32 storage type 0, i32 dimensions,
an i64 each, i32 device type, i32 device id, i32 data type, the data; then u64 count and for every name u64 length and
its bytes. Names are `arg:…` for weights and `aux:…` for running statistics.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path

import numpy as np

from .._files import MAX_WEIGHTS, read_bounded
from ..errors import ParametersError

_LIST_MAGIC, _ARRAY_MAGIC = 0x112, 0xF993FAC9
_TYPES = [np.dtype(name) for name in ("<f4", "<f8", "<f2", "u1", "<i4", "i1", "<i8")]
_LIMIT = 1 << 20  # arrays, or bytes of a name: far above any real model
_DIMENSIONS = 32  # MXNet's own limit on an array's rank is below this


def load_parameters(path: str | Path) -> dict[str, np.ndarray]:
    """Load the arrays of a file by name. Raises `ParametersError` if it is another file or is cut off."""
    try:
        data = read_bounded(path, MAX_WEIGHTS)
    except OSError as error:
        raise ParametersError(f"{path} cannot be read: {error.strerror}") from None
    return parse_parameters(data, where=str(path))


def parse_parameters(data: bytes, where: str = "model.params") -> dict[str, np.ndarray]:
    """Parse the same from bytes; `where` names them in errors. The arrays are writable copies."""
    reader = _Reader(data, where)
    if reader.take("<QQ") != (_LIST_MAGIC, 0):
        raise ParametersError(f"{where} is not an MXNet parameter file: it does not begin with 0x112")
    arrays = [reader.array() for _ in range(reader.count())]
    names = [reader.name() for _ in range(reader.count())]
    if len(names) != len(arrays) or len(set(names)) != len(names):
        raise ParametersError(f"{where} is damaged: {len(arrays)} arrays with {len(set(names))} names")
    if reader.left:
        raise ParametersError(f"{where} is damaged: {reader.left} bytes after its end")
    return dict(zip(names, arrays))


def pack_parameters(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return the bytes of a file. Raises `ParametersError` for a type that MXNet does not have."""
    parts = [struct.pack("<QQQ", _LIST_MAGIC, 0, len(arrays))]
    for name, array in arrays.items():
        kind = np.dtype(array.dtype).newbyteorder("<")
        if kind not in _TYPES or array.ndim == 0:
            raise ParametersError(f"{name} is {array.dtype} of rank {array.ndim}: MXNet cannot store it")
        parts.append(struct.pack("<Iii", _ARRAY_MAGIC, 0, array.ndim))
        parts.append(struct.pack(f"<{array.ndim}q", *array.shape))
        parts.append(struct.pack("<iii", 1, 0, _TYPES.index(kind)))  # device: CPU 0
        parts.append(np.ascontiguousarray(array, kind).tobytes())
    parts.append(struct.pack("<Q", len(arrays)))
    for name in arrays:
        encoded = name.encode()
        parts.append(struct.pack("<Q", len(encoded)) + encoded)
    return b"".join(parts)


class _Reader:
    """A cursor over the fields of a file that trusts no size before it fits the rest."""

    def __init__(self, data: bytes, where: str) -> None:
        self._data, self._where, self._at = memoryview(data), where, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def bytes(self, size: int) -> memoryview:
        if size > self.left:
            raise ParametersError(
                f"{self._where} is cut off: it needs {size} bytes at byte {self._at}, but has {self.left}"
            )
        self._at += size
        return self._data[self._at - size : self._at]

    def take(self, form: str) -> tuple[int, ...]:
        return struct.unpack(form, self.bytes(struct.calcsize(form)))

    def count(self) -> int:
        (count,) = self.take("<Q")
        if count > _LIMIT:
            raise ParametersError(f"{self._where} is damaged: it claims a count of {count}")
        return count

    def name(self) -> str:
        try:
            return str(self.bytes(self.count()), "utf-8")
        except UnicodeDecodeError:
            raise ParametersError(f"{self._where} is damaged: a name that is not UTF-8") from None

    def array(self) -> np.ndarray:
        magic, storage, dimensions = self.take("<Iii")
        if magic != _ARRAY_MAGIC or storage != 0 or not 0 < dimensions <= _DIMENSIONS:
            raise ParametersError(f"{self._where} has an array that is not dense or is damaged at byte {self._at}")
        shape = self.take(f"<{dimensions}q")
        _, _, kind = self.take("<iii")
        if not 0 <= kind < len(_TYPES) or min(shape) < 0:
            raise ParametersError(f"{self._where} has an array of unknown type {kind} or negative shape {shape}")
        size = prod(shape) * _TYPES[kind].itemsize
        try:
            return np.frombuffer(self.bytes(size), _TYPES[kind]).reshape(shape).copy()
        except ValueError:  # sides beyond what numpy can hold, beside one of 0
            raise ParametersError(f"{self._where} has an array of the impossible shape {shape}") from None
