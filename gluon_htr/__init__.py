"""Handwriting recognition: train with MXNet Gluon, read anywhere.

recognizer = gluon_htr.load()  # or the name of a model, the path of a bundle or of a run
print(recognizer.read("word.png").text)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

__all__ = ["Recognition", "Recognizer", "__version__", "load"]

if TYPE_CHECKING:
    from .runtime.loading import load
    from .runtime.recognizer import Recognition, Recognizer


def __getattr__(name: str) -> Any:
    """Import what is public when it is first used: `import gluon_htr` alone costs next to nothing."""
    if name == "load":
        from .runtime.loading import load

        return load
    if name in {"Recognition", "Recognizer"}:
        from .runtime import recognizer

        return getattr(recognizer, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
