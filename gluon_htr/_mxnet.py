"""The only module that imports mxnet.

mxnet 1.9.1 (the last release) still uses `np.bool` and similar names, which numpy removed in 1.24. They are restored
before the import. Raises `MissingToolError` if mxnet is not installed or cannot work.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

import numpy as np

from ._processes import share_cores
from .errors import MissingToolError

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

__all__ = ["mx"]
