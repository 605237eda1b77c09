"""Decoding of JSON from files: whatever is wrong with it is one error of the caller's class.

msgspec crashes if two threads make it look at a type for the first time. Here, types are looked at one after another.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec

from ._text_files import decode_text
from .errors import HtrError

T = TypeVar("T")
_first_looks = threading.Lock()


def decode_json(content: bytes, kind: type[T], where: str, error: type[HtrError]) -> T:
    """Decode JSON to a type that msgspec knows. Raises `error` with `where`, also for what is not text."""
    text = decode_text(content, where, error)
    try:
        return decoder(kind).decode(text)
    except (msgspec.MsgspecError, RecursionError) as fault:
        raise error(f"{where}: {fault}") from None


def decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """Return the decoder of a type. Threads may call this at once."""
    with _first_looks:
        made: msgspec.json.Decoder[T] = _decoder(cast(Hashable, kind))
        return made


def convert(value: Any, kind: type[T]) -> T:
    """Convert as `msgspec.convert` does, with its errors. Threads may call this at once."""
    with _first_looks:
        return msgspec.convert(value, kind)


@lru_cache(maxsize=64)
def _decoder(kind: Any) -> Any:
    return msgspec.json.Decoder(kind)
