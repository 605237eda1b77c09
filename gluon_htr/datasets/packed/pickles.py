"""Pickles restricted to numpy arrays and plain containers.

A pickle may call anything when it is loaded (see the warning of Python's `pickle` module). This unpickler accepts the
four names that arrays need, and rejects every other, so that a hostile file is an error and never runs.
"""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

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
        with open(path, "rb") as file:
            while not contents or file.peek(1):
                contents.append(_Unpickler(file).load())
    except OSError as error:
        raise CacheError(f"{path} cannot be read: {error.strerror}") from None
    except Exception as error:  # a damaged pickle raises whatever it likes
        raise CacheError(
            f"{path} is not accepted: {' '.join(str(error).split())[:200] or type(error).__name__}"
        ) from None
    return contents


def dump(content: Any, file: BinaryIO) -> None:
    """Write a pickle that `load_all` accepts."""
    pickle.dump(content, file, protocol=5)
