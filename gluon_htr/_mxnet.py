"""The only module that imports mxnet.

mxnet 1.9.1 (the last release) still uses `np.bool` and similar names, which numpy removed in 1.24. They are restored
before the import. Raises `MissingToolError` if mxnet is not installed or cannot work. What MXNet itself raises holds a
traceback of its C++ part; `own_errors` makes it one of ours.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator

import numpy as np

from ._processes import SAVE_MEMORY, share_cores
from .errors import HtrError, MemoryLimitError, MissingToolError, StorageError, TrainingError

for _name, _type in {"bool": bool, "object": object, "int": int, "float": float}.items():
    if _name not in np.__dict__:
        setattr(np, _name, _type)

share_cores()


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Hide MXNet's message about the engine that was chosen, which its C++ part prints."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


try:
    import mxnet as mx

    with _silent_stderr():
        mx.nd.waitall()  # starts the engine
except (ImportError, AttributeError) as error:
    raise MissingToolError(
        f"mxnet cannot be imported ({error}); install the training extra on Python 3.10 to 3.12: "
        "pip install 'gluon-htr[train]'"
    ) from error


@contextlib.contextmanager
def own_errors() -> Iterator[None]:
    """Raise errors of MXNet as our own: the disk, memory, or what its check found. Usable as a decorator."""
    try:
        yield
    except mx.base.MXNetError as error:
        raise translated(str(error)) from None


def translated(message: str) -> HtrError:
    """Return our own error for a message of MXNet, which may hold a traceback of many lines."""
    if re.search(r"bad_alloc|memory allocat|allocate (\w+ )?memory|out ?of ?memory", message, re.IGNORECASE):
        return MemoryLimitError(f"memory ran out in MXNet: {SAVE_MEMORY}")
    if re.search(r"No space left|incomplete write|Write incomplete|FileStream", message):
        return StorageError("MXNet could not write a file: is the disk full? Free some space and repeat the command")
    lines = [line.strip() for line in message.splitlines()]
    words = [line for line in lines if line and not line.startswith(("Traceback", "File ", "Stack trace", "[bt]", "("))]
    found = re.sub(r"^(\w+\.)*(MXNetError|Error):\s*|^.*Check failed:\s*", "", words[0] if words else "no reason given")
    return TrainingError(f"MXNet failed: {found[:200]}")


__all__ = ["mx", "own_errors"]
