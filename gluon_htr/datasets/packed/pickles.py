"""Pickles restricted to numpy arrays and plain containers.

A pickle may call anything when it is loaded (see the warning of Python's `pickle` module). This unpickler accepts the
four names that arrays need, and rejects every other, so that a hostile file is an error and never runs.

Some operations take memory that their bytes do not hold, so a file is walked first: each operation must be one that
`dump` writes, and no content may be longer than the rest of the file.
"""

from __future__ import annotations

import importlib
import os
import pickle
import pickletools
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np

from ..._files import check_regular
from ...errors import CacheError

# numpy 2 renamed its insides; files of either are read by both
_CORE = "numpy._core" if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else "numpy.core"
_frombuffer = importlib.import_module(f"{_CORE}.numeric")._frombuffer
_reconstruct = importlib.import_module(f"{_CORE}.multiarray")._reconstruct

_ADMITTED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.numeric", "_frombuffer"): _frombuffer,
    ("numpy._core.numeric", "_frombuffer"): _frombuffer,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
}


#: Operations of protocol 5 that a pickle of arrays, texts, numbers and containers has (PEP 574, pickletools).
# fmt: off
_OPERATIONS = {
    "PROTO", "FRAME", "STOP", "MARK", "MEMOIZE", "BINGET", "LONG_BINGET", "NONE", "NEWTRUE", "NEWFALSE", "BININT",
    "BININT1", "BININT2", "LONG1", "BINFLOAT", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "SHORT_BINBYTES",
    "BINBYTES", "BINBYTES8", "BYTEARRAY8", "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_TUPLE", "TUPLE", "TUPLE1",
    "TUPLE2", "TUPLE3", "EMPTY_DICT", "SETITEM", "SETITEMS", "STACK_GLOBAL", "REDUCE", "BUILD",
}
# fmt: on
SMALL = 1 << 16  # bytes, of which a few more are no matter
BYTES_PER_OPERATION, FEW = 8, 1000  # at least, in a file of more than a few: most of its bytes are pixels


class _Bounded:
    """A file of which no more is read than is there, however much is asked for."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._size, self._read = file, os.fstat(file.fileno()).st_size, file.read

    def read(self, size: int) -> bytes:
        if size > SMALL and size > self._size - self._file.tell():  # asking for the position takes as long as reading
            raise pickle.UnpicklingError("it is cut off")
        return self._read(size)

    def readline(self) -> bytes:
        raise pickle.UnpicklingError("it has an operation in text, which data never needs")


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which data never needs") from None


def load_all(path: Path) -> list[Any]:
    """Load the pickles of a file, at least one.

    Raises `CacheError` if it is broken or needs more than arrays.
    """
    contents: list[Any] = []
    try:
        check_regular(path)
        with open(path, "rb") as file:
            left = os.fstat(file.fileno()).st_size // BYTES_PER_OPERATION + FEW
            while not contents or file.peek(1):
                left -= _check(file, left)
                contents.append(_Unpickler(file).load())
    except OSError as error:
        raise CacheError(f"{path} cannot be read: {error.strerror}") from None
    except Exception as error:  # a damaged pickle raises whatever it likes
        raise CacheError(
            f"{path} is not accepted: {' '.join(str(error).split())[:200] or type(error).__name__}"
        ) from None
    return contents


def _check(file: BinaryIO, most: int) -> int:
    """Walk one pickle of at most so many operations, and go back to its beginning. Return their number.

    Raises `UnpicklingError` or `ValueError`.
    """
    number = 0
    begin = file.tell()
    for number, (operation, _, _) in enumerate(pickletools.genops(cast(Any, _Bounded(file))), 1):
        if number > most:
            raise pickle.UnpicklingError("it consists of more objects than its size allows")
        if operation.name not in _OPERATIONS:
            raise pickle.UnpicklingError(f"it has the operation {operation.name}, which data never needs")
    file.seek(begin)
    return number


def dump(content: Any, file: BinaryIO) -> None:
    """Write a pickle that `load_all` accepts."""
    pickle.dump(content, file, protocol=5)
