"""Handwriting recognition: train with MXNet Gluon, read anywhere.

Example:
    >>> import gluon_htr
    >>> recognizer = gluon_htr.load("digits")  # or the path of a bundle or of a run; the built-in model by default
    >>> recognizer.read("examples/number.png").text
    '958321704081994'
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

__all__ = [
    "load",
    "load_reader",
    "Recognizer",
    "Recognition",
    "PageReader",
    "Document",
    "cer",
    "wer",
    "HtrError",
    "ImageError",
    "ModelError",
    "UsageError",
    "errors",
    "__version__",
]

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # ONNX Runtime reads it when it is imported, and never later

if TYPE_CHECKING:
    from . import errors
    from .errors import HtrError, ImageError, ModelError, UsageError
    from .pages.document import Document
    from .runtime.loading import load
    from .runtime.loading_pages import load_reader
    from .runtime.page_reader import PageReader
    from .runtime.recognition import Recognition
    from .runtime.recognizer import Recognizer
    from .text.metrics import cer, wer
else:  # type checkers would take any name for one of the package, were they to see this

    def __getattr__(name: str) -> Any:
        """Import a public name when it is first used, so that `import gluon_htr` alone is fast."""
        if name == "errors":
            return import_module(".errors", __name__)
        if name in _MODULES:
            return getattr(import_module(f".{_MODULES[name]}", __name__), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_MODULES = {
    "load": "runtime.loading",
    "load_reader": "runtime.loading_pages",
    "PageReader": "runtime.page_reader",
    "Document": "pages.document",
    "Recognizer": "runtime.recognizer",
    "Recognition": "runtime.recognition",
    "cer": "text.metrics",
    "wer": "text.metrics",
    "HtrError": "errors",
    "ImageError": "errors",
    "ModelError": "errors",
    "UsageError": "errors",
}


def __dir__() -> list[str]:
    """List the public names, imported or not, and no others."""
    return sorted(__all__)
