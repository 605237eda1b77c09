"""Where a loaded model came from, so that another process can load it again instead of getting its memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError


@dataclass(frozen=True)
class Origin:
    """A function that loads the model, and its arguments, which can be pickled and hashed."""

    load: Callable[..., Any]
    arguments: tuple[Any, ...]


def reduced(origin: Origin | None, name: str, state: dict[str, Any]) -> tuple[Any, ...]:
    """Return what `pickle` stores of a model: how to load it, and what was changed since. Raises `UsageError` if it was
    not loaded from a file.
    """
    if origin is None:
        raise UsageError(
            f"{name} was not loaded from a file, so it cannot be sent to another process: build one in each"
        )
    return origin.load, origin.arguments, state
