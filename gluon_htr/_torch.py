"""The only module that imports torch. Raises `MissingToolError` if torch is not installed or cannot work."""

from __future__ import annotations

import warnings

from ._processes import share_cores
from .errors import MissingToolError

share_cores()

try:
    import torch
except ImportError as error:
    raise MissingToolError(f"torch cannot be imported ({error}); install it: pip install 'gluon-htr[torch]'") from error

# cuDNN packs an LSTM's weights at each call and says so; ours stay separate because they keep Gluon's names.
warnings.filterwarnings("ignore", "RNN module weights are not part of single contiguous", UserWarning)

__all__ = ["torch"]
