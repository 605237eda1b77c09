"""The only module that imports torch. Raises `MissingToolError` if torch is not installed or cannot work.

torch raises a `RuntimeError` of several lines when memory runs out; `own_errors` makes it one of ours.
"""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from collections.abc import Iterator

from ._processes import SAVE_MEMORY, share_cores
from .errors import MemoryLimitError, MissingToolError

share_cores()
# oneDNN compiles every layer for every width of lines, and keeps 1,024 of these programs: a training that meets sixty
# widths compiled most of them anew at each step, which cost a third of the time. Variables of the user come first.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "20000")

try:
    import torch
except ImportError as error:
    raise MissingToolError(f"torch cannot be imported ({error}); install it: pip install 'gluon-htr[torch]'") from error

# cuDNN packs an LSTM's weights at each call and says so; ours stay separate because they keep Gluon's names.
warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous", UserWarning)


@contextlib.contextmanager
def own_errors() -> Iterator[None]:
    """Raise torch's errors of memory as our own; others pass. Usable as a decorator."""
    try:
        yield
    except RuntimeError as error:  # torch.OutOfMemoryError is one; the CPU's allocator has no class of its own
        if not re.search(r"out of memory|allocate memory|not enough memory|alloc_cpu", str(error)):
            raise
        raise MemoryLimitError(f"memory ran out in torch: {SAVE_MEMORY}") from None


__all__ = ["own_errors", "torch"]
